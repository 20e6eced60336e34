"""What goes over the wire and what its answers mean, without the wire: addresses, headers, refusals, when to try again."""

import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx2

from trunkline import __version__
from trunkline.client.errors import ApiError, ConnectionFailed, TrunklineError, kind_of

DEFAULT_URL = "http://127.0.0.1:8080"
PREFIX = "/api/v1"
EVENTS_READ_SECONDS = 45.0
_AGAIN = {429, 503}
_AGAIN_BY_PROXY = {502, 504}
_AGAIN_BY_CODE = {"idempotency_in_progress"}


@dataclass(frozen=True, slots=True)
class Reach:
    """How an installation is spoken to. ``retries`` is how often a request is tried again, ``first_wait_seconds``
    how long it waits before the first of these (then twice that, and so on), ``longest_wait_seconds`` the longest wait; a
    refusal that asks for a longer one is raised at once."""

    url: str
    timeout_seconds: float = 30.0
    retries: int = 4
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API; ``path`` is below ``/api/v1``."""

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None

    def all_headers(self) -> dict[str, str]:
        """Its headers; each POST has an Idempotency-Key, so that trying again never does a thing twice."""
        found = dict(self.headers)
        if self.method == "POST":
            found["Idempotency-Key"] = self.idempotency_key or str(uuid4())
        return found

    def all_query(self) -> dict[str, str]:
        """Its query, as text; what is None is left out."""
        return {name: _text(value) for name, value in self.query.items() if value is not None}


def path_of(*parts: str) -> str:
    """A path of parts, each of which is quoted. Raises ValueError for an empty one."""
    if not all(parts):
        raise ValueError("an id must not be empty")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def reached(url: str | None, timeout_seconds: float, retries: int, first_wait_seconds: float) -> Reach:
    """Where an installation is: the address that is given, else ``TRUNKLINE_URL``, else this machine. Raises ValueError."""
    address = (url or os.environ.get("TRUNKLINE_URL") or DEFAULT_URL).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the address of an installation reads like https://calls.example.com")
    return Reach(address.removesuffix(PREFIX) + PREFIX, timeout_seconds, retries, first_wait_seconds)


def headers_of(api_key: str | None) -> dict[str, str]:
    """The headers of every request with that key, else with ``TRUNKLINE_API_KEY``, else with none."""
    key = api_key or os.environ.get("TRUNKLINE_API_KEY")
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("the API key contains characters that no key has")
    found = {"User-Agent": f"trunkline-python/{__version__}", "Accept": "application/json"}
    return found | ({"Authorization": f"Bearer {key}"} if key else {})


def refusal(reply: httpx2.Response) -> ApiError:
    """The exception for a reply of 300 and above; the body has been read."""
    told = _json(reply)
    request_id = reply.headers.get("x-request-id")
    if not isinstance(told, dict) or "code" not in told:
        title = f"{reply.request.url.host} answered with {reply.status_code}"
        message = "This is no answer of Trunkline; check the address, and what stands in between."
        return kind_of(reply.status_code)(reply.status_code, "unknown", title, message, request_id=request_id)
    return kind_of(reply.status_code)(
        reply.status_code,
        str(told["code"]),
        str(told.get("error", told["code"])),
        str(told.get("message", "")),
        details=[str(one) for one in told.get("details") or ()],
        request_id=request_id,
        retry_after=_seconds(reply.headers.get("retry-after"), told.get("retry_after")),
    )


def object_of(reply: httpx2.Response) -> dict[str, Any]:
    """The JSON object of a reply below 300. Raises TrunklineError for anything else."""
    told = _json(reply)
    if not isinstance(told, dict):
        raise TrunklineError(f"{reply.request.url.host} answered with something other than JSON; check the address.")
    return told


def wait_after_refusal(reach: Reach, error: ApiError, tried: int) -> float | None:
    """How long to wait before trying again, in seconds; None: not at all. ``tried`` counts the attempts so far."""
    by_proxy = error.status in _AGAIN_BY_PROXY and error.code == "unknown"
    if not (error.status in _AGAIN or by_proxy or error.code in _AGAIN_BY_CODE):
        return None
    return _wait(reach, tried, error.retry_after or 0.0)


def wait_after_failure(reach: Reach, error: httpx2.TransportError, tried: int) -> float | None:
    """How long to wait before trying again after the connection failed, in seconds; None: not at all."""
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return None
    return _wait(reach, tried, 0.0)


def failed(reach: Reach, error: Exception) -> ConnectionFailed:
    """The exception for a connection that failed."""
    what = str(error) or type(error).__name__
    return ConnectionFailed(f"{reach.url.removesuffix(PREFIX)} was not reached: {what}")


def _wait(reach: Reach, tried: int, at_least: float) -> float | None:
    if tried > reach.retries or at_least > reach.longest_wait_seconds:
        return None
    backed_off = reach.first_wait_seconds * 2.0 ** (tried - 1) * random.uniform(0.75, 1.25)
    return min(max(at_least, backed_off), reach.longest_wait_seconds)


def _json(reply: httpx2.Response) -> object:
    try:
        return json.loads(reply.content)
    except ValueError:
        return None


def _seconds(*told: object) -> float | None:
    for one in told:
        try:
            return max(0.0, float(str(one)))
        except ValueError:
            continue
    return None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
