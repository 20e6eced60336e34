"""From sound to verdict as in a call, in virtual time: voice activity, the local recogniser, tones, and the screening."""

import functools
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from bench.screening.cases import Case
from bench.screening.sounds import line
from trunkline.audio.beep import BeepDetector, may_be_beep
from trunkline.audio.frame import to_float
from trunkline.audio.resample import Doubler, resample
from trunkline.engine.activity import STEPS, Activity
from trunkline.engine.events import Event, SpeechEnded, SpeechStarted, ToneHeard, WordsFinal, WordsPartial
from trunkline.engine.screening import Screening, Verdict
from trunkline.ports.vad import WINDOW_SAMPLES
from trunkline.providers.local.hearing import Recogniser
from trunkline.providers.local.moonshine import Moonshine
from trunkline.providers.local.silero import SileroVad
from trunkline.providers.local.utterance import spoken
from trunkline.providers.local.whisper import Whisper

RATE_HZ = 8000
DECODING_SECONDS = {"en": 0.15}
SLOW_DECODING_SECONDS = 0.3
"""How long the recogniser takes for its words: Moonshine for English, Whisper for the rest."""
PARTIAL_SECONDS, PARTIAL_SHARE, BEFORE_SECONDS = 0.5, 0.1, 0.4
CHARACTERS_PER_SECOND = 15.0
_WINDOW = WINDOW_SAMPLES // 2
_FRAME = RATE_HZ // 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: times in seconds from the answer."""

    case: Case
    verdict: Verdict | None
    at: float
    speaks_at: float | None
    """When a person would have been spoken to; None: never."""
    speech_began: float | None
    speech_ended: float | None
    text: str
    beeps: int

    @property
    def held(self) -> float | None:
        """How long a person was held silent, from the answer or the end of what they said before."""
        if self.speaks_at is None:
            return None
        silent_since = 0.0
        if self.speech_began is not None and self.speech_began < self.speaks_at and self.speech_ended is not None:
            silent_since = min(self.speech_ended, self.speaks_at)
        return self.speaks_at - silent_since


def run(case: Case) -> Outcome:
    """Plays one case."""
    heard = list(_sound_events(case)) if case.spoken else list(_word_events(case))
    screening, now = Screening(case.language, 0.0), 0.0
    verdict: Verdict | None = None
    decided_at, speaks_at = 0.0, None
    order = count()
    queue = [(at, next(order), event) for at, event in heard]
    heapq.heapify(queue)
    until = max((at for at, _ in heard), default=0.0) + 4.0
    while now < until:
        due = screening.due_at
        at = min(queue[0][0] if queue else until, until if due is None else due)
        now = max(now, at)
        if queue and queue[0][0] <= now:
            screening.hear(heapq.heappop(queue)[2], now)
        found = screening.verdict(now)
        if found is not verdict:
            verdict, decided_at = found, now
            if found is Verdict.HUMAN:
                speaks_at = now
    starts = [event.at for _, event in heard if isinstance(event, SpeechStarted)]
    ends = [event.at for _, event in heard if isinstance(event, SpeechEnded)]
    over = [end for end in ends if speaks_at is None or end <= speaks_at]
    return Outcome(
        case=case,
        verdict=verdict,
        at=decided_at,
        speaks_at=speaks_at,
        speech_began=starts[0] if starts else None,
        speech_ended=(over[-1] if over else ends[0]) if ends else None,
        text=screening.text,
        beeps=sum(isinstance(event, ToneHeard) and may_be_beep(event.frequency_hz) for _, event in heard),
    )


def _word_events(case: Case) -> Iterator[tuple[float, Event]]:
    """A case without a voice: its words at the speed of speech, as a recogniser that makes no mistake would tell them."""
    words, began = case.words.split(), 0.6
    seconds = max(0.35, len(case.words) / CHARACTERS_PER_SECOND)
    yield began + 0.1, SpeechStarted(began)
    for share in range(1, len(words)):
        at = began + seconds * share / len(words) + SLOW_DECODING_SECONDS
        yield at, WordsPartial(" ".join(words[:share]))
    yield began + seconds + 0.16, SpeechEnded(began + seconds)
    yield began + seconds + 0.16 + SLOW_DECODING_SECONDS, WordsFinal(case.words)


def _sound_events(case: Case) -> Iterator[tuple[float, Event]]:
    pcm = line(case)
    detector = BeepDetector(RATE_HZ)
    for start in range(0, len(pcm) - 2 * _FRAME + 1, 2 * _FRAME):
        now = (start // 2 + _FRAME) / RATE_HZ
        for tone in detector.hear(pcm[start : start + 2 * _FRAME], now):
            if tone.over:
                yield now, ToneHeard(tone.at, tone.seconds, tone.frequency_hz)
    began, ended_last = None, 0.0
    for told_at, event in _activity(pcm):
        yield told_at, event
        if isinstance(event, SpeechStarted):
            began = max(ended_last, event.at - BEFORE_SECONDS)
        elif began is not None:
            yield from _words(case.language, pcm, began, told_at)
            began, ended_last = None, told_at


def _activity(pcm: bytes) -> Iterator[tuple[float, SpeechStarted | SpeechEnded]]:
    vad, doubler, activity = _vad(), Doubler(), Activity()
    slot = vad.take()
    doubler.grow(slot + 1)
    doubler.reset(slot)
    slots = np.array([slot], np.intp)
    samples = to_float(pcm)
    for start in range(0, len(samples) - _WINDOW + 1, _WINDOW):
        window = doubler.run(slots, samples[None, start : start + _WINDOW])
        steps = window.reshape(STEPS, -1)
        levels = np.mean(np.square(steps), axis=1).tolist()
        now = (start + _WINDOW) / RATE_HZ
        event = activity.step(float(vad.run(slots, window)[0]), levels, now)
        if event is not None:
            yield now, event
    vad.give_back(slot)


def _words(language: str, pcm: bytes, began: float, told_at: float) -> Iterator[tuple[float, Event]]:
    """What the recogniser tells of one stretch of speech: words so far every half second, and at last all of them."""
    recogniser, delay = _recogniser(language), DECODING_SECONDS.get(language, SLOW_DECODING_SECONDS)
    noticed, said = began + BEFORE_SECONDS, PARTIAL_SECONDS
    while noticed + said < told_at:
        text = _decoded(recogniser, language, pcm, began, noticed + said)
        if text := spoken(text, said):
            yield noticed + said + delay, WordsPartial(text)
        said += max(PARTIAL_SECONDS, PARTIAL_SHARE * said)
    text = spoken(_decoded(recogniser, language, pcm, began, told_at), told_at - noticed)
    yield told_at + delay, WordsFinal(text)


def _decoded(recogniser: Recogniser, language: str, pcm: bytes, begin: float, end: float) -> str:
    part = pcm[2 * int(begin * RATE_HZ) : 2 * int(end * RATE_HZ)]
    return recogniser.transcribe(to_float(resample(part, RATE_HZ, 2 * RATE_HZ)), language, lambda: False)


@functools.cache
def _vad() -> SileroVad:
    return SileroVad()


@functools.cache
def _recogniser(language: str) -> Recogniser:
    return Moonshine() if language == "en" else _whisper()


@functools.cache
def _whisper() -> Recogniser:
    return Whisper()
