"""The ears of a call with a realtime model: the party's sound is given to it, or waits until it may be."""

from collections.abc import Callable

from trunkline.engine.events import Event, SpeechEnded, SpeechStarted
from trunkline.engine.heard import Memory

KEPT_SECONDS = 10.0
"""So much of the party's sound waits for a model that is not open, or is not to be disturbed."""
PIECE_SECONDS = 0.2
"""What has waited is given in pieces of this length."""
CLOSING_SILENCE_SECONDS = 1.0
"""Whoever is cut off in mid-word has finished, to a model that hears nothing more."""


class DuplexEars:
    """``give`` takes sound, if the model can have it now; ``spoke`` is told how long each stretch of speech was, ``closed``
    that nobody hears any more. ``pending``: something was said that the model has not understood yet."""

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
        self.pending = False
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
            self.pending = False
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
            self._memory.begin(pending=self.pending)
            self._speaking_since, self.pending = event.at, True
        elif self._speaking_since is not None:
            self._spoke(event.at - self._speaking_since)
            self._speaking_since = None
            self._memory.end()
        self._tell(event)

    def understood(self) -> None:
        """The model has the words of what was said, or has answered it."""
        self.pending = self.speaking
        self._memory.worded(speaking=self.pending)

    @property
    def speaking(self) -> bool:
        """Whether our own voice activity detection hears the party speak."""
        return self._speaking_since is not None

    @property
    def unheard(self) -> bool:
        """Whether another model would have anything to hear again."""
        return self.pending and bool(self._memory.since_speech_began())

    def hear_again(self) -> None:
        """Another model hears: what none before it has understood, and what came since, waits for it."""
        if self.pending and (sound := self._memory.since_speech_began()):
            self._kept[:] = sound

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""
        return self._memory.last(seconds)

    def close(self) -> None:
        """Hears no more."""
        self.on = False
        self._closed()

    def release(self) -> None:
        """What waits is given, if it can be now."""
        step = int(PIECE_SECONDS * self._bytes_per_second) // 2 * 2
        while self._kept and self._give(bytes(self._kept[:step])):
            del self._kept[:step]

    def _push(self, pcm: bytes) -> None:
        if not self._kept and self._give(pcm):
            return
        self._kept += pcm
        if (surplus := len(self._kept) - int(KEPT_SECONDS * self._bytes_per_second)) > 0:
            del self._kept[: surplus + surplus % 2]
        self.release()
