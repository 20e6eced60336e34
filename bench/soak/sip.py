"""SIP messages as the far end of the soak reads and writes them: as much of RFC 3261 as two parties on loopback need."""

from dataclasses import dataclass, field

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "r": "refer-to"}
COPIED = ("via", "from", "to", "call-id", "cseq")


@dataclass(slots=True)
class Message:
    """A request or a response; header names are in lower case, those that came several times keep their order."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def method(self) -> str:
        """The method of a request, also the one that a response answers."""
        return self.get("cseq").partition(" ")[2] if self.status else self.start.partition(" ")[0]

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def uri(self) -> str:
        """The request's URI."""
        return self.start.split(" ")[1]

    @property
    def number(self) -> int:
        """The number of its CSeq."""
        return int(self.get("cseq").partition(" ")[0])

    @property
    def branch(self) -> str:
        """The transaction: the branch of the topmost Via."""
        return self.get("via").partition("branch=")[2].partition(";")[0]

    def get(self, name: str) -> str:
        """The first header of that name, empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def reply(self, status: int, reason: str, tag: str, *more: tuple[str, str], body: str = "") -> "Message":
        """A response to this request with our tag."""
        copied = [(name, value) for name, value in self.headers if name in COPIED]
        headers = [
            (name, f"{value};tag={tag}" if name == "to" and ";tag=" not in value else value) for name, value in copied
        ]
        return Message(f"SIP/2.0 {status} {reason}", [*headers, *more], body)

    def encode(self) -> bytes:
        """As it goes onto the wire."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers if name != "content-length")]
        return "\r\n".join([*lines, f"content-length: {len(self.body)}", "", self.body]).encode()


def decode(data: bytes) -> Message | None:
    """A message of one datagram; None for a keep-alive."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    if not start.strip():
        return None
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((COMPACT.get(name, name), value.strip()))
    return Message(start, headers, body)


def user(uri: str) -> str:
    """The user part of the first SIP URI in a text."""
    return uri.partition("sip:")[2].partition("@")[0].partition(";")[0]


def address(text: str) -> str:
    """What stands between angle brackets, else the text before its parameters."""
    return text.partition("<")[2].partition(">")[0] if "<" in text else text.partition(";")[0]


def sdp(port: int, version: int, direction: str = "sendrecv") -> str:
    """G.711 µ-law with telephone events on ``port`` of loopback."""
    lines = (
        "v=0", f"o=soak {port} {version} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
        f"m=audio {port} RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15", "a=ptime:20", f"a={direction}", "",
    )  # fmt: skip
    return "\r\n".join(lines)


def media(body: str) -> tuple[str, int] | None:
    """Where an offer or answer wants its sound."""
    host, port = "", 0
    for line in body.split("\r\n"):
        if line.startswith("c=IN IP4 "):
            host = line[9:].strip()
        elif line.startswith("m=audio "):
            port = int(line.split(" ")[1])
    return (host, port) if host and port else None
