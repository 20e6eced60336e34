"""One utterance as it grows: its sound in pieces that a recogniser can take, and the words that are sound and no speech."""

import re

import numpy as np

from trunkline.audio.frame import Samples

RATE_HZ = 16_000
LONGEST_PIECE_SECONDS = 15.0
SHORTEST_SPEECH_SECONDS = 0.25
_BLOCK = RATE_HZ // 50

_ASIDE = re.compile(r"[♪♫]+|\[[^\]]*\]|\([^)]*\)|\*[^*]*\*")
_LOOP = re.compile(r"(\w.{0,30}?\W)\1{3,}")
_PHANTOMS = {"you": 0.6, "thank you": 0.5, "thanks for watching": 3.0, "thank you for watching": 3.0, "bye": 0.35}
"""What recognisers hear in silence and noise, and how long speech must be to have really said it."""


class Utterance:
    """The sound since speech began. Pieces that are full are cut at their quietest place and stay as they are.

    ``after`` is the utterance that this one follows so closely that both are likely one sentence with a pause in it; its
    sound goes right up to where this one's begins. ``said`` tells whether words were found in it.
    """

    def __init__(self, before: Samples, after: "Utterance | None" = None) -> None:
        self.pieces: list[Samples] = []
        self.words: list[str] = []
        self.after = after
        self.said = False
        self._tail: list[Samples] = [before]
        self._tail_samples = len(before)
        self._samples = len(before)
        self._before = len(before)

    @property
    def seconds(self) -> float:
        """All of its sound."""
        return self._samples / RATE_HZ

    @property
    def speech_seconds(self) -> float:
        """What came since speech was noticed."""
        return (self._samples - self._before) / RATE_HZ

    @property
    def joins(self) -> int:
        """How many of the utterances that it follows had words."""
        return 0 if self.after is None else self.after.joins + self.after.said

    @property
    def together_seconds(self) -> float:
        """All of its sound and of the utterances that it follows."""
        return self.seconds + (0.0 if self.after is None else self.after.together_seconds)

    @property
    def together(self) -> Samples:
        """The sound of the utterances that it follows and its own, as one (for short ones, which have no pieces)."""
        return self.tail if self.after is None else np.concatenate([self.after.together, self.tail])

    @property
    def tail(self) -> Samples:
        """What stands after the pieces."""
        if len(self._tail) > 1:
            self._tail = [np.concatenate(self._tail)]
        return self._tail[0]

    def add(self, samples: Samples) -> None:
        """The next sound."""
        self._tail.append(samples)
        self._tail_samples += len(samples)
        self._samples += len(samples)
        while self._tail_samples > LONGEST_PIECE_SECONDS * RATE_HZ:
            self._cut()

    def _cut(self) -> None:
        tail = self.tail
        at = quietest(tail, int(LONGEST_PIECE_SECONDS / 2 * RATE_HZ), int(LONGEST_PIECE_SECONDS * RATE_HZ))
        self.pieces.append(tail[:at])
        self._tail = [tail[at:]]
        self._tail_samples = len(tail) - at


def quietest(samples: Samples, start: int, end: int) -> int:
    """The middle of the quietest tenth of a second within ``samples[start:end]``."""
    blocks = samples[start : start + (end - start) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    energy = np.convolve(np.square(blocks).mean(axis=1), np.ones(5), mode="valid")
    return start + (int(energy.argmin()) + 2) * _BLOCK + _BLOCK // 2


def loops(text: str) -> bool:
    """Whether a recogniser ran away: it says the same over and over."""
    return _LOOP.search(f"{text} ") is not None


def spoken(text: str, speech_seconds: float) -> str:
    """``text`` without what nobody said: notes, stage directions, and the stock phrases that models hear in noise."""
    if speech_seconds < SHORTEST_SPEECH_SECONDS:
        return ""
    text = " ".join(_ASIDE.sub(" ", text).split())
    bare = re.sub(r"[^\w ]", "", text).lower().strip()
    return "" if not bare or speech_seconds < _PHANTOMS.get(bare, 0.0) else text
