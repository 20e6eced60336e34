"""Mistral: Voxtral in real time over ``wss …/v1/audio/transcriptions/realtime``
(docs.mistral.ai/studio/audio/speech-to-text/transcribe-in-realtime)."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import SttConfig
from trunkline.providers.offers import model_of
from trunkline.providers.stt.sockets import greeted, settled, wire_rate
from trunkline.providers.stt.stream import SocketStream
from trunkline.providers.stt.utterances import Answered, Guess, Told, Words
from trunkline.providers.vendor import Vendor, retryable_status

_RATES_HZ = (8_000, 16_000, 22_050, 44_100, 48_000)
REALTIME_MODELS = {"voxtral-mini-latest": "voxtral-mini-transcribe-realtime-latest"}
"""Where a model's name is that of its form for whole recordings: what the realtime endpoint calls it."""


class MistralStt:
    """ports.models.Stt for the provider ``mistral``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SocketStream:
        rate_hz = wire_rate(sample_rate_hz, _RATES_HZ)
        model = str(model_of("stt", "mistral", config.model))
        wanted = urlencode({"model": REALTIME_MODELS.get(model, model)})
        url = f"{self._vendor.socket_url}/audio/transcriptions/realtime?{wanted}"
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"}
        socket = await self._vendor.connect(url, headers, self._key)
        voxtral = Voxtral(self._vendor, self._key, rate_hz)
        await greeted(socket, self._vendor, self._key, voxtral.created)
        settings = {"type": "session.update", "session": session(config, rate_hz)}
        await settled(socket, self._vendor, self._key, settings, voxtral.updated)
        return SocketStream(socket, self._vendor, self._key, voxtral, sample_rate_hz)


def session(config: SttConfig, rate_hz: int) -> dict[str, Any]:
    """The settings of a session; they are fixed from the first sound on."""
    wanted: dict[str, Any] = {"audio_format": {"encoding": "pcm_s16le", "sample_rate": rate_hz}}
    if config.language != "multi":
        wanted["language"] = config.language.split("-")[0].lower()
    if config.keyterms:
        wanted["context_bias"] = list(config.keyterms)
    return wanted


class Voxtral:
    """stream.Dialect: JSON with a ``type``; sound in base64.

    Text comes as deltas that are never taken back, some of it only after ``input_audio.flush``, which is answered by
    ``transcription.done`` and leaves the session open.
    """

    speech_only = False
    keep_alive_seconds = 8.0

    def __init__(self, vendor: Vendor, key: SecretStr, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._vendor = vendor
        self._key = key
        self._deltas = ""
        self._gives_deltas = False
        self._language: str | None = None

    def created(self, message: dict[str, Any]) -> bool:
        """Whether there is a session. Raises Upstream where it is refused."""
        self._check(message)
        return bool(message["type"] == "session.created")

    def updated(self, message: dict[str, Any]) -> bool:
        """Whether the session has its settings. Raises Upstream where they are refused."""
        self._check(message)
        return bool(message["type"] == "session.updated")

    def sound(self, pcm: bytes) -> str:
        return f'{{"type":"input_audio.append","audio":"{base64.b64encode(pcm).decode()}"}}'

    def finalise(self, until: float) -> Iterable[str]:
        return ('{"type":"input_audio.flush"}',)

    def padding_seconds(self, seconds: float) -> float:
        return 0.0

    def keep_alive(self) -> None:
        return None

    def farewell(self) -> Iterable[str]:
        return ('{"type":"input_audio.end"}',)

    def read(self, message: dict[str, Any]) -> Iterator[Told]:
        self._check(message)
        match message["type"]:
            case "transcription.language":
                self._language = str(message["audio_language"])
            case "transcription.text.delta":
                self._deltas += message["text"]
                self._gives_deltas = True
                yield Guess(self._deltas.strip())
            case "transcription.done":
                yield Words(self._whole(str(message["text"])), language=message.get("language") or self._language)
                yield Answered()

    def _whole(self, text: str) -> str:
        """The words since the last flush. ``text`` may be all of the session's."""
        deltas, self._deltas = self._deltas.strip(), ""
        text = text.strip()
        if text.endswith(deltas) and (deltas or self._gives_deltas):
            return deltas
        return text

    def _check(self, message: dict[str, Any]) -> None:
        if message["type"] == "error":
            raise self._error(message["error"])

    def _error(self, error: dict[str, Any]) -> Upstream:
        said, code = error.get("message"), int(error.get("code") or 0)
        if isinstance(said, dict):
            said = said.get("detail") or orjson.dumps(said).decode()
        return self._vendor.failure(
            "mistral reports an error",
            retryable=not 400 <= code < 500 or retryable_status(code),
            key=self._key,
            vendor_message=f"{code}: {said}",
        )
