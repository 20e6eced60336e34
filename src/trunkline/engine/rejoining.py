"""Putting a reply together that broke off: the model goes on from what was said, and what it says again is left out."""

import re
from collections.abc import Sequence

from trunkline.ports.models import Turn

GO_ON = (
    "Your last message broke off for a technical reason. The other party heard all of it. Go on exactly where it stopped, "
    "without repeating any of it and without mentioning the interruption. If it was complete, say nothing."
)
_WORD = re.compile(r"\S+(?=\s)|\S+$")
_SIGNS = re.compile(r"[^\w']+")


def continuing(history: Sequence[Turn], said: str) -> tuple[Turn, ...]:
    """The history of a request that is to complete a reply of which ``said`` was handed on."""
    return (*history, Turn("assistant", said), Turn("system", GO_ON))


class Rejoiner:
    """Takes the words of the second reply and gives back what is new: not what repeats the end of ``said``, or all of it."""

    def __init__(self, said: str) -> None:
        self._said = _words(said)
        self._held = ""
        self._settled = not self._said

    def feed(self, text: str) -> str:
        """What may be said of it now; words that may still turn out to be repeated are held back."""
        if self._settled:
            return text
        self._held += text
        complete = self._held[: self._held.rfind(" ") + 1] if not self._held[-1:].isspace() else self._held
        words = _words(complete)
        if any(self._said[at : at + len(words)] == words for at in range(len(self._said) - len(words))):
            return ""
        return self._settle(words)

    def flush(self) -> str:
        """The reply ended: what was held back and is new."""
        if self._settled:
            return ""
        words = _words(self._held)
        if self._said[: len(words)] == words:
            self._settled, self._held = True, ""
            return ""
        return self._settle(words)

    def _settle(self, words: list[str]) -> str:
        self._settled = True
        longest = min(len(words), len(self._said))
        count = next((size for size in range(longest, 0, -1) if self._said[-size:] == words[:size]), 0)
        held, self._held = self._held, ""
        return _after(held, count)


def _words(text: str) -> list[str]:
    return [word for raw in text.split() if (word := _SIGNS.sub("", raw).lower())]


def _after(text: str, count: int) -> str:
    """What follows the first ``count`` words."""
    if not count:
        return text
    for found in _WORD.finditer(text):
        count -= bool(_words(found.group()))
        if not count:
            return text[found.end() :]
    return ""
