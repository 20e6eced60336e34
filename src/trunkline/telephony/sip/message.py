"""What the stack's trace says of a SIP message: whether anything answered at all (100 Trying gives no event), the
address that it really came from, the Request-URI of a call that comes in, codecs, and every status with its reason."""

import re
from dataclasses import dataclass, field, replace

KEPT_CHARACTERS = 8192
_HEAD = re.compile(r"(RX|TX) (\S+) (\S+) -> (\S+)\n")
_CALL_ID = re.compile(r"\r\n(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_CSEQ = re.compile(r"\r\nCSeq[ \t]*:[ \t]*([0-9]{1,10})[ \t]+(\w{1,32})\b", re.IGNORECASE)
_STATUS = re.compile(r"[1-6][0-9]{2}")
_VIA = re.compile(r"\r\n(?:Via|v)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_TO = re.compile(r"\r\n(?:To|t)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"\r\nAuthorization[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_AUDIO = re.compile(r"\r?\nm=audio \d+ \S+ ([0-9 ]+)")
_RTPMAP = re.compile(r"\r?\na=rtpmap:(\d+) ([^/\r\n]+)/")
_SECRETS = re.compile(
    r"(\r?\n(?:(?:(?:Proxy-)?Authorization|Authentication-Info)[ \t]*:"
    r"|a=crypto[ \t]*:(?:[ \t]*\d{1,9}[ \t]+\w+(?=[ \t]))?|a=(?:key-mgmt|ice-pwd)[ \t]*:|k=)[ \t]*)"
    r"[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*",
    re.IGNORECASE,
)
_STATIC_PAYLOADS = {"0": "pcmu", "8": "pcma", "9": "g722"}


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One message on the wire. ``status`` is 0 for a request, ``codec`` the first one of its SDP, where it has one.

    The last three are those of an INVITE that came in: what tells it from every other of its dialog, and two headers.
    ``text`` is the message as it was on the wire (its first 8,192 characters), secrets and all, and ``at`` when that was,
    in Unix seconds.
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
    cseq: int = 0
    text: str = field(default="", repr=False, compare=False)
    at: float = field(default=0.0, compare=False)


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


def parse(text: str, at: float = 0.0) -> SipMessage | None:
    """One record of the trace, of the time ``at``; None where it is no SIP message of a dialog."""
    head = _HEAD.match(text)
    if head is None:
        return None
    first, _, _ = text[head.end() :].partition("\r\n")
    call_id, cseq = _CALL_ID.search(text), _CSEQ.search(text)
    words = first.split(" ", 2)
    if call_id is None or cseq is None or len(words) < 2:
        return None
    received, answer = head[1] == "RX", words[0] == "SIP/2.0"
    if answer and not _STATUS.fullmatch(words[1]):
        return None
    message = SipMessage(
        received=received,
        peer=head[3] if received else head[4],
        call_id=call_id[1].strip(),
        method=cseq[2].upper(),
        status=int(words[1]) if answer else 0,
        reason=words[2] if answer and len(words) > 2 else "",
        request_uri="" if answer else words[1],
        codec=first_codec(text),
        cseq=int(cseq[1]),
        text=text[head.end() : head.end() + KEPT_CHARACTERS],
        at=at,
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
    """A message with its Authorization headers (folded lines and all) and media keys cut."""
    return _SECRETS.sub(r"\1[redacted]", text)


def codecs(text: str) -> tuple[str, ...]:
    """All voice codecs of a message's SDP, in its order and in lower case."""
    audio = _AUDIO.search(text)
    if audio is None:
        return ()
    names = {number: name.lower() for number, name in _RTPMAP.findall(text)}
    named = (names.get(number) or _STATIC_PAYLOADS.get(number) for number in audio[1].split())
    return tuple(dict.fromkeys(name for name in named if name is not None and name != "telephone-event"))


def host_of(text: str, *names: str) -> str | None:
    """The host in the address of a header that goes by these names; without a port, the number or the tag."""
    for name in names:
        found = re.search(
            rf"\r\n{name}[ \t]*:[^\r\n]{{0,512}}?sips?:(?:[^@>\r\n]{{0,256}}@)?(\[[^\]\s]{{1,64}}\]|[^:;>,?\s]{{1,253}})",
            text,
            re.IGNORECASE,
        )
        if found is not None:
            return found[1].lower()
    return None
