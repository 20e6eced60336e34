"""What an answer to a question of the script means: a value, and whether it is sure enough to go on with."""

import difflib
import re
from dataclasses import dataclass

from trunkline.domain.assistant import ScriptStep
from trunkline.providers.local.dialogue.dates import When, find_when
from trunkline.providers.local.dialogue.numbers import as_number, find_numbers, place_of
from trunkline.providers.local.dialogue.text import content_words, normalise, overlap, questions, without_fillers

_LEAD = r"^(?:(?:um+|uh+|er+|ah|oh|hm+|well|so|i think|i guess|i believe|let us see|okay so|and|but) )*"
_YES_FIRST = re.compile(
    _LEAD + r"(?:yes+|yeah|yep|yup|yea|yas|ya|aye|sure|of course|certainly|absolutely|definitely|correct|exactly|indeed"
    r"|affirmative|go ahead|please do|by all means|that is (?:right|correct|fine|me|good|it|perfect)|you got it)\b"
)
_YES = re.compile(
    r"\b(?:yes|yeah|yep|i (?:do|can|will|would|am|have|did|was)(?! not)|we (?:do|can|will|are|have"
    r"|did)(?! not)|okay|ok|fine|sounds good|good|great|perfect"
    r"|lovely|no problem|not a problem|no worries|do not mind|why not|works|i will be there|be there"
    r"|speaking|it (?:is|was|did|does|has|will)(?! not)"
    r"|all right|alright|agreed|that would be|mm ?hm+|uh ?huh|happy to|love to|very much|please$|^right$"
    r"|already did|already have|sure|see why not)\b"
)
_NO_FIRST = re.compile(
    _LEAD + r"(?:no+|nope|nah|never|negative|wrong|incorrect|not (?:really|yet|at all|today|now|anymore"
    r"|any more|quite|exactly|necessarily)|i am afraid not"
    r"|unfortunately|certainly not|absolutely not|definitely not|of course not|no thanks?)\b"
)
_NO = re.compile(
    r"\b(?:no|nope|can not|could not|will not|would not|do not|did not|does not|am not|is not|was not"
    r"|have not|has not|are not|unable|impossible|never|unfortunately"
    r"|not (?:really|yet|at all|possible|good|great|convenient|able|right|correct|true|going to)"
    r"|reschedule|cancel|another (?:day|time|date)|different (?:day|time|date)"
    r"|some other (?:day|time)|move it|change it|neither)\b"
)
_KINDLY_NO = re.compile(
    r"\b(?:no problem(?: at all)?|not a problem|no worries|(?:do|would) not mind(?: at all)?|why not"
    r"|(?:do|can) not see why not|no doubt|no trouble)\b"
)
_BOTH = re.compile(
    r"\byes and no\b|\bmaybe\b|\bperhaps\b|\bnot sure\b|\bdo not know\b|\bpossibly\b|\bdepends\b"
    r"|\bmight\b|\bunsure\b|\bno idea\b"
)
_SOUNDS_LIKE_YES = re.compile(r"(?:yet|yay|yeh|jess|guess|chess)(?: please)?")
_SOUNDS_LIKE_NO = re.compile(r"(?:now|know|note|nor|gnaw)(?: thanks?(?: you)?)?")
_SAYS_IT_BACK = 0.6
_AGREES = re.compile(r"\b(?:fine|correct|right|okay|ok|good|great|perfect|works)\b")
_AGREES_AFTER_NO = re.compile(
    r"^(?: i think| i mean| oh| well)?(?: (?:that|it|this)(?: time| day)?(?: is| works| will be| would be)?)?"
    r"(?: all| quite| perfectly| totally| absolutely| just)* (?:fine|okay|ok|good|correct|right|great"
    r"|perfect|works)\b(?! but| not)"
)
_EMPTY_WORDS = "um uh uhm er ah oh hm hmm well so like okay ok you the a and but i mm"
_EMPTY = frozenset(_EMPTY_WORDS.split())


@dataclass(frozen=True, slots=True)
class Answer:
    """A slot's value; ``sure`` False asks for a confirmation. ``partial`` says that a day or time of day is missing."""

    value: object
    sure: bool = True
    partial: When | None = None
    first: bool = False


def yes_or_no(plain: str) -> Answer | None:
    """Yes or no in a normalised text; ``first`` when it opens with it."""
    if not plain:
        return None
    kindly = bool(_KINDLY_NO.search(plain))
    text = " ".join(_KINDLY_NO.sub("yes", plain).split())
    if _BOTH.search(text) and not (_YES_FIRST.match(text) or _NO_FIRST.match(text)):
        return None
    if _YES_FIRST.match(text) and not _NO_FIRST.match(text):
        rest = re.search(r"\b(?:but|except|only)\b.*\b(?:can not|not|no)\b|\b(?:no|can not|will not)\b", text)
        return Answer(True, sure=rest is None or kindly, first=True)
    if _NO_FIRST.match(text):
        agrees = _AGREES_AFTER_NO.match(_NO_FIRST.sub("", text))
        return Answer(False, sure=agrees is None, first=True)
    no, yes = bool(_NO.search(text)), bool(_YES.search(text))
    if no:
        return Answer(False, sure=not yes or not _AGREES.search(text))
    return Answer(True, sure=len(text.split()) <= 12) if yes else None


def choices_of(step: ScriptStep) -> dict[str, tuple[str, ...]]:
    """The choices of a step, each with the words that mean it (the choice itself first)."""
    if isinstance(step.choices, dict):
        return {name: (name, *words) for name, words in step.choices.items()}
    return {name: (name,) for name in step.choices or ()}


def _says(plain: str, phrase: str) -> bool:
    wanted = normalise(phrase)
    return bool(wanted) and re.search(rf"\b{re.escape(wanted)}s?\b", plain) is not None


def _denied(plain: str, phrase: str) -> bool:
    return (
        re.search(rf"\b(?:not|no|except|without)(?: the| a| at| in)? {re.escape(normalise(phrase))}\b", plain)
        is not None
    )


def _choice(step: ScriptStep, plain: str) -> Answer | None:
    choices = choices_of(step)
    hits: dict[str, int] = {}
    for name, phrases in choices.items():
        matched = [len(phrase) for phrase in phrases if _says(plain, phrase) and not _denied(plain, phrase)]
        if matched:
            hits[name] = max(matched)
    hits = {
        name: size
        for name, size in hits.items()
        if not any(other != name and size < more and _says(normalise(other), name) for other, more in hits.items())
    }
    if hits:
        return Answer(max(hits, key=lambda name: hits[name]), sure=len(hits) == 1)
    place = place_of(plain)
    names = list(choices)
    if place is not None and (place == -1 or 1 <= place <= len(names)):
        return Answer(names[place - 1 if place > 0 else -1])
    return _misheard(choices, plain)


def _misheard(choices: dict[str, tuple[str, ...]], plain: str) -> Answer | None:
    """A choice whose words nearly stand in the text, as a recogniser spells them; never sure."""
    words = without_fillers(plain).split()
    for name, phrases in choices.items():
        for phrase in phrases:
            wanted = normalise(phrase)
            size = len(wanted.split())
            spans = [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
            if len(wanted) >= 4 and difflib.get_close_matches(
                wanted, spans, n=1, cutoff=0.7 if len(wanted) >= 6 else 0.8
            ):
                return Answer(name, sure=False)
    return None


def _number(step: ScriptStep, plain: str) -> Answer | None:
    found = as_number(plain)
    if found is None:
        return None
    value, sure = found
    allowed = [as_number(normalise(name)) for name in choices_of(step)]
    if allowed and value not in [number[0] for number in allowed if number]:
        fitting = [number for number in find_numbers(plain) if number in [one[0] for one in allowed if one]]
        if not fitting:
            return None
        value, sure = int(fitting[0]), False
    return Answer(value, sure=sure and len(plain.split()) <= 15)


def _wants(step: ScriptStep) -> tuple[bool, bool]:
    """Whether the question wants a day, and a time of day."""
    ask = normalise(step.ask or "")
    when = bool(re.search(r"\bwhen\b|\bsuits?\b|\bappointment\b|\bday and time\b|\bmoment\b", ask))
    day = when or bool(re.search(r"\bdays?\b|\bdate\b", ask))
    time = when or bool(re.search(r"\btimes?\b|\bhours?\b|\boclock\b", ask))
    return (day, time) if day or time else (True, True)


def _date_time(step: ScriptStep, plain: str, partial: When | None) -> Answer | None:
    found = find_when(plain)
    if found is None:
        return None
    if partial is not None:
        found = When(found.day or partial.day, found.time or partial.time, found.several)
    wants_day, wants_time = _wants(step)
    free = found.day == "any time"
    missing = (wants_day and not found.day) or (wants_time and not found.time and not free)
    return Answer(str(found), sure=not found.several, partial=found if missing and partial is None else None)


def is_unsure(plain: str) -> bool:
    """They say that they do not know."""
    return _BOTH.search(plain) is not None


def is_empty(plain: str) -> bool:
    """Nothing but noise: no word at all, or only small sounds."""
    return all(word in _EMPTY for word in plain.split())


def understand(step: ScriptStep, raw: str, partial: When | None = None) -> Answer | None:
    """The answer to ``step`` that stands in ``raw`` by rule, or None."""
    plain = normalise(raw)
    if is_empty(plain) and not (step.type == "yes_no" and yes_or_no(plain)):
        return None
    match step.type:
        case "yes_no":
            return _yes_no(step, raw, plain)
        case "number":
            return _number(step, plain)
        case "date_time":
            return _date_time(step, plain, partial)
        case "choice":
            return _choice(step, plain)
        case _:
            return Answer(raw.strip()) if not (questions(raw) and len(plain.split()) < 12) else None


def _yes_no(step: ScriptStep, raw: str, plain: str) -> Answer | None:
    found, other = yes_or_no(plain), _other_words(step, plain)
    if other is not None and (found is None or (other.sure and not found.first)):
        return other
    if found is not None or questions(raw) or _BOTH.search(plain):
        return found
    if _SOUNDS_LIKE_NO.fullmatch(plain):
        return Answer(False, sure=False)
    if _SOUNDS_LIKE_YES.fullmatch(plain) or _says_it_back(step.ask or "", raw):
        return Answer(True, sure=False)
    return None


def _says_it_back(ask: str, raw: str) -> bool:
    """An answer that repeats what was asked (I already paid it) is likely a yes."""
    return len(content_words(raw)) >= 2 and overlap(ask, raw) >= _SAYS_IT_BACK


def _other_words(step: ScriptStep, plain: str) -> Answer | None:
    if not step.choices:
        return None
    found = _choice(step, plain)
    if found is None or str(found.value).lower() not in ("yes", "no"):
        return None
    return Answer(str(found.value).lower() == "yes", sure=found.sure)
