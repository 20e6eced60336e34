"""An independent ear for tests and the demo: another recogniser than the one that listens in calls, and a word count."""

import functools
import re

from trunkline.audio.frame import Samples
from trunkline.providers.local.utterance import RATE_HZ, quietest
from trunkline.providers.local.whisper import Whisper

_LONGEST_SECONDS = 25
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_ORDINALS |= {"twelve": "twelfth"}
_SAME = {"ok": "okay", "pm": "p m", "am": "a m", "mr": "mister", "mrs": "missus", "dr": "doctor", "oh": "zero"}
_SIGNS = {"#": " pound ", "%": " percent ", "&": " and ", "@": " at ", "+": " plus ", "’": "'", "-": " ", "/": " "}


@functools.cache
def _whisper() -> Whisper:
    return Whisper()


def transcribe(samples: Samples, language: str = "en") -> str:
    """What Whisper base hears in sound at 16 kHz, however long. Blocks; the model is loaded at the first use."""
    words = []
    while len(samples):
        longest = _LONGEST_SECONDS * RATE_HZ
        end = len(samples) if len(samples) <= longest else quietest(samples, longest // 2, longest)
        words.append(_whisper().transcribe(samples[:end], language, lambda: False))
        samples = samples[end:]
    return " ".join(words).strip()


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Insertions, deletions and substitutions per word of ``reference``, after both were brought to plain words."""
    said, heard = normalise(reference), normalise(hypothesis)
    if not said:
        return float(len(heard))
    row = list(range(len(heard) + 1))
    for count, word in enumerate(said, 1):
        diagonal, row[0] = row[0], count
        for index, other in enumerate(heard, 1):
            best = min(row[index] + 1, row[index - 1] + 1, diagonal + (word != other))
            diagonal, row[index] = row[index], best
    return row[-1] / len(said)


def normalise(text: str) -> list[str]:
    """Small words without marks; digits as they are spoken (``3pm`` is three p m, ``21st`` is twenty first)."""
    text = text.lower()
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"\b([a-z])\.(?=[a-z]\b)", r"\1 ", text)
    text = re.sub(r"(\d+)(?:st|nd|rd|th)\b", lambda found: f" {_ordinal(int(found[1]))} ", text)
    text = re.sub(r"\d+", lambda found: f" {_spoken(found[0])} ", text)
    words = re.sub(r"[^\w\s]", "", text.replace(".", " ").replace("good bye", "goodbye")).split()
    return " ".join(_SAME.get(word, word) for word in words).split()


def _spoken(digits: str) -> str:
    if len(digits) > 4 or (len(digits) > 1 and digits[0] == "0"):
        return " ".join(_SMALL[int(digit)] for digit in digits)
    return _number(int(digits))


def _number(value: int) -> str:
    if value < 20:
        return _SMALL[value]
    if value < 100:
        return f"{_TENS[value // 10]} {_SMALL[value % 10] if value % 10 else ''}".strip()
    unit, name = (1000, "thousand") if value >= 1000 else (100, "hundred")
    rest = f" {_number(value % unit)}" if value % unit else ""
    return f"{_number(value // unit)} {name}{rest}"


def _ordinal(value: int) -> str:
    *others, last = _number(value).split()
    if last in _ORDINALS:
        last = _ORDINALS[last]
    else:
        last = f"{last[:-1]}ieth" if last.endswith("y") else f"{last.removesuffix('t')}th"
    return " ".join([*others, last])
