"""The messages of one SIP dialog in their order, and whether all that was asked in it has been answered."""

from collections import deque
from datetime import UTC, datetime

from trunkline.domain.signalling import SignallingMessage
from trunkline.telephony.sip.message import SipMessage, codecs, host_of, without_secrets

FIRST_MESSAGES, LAST_MESSAGES = 50, 50
LONGEST_REASON, LONGEST_CALL_ID, MOST_CODECS = 200, 256, 32
_FINAL = 200
_MOST_OPEN = 256
_INVITE, _ACK = "INVITE", "ACK"


class Exchange:
    """One dialog. Keeps its first and its last messages. ``watched`` says that it is, or was, one of a call of ours."""

    def __init__(self) -> None:
        self.watched = False
        self._first: list[SipMessage] = []
        self._last: deque[SipMessage] = deque(maxlen=LAST_MESSAGES)
        self._open: set[tuple[str, int]] = set()

    def __len__(self) -> int:
        return len(self._first) + len(self._last)

    def add(self, message: SipMessage) -> None:
        """Takes the next message."""
        if len(self._first) < FIRST_MESSAGES:
            self._first.append(message)
        else:
            self._last.append(message)
        self._follow(message)

    @property
    def settled(self) -> bool:
        """Whether no request waits for its answer, and no INVITE for its ACK."""
        return not self._open

    def messages(self) -> tuple[SignallingMessage, ...]:
        """What was kept, without secrets."""
        return tuple(_shown(message) for message in (*self._first, *self._last))

    def _follow(self, message: SipMessage) -> None:
        if message.method == _ACK:
            self._open.discard((_INVITE, message.cseq))
        elif not message.status and len(self._open) < _MOST_OPEN:
            self._open.add((message.method, message.cseq))
        elif message.status >= _FINAL and message.method != _INVITE:
            self._open.discard((message.method, message.cseq))


def _shown(message: SipMessage) -> SignallingMessage:
    text = without_secrets(message.text)
    return SignallingMessage(
        at=datetime.fromtimestamp(message.at, UTC),
        leg=1,
        direction="received" if message.received else "sent",
        peer=message.peer,
        method=message.method,
        status=message.status or None,
        reason=message.reason[:LONGEST_REASON] or None,
        call_id=message.call_id[:LONGEST_CALL_ID],
        cseq=message.cseq,
        from_host=host_of(text, "From", "f"),
        to_host=host_of(text, "To", "t"),
        codecs=codecs(text)[:MOST_CODECS],
        raw=text,
    )
