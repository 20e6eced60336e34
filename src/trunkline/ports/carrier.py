"""What makes lines: dials out over a trunk, and offers the calls that come in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from trunkline.domain.plan import TrunkPlan
from trunkline.domain.signalling import SignallingMessage
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


class Proof(StrEnum):
    """What a call that comes in proves about credentials: nothing was given, it was wrong, it was right but out of
    date (the caller may try again), or it is right."""

    NONE = "none"
    WRONG = "wrong"
    STALE = "stale"
    GOOD = "good"


class Offer(Protocol):
    """A call that rings at our side."""

    @property
    def call_id(self) -> str:
        """Its Call-ID, or what names it at the carrier."""

    @property
    def caller(self) -> str:
        """The user part of From."""

    @property
    def called(self) -> str:
        """The user part of the Request-URI, or of To where the stack hides it."""

    @property
    def to(self) -> str:
        """The user part of To: the number that was called, where the Request-URI names an account of ours."""

    @property
    def source(self) -> str | None:
        """The transport address (``address:port``) that it came from, where known."""

    @property
    def withdrawn(self) -> bool:
        """Whether the caller gave up, or the call is gone for another reason."""

    async def gone(self) -> None:
        """Returns when it is withdrawn."""

    def proves(self, username: str, password: str) -> Proof:
        """What it proves about these credentials. Good once: a second call with the same proof is stale."""

    async def challenge(self, *, stale: bool = False) -> None:
        """Asks the caller to prove who it is (401); the answer comes as another call."""

    async def answer(self) -> Line: ...

    async def reject(self, status: int = 486) -> None:
        """Refuses it, as far as the carrier can with this SIP status."""

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        """As that of its line."""


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

    async def keep_registered(self, trunk: TrunkPlan) -> None:
        """Registers at a trunk, unless it is registered there, so that it sends its calls to us. Raises Upstream."""

    async def forget(self, trunk_id: str) -> None:
        """Unregisters a trunk that was edited or deleted; its live calls go on."""

    def health(self) -> dict[str, object]:
        """``{"status": "ok" | "down", "listen": ..., "live_legs": n, "agents": n}`` for the health page."""
