"""What the platform's local ears make of a clip, in virtual time: voice activity and words with their times."""

import asyncio
import functools
import hashlib
import inspect
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.conversation.script import FRAME_SAMPLES, Clip
from bench.conversation.voices import RATE_HZ
from bench.rtp_peer import decode, encode
from trunkline.audio.frame import to_float
from trunkline.audio.resample import Doubler, resample
from trunkline.engine import activity as activities
from trunkline.engine.activity import STEPS, Activity
from trunkline.engine.events import SpeechEnded, SpeechStarted, WordsFinal, WordsPartial
from trunkline.ports.models import Final
from trunkline.ports.vad import WINDOW_SAMPLES
from trunkline.providers.local import hearing, smart_turn, utterance
from trunkline.providers.local.hearing import GatedStream
from trunkline.providers.local.moonshine import Moonshine
from trunkline.providers.local.silero import SileroVad
from trunkline.providers.local.smart_turn import SmartTurn
from trunkline.providers.local.threads import Threads
from trunkline.testing.clock import run_virtual

BEFORE_SECONDS, AFTER_SECONDS = 0.5, 3.0
WORDS_SECONDS = 0.15
"""What the recogniser takes for its words on an idle machine; by itself it takes none of the virtual time."""
_JOINED_SECONDS = 8.0
_WINDOW = WINDOW_SAMPLES // 2
_FRAME_SECONDS = FRAME_SAMPLES / RATE_HZ

T = TypeVar("T")
HeardEvent = SpeechStarted | SpeechEnded | WordsPartial | WordsFinal


@dataclass(frozen=True, slots=True)
class Heard:
    """What is heard of a clip, in seconds; ``ends_at`` is when its last word really ends."""

    pcm: bytes
    ends_at: float
    events: tuple[tuple[float, HeardEvent], ...]


class Ears:
    """Hears clips, and judges pauses; what it has heard before it finds in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources = "".join(map(inspect.getsource, (hearing, utterance, activities, smart_turn))).encode()
        folder.mkdir(parents=True, exist_ok=True)

    def hear(self, clip: Clip) -> Heard:
        """A clip between two silences, as it comes through the line's codec."""
        quiet = [np.zeros(round(seconds * RATE_HZ)) for seconds in (BEFORE_SECONDS, AFTER_SECONDS)]
        sound = np.concatenate([quiet[0], clip.sound, quiet[1]])
        samples = np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
        pcm = decode(encode(samples)).astype("<i2").tobytes()
        ends_at = BEFORE_SECONDS + clip.end / RATE_HZ
        return self._known(pcm, lambda: Heard(pcm, ends_at, tuple(run_virtual(_hear(pcm)))))

    def finished(self, heard: Heard, until: float, seconds: float) -> float:
        """The end-of-turn model's verdict on the last ``seconds`` before ``until``."""
        begin, end = (2 * round(max(0.0, at) * RATE_HZ) for at in (until - min(seconds, 8.0), until))
        pcm = heard.pcm[begin:end]
        return self._known(b"turn" + pcm, lambda: _judge(pcm))

    def _known(self, key: bytes, make: Callable[[], T]) -> T:
        path = self._folder / hashlib.sha256(self._sources + key).hexdigest()[:32]
        if path.exists():
            found: T = pickle.loads(path.read_bytes())
            return found
        made = make()
        path.write_bytes(pickle.dumps(made))
        return made


class _AtOnce(Threads):
    """No threads: work is done where it is given, so that no virtual time passes."""

    def __init__(self) -> None:
        super().__init__("bench")

    async def run(self, work: Callable[[], T]) -> T:
        return work()


async def _hear(pcm: bytes) -> list[tuple[float, HeardEvent]]:
    """All that is noticed, at the time at which the conversation is told."""
    events: list[tuple[float, HeardEvent]] = []
    loop = asyncio.get_running_loop()
    stream = GatedStream(_moonshine(), _AtOnce(), "en", RATE_HZ, _JOINED_SECONDS)

    async def read() -> None:
        async for heard in stream.results():
            at = loop.time() + WORDS_SECONDS
            if isinstance(heard, Final):
                events.append((at, WordsFinal(heard.text, heard.together, heard.joins)))
            else:
                events.append((at, WordsPartial(heard.text)))

    reading = asyncio.create_task(read())
    voice = _Voice()
    for start in range(0, len(pcm), 2 * FRAME_SAMPLES):
        await asyncio.sleep(_FRAME_SECONDS)
        frame = pcm[start : start + 2 * FRAME_SAMPLES]
        stream.push(frame)
        for event in voice.hear(frame):
            stream.speech_started() if isinstance(event, SpeechStarted) else stream.speech_ended()
            events.append((loop.time(), event))
    await stream.aclose()
    await reading
    return sorted(events, key=lambda one: one[0])


class _Voice:
    """Voice activity as the media pass detects it."""

    def __init__(self) -> None:
        self._vad = _vad()
        self._slot = self._vad.take()
        self._doubler = Doubler()
        self._doubler.grow(self._slot + 1)
        self._doubler.reset(self._slot)
        self._activity = Activity()
        self._pending = b""
        self._windows = 0

    def hear(self, pcm: bytes) -> list[SpeechStarted | SpeechEnded]:
        """What begins or ends with this sound."""
        self._pending += pcm
        found = []
        while len(self._pending) >= 2 * _WINDOW:
            samples, self._pending = to_float(self._pending[: 2 * _WINDOW]), self._pending[2 * _WINDOW :]
            self._windows += 1
            slots = np.array([self._slot], np.intp)
            window = self._doubler.run(slots, samples[None])
            levels = np.mean(np.square(window.reshape(STEPS, -1)), axis=1).tolist()
            probability = float(self._vad.run(slots, window)[0])
            found.append(self._activity.step(probability, levels, self._windows * _WINDOW / RATE_HZ))
        return [event for event in found if event is not None]


def _judge(pcm: bytes) -> float:
    return _smart_turn().probability(to_float(resample(pcm, RATE_HZ, 2 * RATE_HZ)))


@functools.cache
def _vad() -> SileroVad:
    return SileroVad()


@functools.cache
def _moonshine() -> Moonshine:
    return Moonshine()


@functools.cache
def _smart_turn() -> SmartTurn:
    return SmartTurn()
