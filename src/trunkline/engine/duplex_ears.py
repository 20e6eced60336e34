"""The ears of a call with a realtime model: the party's sound is given to it, or waits until it may be."""

from collections.abc import Callable

from trunkline.engine.events import Event, SpeechEnded, SpeechStarted
from trunkline.engine.heard import Memory

KEPT_SECONDS = 10.0
"""So much of the party's sound waits for a model that is not open, or is not to be disturbed."""
CLOSING_SILENCE_SECONDS = 1.0
"""Whoever is cut off in mid-word has finished, to a model that hears nothing more."""


class DuplexEars:
    """``give`` takes sound, if the model can have it now; ``spoke`` is told how long each stretch of speech was, ``closed``
    that nobody hears any more."""

    def __init__(
        self,
        bytes_per_second: int,
        tell: Callable[[Event], None],
        give: Callable[[bytes], bool],
        spoke: Callable[[float], None],
        closed: Callable[[], None],
    ) -> None:
        self.on = False
        self.pauses = 0
        self._bytes_per_second = bytes_per_second
        self._tell = tell
        self._give = give
        self._spoke = spoke
        self._closed = closed
        self._memory = Memory(bytes_per_second)
        self._kept = bytearray()
        self._speaking_since: float | None = None

    def listen(self, on: bool) -> None:
        """Gives the model the sound, or keeps the sound from it; somebody who was speaking has finished then."""
        if self.on and not on:
            if self._speaking_since is not None:
                self._push(bytes(int(CLOSING_SILENCE_SECONDS * self._bytes_per_second) // 2 * 2))
            self._speaking_since = None
            self._memory.clear()
        self.on = on

    def hear(self, pcm: bytes) -> None:
        """The party's next sound."""
        if self.on:
            self._memory.keep(pcm)
            self._push(pcm)

    def speech(self, event: SpeechStarted | SpeechEnded) -> None:
        """What our own voice activity detection found."""
        if not self.on:
            return
        self.pauses += 1
        if isinstance(event, SpeechStarted):
            self._speaking_since = event.at
        elif self._speaking_since is not None:
            self._spoke(event.at - self._speaking_since)
            self._speaking_since = None
        self._tell(event)

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""
        return self._memory.last(seconds)

    def close(self) -> None:
        """Hears no more."""
        self.on = False
        self._closed()

    def release(self) -> None:
        """What waits is given, if it can be now."""
        if self._kept and self._give(bytes(self._kept)):
            self._kept.clear()

    def _push(self, pcm: bytes) -> None:
        if not self._kept and self._give(pcm):
            return
        self._kept += pcm
        if (surplus := len(self._kept) - int(KEPT_SECONDS * self._bytes_per_second)) > 0:
            del self._kept[: surplus + surplus % 2]
        self.release()
