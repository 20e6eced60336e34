"""Calls that ring at our side."""

import time
from dataclasses import dataclass

from baresip import BaresipError, Call

from trunkline.domain.call import EndReason
from trunkline.domain.signalling import SignallingMessage
from trunkline.ports.carrier import Proof
from trunkline.telephony.sip.addresses import header, user_of
from trunkline.telephony.sip.digest import Doorkeeper
from trunkline.telephony.sip.line import SipLine
from trunkline.telephony.sip.message import SipMessage
from trunkline.telephony.sip.refusing import Refuser

BUSY, UNAUTHORIZED = 486, 401


@dataclass(frozen=True, slots=True)
class Desk:
    """What all offers of one stack share."""

    doorkeeper: Doorkeeper
    refuser: Refuser


class SipOffer:
    """One call that came in, with what its INVITE said; ``invite`` is None where no record of it was found."""

    def __init__(self, call: Call, line: SipLine, invite: SipMessage | None, desk: Desk) -> None:
        self._call = call
        self._line = line
        self._invite = invite
        self._desk = desk

    @property
    def call_id(self) -> str:
        return self._call.call_id or ""

    @property
    def caller(self) -> str:
        return user_of(self._call.peer or "")

    @property
    def called(self) -> str:
        return user_of(self._invite.request_uri) if self._invite is not None else self.to

    @property
    def to(self) -> str:
        return user_of(self._invite.to if self._invite is not None else header(self._call.headers, "To", "t"))

    @property
    def source(self) -> str | None:
        return self._invite.peer if self._invite is not None else None

    @property
    def withdrawn(self) -> bool:
        return self._line.closed

    async def gone(self) -> None:
        await self._line.gone.wait()

    def proves(self, username: str, password: str) -> Proof:
        if self._invite is None:
            return Proof.NONE
        now = time.monotonic()
        return self._desk.doorkeeper.check(self._invite.authorizations, self._address, now, username, password)

    async def challenge(self, *, stale: bool = False) -> None:
        header = self._desk.doorkeeper.challenge(self._address, time.monotonic(), stale=stale)
        await self._refuse(UNAUTHORIZED, (header,))

    async def answer(self) -> SipLine:
        """Answers; the line's Answered follows when the caller confirms.

        ``video=True`` keeps the stack from sending a needless re-INVITE; an offer of sound alone stays sound alone.
        """
        try:
            await self._call.answer(video=True)
        except BaresipError as error:
            self._line.fail(EndReason.TRUNK_ERROR, f"the call could not be answered: {error}")
        return self._line

    async def reject(self, status: int = BUSY) -> None:
        await self._refuse(status, ())

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        return await self._line.signalling()

    @property
    def _address(self) -> str:
        return (self.source or "").rpartition(":")[0]

    async def _refuse(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """With the status that is wanted; where the stack no longer knows the call as ringing, by its usual way."""
        self._line.expect_refusal()
        if not self._line.closed and not await self._desk.refuser.refuse(self.call_id, status, headers):
            await self._line.refuse()
