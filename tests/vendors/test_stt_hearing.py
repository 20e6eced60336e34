"""The emulators' ears hear real words, and say when nothing was said."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from trunkline.audio.frame import silence
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.local.pico import PicoTts
from trunkline.testing.emulators.hearing import HeardWords, Hearing

pytestmark = pytest.mark.room


async def _speech(text: str, rate_hz: int) -> bytes:
    tts = PicoTts()
    voice = await tts.open(TtsConfig(provider="local"), rate_hz)
    sound = b"".join([pcm async for pcm in voice.speak(text)])
    tts.close()
    return sound


@pytest_asyncio.fixture
async def hearing() -> AsyncIterator[Hearing]:
    async with Hearing() as ears:
        yield ears


async def test_each_utterance_is_heard_once_at_any_pace(hearing: Hearing) -> None:
    told: list[bool] = []
    stream = await hearing.open(8_000, speech=lambda speaking, _: told.append(speaking))
    for text in ("Good morning, I would like to book a table.", "It is for two people."):
        stream.push(silence(0.5, 8_000) + await _speech(text, 8_000) + silence(1.0, 8_000))
    finals: list[HeardWords] = []
    async for heard in stream:
        if heard.final:
            finals.append(heard)
        if len(finals) == 2:
            break
    assert "book a table" in finals[0].text.lower()
    assert "two people" in finals[1].text.lower()
    assert finals[0].end_seconds < finals[1].start_seconds < finals[1].end_seconds < stream.seconds
    assert told == [True, False, True, False]


async def test_a_flush_is_answered_once_with_words_or_without(hearing: Hearing) -> None:
    stream = await hearing.open(24_000, quiet_seconds=None)
    stream.flush()
    stream.push(silence(0.3, 24_000) + await _speech("My number is nine.", 24_000))
    stream.flush()
    stream.flush()
    answers: list[HeardWords] = []
    async for heard in stream:
        if heard.flushed:
            answers.append(heard)
        if len(answers) == 3:
            break
    assert [bool(one.text) for one in answers] == [False, True, False]
    assert "number" in answers[1].text.lower()
