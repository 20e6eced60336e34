"""Calls that ring at our side."""

from baresip import BaresipError, Call

from trunkline.domain.call import EndReason
from trunkline.telephony.sip.addresses import user_of
from trunkline.telephony.sip.ladder import SipMessage
from trunkline.telephony.sip.line import SipLine


class SipOffer:
    """One call that came in, with what its INVITE said; ``invite`` is None where no record of it was found."""

    def __init__(self, call: Call, line: SipLine, invite: SipMessage | None) -> None:
        self._call = call
        self._line = line
        self._invite = invite

    @property
    def caller(self) -> str:
        return user_of(self._call.peer or "")

    @property
    def called(self) -> str:
        address = self._invite.request_uri if self._invite is not None else self._call.headers.get("To", "")
        return user_of(address)

    @property
    def source(self) -> str | None:
        return self._invite.peer if self._invite is not None else None

    async def answer(self) -> SipLine:
        """Answers; the line's Answered follows when the caller confirms.

        ``video=True`` keeps the stack from sending a needless re-INVITE; an offer of sound alone stays sound alone.
        """
        try:
            await self._call.answer(video=True)
        except BaresipError as error:
            self._line.fail(EndReason.TRUNK_ERROR, f"the call could not be answered: {error}")
        return self._line

    async def reject(self) -> None:
        await self._line.refuse()
