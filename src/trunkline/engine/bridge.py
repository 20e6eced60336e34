"""The bridge: two legs that hear each other, their sound copied in the media pass with little in between."""

import math
from collections.abc import Callable

from trunkline.audio.resample import Resampler
from trunkline.engine.media import LOST_SECONDS, Seat
from trunkline.ports.line import Line

DEPTH_SECONDS = 0.06
"""So much is gathered before the first of it goes out: right before a pass two packets are left, right after it three."""
MOST_AHEAD_SECONDS = 0.12
"""What would run further ahead than this is dropped, down to the depth: the sender's clock is quicker, or it stalled."""
QUIET_PASSES = 3
"""After so many passes without a packet the sender has stopped sending, and what was gathered goes out as it is."""


class Way:
    """One direction: the sound of a line at ``from_hz`` on its way to ``line``. Gaps stay gaps."""

    def __init__(self, from_hz: int, line: Line) -> None:
        self._line = line
        self._resampler = Resampler(from_hz, line.sample_rate_hz)
        self._bytes_per_second = line.sample_rate_hz * 2
        self._waiting = bytearray()
        self._quiet_passes = 0

    def carry(self, pcm: bytes) -> bytes:
        """Takes what came since the last pass; returns it at the rate of the line that it goes to."""
        self._quiet_passes = 0 if pcm else self._quiet_passes + 1
        sound = self._resampler.push(pcm) if pcm else b""
        self._waiting += sound
        if not self._waiting:
            return sound
        ahead = self._line.buffered()
        if ahead + len(self._waiting) > self._bytes(MOST_AHEAD_SECONDS):
            kept = max(0, self._bytes(DEPTH_SECONDS) - ahead)
            del self._waiting[: max(0, len(self._waiting) - kept)]
        shallow = ahead == 0 and len(self._waiting) < self._bytes(DEPTH_SECONDS)
        if not shallow or self._quiet_passes >= QUIET_PASSES:
            del self._waiting[: self._line.write(bytes(self._waiting))]
        return sound

    def _bytes(self, seconds: float) -> int:
        return int(seconds * self._bytes_per_second) // 2 * 2


class _Pulse:
    """Tells once when neither side has sent a packet for 20 s: nobody would ever end such a bridge."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._beat_at: float | None = None

    def feel(self, pcm: bytes, now: float) -> None:
        """What a side sent in a pass."""
        if pcm or self._beat_at is None:
            self._beat_at = now
        elif now - self._beat_at >= LOST_SECONDS:
            self._beat_at = math.inf
            self._lost()


def join(party: Seat, target: Seat) -> None:
    """Joins two seats: from the next pass on their sound goes to each other and nowhere else, but for the recording, which
    has the target where the assistant was. The party's ``lost`` is called when both sides fell silent for good."""
    pulse = _Pulse(party.lost)
    to_target, to_party = Way(party.line.sample_rate_hz, target.line), Way(target.line.sample_rate_hz, party.line)
    tape = party.tape

    def from_party(pcm: bytes, now: float) -> None:
        pulse.feel(pcm, now)
        if pcm and tape is not None:
            tape.left(pcm, now)
        to_target.carry(pcm)

    def from_target(pcm: bytes, now: float) -> None:
        pulse.feel(pcm, now)
        sound = to_party.carry(pcm)
        if sound and tape is not None:
            tape.right(sound, now)

    party.line.flush()
    target.line.flush()
    party.bridge, target.bridge = from_party, from_target
