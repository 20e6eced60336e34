"""Models of two providers for the tests of failures: ``first`` is configured, ``second`` is its fallback."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from tests.engine_media.world import World, plan
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.domain.events import StageUsage
from trunkline.domain.plan import CallPlan
from trunkline.ports.models import Calls, Delta, Llm, ReplyPart, Stt, ToolCall, Tts, Turn
from trunkline.testing.line import Party, Words
from trunkline.testing.models import (
    Hearing,
    ScriptedLlm,
    ScriptedModels,
    ScriptedStt,
    ScriptedTts,
    Speaking,
    Thinking,
    noise,
)

SENTENCE = noise(1.2, 8000)
TALKER = Party(says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, quiet=0.5)), hangs_up_when_quiet=1.0)
HEARING = Hearing(("Yes, that is fine.", "Goodbye."))
SPEAKING = Speaking()
THINKING = Thinking(("All right, see you then.", "Goodbye."))
WORDS = [
    ("assistant", "Hello, this is Ada."),
    ("user", "Yes, that is fine."),
    ("assistant", "All right, see you then."),
    ("user", "Goodbye."),
    ("assistant", "Goodbye."),
]


def scripted(
    hearing: Hearing = HEARING, thinking: Thinking = THINKING, speaking: Speaking = SPEAKING
) -> ScriptedModels:
    """The models of one provider."""
    return ScriptedModels(ScriptedStt(hearing), ScriptedLlm(thinking), ScriptedTts(speaking))


@dataclass(slots=True)
class TwoProviders(ScriptedModels):
    """``first`` is this one; the models of others are in ``others``. ``keys`` are those it was asked with."""

    others: dict[str, ScriptedModels] = field(default_factory=dict)
    keys: list[tuple[str, str | None]] = field(default_factory=list)
    known: frozenset[str] = frozenset({"first", "second", "third", "scripted", "local"})

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        self.keys.append((provider, key.get_secret_value() if key else None))
        return self.others[provider].stt_model if provider in self.others else self.stt_model

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        self.keys.append((provider, key.get_secret_value() if key else None))
        return self.others[provider].llm_model if provider in self.others else self.llm_model

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        self.keys.append((provider, key.get_secret_value() if key else None))
        return self.others[provider].tts_model if provider in self.others else self.tts_model


def world_of(first: ScriptedModels, party: Party = TALKER, **others: ScriptedModels) -> World:
    """A worker whose models are of several providers."""
    return World(party, TwoProviders(first.stt_model, first.llm_model, first.tts_model, others=others))


def with_fallbacks(*names: str, call_id: str = "call-outbound-1", **settings: Any) -> CallPlan:
    """A plan on ``first`` with these fallbacks in every stage."""
    others = [{"provider": name} for name in names]
    return plan(
        call_id,
        **{
            "llm_config": LlmConfig.model_validate({"provider": "first", "fallbacks": others}),
            "stt_config": SttConfig.model_validate({"provider": "first", "fallbacks": others}),
            "tts_config": TtsConfig.model_validate({"provider": "first", "fallbacks": others}),
            **settings,
        },
    )


async def run_calls(world: World, *plans: CallPlan) -> None:
    """Runs calls one after the other on one worker; none leaves anything behind."""
    before = asyncio.all_tasks()
    async with world.supervisor() as supervisor:
        for one in plans:
            await supervisor.run(one)
    assert asyncio.all_tasks() == before
    assert isinstance(world.models, TwoProviders)
    for models in (world.models, *world.models.others.values()):
        assert models.llm_model.open_sessions == 0
        assert models.tts_model.open_sessions == 0
        assert all(stream.closed for stream in models.stt_model.streams)


def used(world: World, call_id: str = "call-outbound-1") -> dict[tuple[str, str], StageUsage]:
    """What each provider was used for."""
    return {(one.stage, one.provider): one for one in world.journal.ended(call_id).usage.stages}


class BreakingLlm(ScriptedLlm):
    """Says ``words``, then ``calls``, and breaks off; from the second time on it gives ``then``, and all of that."""

    def __init__(self, words: str, then: str | None = None, calls: tuple[ToolCall, ...] = ()) -> None:
        super().__init__(Thinking())
        self.words, self.then, self.calls = words, then, calls

    async def open(self, config: LlmConfig, variables: Any) -> Any:
        self.open_sessions += 1
        return self

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        self.asked.append(tuple(history))
        await asyncio.sleep(0.05)
        whole = self.then is not None and len(self.asked) > 1
        for word in (self.then or "" if whole else self.words).split(" "):
            yield Delta(f"{word} ")
        if whole:
            return
        if self.calls:
            yield Calls(self.calls)
        raise Upstream("it broke off", provider="first", retryable=True)

    async def aclose(self) -> None:
        self.open_sessions -= 1


class TiringLlm(ScriptedLlm):
    """Gives ``replies`` one by one, and then nothing but failures."""

    def __init__(self, *replies: str) -> None:
        super().__init__(Thinking())
        self.replies = list(replies)

    async def open(self, config: LlmConfig, variables: Any) -> Any:
        self.open_sessions += 1
        return self

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        self.asked.append(tuple(history))
        await asyncio.sleep(0.05)
        if not self.replies:
            raise Upstream("it is tired", provider="second", retryable=False)
        yield Delta(self.replies.pop(0))

    async def aclose(self) -> None:
        self.open_sessions -= 1


class StallingTts(ScriptedTts):
    """Speaks in real time, and says nothing more after ``seconds`` of a text."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> Any:
        self.open_sessions += 1
        return self

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        self.said.append(text)
        for _ in range(int(self.seconds / 0.05)):
            yield noise(0.05, 8000)
            await asyncio.sleep(0.05)
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.open_sessions -= 1
