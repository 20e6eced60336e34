"""Gladia: a live session is asked for by ``POST …/v2/live`` and lives on the websocket that the answer names
(docs.gladia.io/api-reference/v2/live/init)."""

from collections.abc import Iterable, Iterator
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr

from trunkline.domain.assistant import SttConfig
from trunkline.providers.offers import model_of
from trunkline.providers.stt.sockets import unreadable, wire_rate
from trunkline.providers.stt.stream import SocketStream
from trunkline.providers.stt.utterances import Answered, Guess, Taken, Told, Words
from trunkline.providers.vendor import Vendor

_RATES_HZ = (8_000, 16_000, 32_000, 44_100, 48_000)
_ENDPOINTING_SECONDS = 0.05
"""The vendor's own, where none is configured."""
_END_SECONDS = 0.2
_NOTICED_SECONDS = 0.6
"""So long after its last word we have noticed the end of speech."""
_LARGEST_ANSWER_BYTES = 1 << 16


class GladiaStt:
    """ports.models.Stt for the provider ``gladia``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SocketStream:
        rate_hz = wire_rate(sample_rate_hz, _RATES_HZ)
        try:
            url = await self._session(config, rate_hz)
        except ValueError as error:
            raise self._vendor.unreachable(error, self._key) from None
        socket = await self._vendor.connect(url, {}, self._key)
        live = Live(self._vendor, self._key, rate_hz, config)
        return SocketStream(socket, self._vendor, self._key, live, sample_rate_hz)

    async def _session(self, config: SttConfig, rate_hz: int) -> str:
        """The address of a new session's socket; whoever has it needs no key."""
        where = {"region": config.region} if config.region else {}
        headers = {"x-gladia-key": self._key.get_secret_value()}
        async with (
            self._vendor.requested(self._key),
            self._vendor.http.post(
                f"{self._vendor.url}/live", params=where, json=request(config, rate_hz), headers=headers
            ) as answer,
        ):
            if answer.status not in (200, 201):
                raise await self._vendor.refusal(answer, self._key)
            return self._address(await _whole(answer))

    def _address(self, body: bytes) -> str:
        try:
            url = orjson.loads(body)["url"]
        except (ValueError, LookupError, TypeError):
            raise unreadable(self._vendor) from None
        if not isinstance(url, str) or not url.startswith(("ws://", "wss://")):
            raise unreadable(self._vendor)
        return url


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    while (piece := await answer.content.read(_LARGEST_ANSWER_BYTES)) and len(body) < _LARGEST_ANSWER_BYTES:
        body += piece
    return bytes(body)


def request(config: SttConfig, rate_hz: int) -> dict[str, Any]:
    """The body that asks for a session."""
    wanted: dict[str, Any] = {
        "model": model_of("stt", "gladia", config.model),
        "encoding": "wav/pcm",
        "bit_depth": 16,
        "sample_rate": rate_hz,
        "channels": 1,
        "language_config": languages(config),
        "messages_config": {
            "receive_partial_transcripts": True,
            "receive_final_transcripts": True,
            "receive_speech_events": True,
            "receive_pre_processing_events": False,
            "receive_realtime_processing_events": bool(config.translation_enabled),
            "receive_post_processing_events": False,
            "receive_acknowledgments": True,
            "receive_errors": True,
            "receive_lifecycle_events": False,
        },
    }
    if config.endpointing is not None:
        wanted["endpointing"] = config.endpointing
    if processing := _processing(config):
        wanted["realtime_processing"] = processing
    return wanted


def languages(config: SttConfig) -> dict[str, Any]:
    """The languages that may be spoken: those that are named, else the one; ``multi`` is any, changing."""
    several = config.language == "multi"
    named = list(config.languages or ([] if several else [config.language]))
    switching = config.code_switching if config.code_switching is not None else several
    return {"languages": [one.split("-")[0].lower() for one in named], "code_switching": switching}


def _processing(config: SttConfig) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if vocabulary := [*(config.custom_vocabulary or ()), *config.keyterms]:
        wanted |= {"custom_vocabulary": True, "custom_vocabulary_config": {"vocabulary": vocabulary}}
    if config.translation_enabled:
        targets = list(config.translation_target_languages or ())
        wanted |= {"translation": True, "translation_config": {"target_languages": targets}}
    return wanted


class Live:
    """stream.Dialect: sound as binary messages, the rest as JSON with a ``type``.

    The vendor ends utterances itself, after the silence that is configured; there is no message that makes it. So silence
    is sent at once when ours ends. Where it translates, the first target language takes the place of what was said.
    """

    speech_only = False
    keep_alive_seconds = 5.0

    def __init__(self, vendor: Vendor, key: SecretStr, rate_hz: int, config: SttConfig) -> None:
        self.rate_hz = rate_hz
        self._vendor = vendor
        self._key = key
        self._silence_seconds = (config.endpointing or _ENDPOINTING_SECONDS) + _END_SECONDS
        targets = config.translation_target_languages if config.translation_enabled else ()
        self._target = targets[0] if targets else None
        self._asked_until = 0.0
        self._speaking = False
        self._untranslated: set[str] = set()

    def sound(self, pcm: bytes) -> bytes:
        return pcm

    def finalise(self, until: float) -> Iterable[bytes]:
        self._asked_until = until
        return ()

    def padding_seconds(self, seconds: float) -> float:
        return self._silence_seconds

    def keep_alive(self) -> None:
        return None

    def farewell(self) -> Iterable[str]:
        return ('{"type":"stop_recording"}',)

    def read(self, message: dict[str, Any]) -> Iterator[Told]:
        self._check(message)
        match message["type"]:
            case "speech_start":
                self._speaking = True
                yield Guess()
            case "speech_end":
                self._speaking = False
            case "audio_chunk":
                yield Taken(float(message["data"]["time_range"][1]))
            case "transcript":
                yield from self._transcript(message["data"])
            case "translation":
                yield from self._translation(message)

    def _transcript(self, data: dict[str, Any]) -> Iterator[Told]:
        utterance = data["utterance"]
        if not data["is_final"]:
            if text := str(utterance["text"]).strip():
                yield Guess(text)
        elif self._target is None or utterance.get("language") == self._target:
            yield from self._told(utterance, utterance)
        else:
            self._untranslated.add(str(data["id"]))
            yield Guess(str(utterance["text"]).strip())

    def _translation(self, message: dict[str, Any]) -> Iterator[Told]:
        """One translation; where the vendor failed at it, what was said stands."""
        data = message.get("data") or {}
        if not data or data.get("target_language") != self._target:
            return
        self._untranslated.discard(str(data["utterance_id"]))
        yield from self._told(data["utterance"], data.get("translated_utterance") or data["utterance"])

    def _told(self, said: dict[str, Any], read: dict[str, Any]) -> Iterator[Told]:
        yield Words(str(read["text"]).strip(), float(said["start"]), float(said["end"]), read.get("language"))
        if self._speaking or self._untranslated:
            yield Guess()
        else:
            yield Answered(min(self._asked_until, float(said["end"]) + _NOTICED_SECONDS))

    def _check(self, message: dict[str, Any]) -> None:
        error = message.get("error")
        if message["type"] == "error":
            error = message.get("data") or error or message
        elif message["type"] == "translation" or message.get("acknowledged") is not False:
            return
        said = error.get("message") if isinstance(error, dict) else error
        raise self._vendor.failure(
            "gladia reports an error", retryable=True, key=self._key, vendor_message=str(said or "")
        )
