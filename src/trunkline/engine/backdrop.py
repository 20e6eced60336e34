"""The backdrop: a loop of sound that is heard behind our words, and between them."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from trunkline.audio import ambience

LOUDNESS_CURVE = 1.5
"""How loud a volume sounds: 0.3 is 16 dB below speech, 0.5 is 9 dB below it, 1 is as loud."""


class Loops:
    """The loops of a worker: each is made once, in a thread, while all others go on."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()

    async def clip(self, name: str, sample_rate_hz: int) -> bytes:
        """The loop called ``name`` as PCM. Raises KeyError."""
        async with self._one_at_a_time:
            loop: bytes = await asyncio.to_thread(ambience.clip, name, sample_rate_hz)
        return loop

    async def hold_music(self, sample_rate_hz: int) -> bytes:
        """Music to wait by, as PCM."""
        async with self._one_at_a_time:
            music: bytes = await asyncio.to_thread(ambience.hold_music, sample_rate_hz)
        return music


class Backdrop:
    """Where one call is in its loop (PCM, shared by all calls that play it). ``behind_words``: it goes on while words
    are said; else it waits until they are over."""

    def __init__(self, loop: bytes, volume: float, *, behind_words: bool = True) -> None:
        self._loop = np.frombuffer(loop, "<i2")
        self._gain = np.float32(volume**LOUDNESS_CURVE)
        self._behind_words = behind_words
        self._at = 0

    def alone(self, count: int) -> bytes:
        """The next ``count`` bytes of it."""
        sound: bytes = self._next(count // 2).astype("<i2").tobytes()
        return sound

    def under(self, sound: bytes) -> bytes:
        """``sound`` with the next stretch of it behind; what is too loud together is clipped."""
        if not self._behind_words:
            return sound
        words = np.frombuffer(sound, "<i2")
        both: bytes = np.clip(self._next(len(words)) + words, -32768, 32767).astype("<i2").tobytes()
        return both

    def back(self, count: int, *, words: bool) -> None:
        """The last ``count`` bytes (of itself, or of ``words`` with it behind) were not taken: it goes back so far."""
        if self._behind_words or not words:
            self._at = (self._at - count // 2) % len(self._loop)

    def _next(self, samples: int) -> NDArray[np.float32]:
        start, self._at = self._at, (self._at + samples) % len(self._loop)
        if start + samples <= len(self._loop):
            return self._loop[start : start + samples] * self._gain
        places = np.arange(start, start + samples) % len(self._loop)
        return self._loop[places] * self._gain
