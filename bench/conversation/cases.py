"""The labelled set: for each category the calls that are played, over each condition of the line."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bench.conversation import noises
from bench.conversation.script import Case, Clip, Kind, Line, Step, Then, When, clip
from bench.conversation.voices import LEVEL, RATE_HZ, VOICES, Sound, Voice, levelled, recorded, speak

CONDITIONS: dict[str, Line] = {
    "clean": Line(),
    "noise": Line(),
    "loss_1": Line(loss=0.01),
    "loss_3": Line(loss=0.03),
    "loss_5": Line(loss=0.05),
    "jitter": Line(jitter_seconds=0.06),
}
NOISE_SECONDS = 17.0
TALK_SECONDS = 7.5
"""The assistant's long replies last a little longer."""
RESUMED_SECONDS = 2.2
"""Whoever waits so long lets an assistant that stopped in error take up its words again."""

_QUESTIONS = (
    "When will the engineer come to my house?",
    "I would like to know where my parcel is.",
    "Are you open on Saturday afternoon as well?",
    "Could you send me a new copy of the invoice?",
    "Is the larger package any better than the small one?",
    "I want to change the appointment for my boiler.",
    "Please tell me what the course costs for two people.",
)
_RECORDED = {
    "conf-onlyperson": "You are currently the only person in this conference.",
    "cannot-complete-as-dialed": "Your call cannot be completed as dialed.",
    "check-number-dial-again": "Please check the number and dial again.",
    "vm-nobodyavail": "Nobody is available to take your call at the moment.",
    "please-try-call-later": "Please try your call again later.",
    "pls-hold-while-try": "Please hold while we try to connect you.",
}
_BROKEN: tuple[tuple[str, ...], ...] = (
    ("I am calling because", "the light on the router", "is red since this morning."),
    ("My daughter would like", "to take the course", "that begins in October."),
    ("The last time", "somebody came to us", "he had the wrong parts."),
    ("We moved in March", "to another street", "in the same town."),
    ("If you can", "I want the driver", "to ring at the back door."),
    ("What I need", "is a copy of the letter", "that you sent to my wife."),
)
_UNFINISHED: tuple[tuple[str, ...], ...] = (
    ("I ordered a garden table and", "four chairs that go with it."),
    ("Let me see, um", "it was the second of May, I believe."),
    ("My number is two four", "seven nine one three."),
    ("I wanted to come on Friday but", "now my car is broken."),
    ("The name of the street is, um", "Station Road."),
    ("We could do it on Monday or", "on the morning of Wednesday."),
)
_SLOW = (
    ("I", "would", "like", "to", "cancel", "my", "order."),
    ("Please", "call", "me", "back", "this", "afternoon."),
    ("The", "machine", "does", "not", "start", "any", "more."),
    ("Can", "you", "tell", "me", "the", "price", "again?"),
)
_DIGITS = ("0612345978", "20437", "948150", "3317")
_SPELLED = ("meyer", "quint")
_BARGES = (
    "Wait, that is not what I asked for.",
    "Sorry, can you repeat the day for me?",
    "No, I already have one of those.",
    "Stop please, I have another question first.",
    "Hold on, I need to find a pen.",
    "But I was promised that it would be free.",
)
_MORE = (
    "Listen, I have been waiting for three weeks now and every time I call I hear the same story from you people.",
    "No, no, that is wrong, because my neighbour has the very same machine and he paid only half of it last year.",
    "That day is bad for me, I work until six in the evening, and my husband is abroad until the end of the month.",
)
_BACKCHANNELS = ("uh-huh", "right", "okay", "mm-hmm", "yeah", "I see")
_OTHERS = "and then she said that the dog had been in the garden all night so we went out to look for it"


def _voice(place: int) -> Voice:
    return VOICES[place % len(VOICES)]


def _spoken(place: int, text: str, kind: Kind = Kind.TURN) -> Clip:
    return clip(kind, text, speak(_voice(place), text))


def _recorded(name: str) -> Clip:
    return clip(Kind.TURN, _RECORDED[name], recorded(name))


def _paused(place: int, pieces: Sequence[str], pauses: Sequence[float]) -> Clip:
    """A turn with pauses inside. It is spoken in one go, so that the voice does not fall before a pause as at an end."""
    text = pieces[0]
    for piece, pause in zip(pieces[1:], pauses, strict=True):
        text += f' <break time="{round(pause * 1000)}ms"/>{piece}'
    return clip(Kind.TURN, " ".join(pieces), speak(_voice(place), text))


def _asked(clips: Sequence[Clip]) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    """Each clip after the assistant has been quiet, and then its answer."""
    return tuple(clips), tuple(Step(place) for place in range(len(clips)))


def _plain(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    names = random.permutation(list(_RECORDED))[:3]
    texts = random.permutation(_QUESTIONS)[:5]
    return _asked([*map(_recorded, names), *(_spoken(place, str(text)) for place, text in enumerate(texts))])


def _short_pauses(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    return _asked([_paused(i, one, random.uniform(0.2, 0.6, 2).tolist()) for i, one in enumerate(_BROKEN)])


def _long_pauses(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    return _asked([_paused(i, one, random.uniform(0.8, 1.5, 1).tolist()) for i, one in enumerate(_UNFINISHED)])


def _slow(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    return _asked([_paused(i, one, random.uniform(0.25, 0.7, len(one) - 1).tolist()) for i, one in enumerate(_SLOW)])


def _digits(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    """Numbers digit by digit in the recorded voice and a made one, and a name letter by letter."""
    found = []
    for place, number in enumerate(_DIGITS):
        voices = [recorded(f"digits/{d}") if place % 2 == 0 else speak(_voice(place), _NAMES[int(d)]) for d in number]
        found.append(_one_by_one(voices, " ".join(_NAMES[int(d)] for d in number), random))
    found += [_one_by_one([recorded(f"letters/{x}") for x in one], " ".join(one), random) for one in _SPELLED]
    return _asked(found)


_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def _one_by_one(sounds: Sequence[Sound], words: str, random: np.random.Generator) -> Clip:
    parts: list[Sound | float] = []
    for sound in sounds:
        parts += [sound, float(random.uniform(0.25, 0.8))]
    return clip(Kind.TURN, words, *parts[:-1])


def _barge_in(
    offset: tuple[float, float],
) -> Callable[[np.random.Generator], tuple[tuple[Clip, ...], tuple[Step, ...]]]:
    def made(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
        """A question, and then every answer is talked over at the same place."""
        texts = random.permutation(_BARGES)
        clips = [_spoken(4, _QUESTIONS[0]), *(_spoken(i, str(one), Kind.BARGE_IN) for i, one in enumerate(texts))]
        over = [Step(i, When.SPEECH, float(random.uniform(*offset))) for i in range(1, len(clips))]
        return tuple(clips), (Step(0), *over)

    return made


def _talk_over(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    clips = [_spoken(4, _QUESTIONS[1]), *(_spoken(i, one, Kind.BARGE_IN) for i, one in enumerate(_MORE))]
    over = [Step(i, When.SPEECH, float(random.uniform(1.0, 4.0))) for i in range(1, len(clips))]
    return tuple(clips), (Step(0), *over)


def _backchannels(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    said = [_spoken(i, str(one), Kind.BACKCHANNEL) for i, one in enumerate(random.permutation(_BACKCHANNELS))]
    return _during(said, random)


def _noises(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    """Each sound once while the assistant speaks, and each once more when all is quiet."""
    seeds = random.integers(1 << 20, size=6)
    made = [noises.cough(int(seeds[0])), noises.door(int(seeds[1])), noises.keyboard(int(seeds[2]))]
    made += [noises.cough(int(seeds[3])), noises.cough(int(seeds[4])), noises.door(int(seeds[5]))]
    sounds = [clip(Kind.NOISE, "", one) for one in made]
    clips, steps = _during(sounds, random)
    alone = [
        Step(place, When.QUIET, 1.0, Then.PAUSE, 3.0) for place, one in enumerate(clips) if one.kind is Kind.NOISE
    ][:3]
    return clips, (*steps, *alone)


def _during(sounds: Sequence[Clip], random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    """Two sounds fall into each answer; nothing is expected of the assistant but to go on."""
    clips: list[Clip] = []
    steps: list[Step] = []
    for place in range(0, len(sounds), 2):
        clips += [_spoken(place + 1, _QUESTIONS[place]), *sounds[place : place + 2]]
        first, second = float(random.uniform(1.0, 2.0)), float(random.uniform(4.0, 5.0))
        steps.append(Step(len(clips) - 3, seconds=RESUMED_SECONDS))
        steps.append(Step(len(clips) - 2, When.SPEECH, first, Then.PAUSE, 0.5))
        steps.append(Step(len(clips) - 1, When.SPEECH, second, Then.PAUSE, 0.5))
    return tuple(clips), tuple(steps)


def _few(random: np.random.Generator) -> tuple[tuple[Clip, ...], tuple[Step, ...]]:
    clips, steps = _asked([_spoken(i, str(one)) for i, one in enumerate(random.permutation(_QUESTIONS)[:5])])
    return clips, tuple(replace(step, seconds=RESUMED_SECONDS) for step in steps)


CATEGORIES: dict[str, tuple[str, Callable[[np.random.Generator], tuple[tuple[Clip, ...], tuple[Step, ...]]]]] = {
    "plain": ("short", _plain),
    "short_pauses": ("short", _short_pauses),
    "long_pauses": ("short", _long_pauses),
    "slow": ("short", _slow),
    "digits": ("short", _digits),
    "barge_in_start": ("long", _barge_in((0.2, 0.6))),
    "barge_in_middle": ("long", _barge_in((2.5, 4.5))),
    "barge_in_end": ("long", _barge_in((TALK_SECONDS - 1.0, TALK_SECONDS - 0.5))),
    "talk_over": ("long", _talk_over),
    "backchannels": ("long", _backchannels),
    "noises": ("long", _noises),
    "background_speech": ("long", _few),
    "echo": ("long", _few),
}


def case(category: str, condition: str, seed: int = 1) -> Case:
    """One call of the set; the same for the same seed. Raises NoSpeech."""
    style, made = CATEGORIES[category]
    number = seed * 10_000 + list(CATEGORIES).index(category) * 100 + list(CONDITIONS).index(condition)
    random = np.random.default_rng(number)
    clips, steps = made(random)
    line = CONDITIONS[condition]
    if category == "echo":
        delay, down = float(random.uniform(0.08, 0.2)), float(random.uniform(-25, -15))
        line = replace(line, echo_seconds=delay, echo_db=down)
    return Case(category, condition, style, clips, steps, line, _ambience(category, condition, random), number)


def _ambience(category: str, condition: str, random: np.random.Generator) -> Sound:
    """What is heard under everything: noise, another voice, both, or nothing."""
    under = np.zeros(round(NOISE_SECONDS * RATE_HZ))
    if condition == "noise":
        under += noises.line_noise(NOISE_SECONDS, int(random.integers(1 << 20)))
    if category == "background_speech":
        level = LEVEL * noises.decibels(float(random.uniform(-25, -15)))
        other = levelled(speak(Voice("en-US", 85, 100), _OTHERS), level)
        for start in range(0, len(under) - len(other), len(other) + RATE_HZ):
            under[start : start + len(other)] += other
    return under
