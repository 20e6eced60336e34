"""ElevenLabs: Scribe in real time over ``wss …/v1/speech-to-text/realtime``
(elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime)."""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import SecretStr

from trunkline.domain.assistant import SttConfig
from trunkline.providers.offers import model_of
from trunkline.providers.stt.sockets import greeted, wire_rate
from trunkline.providers.stt.stream import SocketStream
from trunkline.providers.stt.utterances import Answered, Guess, Told, Words
from trunkline.providers.vendor import Vendor

_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
_SHORTEST_COMMIT_SECONDS = 0.32
"""A commit of less than 0.3 s of sound ends the session."""
_ERRORS = {
    "auth_error": False,
    "quota_exceeded": False,
    "unaccepted_terms": False,
    "unaccepted_terms_error": False,
    "invalid_request": False,
    "input_error": False,
    "chunk_size_exceeded": False,
    "rate_limited": True,
    "queue_overflow": True,
    "resource_exhausted": True,
    "transcriber_error": True,
    "session_time_limit_exceeded": True,
    "insufficient_audio_activity": True,
    "error": True,
}
"""The vendor's errors, and whether another session may fare better."""
_EVENT = re.compile(r"\s*[(\[][^)\]]*[)\]]")


class ElevenLabsStt:
    """ports.models.Stt for the provider ``elevenlabs``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SocketStream:
        rate_hz = config.sample_rate or wire_rate(sample_rate_hz, _RATES_HZ)
        url = f"{self._vendor.socket_url}/speech-to-text/realtime?{urlencode(query(config, rate_hz))}"
        socket = await self._vendor.connect(url, {"xi-api-key": self._key.get_secret_value()}, self._key)
        scribe = Scribe(self._vendor, self._key, rate_hz, config)
        await greeted(socket, self._vendor, self._key, scribe.greeting)
        return SocketStream(socket, self._vendor, self._key, scribe, sample_rate_hz)


def query(config: SttConfig, rate_hz: int) -> list[tuple[str, str]]:
    """The parameters of a connection. The vendor takes languages without their region only."""
    wanted = [
        ("model_id", str(model_of("stt", "elevenlabs", config.model))),
        ("audio_format", f"pcm_{rate_hz}"),
        ("commit_strategy", "manual"),
    ]
    if config.language != "multi":
        wanted.append(("language_code", config.language.split("-")[0].lower()))
    for name in ("include_timestamps", "tag_audio_events"):
        if (value := getattr(config, name)) is not None:
            wanted.append((name, str(value).lower()))
    return wanted + [("keyterms", term) for term in config.keyterms]


class Scribe:
    """stream.Dialect: JSON with a ``message_type``; sound in base64.

    Each commit is answered by one ``committed_transcript``, which may be empty; the copy with timestamps comes later and
    adds no words. A commit that nobody asked for (after very long speech) is words of the utterance that goes on.
    """

    speech_only = False
    keep_alive_seconds = 8.0

    def __init__(self, vendor: Vendor, key: SecretStr, rate_hz: int, config: SttConfig) -> None:
        self.rate_hz = rate_hz
        self._vendor = vendor
        self._key = key
        self._without_events = config.tag_audio_events is False
        self._asked = 0

    def greeting(self, message: dict[str, Any]) -> bool:
        """Whether the session has begun. Raises Upstream where it is refused."""
        self._check(message)
        return bool(message["message_type"] == "session_started")

    def sound(self, pcm: bytes) -> bytes | str:
        return self._chunk(pcm, commit=False)

    def finalise(self, until: float) -> Iterable[str]:
        self._asked += 1
        return (self._chunk(b"", commit=True),)

    def padding_seconds(self, seconds: float) -> float:
        return max(0.0, _SHORTEST_COMMIT_SECONDS - seconds)

    def keep_alive(self) -> str:
        return self._chunk(b"", commit=False)

    def farewell(self) -> Iterable[str]:
        return ()

    def read(self, message: dict[str, Any]) -> Iterator[Told]:
        self._check(message)
        match message["message_type"]:
            case "partial_transcript":
                yield Guess(self._text(message))
            case "committed_transcript":
                yield Words(self._text(message))
                if self._asked:
                    self._asked -= 1
                    yield Answered()
            case "commit_throttled":
                self._asked = max(0, self._asked - 1)
                yield Answered()

    def _text(self, message: dict[str, Any]) -> str:
        text = str(message["text"])
        return (_EVENT.sub("", text) if self._without_events else text).strip()

    def _chunk(self, pcm: bytes, *, commit: bool) -> str:
        return orjson.dumps(
            {
                "message_type": "input_audio_chunk",
                "audio_base_64": base64.b64encode(pcm).decode(),
                "commit": commit,
                "sample_rate": self.rate_hz,
            }
        ).decode()

    def _check(self, message: dict[str, Any]) -> None:
        kind = message["message_type"]
        if kind in _ERRORS:
            raise self._vendor.failure(
                f"elevenlabs reports {kind}",
                retryable=_ERRORS[kind],
                key=self._key,
                vendor_message=str(message.get("error") or ""),
            )
