"""The two sides of a recording on one time line, silence where nothing was."""

import numpy as np

LEFT, RIGHT = 0, 1
HOLD_SECONDS = 0.4
_ROOM_SECONDS = 4
_SLACK_SECONDS = 0.06
_FRAMES_PER_SECOND = 50


class Tracks:
    """Takes stretches of sound with the time at which each ended, gives stereo PCM in whole 20 ms frames.

    Stretches that follow one another stay together however unevenly they come (up to 60 ms); a longer gap is silence,
    cut to frames; what runs ahead by half a second is dropped. Nothing is given out for 0.4 s, so that what comes late
    still finds its place.
    """

    def __init__(self, sample_rate_hz: int, start_at: float) -> None:
        self._rate = sample_rate_hz
        self._start_at = start_at
        self._frame = sample_rate_hz // _FRAMES_PER_SECOND
        self._slack = int(sample_rate_hz * _SLACK_SECONDS)
        self._room = np.zeros((sample_rate_hz * _ROOM_SECONDS, 2), "<i2")
        self._given = 0
        self._next = [0, 0]

    @property
    def samples(self) -> int:
        """How many samples of each side were given out."""
        return self._given

    def put(self, side: int, pcm: bytes, ended_at: float) -> bytes:
        """Lays ``pcm`` down so that it ends at ``ended_at``; returns stereo PCM that had to make room for it."""
        sound = np.frombuffer(pcm, "<i2")
        start = self._position(ended_at) - len(sound)
        if start < self._next[side] - self._rate // 2:
            return b""
        gap = start > self._next[side] + self._slack
        start = start - start % self._frame if gap else self._next[side]
        made_room = b""
        while start + len(sound) - self._given > len(self._room):
            made_room += self._give(min(start + len(sound), self._given + len(self._room) // 2))
        skipped = max(0, self._given - start)
        rows = slice(start + skipped - self._given, start + len(sound) - self._given)
        if rows.stop > rows.start:
            self._room[rows, side] = sound[skipped:]
        self._next[side] = start + len(sound)
        return made_room

    def take(self, now: float) -> bytes:
        """The stereo PCM that is settled by ``now``."""
        return self._give(self._position(now - HOLD_SECONDS))

    def finish(self, now: float) -> bytes:
        """All that is left, up to ``now`` or the last sound."""
        end = max(self._position(now), *self._next)
        return self._give(-(-end // self._frame) * self._frame)

    def _position(self, at: float) -> int:
        return max(0, round((at - self._start_at) * self._rate))

    def _give(self, end: int) -> bytes:
        given = b""
        while (count := (end - self._given) // self._frame * self._frame) > 0:
            count = min(count, len(self._room) // self._frame * self._frame)
            given += self._room[:count].tobytes()
            self._room[: len(self._room) - count] = self._room[count:]
            self._room[len(self._room) - count :] = 0
            self._given += count
        return given
