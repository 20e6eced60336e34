"""The Python client: everything that the API does, for programs that wait (``Trunkline``) and that do not
(``AsyncTrunkline``). Imports nothing else of the platform."""

from trunkline.client import types, webhooks
from trunkline.client.aio.client import AsyncTrunkline
from trunkline.client.aio.noun import AsyncPages
from trunkline.client.errors import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectionFailed,
    Forbidden,
    InsufficientCredits,
    InvalidSignature,
    NotFound,
    RateLimited,
    ServerError,
    TooLarge,
    TrunklineError,
    Unauthenticated,
    Unavailable,
)
from trunkline.client.event import Event
from trunkline.client.page import Page
from trunkline.client.sync.client import Trunkline
from trunkline.client.sync.noun import Pages

__all__ = [
    "ApiError",
    "AsyncPages",
    "AsyncTrunkline",
    "BadRequest",
    "Conflict",
    "ConnectionFailed",
    "Event",
    "Forbidden",
    "InsufficientCredits",
    "InvalidSignature",
    "NotFound",
    "Page",
    "Pages",
    "RateLimited",
    "ServerError",
    "TooLarge",
    "Trunkline",
    "TrunklineError",
    "Unauthenticated",
    "Unavailable",
    "types",
    "webhooks",
]
