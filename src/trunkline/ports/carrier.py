"""What makes lines: dials out over a trunk, and offers the calls that come in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from trunkline.domain.plan import TrunkPlan
from trunkline.ports.line import Line


@dataclass(frozen=True, slots=True)
class Dial:
    """One order to call. ``destination`` is E.164 or a SIP URI; ``caller_id`` is shown in From and P-Asserted-Identity."""

    trunk: TrunkPlan
    destination: str
    caller_id: str
    caller_name: str | None = None
    ring_seconds: float = 45.0


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step of a trunk test: ``name`` is dns, options, register; ``ok`` is None when it was not applicable."""

    name: str
    ok: bool | None
    detail: str
    duration_ms: float


class Offer(Protocol):
    """A call that rings at our side."""

    @property
    def caller(self) -> str:
        """The user part of From."""

    @property
    def called(self) -> str:
        """The user part of the Request-URI, or of To where the stack hides it."""

    @property
    def source(self) -> str | None:
        """The transport address that it came from, where known."""

    async def answer(self) -> Line: ...

    async def reject(self) -> None:
        """Refuses it (486 from the built-in stack)."""


class Carrier(Protocol):
    """One way to the telephone network; used from the event loop's thread, inside ``async with``."""

    async def dial(self, order: Dial) -> Line:
        """Sends the INVITE and returns the line at once; whatever goes wrong after (and before) comes as its Closed.

        Raises nothing for a network or a peer that fails: a line that cannot start reports Closed at once.
        """

    def offers(self) -> AsyncIterator[Offer]:
        """The calls that come in, for one reader."""

    async def probe(self, trunk: TrunkPlan) -> list[ProbeStep]:
        """Tests a trunk without calling anybody: resolves it, asks OPTIONS, and registers where it should."""

    async def forget(self, trunk_id: str) -> None:
        """Unregisters a trunk that was edited or deleted; its live calls go on."""

    def health(self) -> dict[str, object]:
        """``{"status": "ok" | "down", "listen": ..., "live_legs": n, "agents": n}`` for the health page."""
