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

    def put(self, side: int, *stretches: tuple[bytes, float]) -> bytes:
        """Lays stretches down, each so that it ends at its time; returns stereo PCM that had to make room for them."""
        made_room = b""
        joined: list[bytes] = []
        start = upto = self._next[side]
        for pcm, ended_at in stretches:
            length = len(pcm) // 2
            at = self._position(ended_at) - length
            if at < upto - self._rate // 2:
                continue
            if gap := at > upto + self._slack:
                made_room += self._lay(side, start, b"".join(joined))
                joined.clear()
                upto = at - at % self._frame
            if gap or not joined:
                start = upto
            joined.append(pcm)
            upto += length
        return made_room + self._lay(side, start, b"".join(joined))

    def take(self, now: float) -> bytes:
        """The stereo PCM that is settled by ``now``."""
        return self._give(self._position(now - HOLD_SECONDS))

    def finish(self, now: float) -> bytes:
        """All that is left, up to ``now`` or the last sound."""
        end = max(self._position(now), *self._next)
        return self._give(-(-end // self._frame) * self._frame)

    def _lay(self, side: int, start: int, pcm: bytes) -> bytes:
        sound = np.frombuffer(pcm, "<i2")
        end = start + len(sound)
        made_room = b""
        while end - self._given > len(self._room):
            made_room += self._give(min(end, self._given + len(self._room) // 2))
        skipped = max(0, self._given - start)
        rows = slice(start + skipped - self._given, end - self._given)
        if rows.stop > rows.start:
            self._room[rows, side] = sound[skipped:]
        self._next[side] = max(self._next[side], end)
        return made_room

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
