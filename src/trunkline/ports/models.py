"""The models that a call hears, thinks and speaks with. Each is opened per call while the phone rings.

Failures of all of them are ``base.errors.Upstream`` (``retryable`` or not).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig


@dataclass(frozen=True, slots=True)
class Partial:
    """Words so far of the utterance that is being spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """The words of a finished utterance (may be empty: sound without words). ``audio_seconds`` is what it billed.

    A recogniser that hears better with what came before also gives ``together``: the words of this utterance and of the
    last ``joins`` Finals that had words, heard as one. It stands in place of them all where they are still one turn;
    where that turn is over, ``text`` alone counts.
    """

    text: str
    audio_seconds: float = 0.0
    language: str | None = None
    together: str = ""
    joins: int = 0


Heard = Partial | Final


class SttStream(Protocol):
    """A recogniser that listens to one call."""

    def push(self, pcm: bytes) -> None:
        """Takes the next sound at the rate it was opened with; never blocks."""

    def speech_started(self) -> None:
        """Our voice activity detection says that speech began (up to 300 ms ago: keep that much of what was pushed)."""

    def speech_ended(self) -> None:
        """Our voice activity detection says that speech ended: a Final is wanted now."""

    def results(self) -> AsyncIterator[Heard]:
        """What was heard; for one reader; ends when closed; raises Upstream."""

    async def aclose(self) -> None: ...


class Stt(Protocol):
    """Speech to text."""

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SttStream: ...


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool to run. ``arguments`` is parsed JSON.

    A call with a ``problem`` (its arguments could not be read) is not run: the problem is its failed result.
    """

    id: str
    name: str
    arguments: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the history as models take it. ``role``: system, user, assistant, tool.

    ``tool_calls`` stand on assistant turns; ``tool_call_id`` on tool turns, whose content is the result as JSON text.
    """

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """The next words of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class Calls:
    """The tool calls of the reply, complete."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the reply cost, from the vendor's own figures; the last item of a reply."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


ReplyPart = Delta | Calls | Spent


class LlmSession(Protocol):
    """A model that thinks for one call. Holds no history: every request brings it whole."""

    def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        """Streams one reply; closing the iterator cancels the request promptly. Raises Upstream."""

    async def aclose(self) -> None: ...


class Llm(Protocol):
    """A language model."""

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> LlmSession: ...


class TtsSession(Protocol):
    """A voice that speaks for one call."""

    def speak(self, text: str) -> AsyncIterator[bytes]:
        """PCM (16-bit little-endian mono at the rate it was opened with) of ``text``, as it comes; chunks of any even
        length; closing the iterator cancels promptly. Raises Upstream."""

    async def aclose(self) -> None: ...


class Tts(Protocol):
    """Text to speech."""

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession: ...


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """One voice of ``GET /voices``."""

    id: str
    name: str
    language: str
    provider: str
    description: dict[str, str] = field(default_factory=dict)


class Models(Protocol):
    """The catalogue: gives the maker of each stage by its provider's name. Unknown names raise Invalid."""

    def stt(self, provider: str) -> Stt: ...

    def llm(self, provider: str) -> Llm: ...

    def tts(self, provider: str) -> Tts: ...

    def check(self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None) -> None:
        """Raises Invalid with ``details`` (``llm_config.provider: ...``) where a provider, model, voice, language or
        option cannot be had, a key is missing, or ``stt_config``/``tts_config`` is missing for a text model."""

    def voices(self) -> list[VoiceFacts]: ...
