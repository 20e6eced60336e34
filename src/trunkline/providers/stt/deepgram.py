"""Deepgram: live transcription over ``wss …/v1/listen``
(developers.deepgram.com/reference/speech-to-text/listen-streaming)."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from trunkline.domain.assistant import SttConfig
from trunkline.providers.offers import model_of
from trunkline.providers.stt.sockets import wire_rate
from trunkline.providers.stt.stream import SocketStream
from trunkline.providers.stt.utterances import Answered, Billed, Guess, Taken, Told, Words
from trunkline.providers.vendor import Vendor

_RATES_HZ = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000)
_FLAGS = ("smart_format", "numerals", "filler_words", "no_delay")


class DeepgramStt:
    """ports.models.Stt for the provider ``deepgram``."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SocketStream:
        rate_hz = wire_rate(sample_rate_hz, _RATES_HZ)
        url = f"{self._vendor.socket_url}/listen?{urlencode(query(config, rate_hz))}"
        headers = {"Authorization": f"Token {self._key.get_secret_value()}"}
        socket = await self._vendor.connect(url, headers, self._key)
        return SocketStream(socket, self._vendor, self._key, Listen(self._vendor, self._key, rate_hz), sample_rate_hz)


def query(config: SttConfig, rate_hz: int) -> list[tuple[str, str]]:
    """The parameters of a connection."""
    wanted = [
        ("model", str(model_of("stt", "deepgram", config.model))),
        ("language", config.language),
        ("encoding", "linear16"),
        ("sample_rate", str(rate_hz)),
        ("channels", "1"),
        ("interim_results", "true"),
        ("punctuate", "true"),
    ]
    wanted += [(name, str(value).lower()) for name in _FLAGS if (value := getattr(config, name)) is not None]
    if config.endpointing is not None:
        wanted.append(("endpointing", str(round(config.endpointing)) if config.endpointing else "false"))
    if config.utterance_end_ms is not None:
        wanted.append(("utterance_end_ms", str(config.utterance_end_ms)))
    return wanted + [("keyterm", term) for term in config.keyterms]


class Listen:
    """stream.Dialect: sound as binary messages, the rest as JSON with a ``type``.

    Every result says where in the sound it lies, and all final ones together cover all of it. ``Finalize`` is answered by
    a result ``from_finalize``, but for when there is little left to recognise.
    """

    speech_only = False
    keep_alive_seconds = 4.0

    def __init__(self, vendor: Vendor, key: SecretStr, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._vendor = vendor
        self._key = key

    def sound(self, pcm: bytes) -> bytes:
        return pcm

    def finalise(self, until: float) -> Iterable[str]:
        return ('{"type":"Finalize"}',)

    def padding_seconds(self, seconds: float) -> float:
        return 0.0

    def keep_alive(self) -> str:
        return '{"type":"KeepAlive"}'

    def farewell(self) -> Iterable[str]:
        return ('{"type":"CloseStream"}',)

    def read(self, message: dict[str, Any]) -> Iterator[Told]:
        if message.get("type") == "Results":
            yield from _results(message)
        elif message.get("type") == "Error":
            variant = str(message.get("variant") or message.get("code") or "")
            raise self._vendor.failure(
                "deepgram reports an error",
                retryable=variant != "SchemaError",
                key=self._key,
                vendor_message=f"{variant}: {message.get('description') or message.get('message') or ''}",
            )


def _results(message: dict[str, Any]) -> Iterator[Told]:
    best = message["channel"]["alternatives"][0]
    text, start, seconds = best["transcript"].strip(), float(message["start"]), float(message["duration"])
    if not message.get("is_final"):
        if text:
            yield Guess(text)
        yield Taken(start + seconds)
        return
    words, languages = best.get("words") or (), best.get("languages") or (None,)
    begun = float(words[0]["start"]) if words else start
    yield Billed(seconds)
    yield Words(text, begun, start + seconds, languages[0])
    if message.get("from_finalize"):
        yield Answered(start + seconds)
