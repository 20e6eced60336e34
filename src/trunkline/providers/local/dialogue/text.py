"""Words as a recogniser writes them, made comparable: case, punctuation, contractions, sentences, content words."""

import re
from collections.abc import Mapping

_SPELLINGS = (
    (re.compile(r"[’‘`´]"), "'"),
    (re.compile(r"\b([ap])\.? ?m\b\.?", re.I), r"\1m"),
    (re.compile(r"\bo'? ?clock\b", re.I), "oclock"),
    (re.compile(r"(\d),(\d{3})\b"), r"\1\2"),
    (re.compile(r"(\d) ?/ ?(\d+)"), r"\1 out of \2"),
    (re.compile(r"(\d)\.(\d\d) ?(am|pm)\b", re.I), r"\1:\2 \3"),
    (re.compile(r"(\d)(am|pm)\b", re.I), r"\1 \2"),
)
_CONTRACTIONS = (
    (re.compile(r"\b(?:can't|cant|cannot)\b"), "can not"),
    (re.compile(r"\b(?:won't|wont)\b"), "will not"),
    (re.compile(r"\b(do|did|does|is|are|was|have|has|would|should|could)(?:n't|nt)\b"), r"\1 not"),
    (re.compile(r"\b(?:i'm|im)\b"), "i am"),
    (re.compile(r"\b(that|what|who|where|it|there|when|how|he|she)'s\b"), r"\1 is"),
    (re.compile(r"\b(that|what|who|where)s\b"), r"\1 is"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgotta\b"), "got to"),
    (re.compile(r"'s\b"), ""),
)
_NOT_WORD = re.compile(r"[^\w:.]+|\.(?!\d)|(?<!\d)\.|:(?!\d)|_+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_HOLE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_FILLERS = re.compile(
    r"^(?:(?:um+|uh+|er+|ah|oh|hm+|well|so|and|but|okay|ok|now|then|wait|sorry|hello|hi|hey|yes|yeah"
    r"|no|please|excuse me"
    r"|thanks|thank you|actually|just|alright|all right|i see|right|sure|fine|good|great|first) )+"
)
_ASKING = re.compile(
    r"^(?:who|what|when|where|why|how|which|whose|is|are|do|does|did|can|could|would|will|may|should|has|have you"
    r"|am i|tell me \w|i (?:would like|want) to know|i was wondering)\b"
)
_YES_LEAD = re.compile(r"^(?:(?:yes|yeah|yep|sure|okay|ok|please|well|um|uh|of course|certainly)\b[ ,.!]*)+", re.I)
_STOPWORD_LIST = (
    "a an the i me my mine we us our you your yours he she it its they them this that these those is are am was were be"
    " been do does did have has had will would can could shall should may might must of to in on at for from with by and"
    " or but if so as not no yes what who when where why how which there here about into over please tell know want"
    " like need get got just some any going now then up out again um uh oh er hm wait hello hi hey okay ok sorry excuse"
)
_WEAK = frozenset(("much", "many", "long"))
_STOPWORDS = frozenset(_STOPWORD_LIST.split())


def normalise(text: str) -> str:
    """Lower case, contractions written out, no punctuation but inside numbers and times, single spaces."""
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    text = text.lower()
    for pattern, spelling in _CONTRACTIONS:
        text = pattern.sub(spelling, text)
    return " ".join(_NOT_WORD.sub(" ", text).split())


def sentences(text: str) -> list[str]:
    """The sentences of a text that we wrote ourselves."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def without_fillers(plain: str) -> str:
    """A normalised text without the small words it starts with."""
    return _FILLERS.sub("", plain + " ").strip()


def questions(raw: str) -> list[str]:
    """The parts of what was said that ask something, with or without a question mark."""
    found = []
    for part in re.split(r"(?<=[.!?;])\s+", raw):
        plain = normalise(part)
        if plain and (part.rstrip().endswith("?") or _ASKING.match(without_fillers(plain))):
            found.append(part.strip())
    return found


def question_word(question: str) -> bool:
    """Whether a question asks for something to be told, rather than offers something."""
    plain = without_fillers(normalise(question))
    return re.match(r"(?:what(?! about)|who|why|where|which|whose|when|how(?! about)|tell)\b", plain) is not None


def without_yes(raw: str) -> str:
    """What was said without the yes before it."""
    return _YES_LEAD.sub("", raw.strip()).strip()


def stem(word: str) -> str:
    """A word without its commonest endings, so that ``payments`` meets ``pay`` and ``costs`` meets ``cost``."""
    for ending in ("ments", "ment", "ings", "ing", "ies", "ied", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def content_words(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(stem(word) for word in normalise(text).split() if word not in _STOPWORDS)


def overlap(question: str, text: str) -> float:
    """How much of a question's content is in a text, 0 to 1; of the smaller one's when they share more than a word."""
    asked, told = content_words(question), content_words(text)
    shared = asked & told
    if not shared:
        return 0.0
    if len(shared) > 1:
        return len(shared) / min(len(asked), len(told))
    return 1 / max(1, len(asked if shared <= _WEAK else asked - _WEAK))


def spoken(value: object) -> str:
    """A slot's value as one says it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def fill(template: str, values: Mapping[str, object]) -> str:
    """Fills ``{{name}}``. A sentence with a name that has no value yet is left out, unless it is the only one."""

    def put(match: re.Match[str]) -> str:
        value = values.get(match[1])
        return "" if value is None else spoken(value)

    parts = sentences(template)
    whole = [part for part in parts if all(values.get(name) is not None for name in _HOLE.findall(part))]
    return re.sub(r"\s*([.,!?])(?:\s*\.)?", r"\1", " ".join(_HOLE.sub(put, part) for part in whole or parts)).strip()


def one_line(text: str) -> str:
    """A text as part of a sentence: trimmed, on one line, without its last full stop."""
    return " ".join(text.split()).rstrip(" .!?;,")
