"""Finding phrases in what a recogniser heard: by whole words, in order, forgiving of small mistakes."""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

GAP_WORDS = 4
"""How many words ``*`` may stand for."""
_ONE_SLIP, _TWO_SLIPS = 5, 9
_CLITICS = frozenset(["l", "d", "n", "s", "j", "c", "m", "t", "qu", "jusqu"])

Slot = frozenset[str] | None
"""The words of which one stands here; None is a gap."""
S = TypeVar("S")


class Book(Generic[S]):
    """Phrases by what they are a sign of, as a table of lines: ``leave|leaving * message``. A slot that ends in ``?``
    may be left out, ``*`` is a gap of up to four words."""

    def __init__(self, tables: Mapping[S, str]) -> None:
        self._starting: dict[str, list[tuple[tuple[Slot, ...], S]]] = {}
        for sign, table in tables.items():
            for slots in _phrases(table):
                for word in slots[0] or ():
                    self._starting.setdefault(word, []).append((slots[1:], sign))
        self._resembling = lru_cache(maxsize=4096)(self._like)

    def find(self, words: Sequence[str], *, tolerant: bool) -> dict[S, set[int]]:
        """Where in ``words`` (as ``plain`` gives them) which signs begin; tolerant: with a letter wrong in a longer word."""
        found: dict[S, set[int]] = {}
        for at, word in enumerate(words):
            for start in self._resembling(word) if tolerant else (word,):
                for rest, sign in self._starting.get(start, ()):
                    if _matches(rest, words, at + 1, tolerant):
                        found.setdefault(sign, set()).add(at)
        return found

    def _like(self, word: str) -> tuple[str, ...]:
        return tuple(start for start in self._starting if start == word or _resembles(word, start))


def plain(text: str) -> tuple[str, ...]:
    """The words of ``text`` without case, accents and punctuation; "can't" becomes "cant", "l'appel" "l appel"."""
    letters = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("’", "'"))
    kept = "".join(_kept(one) for one in letters if not unicodedata.combining(one))
    words: list[str] = []
    for word in kept.split():
        head, _, tail = word.strip("'").partition("'")
        words += [head, tail.replace("'", "")] if head in _CLITICS and tail else [word.replace("'", "")]
    return tuple(word for word in words if word)


def _phrases(table: str) -> list[tuple[Slot, ...]]:
    found: list[tuple[Slot, ...]] = []
    for line in table.strip().splitlines():
        variants: list[tuple[Slot, ...]] = [()]
        for word in line.split():
            slot = None if word == "*" else frozenset(word.rstrip("?").split("|"))
            longer = [(*one, slot) for one in variants]
            variants = variants + longer if word.endswith("?") else longer
        found += variants
    return found


def _kept(letter: str) -> str:
    return letter if letter.isalnum() or letter == "'" else " "


def _matches(slots: Sequence[Slot], words: Sequence[str], at: int, tolerant: bool) -> bool:
    for place, slot in enumerate(slots):
        if slot is None:
            rest = slots[place + 1 :]
            return any(_matches(rest, words, at + gap, tolerant) for gap in range(GAP_WORDS + 1))
        if at >= len(words) or not _is_one_of(words[at], slot, tolerant):
            return False
        at += 1
    return True


def _is_one_of(word: str, slot: frozenset[str], tolerant: bool) -> bool:
    return word in slot or (tolerant and any(_resembles(word, one) for one in slot))


@lru_cache(maxsize=16384)
def _resembles(word: str, wanted: str) -> bool:
    """Whether a recogniser may have written ``word`` for ``wanted``: a slip in five letters, two in nine."""
    shorter = min(len(word), len(wanted))
    if shorter < _ONE_SLIP or word[0] != wanted[0]:
        return False
    slips = 2 if shorter >= _TWO_SLIPS else 1
    return abs(len(word) - len(wanted)) <= slips and _distance(word, wanted) <= slips


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, 1):
        last, row[0] = row[0], count
        for place, wanted in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (letter != wanted))
    return row[-1]
