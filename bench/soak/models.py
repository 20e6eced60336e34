"""The models of the platform under the soak: scripted, and each call's fail in the way that its configuration names.

``model`` of a stage is ``<manner>/<call>``; without a manner of its own, ``plain``. What fails ``once`` does so at the
first use in that call. A language model of the provider ``openai_compatible`` is the shipped adapter.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import ClassVar

from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import (
    Calls,
    Delta,
    Final,
    Heard,
    Llm,
    Models,
    Partial,
    ReplyPart,
    Spent,
    Stt,
    ToolCall,
    Tts,
    Turn,
)
from trunkline.ports.offers import VoiceFacts
from trunkline.testing.models import NoVendors, noise

HEARD = "Could you please tell me a little more about that"
REPLY = ("Of course. The practice", " is in the middle of the town, and", " there is a tram stop", " in front of it.")
PROVIDER = "soak"
CHUNK_SECONDS = 0.2
SECONDS_PER_CHARACTER = 0.06
LONGEST_SECONDS = 12.0
_REMEMBERED = 5000


class Manner:
    """How one stage of one call behaves."""

    _used: ClassVar[OrderedDict[str, None]] = OrderedDict()

    def __init__(self, stage: str, model: str | None) -> None:
        self.name, _, call = (model or "plain").partition("/")
        self._key = f"{stage}/{self.name}/{call}"
        self._provider = f"soak {stage}"

    async def at(self, moment: str) -> None:
        """Goes wrong here where it should: ``fails`` raises, ``hangs`` says nothing any more, ``lags`` takes its time."""
        what, _, when = self.name.partition("-")
        if when.removesuffix("-once") != moment or (when.endswith("-once") and not self._first_time()):
            return
        if what == "lags":
            await asyncio.sleep(1.5)
        elif what == "hangs":
            await asyncio.Event().wait()
        else:
            raise Upstream("the soak has it fail", provider=self._provider, retryable=what != "refuses")

    def _first_time(self) -> bool:
        if self._key in self._used:
            return False
        self._used[self._key] = None
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
        return True


class Ears:
    """A recogniser that hears the same words in everything."""

    async def open(self, config: SttConfig, sample_rate_hz: int) -> "EarsOpen":
        """One for each call."""
        manner = Manner("ears", config.model)
        await manner.at("open")
        return EarsOpen(manner)


class EarsOpen:
    """One call's recogniser."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._out: asyncio.Queue[Heard | None] = asyncio.Queue()

    def push(self, pcm: bytes) -> None:
        """The sound does not matter."""

    def speech_started(self) -> None:
        """Half of the words come at once."""
        self._out.put_nowait(Partial(HEARD[: len(HEARD) // 2]))

    def speech_ended(self) -> None:
        """All of them."""
        self._out.put_nowait(Final(HEARD, audio_seconds=1.0))

    async def results(self) -> AsyncIterator[Heard]:
        """What was heard."""
        while (heard := await self._out.get()) is not None:
            if isinstance(heard, Final):
                await self._manner.at("first")
            yield heard

    async def aclose(self) -> None:
        """Ends the results."""
        self._out.put_nowait(None)


class Brain:
    """A language model that says the same again and again, or uses a tool first."""

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> "BrainOpen":
        """One for each call."""
        manner = Manner("brain", config.model)
        await manner.at("open")
        return BrainOpen(manner)


class BrainOpen:
    """One call's language model. ``uses:<tool>`` calls that tool in each reply to the party, ``uses2:`` twice at once."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._calls = 0

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        """One reply."""
        await self._manner.at("first")
        if self._manner.name.startswith("uses") and history and history[-1].role != "tool":
            yield Delta("One moment.")
            yield Calls(self._wanted())
            return
        for number, piece in enumerate(REPLY):
            if number == 2:
                await self._manner.at("middle")
            yield Delta(piece)
            await asyncio.sleep(0.02)
        yield Spent(prompt_tokens=10, completion_tokens=25)

    def _wanted(self) -> tuple[ToolCall, ...]:
        kind, _, name = self._manner.name.partition(":")
        calls = []
        for _ in range(2 if kind == "uses2" else 1):
            self._calls += 1
            calls.append(ToolCall(f"call{self._calls}", name, {"question": "the address"} if name == "look_up" else {}))
        return tuple(calls)

    async def aclose(self) -> None:
        """Nothing is open."""


class Voice:
    """Noise for as long as the text takes."""

    def __init__(self) -> None:
        self._sounds: dict[int, bytes] = {}

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> "VoiceOpen":
        """One for each call."""
        manner = Manner("voice", config.model)
        await manner.at("open")
        if sample_rate_hz not in self._sounds:
            self._sounds[sample_rate_hz] = noise(LONGEST_SECONDS, sample_rate_hz)
        return VoiceOpen(manner, self._sounds[sample_rate_hz], sample_rate_hz)


class VoiceOpen:
    """One call's voice."""

    def __init__(self, manner: Manner, sound: bytes, rate_hz: int) -> None:
        self._manner = manner
        self._sound = sound
        self._rate_hz = rate_hz

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        """The sound of ``text``."""
        await self._manner.at("first")
        seconds = min(LONGEST_SECONDS, len(text) * SECONDS_PER_CHARACTER)
        chunk_bytes, length = int(CHUNK_SECONDS * self._rate_hz) * 2, int(seconds * self._rate_hz) * 2
        for start in range(0, length, chunk_bytes):
            if start:
                await self._manner.at("middle")
            yield self._sound[start : min(length, start + chunk_bytes)]
            await asyncio.sleep(CHUNK_SECONDS / 10)

    async def aclose(self) -> None:
        """Nothing is open."""


class SoakModels(NoVendors):
    """The catalogue of the platform under the soak; ``real`` has the adapter of ``openai_compatible``."""

    def __init__(self, real: Models) -> None:
        self._real = real
        self._ears, self._brain, self._voice = Ears(), Brain(), Voice()

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        """The ears."""
        return self._ears

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        """The brain, or the real adapter."""
        return self._real.llm(provider) if provider == "openai_compatible" else self._brain

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        """The voice."""
        return self._voice

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        """Everything is well."""

    def voices(self) -> list[VoiceFacts]:
        """The one there is."""
        return [VoiceFacts(id="noise", name="Noise", language="en", provider=PROVIDER)]
