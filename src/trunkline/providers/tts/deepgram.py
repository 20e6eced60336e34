"""Deepgram: speech over its websocket; the voice is the model. https://developers.deepgram.com/reference/text-to-speech/speak-streaming"""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import SecretStr

from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import TtsSession
from trunkline.providers.offers import model_of
from trunkline.providers.tts.requests import unreadable
from trunkline.providers.tts.sockets import paced, spoken_over
from trunkline.providers.tts.wording import parts
from trunkline.providers.vendor import Vendor
from trunkline.providers.voices import default_voice

SLOWEST, FASTEST = 0.7, 1.5
_LONGEST = 1900
_FLUSH, _CLEAR = '{"type":"Flush"}', '{"type":"Clear"}'


class DeepgramTts:
    """ports.models.Tts."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession:
        query = {
            "model": wire_model(config),
            "encoding": "linear16",
            "sample_rate": str(sample_rate_hz),
            **paced(config.speed, SLOWEST, FASTEST),
        }
        return await spoken_over(
            self._vendor, self._key, DeepgramUtterance, sample_rate_hz, path="/speak", query=query, scheme="Token"
        )


class DeepgramUtterance:
    """providers.tts.sockets.Utterance: the text, and a Flush that is answered when all of it was spoken."""

    def __init__(self, vendor: Vendor, key: SecretStr, text: str) -> None:
        self._vendor = vendor
        self._key = key
        self._text = text

    def ask(self) -> Sequence[str]:
        texts = [orjson.dumps({"type": "Speak", "text": part}).decode() for part in parts(self._text, _LONGEST)]
        return [*texts, _FLUSH]

    def heard(self, message: str | bytes) -> bytes | None:
        if isinstance(message, bytes):
            return message
        try:
            said = orjson.loads(message)
            kind = said.get("type")
        except (ValueError, AttributeError) as error:
            raise unreadable(self._vendor, error) from None
        if kind == "Error" or said.get("err_code"):
            raise self._refused(said)
        return None if kind == "Flushed" else b""

    def stop(self) -> Sequence[str] | None:
        return [_CLEAR]

    def stopped(self, message: str | bytes) -> bool:
        return isinstance(message, str) and orjson.loads(message).get("type") == "Cleared"

    def billed(self) -> int | None:
        return None

    def _refused(self, said: dict[str, Any]) -> Exception:
        code = str(said.get("code") or said.get("err_code") or "")
        return self._vendor.failure(
            f"deepgram refused to speak ({code})"[:200],
            retryable=not code.startswith("DATA"),
            key=self._key,
            vendor_message=str(said.get("description") or said.get("err_msg") or ""),
            request_id=str(said.get("request_id") or ""),
        )


def wire_model(config: TtsConfig) -> str:
    """The voice as the vendor names it: ``aura-2-thalia-en``; ``thalia`` or ``thalia-en`` does too."""
    model = model_of("tts", "deepgram", config.model) or "aura-2"
    voice = config.voice_id
    if voice is None:
        return model if model.count("-") > 1 else default_voice("deepgram", config.language)
    if voice.startswith("aura-"):
        return voice
    language = (config.language or "en").split("-")[0]
    return f"{model}-{voice}" if "-" in voice else f"{model}-{voice}-{language}"
