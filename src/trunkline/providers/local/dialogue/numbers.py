"""Numbers in what was said: words and digits, alone or strung together."""

import itertools
import re

_UNIT_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {
    **{word: value for value, word in enumerate(_UNIT_WORDS.split())},
    **{word: 20 + 10 * place for place, word in enumerate(_TEN_WORDS.split())},
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), start=1)} | {"thirtieth": 30}
_LOOSE = {"couple": 2, "dozen": 12, "none": 0, "nil": 0, "nothing": 0, "once": 1, "twice": 2}
_HOMOPHONES = {"to": 2, "too": 2, "for": 4, "ate": 8, "won": 1, "tree": 3, "fore": 4}
_DIGITS = re.compile(r"\d+(?:\.\d+)?$")


def _word_value(word: str) -> float | None:
    if _DIGITS.match(word):
        return float(word)
    return _SMALL.get(word)


def _group(words: list[str], start: int) -> tuple[float, int] | None:
    """One spoken number that starts at ``start``: its value and where it ends."""
    total, current, at, seen = 0.0, 0.0, start, False
    while at < len(words):
        word = words[at]
        value = _word_value(word)
        if value is not None and (not seen or _fits(current, value) or (total and not current and value < total)):
            current, seen = current + value, True
        elif word in _SCALES and (seen or (at == start + 1 and words[start] == "a")):
            scale = _SCALES[word]
            current = max(current, 1) * scale
            if scale > 100:
                total, current = total + current, 0.0
            seen = True
        elif not (word == "and" and seen and _continues(words, at, total + current)) and not (
            word == "a" and at == start and words[at + 1 : at + 2] and words[at + 1] in _SCALES
        ):
            break
        at += 1
    return (total + current, at) if seen else None


def _fits(current: float, value: float) -> bool:
    """Whether ``value`` may follow in the same number: twenty five, one hundred five; never three thirty."""
    if current >= 100 and current % 100 == 0:
        return value < 100
    return 20 <= current < 100 and current % 10 == 0 and 0 < value < 10


def _continues(words: list[str], at: int, so_far: float) -> bool:
    return so_far >= 100 and at + 1 < len(words) and _word_value(words[at + 1]) is not None


def find_numbers(plain: str) -> list[float]:
    """The numbers of a normalised text in order; ``seven point five`` is one, strings of digits are joined."""
    words = plain.replace("double ", "").split()
    found: list[tuple[float, int, int]] = []
    at = 0
    while at < len(words):
        group = _group(words, at)
        if group is None:
            at += 1
            continue
        value, end = group
        if words[end : end + 1] == ["point"] and end + 1 < len(words) and _word_value(words[end + 1]) is not None:
            value = float(f"{value:.0f}.{_word_value(words[end + 1]):.0f}")
            end += 2
        found.append((value, at, end))
        at = end
    return _joined(found)


def _joined(found: list[tuple[float, int, int]]) -> list[float]:
    """Three or more single digits in a row are one number, digit by digit."""
    values: list[float] = []
    run: list[int] = []
    last_end = -1
    for value, start, end in [*found, (-1.0, -9, -9)]:
        single = 0 <= value <= 9 and value == int(value)
        if single and (not run or start == last_end):
            run.append(int(value))
        else:
            values += [float("".join(map(str, run)))] if len(run) >= 3 else [float(digit) for digit in run]
            run = [int(value)] if single else []
            if not single and value >= 0:
                values.append(value)
        last_end = end
    return values


def as_number(plain: str) -> tuple[int | float, bool] | None:
    """The number that answers a question and whether it is sure; None when there is none."""
    whole, plain = plain, re.sub(r"\b(out of|of|from) (?:a )?(?:possible )?(ten|10|five|5|hundred|100)\b", "", plain)
    words = plain.split()
    values = find_numbers(plain)
    if len(values) > 1:
        values = [value for value, word in itertools.pairwise(values) if value != word] + values[-1:]
    if values:
        value = values[0]
        clear = len(values) == 1 and not re.search(r"\b(not|or|maybe more|something like)\b", plain)
        return (int(value) if value == int(value) else value), clear
    for word in words:
        if word in _LOOSE:
            misheard = word == "none" and plain != whole  # none out of ten, and nine out of ten, sound much the same
            return _LOOSE[word], word in ("none", "dozen", "twice", "once") and not misheard
    if len(words) == 1 and words[0] in _HOMOPHONES:
        return _HOMOPHONES[words[0]], False
    return None


def with_digits(plain: str) -> str:
    """A normalised text with its number words as digits and its ordinals as 1st, 2nd …: three thirty → 3 30."""
    words, out, at = plain.split(), [], 0
    while at < len(words):
        word = words[at]
        group = None if _DIGITS.match(word) else _group(words, at)
        if word in _ORDINALS and not (word == "second" and words[at - 1 : at] in (["a"], ["one"], ["just"])):
            out.append(f"{_ORDINALS[word]}th")
        elif word in ("twenty", "thirty") and words[at + 1 : at + 2] and words[at + 1] in _ORDINALS:
            out.append(f"{_SMALL[word] + _ORDINALS[words[at + 1]]}th")
            at += 1
        elif group is not None:
            out.append(f"{group[0]:g}")
            at = group[1] - 1
        else:
            out.append(re.sub(r"^(\d{1,2})(?:st|nd|rd|th)$", r"\1th", word))
        at += 1
    return " ".join(out)


def place_of(plain: str) -> int | None:
    """Which of several, 1-based: the first one, option two, number 3, the last (-1)."""
    if re.search(r"\bthe last( one)?\b|\blatter\b", plain):
        return -1
    digits = with_digits(plain)
    match = re.search(r"\b(?:option|number|choice) (\d)\b|\bthe (\d)th\b|^(\d)th\b|^(\d)$", digits)
    return int(next(group for group in match.groups() if group)) if match else None
