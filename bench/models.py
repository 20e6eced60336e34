"""Models that answer the moment they are asked, so that what is left of a turn's latency is the platform's own.

The words heard, the brain's first clause and the voice's first sound come without any wait; the rest follows as a
vendor's stream does, in pieces, each with a wait of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from pydantic import SecretStr

from trunkline.domain.assistant import FunctionSpec, LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Delta, Llm, ReplyPart, Spent, Stt, Tts, Turn
from trunkline.ports.offers import VoiceFacts
from trunkline.testing.models import Hearing, NoVendors, ScriptedStt, noise

HEARD = "Could you please tell me a little more about that"
REPLY = (
    "Of course. The practice",
    " is in the middle of the town, and",
    " there is a tram stop in",
    " front of the door.",
)
PIECE_SECONDS = 0.02
CHUNK_SECONDS = 0.2
SECONDS_PER_CHARACTER = 0.06
_LONGEST_SECONDS = 12.0


class Brain:
    """Says the same again and again."""

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> "Brain":
        """One serves all calls: it remembers nothing."""
        return self

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        """The reply, its first clause at once."""
        for piece in REPLY:
            yield Delta(piece)
            await asyncio.sleep(PIECE_SECONDS)
        yield Spent(prompt_tokens=10, completion_tokens=25)

    async def aclose(self) -> None:
        """Nothing is open."""


class Voice:
    """Speaks as noise, which is like no party's voice, for as long as the text takes; the first chunk comes at once, the
    others ten times faster than they sound."""

    def __init__(self, sample_rate_hz: int = 8000) -> None:
        self._rate = sample_rate_hz
        self._sound = noise(_LONGEST_SECONDS, sample_rate_hz)

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> "Voice":
        """One serves all calls at its rate."""
        return self if sample_rate_hz == self._rate else Voice(sample_rate_hz)

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        """The sound of ``text``."""
        seconds = min(_LONGEST_SECONDS, len(text) * SECONDS_PER_CHARACTER)
        chunk_bytes, length = int(CHUNK_SECONDS * self._rate) * 2, int(seconds * self._rate) * 2
        for start in range(0, length, chunk_bytes):
            yield self._sound[start : min(length, start + chunk_bytes)]
            await asyncio.sleep(CHUNK_SECONDS / 10)

    async def aclose(self) -> None:
        """Nothing is open."""


class BenchModels(NoVendors):
    """The catalogue of a platform under measurement: these three, whatever provider is asked for."""

    def __init__(self) -> None:
        self._ears = ScriptedStt(Hearing(texts=(HEARD,), delay_seconds=0.0, again=True))
        self._brain = Brain()
        self._voice = Voice()

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        """The ears."""
        return self._ears

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        """The brain."""
        return self._brain

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        """The voice."""
        return self._voice

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        """Everything is well."""

    def voices(self) -> list[VoiceFacts]:
        """The one there is."""
        return [VoiceFacts(id="tone", name="Tone", language="en", provider="local")]
