"""What is known of one SIP leg: how far it came, the facts it told, and who ended it. No input or output."""

from dataclasses import replace
from enum import Enum, auto

from trunkline.domain.call import EndReason
from trunkline.domain.events import SipFacts
from trunkline.ports.line import Closed
from trunkline.telephony.sip import reasons
from trunkline.telephony.sip.message import SipMessage

TRANSFERRED = "Call transfered"
"""The stack's own words (and spelling) for a leg that it closed because its REFER succeeded."""


class Stage(Enum):
    """How far a leg came."""

    TRYING = auto()
    UP = auto()
    CLOSED = auto()


class Leg:
    """The state of one leg."""

    def __init__(self, *, inbound: bool) -> None:
        self.facts = SipFacts()
        self.stage = Stage.TRYING
        self.heard = False
        self._inbound = inbound
        self._verdict: tuple[EndReason | None, str | None] | None = None

    @property
    def leaving(self) -> bool:
        """Whether we decided to end it."""
        return self._verdict is not None

    def name(self, call_id: str | None) -> None:
        """Learns the Call-ID."""
        if call_id and self.facts.call_id is None:
            self.facts = replace(self.facts, call_id=call_id)

    def note(self, message: SipMessage) -> None:
        """Learns from one message of the dialog: the status of its INVITE, and the codec of the SDP answer."""
        if message.method != "INVITE" or not message.status:
            return
        if message.received != self._inbound:
            self.heard = True
            self.facts = replace(self.facts, status_code=message.status, reason=message.reason or None)
        if message.codec is not None:
            self.facts = replace(self.facts, codec=message.codec)

    def end(self, reason: EndReason | None, error: str | None = None) -> None:
        """Decides why it ends; the first decision stands."""
        if self._verdict is None:
            self._verdict = (reason, error)

    def close(self, text: str) -> Closed:
        """The stack closed it, with these words (empty: it did not, and we no longer wait)."""
        answered = self.stage is Stage.UP
        self.stage = Stage.CLOSED
        status = reasons.split_status(text)
        if status is not None and not self._inbound:
            self.facts = replace(self.facts, status_code=status[0], reason=status[1] or None)
        if text == TRANSFERRED:
            return Closed(EndReason.TRANSFERRED)
        if self._verdict is not None:
            return Closed(*self._verdict)
        if answered or self._inbound:
            return Closed(EndReason.USER_HANGUP)
        reason, error = reasons.for_close(text)
        if status is None and self.heard:
            reason = EndReason.TRUNK_ERROR
        return Closed(reason, error)
