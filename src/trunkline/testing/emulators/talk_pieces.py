"""What emulated speech-to-speech models say, cut into words with their sound; and what vendors count of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.testing.emulators.house import odd_pieces
from trunkline.testing.emulators.speaking import speech

PIECE_SECONDS = 0.2
FASTER = 8.0
"""How much faster than real time sound is sent."""
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """The next words (may be none) and the next sound, PCM."""

    words: str
    pcm: bytes


async def spoken(text: str, rate_hz: int, *, speed: float = 1.0, odd: bool = False) -> list[Piece]:
    """A text as it is streamed: words in step with their sound. ``odd`` cuts the sound into pieces of odd sizes (whole
    samples)."""
    pcm = await speech(text, rate_hz, speed=speed)
    size = round(PIECE_SECONDS * rate_hz) * 2
    sounds = [pcm[at : at + size] for at in range(0, len(pcm), size)] or [b""]
    words = _in_step(text, len(sounds))
    pieces = [Piece(word, sound) for word, sound in zip(words, sounds, strict=True)]
    return [one for piece in pieces for one in _oddly(piece)] if odd else pieces


def seconds_of_piece(piece: Piece, rate_hz: int) -> float:
    """How long it takes to be sent."""
    return len(piece.pcm) / 2 / rate_hz / FASTER


def text_tokens(text: str) -> int:
    """About what a vendor counts for a text."""
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def first_words(text: str, share: float) -> str:
    """The words in the first ``share`` (0 to 1) of a text's sound."""
    words = text.split(" ")
    return " ".join(words[: math.floor(len(words) * min(max(share, 0.0), 1.0))])


def _in_step(text: str, steps: int) -> Iterator[str]:
    """The words of a text spread over so many steps."""
    words = [word + " " for word in text.split(" ")[:-1]] + [text.split(" ")[-1]]
    given = 0
    for step in range(1, steps + 1):
        upto = round(len(words) * step / steps)
        yield "".join(words[given:upto])
        given = upto


def _oddly(piece: Piece) -> Iterator[Piece]:
    rest, words = b"", piece.words
    for part in odd_pieces(piece.pcm):
        rest += part
        whole = len(rest) // 2 * 2
        if whole:
            yield Piece(words, rest[:whole])
            rest, words = rest[whole:], ""
