"""Scripted models: recognisers, brains and voices with set words and set delays, and ones that fail or hang."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import (
    Calls,
    Delta,
    Final,
    Heard,
    Llm,
    Partial,
    ReplyPart,
    Spent,
    Stage,
    Stt,
    ToolCall,
    Tts,
    Turn,
)
from trunkline.ports.offers import ModelFacts, ProviderFacts, VoiceFacts
from trunkline.ports.realtime import Realtime


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, for the first ``times`` uses: ``stage`` is open, first (before the first result) or middle;
    ``hangs`` says nothing instead of raising Upstream."""

    stage: str = "first"
    hangs: bool = False
    times: int = 1_000_000
    retryable: bool = True


class _Mishap:
    """Counts down a Trouble."""

    def __init__(self, trouble: Trouble | None, provider: str) -> None:
        self._trouble = trouble
        self._left = trouble.times if trouble else 0
        self._provider = provider

    async def at(self, stage: str) -> None:
        """Goes wrong here where it should."""
        if self._trouble is None or self._trouble.stage != stage or self._left <= 0:
            return
        self._left -= 1
        if self._trouble.hangs:
            await asyncio.Event().wait()
        raise Upstream("the scripted provider fails", provider=self._provider, retryable=self._trouble.retryable)


# --- hearing


@dataclass(frozen=True, slots=True)
class Hearing:
    """Gives ``texts`` one by one, each ``delay_seconds`` after speech ended, then empty ones (or all over again with
    ``again``); with ``partial_seconds`` its first half comes that long after speech began."""

    texts: tuple[str, ...] = ()
    delay_seconds: float = 0.1
    partial_seconds: float | None = None
    again: bool = False
    trouble: Trouble | None = None


class ScriptedStt:
    """A recogniser that knows beforehand what it will hear."""

    def __init__(self, script: Hearing) -> None:
        self._script = script
        self._mishap = _Mishap(script.trouble, "scripted-stt")
        self.streams: list[ScriptedSttStream] = []

    async def open(self, config: SttConfig, sample_rate_hz: int) -> "ScriptedSttStream":
        await self._mishap.at("open")
        texts: Iterator[str] = itertools.cycle(self._script.texts) if self._script.again else iter(self._script.texts)
        stream = ScriptedSttStream(self._script, texts, self._mishap, sample_rate_hz)
        self.streams.append(stream)
        return stream


class ScriptedSttStream:
    """One call's recogniser. ``pushed_bytes`` counts what it was given."""

    def __init__(self, script: Hearing, texts: Iterator[str], mishap: _Mishap, rate: int) -> None:
        self._script = script
        self._texts = texts
        self._mishap = mishap
        self._rate = rate
        self._text = ""
        self._out: asyncio.Queue[Heard | None] = asyncio.Queue()
        self._timers: set[asyncio.TimerHandle] = set()
        self.pushed_bytes = 0
        self.closed = False

    def push(self, pcm: bytes) -> None:
        self.pushed_bytes += len(pcm)

    def speech_started(self) -> None:
        self._text = next(self._texts, "")
        if self._script.partial_seconds is not None:
            self._later(self._script.partial_seconds, Partial(self._text[: len(self._text) // 2]))

    def speech_ended(self) -> None:
        self._later(self._script.delay_seconds, Final(self._text, audio_seconds=1.0))

    async def results(self) -> AsyncIterator[Heard]:
        while (heard := await self._out.get()) is not None:
            await self._mishap.at("first")
            yield heard

    async def aclose(self) -> None:
        self.closed = True
        for timer in self._timers:
            timer.cancel()
        self._out.put_nowait(None)

    def _later(self, seconds: float, heard: Heard) -> None:
        self._timers.add(asyncio.get_running_loop().call_later(seconds, self._out.put_nowait, heard))


# --- thinking


@dataclass(frozen=True, slots=True)
class Thinking:
    """Gives ``replies`` one by one, then the last for ever (``again``: all over again); a str is streamed word by
    word, tool calls come whole."""

    replies: tuple[str | tuple[ToolCall, ...], ...] = ("All right.",)
    first_token_seconds: float = 0.1
    token_seconds: float = 0.01
    again: bool = False
    trouble: Trouble | None = None


class ScriptedLlm:
    """A brain that knows beforehand what it will say. ``asked`` keeps every history, ``functions``
    the names of the functions that came with each."""

    def __init__(self, script: Thinking) -> None:
        self._script = script
        self._mishap = _Mishap(script.trouble, "scripted-llm")
        self.asked: list[tuple[Turn, ...]] = []
        self.functions: list[tuple[str, ...]] = []
        self.open_sessions = 0

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> "ScriptedLlmSession":
        await self._mishap.at("open")
        self.open_sessions += 1
        return ScriptedLlmSession(self, self._script, self._mishap)


class ScriptedLlmSession:
    """One call's brain."""

    def __init__(self, llm: ScriptedLlm, script: Thinking, mishap: _Mishap) -> None:
        self._llm = llm
        self._script = script
        self._mishap = mishap
        self._next = 0

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        self._llm.asked.append(tuple(history))
        self._llm.functions.append(tuple(tool.name for tool in tools))
        await self._mishap.at("first")
        count = len(self._script.replies)
        reply = self._script.replies[self._next % count if self._script.again else min(self._next, count - 1)]
        self._next += 1
        await asyncio.sleep(self._script.first_token_seconds)
        if isinstance(reply, tuple):
            yield Calls(reply)
        else:
            for index, word in enumerate(reply.split(" ")):
                if index == 1:
                    await self._mishap.at("middle")
                yield Delta(word if index == 0 else f" {word}")
                await asyncio.sleep(self._script.token_seconds)
        yield Spent(prompt_tokens=10, completion_tokens=5)

    async def aclose(self) -> None:
        self._llm.open_sessions -= 1


# --- speaking


@dataclass(frozen=True, slots=True)
class Speaking:
    """Sound whose length goes with the text: a tone (or silence with ``level`` 0) in chunks of ``chunk_seconds``, the
    first after ``first_audio_seconds``, the others ``speed`` times faster than real time."""

    first_audio_seconds: float = 0.1
    seconds_per_character: float = 0.06
    chunk_seconds: float = 0.05
    speed: float = 10.0
    level: float = 0.2
    trouble: Trouble | None = None


class ScriptedTts:
    """A voice of tones. ``said`` keeps every text."""

    def __init__(self, script: Speaking = Speaking()) -> None:
        self._script = script
        self._mishap = _Mishap(script.trouble, "scripted-tts")
        self.said: list[str] = []
        self.open_sessions = 0

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> "ScriptedTtsSession":
        await self._mishap.at("open")
        self.open_sessions += 1
        return ScriptedTtsSession(self, self._script, self._mishap, sample_rate_hz)


class ScriptedTtsSession:
    """One call's voice."""

    def __init__(self, tts: ScriptedTts, script: Speaking, mishap: _Mishap, rate: int) -> None:
        self._tts = tts
        self._script = script
        self._mishap = mishap
        self._rate = rate

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        self._tts.said.append(text)
        await self._mishap.at("first")
        await asyncio.sleep(self._script.first_audio_seconds)
        pcm = tone(len(text) * self._script.seconds_per_character, self._rate, self._script.level)
        step = int(self._rate * self._script.chunk_seconds) * 2
        for start in range(0, len(pcm), step):
            if start:
                await self._mishap.at("middle")
                await asyncio.sleep(self._script.chunk_seconds / self._script.speed)
            yield pcm[start : start + step]

    async def aclose(self) -> None:
        self._tts.open_sessions -= 1


# --- together


class NoVendors:
    """The parts of ports.models.Models that models without vendors have: no realtime models, no keys, no prices."""

    def realtime(self, provider: str, key: SecretStr | None = None) -> Realtime:
        """Raises Invalid."""
        problem = f"llm_config.provider: {provider} cannot be had here"
        raise Invalid(problem, details=[problem])

    def vendor(self, provider: str) -> str:
        """Itself."""
        return provider

    def model(self, stage: Stage, provider: str, model: str | None) -> str | None:
        """As it is named."""
        return model

    async def vendor_voices(self, keys: Mapping[str, SecretStr]) -> list[VoiceFacts]:
        """None."""
        return []

    def providers(self) -> list[ProviderFacts]:
        """None."""
        return []

    async def verify(self, vendor: str, key: SecretStr) -> None:
        """Raises Invalid."""
        raise Invalid(f"there is no vendor {vendor}", details=[f"provider: there is no {vendor}"])


@dataclass(slots=True)
class ScriptedModels(NoVendors):
    """The catalogue of scripted models: one of each, whatever provider is asked for."""

    stt_model: ScriptedStt = field(default_factory=lambda: ScriptedStt(Hearing()))
    llm_model: ScriptedLlm = field(default_factory=lambda: ScriptedLlm(Thinking()))
    tts_model: ScriptedTts = field(default_factory=ScriptedTts)
    known: frozenset[str] = frozenset({"scripted", "local"})

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        self._know(provider, "stt_config")
        return self.stt_model

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        self._know(provider, "llm_config")
        return self.llm_model

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        self._know(provider, "tts_config")
        return self.tts_model

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        for name, config in (("llm_config", llm), ("stt_config", stt), ("tts_config", tts)):
            if config is None:
                raise Invalid("a text model needs ears and a voice", details=[f"{name}: is missing"])
            self._know(config.provider, name)

    def voices(self) -> list[VoiceFacts]:
        return [VoiceFacts(id="tone", name="Tone", language="en", provider="scripted")]

    def providers(self) -> list[ProviderFacts]:
        """The scripted brain."""
        model = ModelFacts(id="script", name="Script", default=True, price={"call": 0.0})
        return [ProviderFacts("scripted", "scripted", "Scripted", "llm", "", (model,))]

    def _know(self, provider: str, field_name: str) -> None:
        if provider not in self.known:
            names = ", ".join(sorted(self.known))
            raise Invalid("there is no such provider", details=[f"{field_name}.provider: use one of {names}"])


class LoudnessVad:
    """Voice activity by loudness alone: sure of speech in every window louder than -40 dBFS."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.runs = 0

    def take(self) -> int:
        slot = min(set(range(len(self.taken) + 1)) - self.taken)
        self.taken.add(slot)
        return slot

    def give_back(self, slot: int) -> None:
        self.taken.discard(slot)

    def run(self, slots: NDArray[np.intp], windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.runs += 1
        loud = np.einsum("ij,ij->i", windows, windows) > 0.01**2 * windows.shape[1]
        return np.where(loud, np.float32(0.98), np.float32(0.02)).astype(np.float32)


class FixedTurnModel:
    """An end-of-turn model that always says the same."""

    def __init__(self, probability: float, delay_seconds: float = 0.05) -> None:
        self._probability = probability
        self._delay_seconds = delay_seconds
        self.asked_seconds: list[float] = []

    async def finished(self, speech: NDArray[np.float32]) -> float:
        self.asked_seconds.append(len(speech) / 16_000)
        await asyncio.sleep(self._delay_seconds)
        return self._probability


def tone(seconds: float, sample_rate_hz: int, level: float = 0.2, hz: float = 220.0) -> bytes:
    """A tone of that length as PCM."""
    time = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    return (np.sin(2 * np.pi * hz * time) * level * 32767).astype("<i2").tobytes()


def noise(seconds: float, sample_rate_hz: int, level: float = 0.2, seed: int = 1) -> bytes:
    """Noise of that length as PCM, the same for the same seed: a stand-in for a voice unlike our own."""
    samples = np.random.default_rng(seed).normal(0, level / 2, round(seconds * sample_rate_hz))
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
