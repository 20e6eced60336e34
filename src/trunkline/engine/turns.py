"""When a turn is over: what the words, the pause and the end-of-turn model say about how long to wait."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from trunkline.domain.assistant import TurnTaking
from trunkline.engine.wordlists import (
    ADDRESS_ENDS,
    ADDRESS_SIGNS,
    BARGING_OPENERS,
    CENTURIES,
    CONTINUERS,
    COUNTING_WORDS,
    DICTATION_WORDS,
    DIGIT_WORDS,
    FILLERS,
    MAIL_HOSTS,
    MONTHS,
    OPEN_ENDED,
    OPENERS,
    TENS,
    UNFINISHED,
    WHOLE_ANSWERS,
)

LIKELY = 0.5
SECONDS_PER_CHARACTER = 1 / 12
SECONDS_PER_DIGIT = 0.45
WHOLE_ANSWER_WORDS = 4
SHORT_SHARE = 0.25
HALF_SHARE = 0.5
COMMA_SHARE = 0.75
"""Where the model too expects more: many recognisers put a comma wherever a voice stays up."""
SURE = 0.9
"""Above this the end-of-turn model outweighs a comma."""
DOUBT_SHARE = 0.5
DOUBT_EXPONENT = 0.7
"""Sure of an end the model leaves the shorter wait, undecided half the way to the longer; measured with
``bench.conversation.offline``: most pauses in a sentence that it takes for an end it is not quite sure of."""
QUESTION_WORDS = 6
"""A question of so many words is asked; of fewer it may be the beginning of one ("Can you help me?")."""
NUMBER_PIECES = 4
"""So many digits or letters may be all that we asked for, if the model is sure of it."""
SHORT_PIECE_WORDS = 2
WHOLE_NUMBER_DIGITS = (10, 11, 12, 13)
"""As many digits as nearly every country's phone numbers have, with the leading zero or the country code."""

_ELLIPSES = ("...", "…", "-")
_QUESTION_MARKS = ("?", "？", "؟")
_SENTENCE_ENDS = (".", "!", "。", "！", "।", *_QUESTION_MARKS)
_WORD = re.compile(r"[^\W_]+(?:['’:.\-@][^\W_]+)*")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: nothing parts their words."""
_PLAIN_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_APOSTROPHES = re.compile("['’ʼ`]")
_NO_LETTERS = frozenset("aioy")
_MULTIPLIERS = {"double": 2, "dubbel": 2, "triple": 3}
_LONG_NUMBER_DIGITS = 5
_HOST_WORDS = 3


class Hold(Enum):
    """How strongly the words themselves say that more is to come."""

    NONE = "none"
    SOFT = "soft"
    FIRM = "firm"


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case, without punctuation at their ends."""
    return _WORD.findall(text.lower().replace("’", "'"))


def count_words(text: str) -> int:
    """How many words were said, sounds of thinking aside."""
    return sum(word not in FILLERS for word in words(text))


@dataclass(frozen=True, slots=True)
class Setting:
    """What a turn is part of. ``dictating``: the party was asked for digits, letters or an address; ``counting``: for how
    many. ``barging``: the assistant fell silent for it."""

    dictating: bool = False
    counting: bool = False
    barging: bool = False


PLAIN = Setting()


def hold(text: str, setting: Setting = PLAIN) -> Hold:
    """Digits, spelled words and addresses in the making, and words that nobody ends with, hold a turn open.

    A number with as many digits as a phone number has may be complete: the end-of-turn model decides, or half the wait.
    """
    said = words(text)
    if not said:
        return Hold.NONE
    if said[-1] in FILLERS or text.rstrip().endswith(_ELLIPSES):
        return Hold.FIRM
    if tuple(said) in OPENERS and not text.rstrip().endswith("?"):
        return Hold.FIRM
    dictating = setting.dictating or not DICTATION_WORDS.isdisjoint(said)
    return max(_dictating(said, dictating), _addressing(said), _unfinished(said, text), key=_STRENGTH.index)


def asked_for(text: str) -> Setting:
    """What an answer to ``text`` (ours) is part of: digits, letters and addresses are given with pauses."""
    sentence = words(re.split(r"(?<=[.!?])\s", text.strip())[-1])
    counting = any(
        phrase in zip(*(sentence[n:] for n in range(len(phrase))), strict=False) for phrase in COUNTING_WORDS
    )
    return Setting(dictating=not counting and not DICTATION_WORDS.isdisjoint(sentence), counting=counting)


_STRENGTH = (Hold.NONE, Hold.SOFT, Hold.FIRM)


def _unfinished(said: list[str], text: str) -> Hold:
    """Whether the sentence wants to go on."""
    asked = text.rstrip().endswith("?")
    if said[-1] in CONTINUERS and not asked:
        return Hold.FIRM
    if any(tuple(said[-len(phrase) :]) == phrase for phrase in UNFINISHED) and not asked:
        return Hold.FIRM
    if said[-1] in CENTURIES and not MONTHS.isdisjoint(said):
        return Hold.FIRM
    return Hold.SOFT if text.rstrip().endswith(",") or (said[-1] in OPEN_ENDED and not asked) else Hold.NONE


def _addressing(said: list[str]) -> Hold:
    """Whether an e-mail or web address is being read out: it has an end ("dot com"), and until then more comes."""
    last = said[-1]
    if last in ADDRESS_SIGNS:
        return Hold.FIRM
    if "@" in last or last in MAIL_HOSTS:
        return Hold.NONE if last.rpartition(".")[2] in ADDRESS_ENDS else Hold.FIRM
    signs = [place for place, word in enumerate(said) if word in ADDRESS_SIGNS]
    if not signs or len(said) - 1 - signs[-1] > _HOST_WORDS or last.rpartition(".")[2] in ADDRESS_ENDS:
        return Hold.NONE
    return Hold.FIRM


def _dictating(said: list[str], expected: bool) -> Hold:
    """Whether digits or letters are given one by one."""
    pieces, digits = _dictated(said)
    if digits in WHOLE_NUMBER_DIGITS:
        return Hold.SOFT
    if pieces > 1 or (expected and (pieces or said[-1] in TENS)):
        return Hold.FIRM
    return Hold.SOFT if pieces == 1 else Hold.NONE


def _dictated(said: list[str]) -> tuple[int, int]:
    """How many digits or letters stand one by one at the end (a long number counts for two), and how many digits that
    makes in all; zero digits where letters are among them."""
    run: list[str] = []
    for place, word in reversed(list(enumerate(said))):
        if not (_is_dictated(word) or word in TENS or _among_letters(said, place, run)):
            break
        run.insert(0, word)
    if sum(word not in TENS for word in run) < 2:  # "twenty five" is a number, "oh six twelve" is dictated
        run = run[-1:] if run and run[-1] not in TENS else []
    return sum(map(_pieces, run)), _digits(run)


def _is_dictated(word: str) -> bool:
    pieces = re.split(r"[-.]", word)
    if "".join(pieces).isdecimal() or word in DIGIT_WORDS or (len(word) == 1 and word not in _NO_LETTERS):
        return True
    return len(pieces) > 1 and all(len(piece) == 1 for piece in pieces)


def _pieces(word: str) -> int:
    pieces = re.split(r"[-.]", word)
    if "".join(pieces).isdecimal():
        return 1 if len("".join(pieces)) < _LONG_NUMBER_DIGITS else 2
    return len(pieces)


def _digits(run: list[str]) -> int:
    total, times = 0, 1
    for word in run:
        figures = re.sub(r"[-.]", "", word)
        if word in _MULTIPLIERS:
            times = _MULTIPLIERS[word]
        elif figures.isdecimal() or word in DIGIT_WORDS:
            total, times = total + times * (len(figures) if figures.isdecimal() else 1), 1
        elif word in TENS:
            total += 2
        else:
            return 0
    return total


def _among_letters(said: list[str], place: int, run: list[str]) -> bool:
    """Whether "a" or "I" stands between letters that are spelled."""
    return bool(run) and place > 0 and len(said[place]) == len(said[place - 1]) == 1


def wait_seconds(text: str, probability: float | None, manners: TurnTaking, setting: Setting = PLAIN) -> float:
    """The silence after which the turn is over, counted from the end of speech.

    ``probability`` is the end-of-turn model's verdict (None: not asked, or not yet told). The surer it is, the nearer the
    wait is to the shorter one; undecided it is halfway, and goes beyond only where the words are no sentence either. It
    never overrules "and", nor digits and spelling unless we asked for them. Of a word or two it hears too little to be
    trusted: a bare yes, no or hello never waits for long, nor does a single digit.
    """
    shortest, longest = manners.endpointing_min_delay, manners.endpointing_max_delay
    held = hold(text, setting)
    share = min(_share(text, probability, held, setting), _most(text, held, setting))
    return shortest + max(share, _least(text, probability, setting)) * (longest - shortest)


def _share(text: str, probability: float | None, held: Hold, setting: Setting) -> float:
    """Which part of the way from the shorter to the longer wait to go."""
    if held is Hold.FIRM:
        sure = setting.dictating and probability is not None and probability > SURE
        return HALF_SHARE if sure and _dictated(words(text))[0] >= NUMBER_PIECES else 1.0
    if probability is None:
        return HALF_SHARE if held is Hold.SOFT else 0.0
    if probability > LIKELY and (held is Hold.SOFT or is_whole_answer(text)):
        return 0.0
    if held is Hold.SOFT:
        return COMMA_SHARE if text.rstrip().endswith(",") else 1.0
    if probability <= LIKELY:
        return 1 - DOUBT_SHARE * probability / LIKELY
    return DOUBT_SHARE * float(((1 - probability) / (1 - LIKELY)) ** DOUBT_EXPONENT)


def _most(text: str, held: Hold, setting: Setting) -> float:
    """The longest wait that such words may cost, whatever the model thinks."""
    said = words(text)
    if held is not Hold.FIRM and said and is_whole_answer(text):
        return SHORT_SHARE
    if held is Hold.NONE and text.rstrip().endswith(_SENTENCE_ENDS):
        whole_question = text.rstrip().endswith(_QUESTION_MARKS) and len(said) >= QUESTION_WORDS
        return SHORT_SHARE if whole_question else HALF_SHARE
    if held is Hold.SOFT and _dictated(said)[1] in WHOLE_NUMBER_DIGITS:
        return HALF_SHARE
    lone_digit = len(said) == 1 and said[0] in DIGIT_WORDS and not setting.dictating
    return HALF_SHARE if lone_digit else 1.0


def _least(text: str, probability: float | None, setting: Setting) -> float:
    """The shortest wait that such words must have, whatever the model thinks."""
    if not count_words(text) or is_whole_answer(text):
        opening = setting.barging and tuple(words(text)) in BARGING_OPENERS
        return HALF_SHARE if opening else 0.0
    return max(_comma(text, probability), _piece(text, setting))


def _comma(text: str, probability: float | None) -> float:
    """A comma at the end says that more comes, unless many words and the model say that it does not."""
    if not text.rstrip().endswith(","):
        return 0.0
    sure = probability is not None and probability > SURE and count_words(text) > SHORT_PIECE_WORDS
    return SHORT_SHARE if sure else HALF_SHARE


def _piece(text: str, setting: Setting) -> float:
    """Of a word or two the model hears too little to tell whether they are a piece of something."""
    said = words(text)
    pieces, digits = _dictated(said)
    if count_words(text) > SHORT_PIECE_WORDS or digits in WHOLE_NUMBER_DIGITS:
        return 0.0
    if setting.dictating or (setting.barging and tuple(said) in BARGING_OPENERS):
        return HALF_SHARE
    if count_words(text) > 1 or setting.counting:
        return 0.0
    return HALF_SHARE if pieces else SHORT_SHARE


def likely_over(text: str, probability: float | None, setting: Setting = PLAIN) -> bool:
    """Whether it pays to think ahead of the end of the wait."""
    going_on = hold(text, setting) is not Hold.NONE or _least(text, probability, setting) > 0
    return count_words(text) > 0 and not going_on and (probability is None or probability > LIKELY)


def is_whole_answer(text: str) -> bool:
    """A yes, no, hello, thanks or goodbye and no more, or nothing at all."""
    said = words(text)
    return len(said) <= WHOLE_ANSWER_WORDS and WHOLE_ANSWERS.issuperset(said) and not text.endswith(_ELLIPSES)


def has_phrase(text: str, phrase: str) -> bool:
    """Whether ``phrase`` stands in ``text`` word by word, whatever the case, the punctuation, hyphens and apostrophes;
    in scripts without spaces, character by character."""
    wanted, said = _plain(phrase), _plain(text)
    return bool(wanted) and f" {wanted} " in f" {said} "


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_PLAIN_WORD.findall(_APOSTROPHES.sub("", folded)))


def spoken_seconds(text: str, speed: float = 1.0) -> float:
    """How long a voice takes for ``text``, reckoned by its characters; long rather than short."""
    digits = sum(char.isdecimal() for char in text)
    return ((len(text) - digits) * SECONDS_PER_CHARACTER + digits * SECONDS_PER_DIGIT) / speed
