"""Where to cut words, so that each piece can be spoken by itself: clauses of a stream, sentences of a text."""

import re

FIRST_CLAUSE_WORDS = 8
PIECE_CHARACTERS = 160


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABBREVIATIONS = _table(
    "dr mr mrs ms prof jr sr vs inc ltd corp dept nr tel ext approx est"
    " a.m p.m e.g i.e u.s u.k d.w.z bijv m.b.t z.b u.a d.h"
)
_HARD_STOP = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|\n+")
_SOFT_STOP = re.compile(r"[.!?…,;:]+[\"'”’)\]]*(?=\s)|\n+|\s[–—-](?=\s)")
_LAST_WORD = re.compile(r"[^\s(\"'“‘\[]*$")


def sentences(text: str, limit: int = PIECE_CHARACTERS) -> list[str]:
    """``text`` in whole sentences, short ones together up to ``limit`` characters; a longer one stands alone."""
    pieces: list[str] = []
    for sentence in _split(text):
        if pieces and len(pieces[-1]) + 1 + len(sentence) <= limit:
            pieces[-1] += f" {sentence}"
        else:
            pieces.append(sentence)
    return pieces


class ClauseCutter:
    """Takes a reply token by token and gives it back clause by clause: the first at the first punctuation or after
    about eight words, so that the voice can begin; the others at the ends of sentences. A stop is one only when white
    space follows it, so that 3.30 stays whole, and never after an abbreviation."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def feed(self, text: str) -> list[str]:
        """The clauses that became complete."""
        self._text += text
        clauses: list[str] = []
        while (end := self._end()) is not None:
            clause, self._text = self._text[:end].strip(), self._text[end:]
            clauses.append(clause)
            self._first = False
        return clauses

    def flush(self) -> list[str]:
        """What is left at the end of the reply."""
        clause, self._text = self._text.strip(), ""
        return [clause] if clause else []

    def _end(self) -> int | None:
        pattern = _SOFT_STOP if self._first else _HARD_STOP
        for stop in pattern.finditer(self._text):
            if _is_stop(self._text, stop) and _speakable(self._text[: stop.end()]):
                return stop.end()
        return self._after_words() if self._first else None

    def _after_words(self) -> int | None:
        """The end of the eighth word, once the ninth and the beginning of the tenth are there (no dangling word)."""
        words = list(re.finditer(r"\S+(?=\s)", self._text))
        if len(words) <= FIRST_CLAUSE_WORDS:
            return None
        end = words[FIRST_CLAUSE_WORDS - 1].end()
        between_digits = self._text[end - 1].isdigit() and self._text[end:].lstrip()[:1].isdigit()
        return end if _speakable(self._text[:end]) and not between_digits else None


def _split(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for stop in _HARD_STOP.finditer(text):
        if _is_stop(text, stop) and _speakable(text[start : stop.end()]):
            parts.append(text[start : stop.end()].strip())
            start = stop.end()
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts


def _is_stop(text: str, stop: re.Match[str]) -> bool:
    """Whether this is the end of something: not the dot of an abbreviation, an initial or a list's number."""
    if not stop.group().startswith(".") or len(stop.group()) > 1:
        return True
    word = _LAST_WORD.search(text[: stop.start()])
    last = word.group().lower() if word else ""
    return last not in _ABBREVIATIONS and not (len(last) == 1 and last.isalpha() and last != "i")


def _speakable(text: str) -> bool:
    return any(char.isalnum() for char in text)
