"""Texts as voices take them: whether there is anything to say, and in parts that are not too long for the vendor."""

import re

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？;:])\s+|\n+")


def sayable(text: str) -> bool:
    """Whether there is a letter or a digit in it: nobody speaks an emoji or a lone full stop."""
    return any(letter.isalnum() for letter in text)


def sentences(text: str, longest: int) -> list[str]:
    """The sentences that hold anything to say; those longer than ``longest`` characters are cut, at a space if there is
    one."""
    whole = [sentence.strip() for sentence in _SENTENCE_END.split(text)]
    return [part for sentence in whole if sayable(sentence) for part in _cut(sentence, longest)]


def parts(text: str, longest: int) -> list[str]:
    """The text in as few parts as its sentences allow, none longer than ``longest`` characters."""
    if len(text) <= longest:
        return [text.strip()] if sayable(text) else []
    joined: list[str] = []
    for sentence in sentences(text, longest):
        if joined and len(joined[-1]) + 1 + len(sentence) <= longest:
            joined[-1] += f" {sentence}"
        else:
            joined.append(sentence)
    return joined


def _cut(sentence: str, longest: int) -> list[str]:
    pieces: list[str] = []
    while len(sentence) > longest:
        space = sentence.rfind(" ", 1, longest + 1)
        end = space if space > 0 else longest
        pieces.append(sentence[:end].strip())
        sentence = sentence[end:].strip()
    return [piece for piece in [*pieces, sentence] if sayable(piece)]
