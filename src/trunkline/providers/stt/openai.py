"""OpenAI: a transcription session over ``wss …/v1/realtime?intent=transcription``
(developers.openai.com/api/docs/guides/realtime-transcription)."""

import base64
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import SecretStr

from trunkline.audio.g711 import pcm_to_ulaw
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import SttConfig
from trunkline.providers.offers import model_of
from trunkline.providers.stt.sockets import greeted, settled
from trunkline.providers.stt.stream import SocketStream
from trunkline.providers.stt.utterances import Answered, Billed, Guess, Told, Words
from trunkline.providers.vendor import Vendor

_TELEPHONE_HZ = 8_000
_PCM_HZ = 24_000
"""The only rate of the vendor's PCM."""
_SHORTEST_COMMIT_SECONDS = 0.12
"""The vendor commits no less than 0.1 s of sound."""
_TAKES_KEYWORDS = ("gpt-transcribe", "gpt-live-transcribe")
_TAKES_NO_HINTS = ("gpt-realtime-whisper",)
_ITEM = "conversation.item.input_audio_transcription."
_NOTHING_TO_COMMIT = "input_audio_buffer_commit_empty"
_PASSING = frozenset({"session_expired", "rate_limit_exceeded", "server_error"})


class OpenAiStt:
    """ports.models.Stt for the provider ``openai``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SocketStream:
        url = f"{self._vendor.socket_url}/realtime?intent=transcription"
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"}
        socket = await self._vendor.connect(url, headers, self._key)
        rate_hz = _TELEPHONE_HZ if sample_rate_hz == _TELEPHONE_HZ else _PCM_HZ
        dialect = Transcription(self._vendor, self._key, rate_hz)
        await greeted(socket, self._vendor, self._key, dialect.created)
        settings = {"type": "session.update", "session": session(config, rate_hz)}
        await settled(socket, self._vendor, self._key, settings, dialect.updated)
        return SocketStream(socket, self._vendor, self._key, dialect, sample_rate_hz)


def session(config: SttConfig, rate_hz: int) -> dict[str, Any]:
    """The settings of a session: the sound of the line, and no turns but those that we commit."""
    telephone = rate_hz == _TELEPHONE_HZ
    sound = {"type": "audio/pcmu"} if telephone else {"type": "audio/pcm", "rate": _PCM_HZ}
    heard = {"format": sound, "transcription": transcription(config), "turn_detection": None}
    return {"type": "transcription", "audio": {"input": heard}}


def transcription(config: SttConfig) -> dict[str, Any]:
    """The model, and what it may expect to hear; newer models take the words themselves, older ones a sentence."""
    model = str(model_of("stt", "openai", config.model))
    wanted: dict[str, Any] = {"model": model}
    language = None if config.language == "multi" else config.language.split("-")[0].lower()
    if model.startswith(_TAKES_KEYWORDS):
        named: dict[str, Any] = {
            "languages": [language] if language else None,
            "keywords": list(config.keyterms) or None,
        }
    else:
        hinted = bool(config.keyterms) and not model.startswith(_TAKES_NO_HINTS)
        prompt = "Expect these words: " + ", ".join(config.keyterms) + "." if hinted else None
        named = {"language": language, "prompt": prompt}
    return wanted | {name: value for name, value in named.items() if value is not None}


class Transcription:
    """stream.Dialect: JSON with a ``type``; sound in base64.

    The vendor transcribes what is in its buffer when that is committed, silence and all; so it is given only speech. Each
    commit makes an item, named in ``input_audio_buffer.committed``; its words are ``completed`` in any order.
    """

    speech_only = True
    keep_alive_seconds = float("inf")

    def __init__(self, vendor: Vendor, key: SecretStr, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._vendor = vendor
        self._key = key
        self._items: deque[str] = deque()
        self._completed: dict[str, Words] = {}
        self._deltas = ""

    def created(self, message: dict[str, Any]) -> bool:
        """Whether there is a session. Raises Upstream where it is refused."""
        self._check(message)
        return bool(message["type"] in ("session.created", "transcription_session.created"))

    def updated(self, message: dict[str, Any]) -> bool:
        """Whether the session has its settings. Raises Upstream where they are refused."""
        self._check(message)
        return bool(message["type"] in ("session.updated", "transcription_session.updated"))

    def sound(self, pcm: bytes) -> str:
        payload = pcm_to_ulaw(pcm) if self.rate_hz == _TELEPHONE_HZ else pcm
        return f'{{"type":"input_audio_buffer.append","audio":"{base64.b64encode(payload).decode()}"}}'

    def finalise(self, until: float) -> Iterable[str]:
        return ('{"type":"input_audio_buffer.commit"}',)

    def padding_seconds(self, seconds: float) -> float:
        return max(0.0, _SHORTEST_COMMIT_SECONDS - seconds)

    def keep_alive(self) -> None:
        return None

    def farewell(self) -> Iterable[str]:
        return ()

    def read(self, message: dict[str, Any]) -> Iterator[Told]:
        kind = message["type"]
        if kind == "error" and (message["error"] or {}).get("code") == _NOTHING_TO_COMMIT:
            yield Answered()
            return
        self._check(message)
        if kind == "input_audio_buffer.committed":
            self._items.append(message["item_id"])
        elif kind == f"{_ITEM}delta":
            yield from self._delta(message)
        elif kind == f"{_ITEM}completed":
            yield from self._complete(message)
        elif kind == f"{_ITEM}failed":
            raise self._error(message["error"], retryable=True)

    def _delta(self, message: dict[str, Any]) -> Iterator[Told]:
        """Words of the oldest item that waits; those of others are told when they are complete."""
        if self._items and message["item_id"] == self._items[0]:
            self._deltas += message.get("delta") or ""
            yield Guess(self._deltas.strip())

    def _complete(self, message: dict[str, Any]) -> Iterator[Told]:
        usage, languages = message.get("usage") or {}, message.get("languages") or [{}]
        if usage.get("type") == "duration":
            yield Billed(float(usage["seconds"]))
        words = Words(str(message["transcript"]).strip(), language=languages[0].get("code"))
        self._completed[message["item_id"]] = words
        while self._items and (oldest := self._completed.pop(self._items[0], None)) is not None:
            self._items.popleft()
            self._deltas = ""
            yield oldest
            yield Answered()

    def _check(self, message: dict[str, Any]) -> None:
        if message["type"] == "error":
            error = message["error"]
            passing = error.get("code") in _PASSING or error.get("type") in _PASSING
            raise self._error(error, retryable=passing or error.get("type") != "invalid_request_error")

    def _error(self, error: dict[str, Any], *, retryable: bool) -> Upstream:
        return self._vendor.failure(
            "openai reports an error",
            retryable=retryable,
            key=self._key,
            vendor_message=f"{error.get('code') or error.get('type')}: {error.get('message')}",
        )
