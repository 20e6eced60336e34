"""What providers were used for: added up by stage, provider and key, by the vendor's own count where it has one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.engine_media.failing import WORDS, run_calls, scripted, used, with_fallbacks, world_of
from trunkline.domain.assistant import SttConfig, TtsConfig
from trunkline.domain.events import StageUsage
from trunkline.engine.usage import merged, usage_of
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party
from trunkline.testing.models import Hearing, ScriptedStt, ScriptedSttStream, ScriptedTts, _Mishap, tone

pytestmark = pytest.mark.call

PARTS = (
    StageUsage("stt", "deepgram", "nova-3", seconds=1.2346),
    StageUsage("llm", "openai", "gpt", own_key=True, prompt_tokens=10, completion_tokens=5, cached_tokens=4),
    StageUsage("llm", "mistral", "small", prompt_tokens=7, completion_tokens=2),
    StageUsage("llm", "openai", "gpt", own_key=True, prompt_tokens=20, completion_tokens=6, cached_tokens=16),
    StageUsage("tts", "elevenlabs", "flash", characters=30),
    StageUsage("stt", "deepgram", "nova-3", seconds=2.0),
    StageUsage("tts", "local", "pico", characters=12),
)


def test_each_provider_has_one_sum_in_the_order_of_first_use() -> None:
    assert merged(PARTS) == (
        StageUsage("stt", "deepgram", "nova-3", seconds=3.235),
        StageUsage("llm", "openai", "gpt", own_key=True, prompt_tokens=30, completion_tokens=11, cached_tokens=20),
        StageUsage("llm", "mistral", "small", prompt_tokens=7, completion_tokens=2),
        StageUsage("tts", "elevenlabs", "flash", characters=30),
        StageUsage("tts", "local", "pico", characters=12),
    )


def test_the_totals_are_those_of_all_providers_of_a_stage() -> None:
    usage = usage_of(PARTS)
    assert usage.stt_seconds == 3.235
    assert (usage.llm_prompt_tokens, usage.llm_completion_tokens, usage.tts_characters) == (37, 13, 42)


class CountingTts(ScriptedTts):
    """A voice whose vendor bills two for each character."""

    billed_characters = 0

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> Any:
        self.open_sessions += 1
        return self

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        self.said.append(text)
        self.billed_characters += 2 * len(text)
        yield tone(len(text) * 0.06, 8000)

    async def aclose(self) -> None:
        self.open_sessions -= 1


class CountingStream(ScriptedSttStream):
    """A recogniser's stream that counts all sound, not only that of its words."""

    settled_bytes = 0

    def settle(self) -> float:
        seconds = (self.pushed_bytes - self.settled_bytes) / 16_000
        self.settled_bytes = self.pushed_bytes
        return seconds


class CountingStt(ScriptedStt):
    """A recogniser that never hears a word, and whose vendor bills all sound."""

    async def open(self, config: SttConfig, sample_rate_hz: int) -> CountingStream:
        stream = CountingStream(Hearing(), iter(()), _Mishap(None, "first"), sample_rate_hz)
        self.streams.append(stream)
        return stream


def test_sound_without_words_is_booked_too() -> None:
    world = world_of(scripted(), Party(hangs_up_after=6.0))
    ears = world.models.stt_model = CountingStt(Hearing())
    run_virtual(run_calls(world, with_fallbacks()))
    pushed = sum(stream.pushed_bytes for stream in ears.streams) / 16_000
    assert pushed > 4
    assert used(world)["stt", "first"].seconds == pytest.approx(pushed, abs=0.001)
    assert world.journal.ended().usage.stt_seconds == pytest.approx(pushed, abs=0.001)


def test_the_vendors_own_count_of_characters_is_taken() -> None:
    world = world_of(scripted())
    voice = world.models.tts_model = CountingTts()
    run_virtual(run_calls(world, with_fallbacks()))
    assert world.journal.said() == WORDS
    assert used(world)["tts", "first"].characters == 2 * sum(len(text) for text in voice.said)
    assert world.journal.ended().usage.tts_characters == voice.billed_characters
