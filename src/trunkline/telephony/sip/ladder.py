"""The SIP messages themselves, read from the stack's trace: what its events do not tell.

It knows whether anything answered at all (100 Trying gives no event), the address that a message really came from, the
Request-URI of a call that comes in, the codec of the SDP answer, and every status with its reason phrase.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from trunkline.base.logs import logger

TRACE_LOGGER = "baresip.native.sip"
_KEPT_DIALOGS = 512
_KEPT_MESSAGES = 12

_HEAD = re.compile(r"(RX|TX) (\S+) (\S+) -> (\S+)\n")
_CALL_ID = re.compile(r"\r\n(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_CSEQ = re.compile(r"\r\nCSeq[ \t]*:[ \t]*(\d+)[ \t]+(\w+)", re.IGNORECASE)
_VIA = re.compile(r"\r\n(?:Via|v)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_TO = re.compile(r"\r\n(?:To|t)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"\r\nAuthorization[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_AUDIO = re.compile(r"\r?\nm=audio \d+ \S+ ([0-9 ]+)")
_RTPMAP = re.compile(r"\r?\na=rtpmap:(\d+) ([^/\r\n]+)/")
_SECRETS = re.compile(r"(\r\n(?:(?:Proxy-)?Authorization[ \t]*:|a=crypto:\d+ \S+)[ \t]*)[^\r\n]*", re.IGNORECASE)
_STATIC_PAYLOADS = {"0": "pcmu", "8": "pcma", "9": "g722"}

_log = logger("telephony")


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One message on the wire. ``status`` is 0 for a request, ``codec`` the first one of its SDP, where it has one.

    The last three are those of an INVITE that came in: what tells it from every other of its dialog, and two headers.
    """

    received: bool
    peer: str
    call_id: str
    method: str
    status: int
    reason: str
    request_uri: str
    codec: str | None
    key: str = ""
    to: str = ""
    authorizations: tuple[str, ...] = field(default=(), repr=False)


Watcher = Callable[[SipMessage], None]


def first_codec(message: str) -> str | None:
    """The first voice codec of a message's SDP, in lower case: in an answer, the one in use."""
    audio = _AUDIO.search(message)
    if audio is None:
        return None
    names = {number: name.lower() for number, name in _RTPMAP.findall(message)}
    for number in audio[1].split():
        name = names.get(number) or _STATIC_PAYLOADS.get(number)
        if name is not None and name != "telephone-event":
            return name
    return None


def parse(text: str) -> SipMessage | None:
    """One record of the trace; None where it is no SIP message of a dialog."""
    head = _HEAD.match(text)
    if head is None:
        return None
    first, _, _ = text[head.end() :].partition("\r\n")
    call_id, cseq = _CALL_ID.search(text), _CSEQ.search(text)
    words = first.split(" ", 2)
    if call_id is None or cseq is None or len(words) < 2:
        return None
    received = head[1] == "RX"
    answer = words[0] == "SIP/2.0" and words[1].isdigit()
    message = SipMessage(
        received=received,
        peer=head[3] if received else head[4],
        call_id=call_id[1].strip(),
        method=cseq[2].upper(),
        status=int(words[1]) if answer else 0,
        reason=words[2] if answer and len(words) > 2 else "",
        request_uri="" if answer else words[1],
        codec=first_codec(text),
    )
    return _invitation(message, text, cseq[1]) if received and words[0] == "INVITE" else message


def key_of(via: str, cseq: str) -> str:
    """What tells one INVITE from every other with its Call-ID: its topmost Via, whose branch is never used again, and
    its number."""
    return f"{cseq.split(maxsplit=1)[0] if cseq.strip() else ''} {''.join(via.partition(',')[0].split())}"


def _invitation(message: SipMessage, text: str, cseq: str) -> SipMessage:
    head = text.partition("\r\n\r\n")[0]
    via, to = _VIA.search(head), _TO.search(head)
    return replace(
        message,
        key=key_of(via[1], cseq) if via is not None else "",
        to=to[1].strip() if to is not None else "",
        authorizations=tuple(_AUTHORIZATION.findall(head)),
    )


def without_secrets(text: str) -> str:
    """A trace record with the Authorization headers and media keys cut."""
    return _SECRETS.sub(r"\1[redacted]", text)


class Ladder(logging.Handler):
    """Hands the messages of each dialog to who watches it, on the event loop; keeps some for who comes late."""

    def __init__(self, *, trace: bool) -> None:
        super().__init__(logging.DEBUG)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._trace = trace
        self._watchers: dict[str, Watcher] = {}
        self._unwatched: OrderedDict[str, list[SipMessage]] = OrderedDict()
        self._invites: OrderedDict[tuple[str, str], SipMessage | None] = OrderedDict()
        self._awaited: dict[tuple[str, str], asyncio.Future[SipMessage | None]] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Takes over the stack's trace and native log, which hold phone numbers and belong in no other log."""
        self._loop = loop
        for name in (TRACE_LOGGER, "baresip.native"):
            source = logging.getLogger(name)
            source.propagate = False
            source.addHandler(self)
        logging.getLogger(TRACE_LOGGER).setLevel(logging.DEBUG)

    def detach(self) -> None:
        """Lets go of the stack's logs; they stay silent."""
        for name in (TRACE_LOGGER, "baresip.native"):
            logging.getLogger(name).removeHandler(self)
        logging.getLogger(TRACE_LOGGER).setLevel(logging.CRITICAL)

    def emit(self, record: logging.LogRecord) -> None:
        """Called on the stack's log thread, for each line."""
        text = record.getMessage()
        if self._trace:
            _log.info("sip", line=without_secrets(text))
        if record.name != TRACE_LOGGER or (message := parse(text)) is None:
            return
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with suppress(RuntimeError):  # the loop closed since we looked
                loop.call_soon_threadsafe(self._deliver, message)

    def watch(self, call_id: str, watcher: Watcher) -> None:
        """Gives ``watcher`` the messages of a dialog: those kept, then those to come."""
        self._watchers[call_id] = watcher
        for message in self._unwatched.pop(call_id, []):
            watcher(message)

    def unwatch(self, call_id: str) -> None:
        """Ends a watch."""
        self._watchers.pop(call_id, None)

    async def arrival(self, call_id: str, key: str, patience_seconds: float) -> SipMessage | None:
        """The INVITE that came in with this Call-ID and ``key_of`` its Via and CSeq; None where no record of it turns up
        in time, or where two addresses sent one like it."""
        name = (call_id, key)
        if name in self._invites:
            return self._invites[name]
        awaited = self._awaited.setdefault(name, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.wait_for(awaited, patience_seconds)
        except TimeoutError:
            return None
        finally:
            self._awaited.pop(name, None)

    def _deliver(self, message: SipMessage) -> None:
        if message.received and message.method == "INVITE" and not message.status:
            self._invited(message)
        watcher = self._watchers.get(message.call_id)
        if watcher is not None:
            watcher(message)
            return
        kept = self._unwatched.setdefault(message.call_id, [])
        if len(kept) < _KEPT_MESSAGES:
            kept.append(message)
        while len(self._unwatched) > _KEPT_DIALOGS:
            self._unwatched.popitem(last=False)

    def _invited(self, message: SipMessage) -> None:
        name = (message.call_id, message.key)
        known = self._invites.setdefault(name, message)
        if known is None or known.peer != message.peer:
            self._invites[name] = None
        while len(self._invites) > _KEPT_DIALOGS:
            self._invites.popitem(last=False)
        awaited = self._awaited.get(name)
        if awaited is not None and not awaited.done():
            awaited.set_result(self._invites[name])
