"""A call that rings at our side, in memory: from whom it comes, what it can prove, and what became of it."""

import asyncio
from dataclasses import dataclass, field, replace

from trunkline.domain.signalling import SignallingMessage
from trunkline.ports.carrier import Proof
from trunkline.testing.line import Party, ScriptedLine


@dataclass(slots=True)
class ScriptedOffer:
    """``credentials`` are those that its INVITE proves, by ``proof``; ``party`` is who calls, once we answer."""

    called: str = "+31201234567"
    caller: str = "+31612345678"
    to: str = ""
    source: str | None = "192.0.2.1:5060"
    call_id: str = "offer-1"
    credentials: tuple[str, str] | None = None
    proof: Proof = Proof.GOOD
    party: Party = field(default_factory=Party)
    status: int | None = None
    challenged: bool | None = None
    line: ScriptedLine | None = None
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def withdrawn(self) -> bool:
        return self._gone.is_set() or (self.line is not None and self.line.closed)

    async def gone(self) -> None:
        await self._gone.wait()

    def withdraw(self) -> None:
        """The caller gives up."""
        self._gone.set()

    def proves(self, username: str, password: str) -> Proof:
        if self.credentials is None:
            return Proof.NONE
        return self.proof if self.credentials == (username, password) else Proof.WRONG

    async def challenge(self, *, stale: bool = False) -> None:
        """Keeps whether it was said that the proof is out of date."""
        self.challenged = stale
        self._gone.set()

    async def answer(self) -> ScriptedLine:
        self.line = ScriptedLine(replace(self.party, rings_after=None, answers_after=0.0))
        return self.line

    async def reject(self, status: int = 486) -> None:
        """Keeps the status."""
        self.status = status
        self._gone.set()

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        return ()
