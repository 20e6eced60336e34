"""When a turn is over: what the words, the pause and the end-of-turn model say about how long to wait."""

import re
from enum import Enum

from trunkline.domain.assistant import TurnTaking

LIKELY = 0.5
SECONDS_PER_CHARACTER = 1 / 12
SECONDS_PER_DIGIT = 0.45

_ELLIPSES = ("...", "…", "-")
_WORD = re.compile(r"[^\W_]+(?:['’:.\-][^\W_]+)*")


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS = _table("um uh uhm er erm hm hmm mm mmm mhm mm-hm mm-hmm uh-huh ah eh ehm äh ähm euh hè")
CONTINUERS = _table(
    "and but or because the an my your our their"  # English
    " maar omdat het een mijn"  # Dutch
    " und aber oder weil der mein"  # German
    " mais parce le mon"  # French
    " pero porque el mi"  # Spanish
)
OPEN_ENDED = _table("to with for if when that which so then like well at on in of from by en y et ou o")
DIGIT_WORDS = _table(
    "zero oh one two three four five six seven eight nine double triple"
    " nul een twee drie vier vijf zes zeven acht negen dubbel"
    " null eins zwei zwo drei fünf sechs sieben neun"
    " zéro un deux trois quatre cinq sept huit neuf"
    " cero uno dos tres cuatro cinco seis siete ocho nueve"
)
NO_LETTERS = _table("a i o y")
BACKCHANNELS = _table("yeah yep yes ok okay right sure fine alright good great cool ja oké oui sí ya genau")
GREETINGS = _table(
    "hello hi hey speaking morning afternoon evening hallo hoi goedemorgen goedemiddag tag bonjour allô allo hola"
    " dígame diga"
)
WHOLE_ANSWERS = (
    BACKCHANNELS
    | GREETINGS
    | _table(
        "no nope nah never please thanks thank you bye goodbye good-bye bye-bye correct exactly absolutely"
        " nee bedankt dank graag doei nein danke bitte gerne tschüss non merci no gracias claro adiós"
    )
)
WHOLE_ANSWER_WORDS = 4
SHORT_SHARE = 0.25
LONE_DIGIT_SHARE = 0.5
AROUND_GREETINGS = _table("yes yeah good there who is this it it's here ja guten met hier oui sí")
INTRODUCTIONS = ("this is", "it's", "speaking", "here", "met", "hier")
GREETING_WORDS = 6
NAME_WORDS = 2


class Hold(Enum):
    """How strongly the words themselves say that more is to come."""

    NONE = "none"
    SOFT = "soft"
    FIRM = "firm"


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case, without punctuation at their ends."""
    return _WORD.findall(text.lower())


def count_words(text: str) -> int:
    """How many words were said, sounds of thinking aside."""
    return sum(word not in FILLERS for word in words(text))


def hold(text: str) -> Hold:
    """Digits and spelled words in the making, and a trailing "and", "but" or "um", hold a turn open."""
    said = words(text)
    if not said:
        return Hold.NONE
    dictated = _dictated(said)
    if said[-1] in FILLERS or said[-1] in CONTINUERS or dictated > 1 or text.rstrip().endswith(_ELLIPSES):
        return Hold.FIRM
    if said[-1] in OPEN_ENDED or dictated == 1 or text.rstrip().endswith(","):
        return Hold.SOFT
    return Hold.NONE


def _dictated(said: list[str]) -> int:
    """How many digits or letters stand one by one at the end (a long number counts for several)."""
    count = 0
    for place, word in reversed(list(enumerate(said))):
        pieces = re.split(r"[-.]", word)
        digits = "".join(pieces)
        if digits.isdecimal():
            count += 1 if len(digits) < 5 else 2
        elif word in DIGIT_WORDS or (len(word) == 1 and word not in NO_LETTERS) or _among_letters(said, place, count):
            count += 1
        elif len(pieces) > 1 and all(len(piece) == 1 for piece in pieces):
            count += len(pieces)
        else:
            break
    return count


def _among_letters(said: list[str], place: int, count: int) -> bool:
    """Whether "a" or "I" stands between letters that are spelled."""
    return count > 0 and place > 0 and len(said[place]) == len(said[place - 1]) == 1


def wait_seconds(text: str, probability: float | None, manners: TurnTaking) -> float:
    """The silence after which the turn is over, counted from the end of speech.

    ``probability`` is the end-of-turn model's verdict (None: not asked, or not yet told). Above one half it leaves the
    shorter wait, below it the wait grows up to the longer one; it never overrules digits, spelling and "and". Of a word
    or two it hears too little to be trusted: a bare yes, no or hello never waits for long, nor does a single digit.
    """
    shortest = manners.endpointing_min_delay
    longest = max(shortest, manners.endpointing_max_delay)
    return shortest + min(_share(text, probability), _most(text)) * (longest - shortest)


def _share(text: str, probability: float | None) -> float:
    """Which part of the way from the shorter to the longer wait to go."""
    held = hold(text)
    if held is Hold.FIRM:
        return 1.0
    if held is Hold.SOFT:
        return 0.5 if probability is None else float(probability <= LIKELY)
    return 0.0 if probability is None else max(0.0, 1 - probability / LIKELY)


def _most(text: str) -> float:
    said = words(text)
    if said and is_whole_answer(text):
        return SHORT_SHARE
    return LONE_DIGIT_SHARE if len(said) == 1 and said[0] in DIGIT_WORDS else 1.0


def likely_over(text: str, probability: float | None) -> bool:
    """Whether it pays to think ahead of the end of the wait."""
    return count_words(text) > 0 and hold(text) is Hold.NONE and (probability is None or probability > LIKELY)


def is_backchannel(text: str) -> bool:
    """A sign of listening ("mm-hm", "okay"), which wants no answer when it falls into our own words."""
    return all(word in BACKCHANNELS or word in FILLERS for word in words(text))


def is_whole_answer(text: str) -> bool:
    """A yes, no, hello, thanks or goodbye and no more, or nothing at all."""
    said = words(text)
    return len(said) <= WHOLE_ANSWER_WORDS and WHOLE_ANSWERS.issuperset(said) and not text.endswith(_ELLIPSES)


def is_greeting(text: str) -> bool:
    """What one says when picking up a phone ("Hello?", "Good morning, Jan speaking"): no reason to break off our
    first words."""
    said = [word for word in words(text) if word not in FILLERS]
    names = sum(word not in GREETINGS and word not in AROUND_GREETINGS for word in said)
    may_name = any(has_phrase(text, phrase) for phrase in INTRODUCTIONS)
    short = len(said) <= GREETING_WORDS and names <= (NAME_WORDS if may_name else 0)
    return short and not GREETINGS.isdisjoint(said)


def has_phrase(text: str, phrase: str) -> bool:
    """Whether ``phrase`` stands in ``text`` word by word, whatever the case and the punctuation."""
    wanted = words(phrase)
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(words(text))} "


def spoken_seconds(text: str, speed: float = 1.0) -> float:
    """How long a voice takes for ``text``, reckoned by its characters; long rather than short."""
    digits = sum(char.isdecimal() for char in text)
    return ((len(text) - digits) * SECONDS_PER_CHARACTER + digits * SECONDS_PER_DIGIT) / speed
