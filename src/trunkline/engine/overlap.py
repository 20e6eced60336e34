"""What words mean that fall into our own: a sign of listening, a greeting, an answer, or the wish to speak."""

from enum import Enum

from trunkline.engine.turns import count_words, has_phrase, spoken_seconds, words
from trunkline.engine.wordlists import (
    AGREEING,
    AROUND_GREETINGS,
    BACKCHANNELS,
    FILLERS,
    GREETINGS,
    INTERRUPTERS,
    INTRODUCTIONS,
)

BACKCHANNEL_WORDS = 6
"""Who says more in one go wants to speak, whatever the words ("okay okay okay ...")."""
GREETING_WORDS = 6
NAME_WORDS = 2
FEW_WORDS = 2
"""A recogniser's first guesses, and all it makes of a short sound, are often wrong: no reply is given up for them."""
SHORT_SECONDS = 0.7
ANSWER_SECONDS = 1.0
"""A question counts as just asked when no more than this follows it, or is left to be said of it."""
REACTION_SECONDS = 0.4
"""What we say on between the first sound of an answer and the moment at which we stop for it."""

FEWEST_ECHO_WORDS = 3
ECHO_WORDS = 40
ECHO_SHARE = 0.6

_PHRASES = frozenset(phrase for table in BACKCHANNELS.values() for phrase in table)
_UNITS = _PHRASES | {(filler,) for filler in FILLERS}
_LONGEST = max(map(len, _PHRASES))


class Overlap(Enum):
    """What the party's words are that fall into ours."""

    WORDLESS = "wordless"
    LISTENING = "listening"
    UNSURE = "unsure"
    SPEAKING = "speaking"


def overlap(text: str, *, guessing: bool = False, short: bool = False) -> Overlap:
    """What ``text`` is. ``guessing``: its newest words are only the recogniser's words so far. ``short``: it was so brief
    a sound that a word or two are as likely a misheard sign of listening, whatever they are."""
    said = words(text)
    if not said:
        return Overlap.WORDLESS
    if is_backchannel(text):
        return Overlap.LISTENING
    few = INTERRUPTERS.isdisjoint(said) and count_words(text) <= FEW_WORDS
    if guessing and (few or _may_become_one(said)):
        return Overlap.UNSURE
    return Overlap.LISTENING if short and few else Overlap.SPEAKING


def is_backchannel(text: str) -> bool:
    """Whether it is a sign of listening and no more ("mm-hm", "okay, I see", "dat klopt"), or nothing at all."""
    said = words(text)
    return len(said) <= BACKCHANNEL_WORDS and len(said) in _reached(said)


def _reached(said: list[str]) -> set[int]:
    """The places that whole backchannels laid end to end reach."""
    reached = {0}
    for end in range(1, len(said) + 1):
        starts = (start for start in range(max(0, end - _LONGEST), end) if start in reached)
        if any(tuple(said[start:end]) in _UNITS for start in starts):
            reached.add(end)
    return reached


def _may_become_one(said: list[str]) -> bool:
    """Whether more words can make a backchannel of it ("that's" of "that's right")."""
    if len(said) >= BACKCHANNEL_WORDS:
        return False
    rests = [tuple(said[start:]) for start in _reached(said)]
    return any(phrase[: len(rest)] == rest for rest in rests for phrase in _PHRASES if len(rest) < len(phrase))


def repeats(text: str, ours: str) -> bool:
    """Whether ``text`` is, but for a word here and there, what we have just said: our own voice coming back."""
    said, spoken = words(text), words(ours)[-ECHO_WORDS:]
    if len(said) < FEWEST_ECHO_WORDS:
        return False
    lengths = [0] * (len(spoken) + 1)
    for word in said:
        before = lengths[:]
        for place, own in enumerate(spoken):
            lengths[place + 1] = before[place] + 1 if word == own else max(before[place + 1], lengths[place])
    return lengths[-1] >= ECHO_SHARE * len(said)


def may_answer(text: str) -> bool:
    """Whether a sign of listening can be an answer too: a sound of thinking is none."""
    return any(word in AGREEING or word not in FILLERS for word in words(text))


def is_greeting(text: str) -> bool:
    """What one says when picking up a phone ("Hello?", "Good morning, Jan speaking"): no reason to break off our
    first words."""
    said = [word for word in words(text) if word not in FILLERS]
    names = sum(word not in GREETINGS and word not in AROUND_GREETINGS for word in said)
    may_name = any(has_phrase(text, phrase) for phrase in INTRODUCTIONS)
    short = len(said) <= GREETING_WORDS and names <= (NAME_WORDS if may_name else 0)
    return short and not GREETINGS.isdisjoint(said)


def is_asked(heard: str, rest: str, *, complete: bool) -> bool:
    """Whether we have just asked something, or are about to: ``rest`` of our words is still to be said.

    A yes into the last word of a question, or right after one in mid-speech, is an answer and no sign of listening.
    """
    if complete and rest.rstrip().endswith("?") and spoken_seconds(rest.strip()) <= ANSWER_SECONDS:
        return True
    question, mark, since = heard.rpartition("?")
    if mark and any(char.isalnum() for char in question):
        return spoken_seconds(since.strip()) <= ANSWER_SECONDS + REACTION_SECONDS
    return False
