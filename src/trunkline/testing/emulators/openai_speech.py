"""OpenAI's speech over HTTP: bare PCM at 24 kHz or WAV, as sound or as server-sent events."""

import base64
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Moment
from trunkline.testing.emulators.sounding import Exchange, counted, encoded, stream
from trunkline.testing.emulators.speaking import spoken

RATE_HZ = 24_000
_MODELS = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd")
_PLAIN = ("tts-1", "tts-1-hd")
_PLAIN_VOICES = ("alloy", "ash", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer")
_VOICES = (*_PLAIN_VOICES, "ballad", "verse", "marin", "cedar")
_LONGEST = 4096
_NAMES = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    503: ("service_unavailable", "", "The engine is currently overloaded, please try again later."),
    500: ("server_error", "", "The server had an error while processing your request."),
}


def add_openai_speech(app: web.Application, house: Emulator) -> None:
    """Adds it."""
    app.router.add_post("/v1/audio/speech", partial(_speech, house))


def refusal(status: int, told: str = "", param: str | None = None) -> web.Response:
    """The vendor's form of an error."""
    kind, code, words = _NAMES.get(status, ("invalid_request_error", "", "Bad request."))
    error = {"message": told or words, "type": kind, "param": param, "code": code or None}
    return web.json_response({"error": error}, status=status, headers={"x-request-id": "req_emulated"})


async def _speech(house: Emulator, request: web.Request) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    exchange = Exchange(house, request)
    if (refused := await exchange.early(refusal)) is not None:
        return refused
    if request.headers.get("Authorization") != f"Bearer {house.key}":
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return refusal(401, f"Incorrect API key provided: {given}.")
    if (problem := _problem(body)) is not None:
        return refusal(400, problem[1], problem[0])
    sound = spoken(body["input"], RATE_HZ, speed=body.get("speed") or 1.0)
    headers = {"x-request-id": "req_emulated"}
    with counted(house):
        given_sound = exchange.pieces(sound, (Moment.MIDDLE,), exchange.hang)
        if body.get("stream_format") == "sse":
            return await stream(request, _events(given_sound, body), "text/event-stream", headers)
        if body["response_format"] == "wav":
            return await stream(request, _headed(given_sound), "audio/wav", headers)
        return await stream(request, given_sound, "audio/pcm", headers)


def _problem(body: dict[str, Any]) -> tuple[str, str] | None:
    """Which parameter is wrong, and why."""
    model, text, voice = body.get("model"), body.get("input"), body.get("voice")
    if model not in _MODELS:
        return "model", f"The model '{model}' does not exist or you do not have access to it."
    if not isinstance(text, str) or not 1 <= len(text) <= _LONGEST:
        return "input", f"Invalid 'input': a string of 1 to {_LONGEST} characters is expected."
    if not (isinstance(voice, dict) and voice.get("id")) and voice not in (
        _PLAIN_VOICES if model in _PLAIN else _VOICES
    ):
        return "voice", f"Invalid value: '{voice}'."
    if not 0.25 <= body.get("speed", 1.0) <= 4.0:
        return "speed", "Invalid 'speed': 0.25 to 4.0 is expected."
    if body.get("response_format", "mp3") not in ("pcm", "wav"):
        return "response_format", "Only pcm and wav are given here."
    if body.get("stream_format", "audio") not in ("audio", "sse") or (
        body.get("stream_format") == "sse" and model in _PLAIN
    ):
        return "stream_format", "Invalid value for 'stream_format'."
    return None


async def _headed(sound: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    head = bytearray(encoded(b"", "pcm", RATE_HZ, header=True))
    head[40:44] = b"\xff\xff\xff\xff"
    yield bytes(head)
    async for piece in sound:
        yield piece


async def _events(sound: AsyncGenerator[bytes, None], body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    heard = 0
    async for piece in sound:
        heard += len(piece)
        yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    put, got = len(body["input"]) // 4 + 1, heard // 2400 + 1
    usage = {"input_tokens": put, "output_tokens": got, "total_tokens": put + got}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(said: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(said) + b"\n\n"
