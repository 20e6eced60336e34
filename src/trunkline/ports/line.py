"""One party on the phone, whatever carries it: sound in and out, keys, hand-over, and what happens to the leg."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from trunkline.domain.call import EndReason
from trunkline.domain.events import SipFacts
from trunkline.domain.signalling import SignallingMessage


@dataclass(frozen=True, slots=True)
class Ringing:
    """The other side is being alerted (180), or early media flows (183)."""

    early_media: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up and sound flows both ways."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The leg is gone; always the last event. ``reason`` is ``user_hangup`` when the other side said BYE after the
    answer, the mapped failure when it never answered, None when we hung up ourselves."""

    reason: EndReason | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Digit:
    """The party pressed a key (0-9 * # A-D)."""

    digit: str


@dataclass(frozen=True, slots=True)
class Held:
    """The other side put us on hold (True) or took us back (False)."""

    held: bool


LineEvent = Ringing | Answered | Closed | Digit | Held


class TransferFailed(Exception):
    """The other side refused the REFER, or the target did; ``status`` is the SIP code where there was one.

    ``refused``: the REFER itself was not taken, so that nobody was called; else the target may have been.
    """

    def __init__(self, message: str, status: int | None = None, *, refused: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.refused = refused


class Line(Protocol):
    """One leg. All of it is used from the event loop's thread; read, write, buffered and flush never block.

    PCM is signed 16-bit little-endian mono at ``sample_rate_hz`` (8000 or 16000; wider codecs are brought to 16000).
    ``sample_rate_hz`` and ``sip.codec`` are settled when ``Answered`` (or early media) was seen.
    """

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def delay_seconds(self) -> float:
        """How long sound that arrived is held, at least, before it can be read."""

    @property
    def sip(self) -> SipFacts:
        """The leg's SIP facts as known now."""

    def events(self) -> AsyncIterator[LineEvent]:
        """Everything that happens to the leg, from the dial on, none lost; ends after Closed. For one reader."""

    def read(self) -> bytes:
        """All sound that arrived since the last read; empty when none did, after Closed, and before sound flows."""

    def write(self, pcm: bytes) -> int:
        """Queues sound to be played; returns how many bytes were taken (0 after Closed)."""

    def buffered(self) -> int:
        """Bytes taken and not yet played."""

    def flush(self) -> int:
        """Drops what is queued and not yet played; returns how many bytes were dropped."""

    async def send_digits(self, digits: str) -> None:
        """Sends RFC 4733 keys, at least 100 ms on and 100 ms off; ``w`` waits half a second. Returns when the last was sent;
        raises OSError where one could not be."""

    async def transfer(self, destination_uri: str) -> None:
        """Hands the party over by REFER; returns when the target answered. Raises TransferFailed."""

    async def hang_up(self) -> None:
        """Ends the leg in whatever state it is: CANCEL or BYE. Safe to call twice. Closed follows within 5 s, always."""

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        """The SIP messages of the leg so far, in order and without secrets; waits up to 0.3 s for answers that are under
        way. Empty where the leg has none."""
