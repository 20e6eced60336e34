"""What the words so far speak for: the signs of all languages weighed against each other."""

from dataclasses import dataclass
from functools import lru_cache

from trunkline.engine.greetings import BOOKS
from trunkline.engine.greetings.signs import Sign
from trunkline.engine.phrases import plain

ENOUGH = 2
"""What one sure phrase weighs, or two uncertain ones."""
HUMAN_WEIGHT = 3
"""More than the "leave a message" that it may contain: "Would you like to leave a message?"."""
_APART_WORDS = 3
_SURE = frozenset(Sign) - {Sign.MAYBE_VOICEMAIL, Sign.MAYBE_SCREENER, Sign.MAYBE_MENU, Sign.MAYBE_UNREACHABLE}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much speaks for what; 2 is one sure phrase."""

    voicemail: int = 0
    screener: int = 0
    menu: int = 0
    unallocated: int = 0
    unreachable: int = 0
    human: int = 0
    message: bool = False
    full: bool = False
    words: int = 0

    @property
    def machine(self) -> int:
        """The most that speaks for any machine."""
        return max(self.voicemail, self.screener, self.menu, self.unallocated, self.unreachable)


@lru_cache(maxsize=1024)
def weigh(text: str, language: str) -> Evidence:
    """The evidence in ``text``. Phrases of the call's language are found in spite of small mistakes and count fully; of
    the others, which a carrier may speak, only sure ones count, word for word."""
    words = plain(text)
    found: dict[Sign, set[int]] = {}
    for code, book in BOOKS.items():
        own = code == language or (language not in BOOKS and code == "en")
        for sign, places in book.find(words, tolerant=own).items():
            if own or sign in _SURE:
                found.setdefault(sign, set()).update(places)
    count = {sign: _apart(places) for sign, places in found.items()}
    full = Sign.FULL in count
    return Evidence(
        voicemail=2 * count.get(Sign.VOICEMAIL, 0) + count.get(Sign.MAYBE_VOICEMAIL, 0) + 4 * full,
        screener=2 * count.get(Sign.SCREENER, 0) + count.get(Sign.MAYBE_SCREENER, 0),
        menu=2 * count.get(Sign.MENU, 0) + count.get(Sign.MAYBE_MENU, 0),
        unallocated=2 * count.get(Sign.UNALLOCATED, 0),
        unreachable=2 * count.get(Sign.UNREACHABLE, 0) + count.get(Sign.MAYBE_UNREACHABLE, 0),
        human=HUMAN_WEIGHT * count.get(Sign.HUMAN, 0),
        message=full or Sign.VOICEMAIL in count,
        full=full,
        words=len(words),
    )


def _apart(places: set[int]) -> int:
    """How many of these places are apart: phrases that overlap are one."""
    count, last = 0, -_APART_WORDS
    for place in sorted(places):
        if place - last >= _APART_WORDS:
            count, last = count + 1, place
    return count
