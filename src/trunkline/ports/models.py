"""The models that a call hears, thinks and speaks with. Each is opened per call while the phone rings.

Failures of all of them are ``base.errors.Upstream`` (``retryable`` or not).
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.ports.offers import ProviderFacts, VoiceFacts
from trunkline.ports.realtime import Realtime
from trunkline.ports.replies import Calls, Delta, ReplyPart, Spent, ToolCall, Turn

__all__ = [
    "Calls",
    "CountsCharacters",
    "CountsSeconds",
    "Delta",
    "Final",
    "Heard",
    "Llm",
    "LlmSession",
    "Models",
    "Partial",
    "ReplyPart",
    "Spent",
    "Stage",
    "Stt",
    "SttStream",
    "ToolCall",
    "Tts",
    "TtsSession",
    "Turn",
    "VoiceFacts",
]


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


@runtime_checkable
class CountsSeconds(Protocol):
    """A recogniser that takes, and is billed for, sound in which nobody speaks too."""

    def settle(self) -> float:
        """How many seconds it took since it last said so, in a Final or here."""


class Stt(Protocol):
    """Speech to text."""

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SttStream: ...


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


@runtime_checkable
class CountsCharacters(Protocol):
    """A voice whose vendor says how many characters it bills; any other is billed what it was given."""

    @property
    def billed_characters(self) -> int:
        """How many so far."""


class Tts(Protocol):
    """Text to speech."""

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession: ...


Stage = Literal["stt", "llm", "tts"]


class Models(Protocol):
    """The catalogue: gives the maker of each stage by its provider's name. Unknown names raise Invalid.

    ``key`` is the organisation's own key for the vendor; None takes the platform's, and raises Invalid where a vendor
    that needs one has none.
    """

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt: ...

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm: ...

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts: ...

    def realtime(self, provider: str, key: SecretStr | None = None) -> Realtime: ...

    def vendor(self, provider: str) -> str:
        """Whose key a provider takes: ``xai`` for ``xai_realtime``; most have their own name."""

    def model(self, stage: Stage, provider: str, model: str | None) -> str | None:
        """The model that is meant: the provider's default where none is named."""

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        """Raises Invalid with ``details`` (``llm_config.provider: ...``) where a provider, model, voice, language or
        option cannot be had, or ``stt_config``/``tts_config`` is missing for a text model; those of fallbacks are
        checked too. With ``own``, the vendors that the organisation has a key of, also where a key is missing."""

    def voices(self) -> list[VoiceFacts]:
        """The voices that need no key."""

    async def vendor_voices(self, keys: Mapping[str, SecretStr]) -> list[VoiceFacts]:
        """The voices of the vendors in ``keys``, and of those that the platform has a key for. A vendor that does not
        answer is left out, with a warning in the log."""

    def providers(self) -> list[ProviderFacts]:
        """All that the catalogue has, with models and prices."""

    async def verify(self, vendor: str, key: SecretStr) -> None:
        """Asks the vendor whether it takes this key. Raises Invalid where it does not, and Upstream where it cannot be
        asked."""
