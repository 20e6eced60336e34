"""xAI: speech over its websocket, one text after the other. https://docs.x.ai/developers/rest-api-reference/inference/voice"""

import base64
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import SecretStr

from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import TtsSession
from trunkline.providers.tts.requests import unreadable
from trunkline.providers.tts.sockets import paced, spoken_over
from trunkline.providers.tts.wording import parts
from trunkline.providers.vendor import Vendor, retryable_status
from trunkline.providers.voices import default_voice

SLOWEST, FASTEST = 0.7, 1.5
_LONGEST = 10_000
_REGIONS = {"pt": "pt-PT", "es": "es-ES", "ar": "ar-EG"}
"""Languages that the vendor takes only with a region; the others it takes without."""


class XaiTts:
    """ports.models.Tts. The vendor has one model, which it does not name."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession:
        query = {
            "voice": config.voice_id or default_voice("xai", None),
            "language": wire_language(config.language),
            "codec": "pcm",
            "sample_rate": str(sample_rate_hz),
            "optimize_streaming_latency": "1",
            **paced(config.speed, SLOWEST, FASTEST),
        }
        return await spoken_over(
            self._vendor, self._key, XaiUtterance, sample_rate_hz, path="/tts", query=query, scheme="Bearer"
        )


def wire_language(language: str | None) -> str:
    """The language as the vendor names it."""
    base = (language or "auto").split("-")[0]
    return language if language and base in _REGIONS and language != base else _REGIONS.get(base, base)


class XaiUtterance:
    """providers.tts.sockets.Utterance."""

    def __init__(self, vendor: Vendor, key: SecretStr, text: str) -> None:
        self._vendor = vendor
        self._key = key
        self._text = text

    def ask(self) -> Sequence[str]:
        texts = [{"type": "text.delta", "delta": f"{part} "} for part in parts(self._text, _LONGEST)]
        return [orjson.dumps(message).decode() for message in [*texts, {"type": "text.done"}]]

    def heard(self, message: str | bytes) -> bytes | None:
        try:
            said = orjson.loads(message)
            kind = said.get("type")
            if kind == "error":
                raise self._refused(said)
            if kind == "audio.delta":
                return base64.b64decode(said.get("delta") or "")
        except (ValueError, AttributeError, TypeError) as error:
            raise unreadable(self._vendor, error) from None
        return None if kind == "audio.done" else b""

    def stop(self) -> Sequence[str] | None:
        """Only the end of the connection stops it."""
        return None

    def stopped(self, message: str | bytes) -> bool:
        return True

    def billed(self) -> int | None:
        return None

    def _refused(self, said: dict[str, Any]) -> Exception:
        code = said.get("code")
        status = code if isinstance(code, int) else None
        return self._vendor.failure(
            "xai refused to speak",
            retryable=status is None or retryable_status(status),
            key=self._key,
            status=status,
            vendor_message=str(said.get("message") or said.get("error") or ""),
        )
