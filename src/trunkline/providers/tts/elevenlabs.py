"""ElevenLabs: speech over its multi-context websocket, one context for each text; eleven_v3 over HTTP, as it has no other.

https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input
"""

import base64
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from pydantic import SecretStr

from trunkline.domain.assistant import TtsConfig
from trunkline.ports.models import TtsSession
from trunkline.providers.offers import model_of
from trunkline.providers.tts.requests import RequestSession, streamed, unreadable
from trunkline.providers.tts.sockets import KeptSocket, SocketSession
from trunkline.providers.tts.sound import Decoder
from trunkline.providers.tts.wording import parts
from trunkline.providers.vendor import Vendor
from trunkline.providers.voices import default_voice

INACTIVITY_SECONDS = 180
"""The longest that the vendor leaves an unused connection open."""
SLOWEST, FASTEST = 0.7, 1.2
_LONGEST = 2500
_HTTP_ONLY = ("eleven_v3",)
_TAKES_LANGUAGE = ("_v2_5", "_v3", "_v4")
"""Other models refuse a language code: they hear it from the words, or have one."""
_MAY_PASS = frozenset(
    {"rate_limit_exceeded", "too_many_concurrent_requests", "system_busy", "internal_error", "internal_server_error"}
)
_SETTINGS = ("stability", "similarity_boost", "style", "use_speaker_boost")


class ElevenLabsTts:
    """ports.models.Tts."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> TtsSession:
        model = model_of("tts", "elevenlabs", config.model) or ""
        voice = quote(config.voice_id or default_voice("elevenlabs", config.language), safe="")
        if model.startswith(_HTTP_ONLY):
            session = ElevenLabsRequests(self._vendor, self._key, config, model, voice, sample_rate_hz)
            await session.open()
            return session
        query = urlencode({"model_id": model, **_query(config, model, sample_rate_hz)})
        url = f"{self._vendor.socket_url}/text-to-speech/{voice}/multi-stream-input?{query}"
        kept = KeptSocket(self._vendor, self._key, url, _headers(self._key))
        await kept.open()
        return SocketSession(
            kept,
            lambda text: ElevenLabsUtterance(self._vendor, self._key, text, voice_settings(config)),
            lambda: Decoder("pcm", sample_rate_hz, sample_rate_hz),
        )


class ElevenLabsUtterance:
    """providers.tts.sockets.Utterance: a context, filled, flushed and closed at once."""

    def __init__(self, vendor: Vendor, key: SecretStr, text: str, settings: dict[str, Any]) -> None:
        self._vendor = vendor
        self._key = key
        self._text = text
        self._settings = settings
        self._context = uuid.uuid4().hex
        self._spoken = 0

    def ask(self) -> Sequence[str]:
        context = {"context_id": self._context}
        first: dict[str, Any] = {"text": " ", **context}
        if self._settings:
            first["voice_settings"] = self._settings
        texts: list[dict[str, Any]] = [{"text": f"{part} ", **context} for part in parts(self._text, _LONGEST)]
        texts[-1] = {**texts[-1], "flush": True}
        messages = [first, *texts, {"close_context": True, **context}]
        return [orjson.dumps(message).decode() for message in messages]

    def heard(self, message: str | bytes) -> bytes | None:
        try:
            said = orjson.loads(message)
            context = said.get("contextId") or said.get("context_id")
            if said.get("error"):
                raise self._refused(said)
            if context not in (None, self._context):
                return b""
            self._spoken += len((said.get("alignment") or {}).get("chars") or ())
            if sound := said.get("audio"):
                return base64.b64decode(sound)
            return None if said.get("isFinal") or said.get("is_final") else b""
        except (ValueError, AttributeError, TypeError) as error:
            raise unreadable(self._vendor, error) from None

    def stop(self) -> Sequence[str] | None:
        """The text is flushed: only the end of the connection stops it."""
        return None

    def stopped(self, message: str | bytes) -> bool:
        return True

    def billed(self) -> int | None:
        return self._spoken or None

    def _refused(self, said: dict[str, Any]) -> Exception:
        what = str(said["error"])
        return self._vendor.failure(
            f"elevenlabs refused to speak ({what})"[:200],
            retryable=what in _MAY_PASS,
            key=self._key,
            vendor_message=str(said.get("message") or what),
        )


class ElevenLabsRequests(RequestSession):
    """Speech over HTTP, for models that the websocket does not have. It tells the cost of each request."""

    def __init__(
        self, vendor: Vendor, key: SecretStr, config: TtsConfig, model: str, voice: str, sample_rate_hz: int
    ) -> None:
        super().__init__(vendor, key, lambda: Decoder("pcm", sample_rate_hz, sample_rate_hz))
        self._url = f"{vendor.url}/text-to-speech/{voice}/stream?output_format=pcm_{sample_rate_hz}"
        self._body: dict[str, Any] = {"model_id": model}
        if settings := voice_settings(config):
            self._body["voice_settings"] = settings
        if config.language:
            self._body["language_code"] = config.language.split("-")[0]
        if config.apply_text_normalization:
            self._body["apply_text_normalization"] = config.apply_text_normalization

    async def spoken(self, text: str) -> AsyncGenerator[bytes, None]:
        for part in parts(text, _LONGEST):
            body = {**self._body, "text": part}
            sound = streamed(self.vendor, self.key, self._url, body, _headers(self.key), self.told)
            async with aclosing(sound):
                async for data in sound:
                    yield data


def voice_settings(config: TtsConfig) -> dict[str, Any]:
    """What is asked of the voice; the vendor takes a speed of 0.7 to 1.2."""
    settings = {name: value for name in _SETTINGS if (value := getattr(config, name)) is not None}
    if config.speed != 1:
        settings["speed"] = min(max(config.speed, SLOWEST), FASTEST)
    return settings


def _query(config: TtsConfig, model: str, sample_rate_hz: int) -> dict[str, str]:
    query = {
        "output_format": f"pcm_{sample_rate_hz}",
        "inactivity_timeout": str(INACTIVITY_SECONDS),
        "auto_mode": "true",
    }
    if config.apply_text_normalization:
        query["apply_text_normalization"] = config.apply_text_normalization
    if config.language and any(family in model for family in _TAKES_LANGUAGE):
        query["language_code"] = config.language.split("-")[0]
    return query


def _headers(key: SecretStr) -> dict[str, str]:
    return {"xi-api-key": key.get_secret_value()}
