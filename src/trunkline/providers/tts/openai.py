"""OpenAI: speech over HTTP as bare PCM at 24 kHz, streamed. https://platform.openai.com/docs/api-reference/audio/createSpeech"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from pydantic import SecretStr

from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import TtsSession
from trunkline.providers.offers import model_of
from trunkline.providers.tts.requests import RequestSession, streamed
from trunkline.providers.tts.sound import Decoder
from trunkline.providers.tts.wording import parts
from trunkline.providers.vendor import Vendor
from trunkline.providers.voices import default_voice

RATE_HZ = 24_000
_LONGEST = 4096
_CUSTOM_VOICE = "voice_"


class OpenAiTts:
    """ports.models.Tts."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession:
        session = OpenAiSession(self._vendor, self._key, config, sample_rate_hz)
        await session.open()
        return session


class OpenAiSession(RequestSession):
    """The vendor tells tokens, not characters: it bills what it was given."""

    def __init__(self, vendor: Vendor, key: SecretStr, config: TtsConfig, sample_rate_hz: int) -> None:
        super().__init__(vendor, key, lambda: Decoder("pcm", RATE_HZ, sample_rate_hz))
        voice = config.voice_id or default_voice("openai", config.language)
        self._body: dict[str, Any] = {
            "model": model_of("tts", "openai", config.model),
            "voice": {"id": voice} if voice.startswith(_CUSTOM_VOICE) else voice,
            "response_format": "pcm",
            "stream_format": "audio",
        }
        if config.speed != 1:
            self._body["speed"] = config.speed
        if config.instructions:
            self._body["instructions"] = config.instructions

    async def spoken(self, text: str) -> AsyncGenerator[bytes, None]:
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}"}
        for part in parts(text, _LONGEST):
            body = {**self._body, "input": part}
            sound = streamed(self.vendor, self.key, f"{self.vendor.url}/audio/speech", body, headers, self.told)
            async with aclosing(sound):
                async for data in sound:
                    yield data
