"""Inworld: speech over its websocket of contexts, one context for each text.

https://docs.inworld.ai/api-reference/ttsAPI/texttospeech/synthesize-speech-websocket
"""

import base64
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import SecretStr

from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import TtsSession
from trunkline.providers.offers import model_of
from trunkline.providers.tts.requests import unreadable
from trunkline.providers.tts.sockets import KeptSocket, SocketSession
from trunkline.providers.tts.sound import Decoder
from trunkline.providers.tts.wording import parts
from trunkline.providers.vendor import Vendor
from trunkline.providers.voices import default_voice

SLOWEST, FASTEST = 0.5, 1.5
_LONGEST = 1000
_MAY_PASS = frozenset({1, 4, 8, 10, 13, 14})
"""gRPC status codes: cancelled, deadline exceeded, resource exhausted, aborted, internal, unavailable."""


class InworldTts:
    """ports.models.Tts."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession:
        url = f"{self._vendor.socket_url}/tts/v1/voice:streamBidirectional"
        headers = {"Authorization": f"Basic {self._key.get_secret_value()}"}
        kept = KeptSocket(self._vendor, self._key, url, headers)
        await kept.open()
        asked = _asked(config, sample_rate_hz)
        return SocketSession(
            kept,
            lambda text: InworldUtterance(self._vendor, self._key, text, asked),
            lambda: Decoder("pcm", sample_rate_hz, sample_rate_hz),
        )


class InworldUtterance:
    """providers.tts.sockets.Utterance: a context, filled and closed at once."""

    def __init__(self, vendor: Vendor, key: SecretStr, text: str, asked: dict[str, Any]) -> None:
        self._vendor = vendor
        self._key = key
        self._text = text
        self._asked = asked
        self._context = uuid.uuid4().hex
        self._flushed = 0
        self._processed = 0

    def ask(self) -> Sequence[str]:
        texts: list[dict[str, Any]] = [{"send_text": {"text": part}} for part in parts(self._text, _LONGEST)]
        texts[-1]["send_text"]["flush_context"] = {}
        return self._messages({"create": self._asked}, *texts, {"close_context": {}})

    def heard(self, message: str | bytes) -> bytes | None:
        try:
            said = orjson.loads(message)
            self._check(said.get("error") or {})
            result = said.get("result") or {}
            if result.get("contextId", self._context) != self._context:
                return b""
            self._check(result.get("status") or {})
            return self._result(result)
        except (ValueError, AttributeError, TypeError) as error:
            raise unreadable(self._vendor, error) from None

    def stop(self) -> Sequence[str] | None:
        return self._messages({"cancel_context": {}})

    def stopped(self, message: str | bytes) -> bool:
        result = orjson.loads(message).get("result") or {}
        return result.get("contextId") == self._context and "contextClosed" in result

    def billed(self) -> int | None:
        return self._flushed + self._processed or None

    def _result(self, result: dict[str, Any]) -> bytes | None:
        if "contextClosed" in result:
            return None
        if "flushCompleted" in result:
            self._flushed, self._processed = self._flushed + self._processed, 0
        chunk = result.get("audioChunk") or {}
        counted = (chunk.get("usage") or {}).get("processedCharactersCount") or 0
        self._processed = max(self._processed, int(counted))
        return base64.b64decode(chunk.get("audioContent") or "")

    def _check(self, status: dict[str, Any]) -> None:
        if code := int(status.get("code") or 0):
            raise self._vendor.failure(
                f"inworld refused to speak ({code})",
                retryable=code in _MAY_PASS,
                key=self._key,
                status=code,
                vendor_message=str(status.get("message") or ""),
            )

    def _messages(self, *messages: dict[str, Any]) -> list[str]:
        return [orjson.dumps({**message, "contextId": self._context}).decode() for message in messages]


def _asked(config: TtsConfig, sample_rate_hz: int) -> dict[str, Any]:
    sound: dict[str, Any] = {"audioEncoding": "PCM", "sampleRateHertz": sample_rate_hz}
    if config.speed != 1:
        sound["speakingRate"] = min(max(config.speed, SLOWEST), FASTEST)
    asked: dict[str, Any] = {
        "voiceId": config.voice_id or default_voice("inworld", config.language),
        "modelId": model_of("tts", "inworld", config.model),
        "audioConfig": sound,
        "autoMode": True,
    }
    if config.language:
        asked["language"] = config.language
    return asked
