"""The door to a webhook's receiver, for a test: one sample event, sent once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample event and where it goes. ``assistant`` is the public configuration that it tells of."""

    url: str
    event: str
    webhook_id: str
    secret: str | None = field(default=None, repr=False)
    assistant: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of it: ``body`` is what was sent, ``reply`` the first 2 KiB of the answer, ``error`` a sentence where there
    was no full answer."""

    at: datetime
    duration_ms: float
    body: dict[str, Any]
    status_code: int | None = None
    error: str | None = None
    reply: str | None = None
    accepted: bool = False


class Probe(Protocol):
    """Sends samples."""

    async def send(self, sample: Sample) -> Probed:
        """Sends one, signed, and waits for the answer as long as for a delivery's; raises nothing but cancellation."""
