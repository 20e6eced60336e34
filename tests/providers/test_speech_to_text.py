"""Real speech over the telephone, heard by the local recognisers through the stream that calls use."""

import asyncio

import numpy as np
import pytest

from tests.providers.prompts import SENTENCES, prompt, texts
from trunkline.audio.frame import Samples, silence, to_float
from trunkline.audio.resample import Doubler
from trunkline.base.errors import Invalid
from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import Final, SttStream
from trunkline.ports.vad import WINDOW_SAMPLES
from trunkline.providers.local.recognisers import LocalStt
from trunkline.providers.local.silero import SileroVad
from trunkline.testing.recogniser import normalise, word_error_rate

pytestmark = pytest.mark.room

LANE = np.zeros(1, np.intp)
MOONSHINE = SttConfig(provider="local")
WHISPER = SttConfig(provider="local", model="whisper-base", language="en")


class Gate:
    """Voice activity at its simplest: speech begins after 96 ms of it and ends after half a second without."""

    def __init__(self, stream: SttStream) -> None:
        self.utterances = 0
        self._stream = stream
        self._vad = SileroVad(slots=1)
        self._slot = np.array([self._vad.take()])
        self._doubler = Doubler()
        self._rest: Samples = np.zeros(0, np.float32)
        self._run = 0
        self._speaking = False

    def push(self, frame: bytes) -> None:
        self._stream.push(frame)
        self._rest = np.concatenate([self._rest, self._doubler.run(LANE, to_float(frame)[None])[0]])
        while len(self._rest) >= WINDOW_SAMPLES:
            probability = self._vad.run(self._slot, self._rest[None, :WINDOW_SAMPLES])[0]
            self._rest = self._rest[WINDOW_SAMPLES:]
            self._hear(bool(probability > 0.5))

    def _hear(self, speech: bool) -> None:
        self._run = self._run + 1 if speech != self._speaking else 0
        if self._run >= (16 if self._speaking else 3):
            self._run, self._speaking = 0, speech
            if speech:
                self._stream.speech_started()
            else:
                self.utterances += 1
                self._stream.speech_ended()


async def heard(stt: LocalStt, config: SttConfig, pcm: bytes) -> str:
    """The finals of a sound, which is pushed faster than it sounds."""
    stream = await stt.open(config, 8_000)
    gate = Gate(stream)
    sound = silence(0.5, 8_000) + pcm + silence(1.0, 8_000)
    for at in range(0, len(sound) // 320 * 320, 320):
        gate.push(sound[at : at + 320])
        await asyncio.sleep(0)
    words: list[str] = []
    async with asyncio.timeout(30):
        async for found in stream.results():
            words += [found.text] if isinstance(found, Final) else []
            if len(words) == gate.utterances:
                break
    await stream.aclose()
    return " ".join(words)


async def test_english_prompts_are_heard_with_few_errors() -> None:
    stt = LocalStt()
    errors = words = 0.0
    for name in SENTENCES:
        reference = texts()[name]
        count = len(normalise(reference))
        errors += word_error_rate(reference, await heard(stt, MOONSHINE, prompt(name))) * count
        words += count
    stt.close()
    assert words > 100
    assert errors / words < 0.15


async def test_speech_of_twenty_seconds_is_heard_to_its_end() -> None:
    stt = LocalStt()
    text = await heard(stt, MOONSHINE, prompt("conf-adminmenu-162"))
    stt.close()
    assert word_error_rate(texts()["conf-adminmenu-162"], text) < 0.15


async def test_whisper_hears_the_same_prompts() -> None:
    stt = LocalStt()
    text = " ".join([await heard(stt, WHISPER, prompt(name)) for name in SENTENCES[:4]])
    stt.close()
    assert word_error_rate(" ".join(texts()[name] for name in SENTENCES[:4]), text) < 0.15


async def test_what_a_recogniser_cannot_do_is_refused_before_a_model_is_loaded() -> None:
    stt = LocalStt()
    for refused in (
        SttConfig(provider="local", language="nl"),
        SttConfig(provider="local", model="large"),
        SttConfig(provider="local", keyterms=("Trunkline",)),
        SttConfig(provider="local", model="whisper-base", language="multi"),
    ):
        with pytest.raises(Invalid, match="stt_config"):
            await stt.open(refused, 8_000)
    stt.close()
