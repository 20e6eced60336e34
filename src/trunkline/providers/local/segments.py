"""Text as a voice takes it: sentence by sentence, without what its engine would read as commands."""

import re
import unicodedata

_SENTENCE_END = re.compile(r"(?<=[.!?…;:])\s+(?=[\"'“¿¡(]?[\w])|\n+")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|st|jr|sr|vs|prof|no|nr|tel|[a-z])\.$", re.IGNORECASE)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": ", ", "—": ", ", "…": "...", "<": " ", ">": " "})


def segments(text: str) -> list[str]:
    """The sentences of ``text`` that hold anything to say."""
    sentences: list[str] = []
    for part in _SENTENCE_END.split(_clean(text)):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += f" {part}"
        else:
            sentences.append(part)
    return [sentence.strip() for sentence in sentences if re.search(r"\w", sentence)]


def _clean(text: str) -> str:
    """Plain characters only. ``<`` and ``>`` must go: the engine obeys marks like ``<play file=…>``."""
    text = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter)[0] != "C")
