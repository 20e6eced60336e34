"""What is being said: its pieces, their sound, and which of its words were really heard, counted by samples."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import Pronunciation

WHOLE_WORD_SLACK = 0.2
"""A word of which only so much is missing was heard whole."""
SECONDS_PER_CHARACTER = 1 / 15
"""A voice of which nothing is known yet."""
_FAINT_SHARE = 0.02
"""What is this far below the loudest at either end of a take is no part of its words."""


@dataclass(slots=True, eq=False)
class Take:
    """One synthesis of one text: sound that grows until ``done``, or ends with ``error``.

    ``asked_at`` and ``first_at`` are the times of the request and of the first sound. ``seconds_per_character`` is the
    voice's likely pace. A ``kept`` take was prepared and may be spoken again. Of a ``short`` one the sound ended before the
    words did. ``voice`` is the number of the candidate who
    speaks; where it took over from another, it begins at character ``resumed_at`` of the text, after ``resumed_bytes``.
    """

    text: str
    kept: bool = False
    pcm: bytearray = field(default_factory=bytearray)
    begun: bool = False
    done: bool = False
    short: bool = False
    error: Upstream | None = None
    seconds_per_character: float = SECONDS_PER_CHARACTER
    asked_at: float = 0.0
    first_at: float | None = None
    voice: int | None = None
    resumed_bytes: int = 0
    resumed_at: int = 0


@dataclass(slots=True, eq=False)
class Piece:
    """A stretch of an utterance; ``taken`` and ``played`` count bytes of its take."""

    take: Take
    taken: int = 0
    played: int = 0

    @property
    def ready(self) -> int:
        """Bytes that can be taken now."""
        return len(self.take.pcm) - self.taken

    def heard(self, bytes_per_second: int) -> int:
        """How many characters of its text were heard, cut between words."""
        return len(self.take.text) if self._all_played else cut(self.take.text, self._share(bytes_per_second))

    def broken(self, bytes_per_second: int) -> str:
        """The last word that was heard, where the sound broke off in it."""
        text = self.take.text
        if self._all_played:
            return ""
        share = self._share(bytes_per_second)
        heard = text[: cut(text, share)]
        word = heard.rpartition(" ")[2]
        return word if share * len(text) < len(heard) - WHOLE_WORD_SLACK * len(word) else ""

    @property
    def _all_played(self) -> bool:
        return self.take.done and not self.take.short and self.played >= len(self.take.pcm)

    def _share(self, bytes_per_second: int) -> float:
        """Which part of its words was played; the silence before the first and after the last is none of it."""
        start, end = words_between(bytes(self.take.pcm))
        if not self.take.done or self.take.short:
            end = max(end, start + int(len(self.take.text) * self.take.seconds_per_character * bytes_per_second))
        return min(1.0, max(0, self.played - start) / (end - start)) if end > start else 0.0


@dataclass(slots=True, eq=False)
class Utterance:
    """One thing that the assistant says, piece by piece."""

    number: int
    spoke_at: float = 0.0
    pieces: list[Piece] = field(default_factory=list)
    complete: bool = False
    started: bool = False
    written: int = 0
    played: int = 0

    @property
    def ready(self) -> int:
        """Bytes of sound that can be played without a gap."""
        total = 0
        for piece in self.pieces:
            total += piece.ready
            if not piece.take.done:
                break
        return total

    @property
    def waited_seconds(self) -> float | None:
        """How long the voice let us wait for the first sound; None when that was ready."""
        first = self.pieces[0].take
        if first.first_at is None or first.first_at <= self.spoke_at:
            return None
        return first.first_at - max(first.asked_at, self.spoke_at)

    @property
    def failure(self) -> Upstream | None:
        """What broke its voice for good."""
        return next((piece.take.error for piece in self.pieces if piece.take.error is not None), None)

    @property
    def short(self) -> bool:
        """Whether not all of its words can be heard."""
        return any(piece.take.short for piece in self.pieces)

    @property
    def drawn(self) -> bool:
        """Whether no more sound of it will come."""
        if self.failure is not None:
            return self.ready == 0
        return self.complete and all(piece.take.done and piece.ready == 0 for piece in self.pieces)

    def draw(self, wanted: int, frame_bytes: int) -> bytes:
        """Up to ``wanted`` bytes in whole frames; the very last one is filled up with silence."""
        available = self.ready
        if available >= wanted or not self._closing:
            wanted = min(wanted, available) // frame_bytes * frame_bytes
        sound = bytearray()
        for piece in self.pieces:
            if (missing := wanted - len(sound)) <= 0:
                break
            part = piece.take.pcm[piece.taken : piece.taken + missing]
            piece.taken += len(part)
            sound += part
            if not piece.take.done:
                break
        if odd := len(sound) % frame_bytes:
            sound += bytes(frame_bytes - odd)
        self.written += len(sound)
        return bytes(sound)

    def take_back(self, count: int) -> None:
        """The line did not take the last ``count`` bytes."""
        self.written -= count
        for piece in reversed(self.pieces):
            step = min(count, piece.taken - piece.played)
            piece.taken -= step
            count -= step

    def play(self, count: int) -> None:
        """``count`` more bytes went out on the wire."""
        self.played += count
        for piece in self.pieces:
            step = min(count, piece.taken - piece.played)
            piece.played += step
            count -= step

    def heard(self, bytes_per_second: int) -> tuple[str, str]:
        """Its words, parted into those that were heard and the rest."""
        heard: list[str] = []
        rest: list[str] = []
        for piece in self.pieces:
            end = piece.heard(bytes_per_second) if not rest else 0
            heard.append(piece.take.text[:end].strip())
            rest.extend([piece.take.text[end:].strip()] if end < len(piece.take.text) else [])
        return " ".join(filter(None, heard)), " ".join(filter(None, rest))

    def broken(self, bytes_per_second: int) -> str:
        """The last of its words that were heard, where the sound broke off in it."""
        last = next((piece for piece in reversed(self.pieces) if piece.heard(bytes_per_second)), None)
        return "" if last is None else last.broken(bytes_per_second)

    @property
    def _closing(self) -> bool:
        if self.failure is not None:
            return True
        return self.complete and all(piece.take.done for piece in self.pieces)


def words_between(pcm: bytes) -> tuple[int, int]:
    """Where the words of a take (PCM16) begin and end, in bytes."""
    levels = np.abs(np.frombuffer(pcm, "<i2", len(pcm) // 2).astype(np.int32))
    if not len(levels) or not levels.max():
        return 0, len(pcm)
    loud = np.flatnonzero(levels >= levels.max() * _FAINT_SHARE)
    return int(loud[0]) * 2, int(loud[-1]) * 2 + 2


def cut(text: str, share: float) -> int:
    """Where to cut ``text`` when ``share`` of its sound was played: a word counts when most of it was."""
    reached = share * len(text)
    end = 0
    for word in re.finditer(r"\S+", text):
        if (word.start() + word.end()) / 2 >= reached:
            break
        end = word.end()
    return end


class Lexicon:
    """Words that are spoken differently from how they are written: whole words, in any case, the longest first."""

    def __init__(self, entries: Sequence[Pronunciation]) -> None:
        longest = sorted(entries, key=lambda entry: len(entry.source), reverse=True)
        self._targets = [entry.target for entry in longest]
        either = "|".join(f"({_whole(unicodedata.normalize('NFC', entry.source))})" for entry in longest)
        self._pattern = re.compile(either, re.IGNORECASE) if entries else None

    def spoken(self, text: str) -> str:
        """``text`` as the voice is to read it."""
        if self._pattern is None:
            return text
        return self._pattern.sub(self._target, unicodedata.normalize("NFC", text))

    def _target(self, found: re.Match[str]) -> str:
        return self._targets[(found.lastindex or 1) - 1]


def _whole(source: str) -> str:
    """A pattern for ``source`` as a word by itself; a number is none within a longer one (the 3 of 3.5 and of 10:3)."""
    before = r"(?<!\w)" + (r"(?<!\d[.,:/])" if source[0].isdigit() else "")
    after = r"(?!\w)" + (r"(?![.,:/]\d)" if source[-1].isdigit() else "")
    return before + re.escape(source) + after
