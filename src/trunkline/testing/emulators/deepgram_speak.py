"""Deepgram's speech: the websocket (Speak, Flush, Clear, Close) and HTTP."""

import asyncio
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Fault, Moment
from trunkline.testing.emulators.sounding import (
    STATUS,
    Exchange,
    SpeechSocket,
    counted,
    encoded,
    formatted,
    stream,
)
from trunkline.testing.emulators.speaking import speech, spoken

_ENCODINGS = {"linear16": "pcm", "mulaw": "mulaw", "alaw": "alaw"}
_RATES = {"linear16": (8000, 16000, 24000, 32000, 48000), "mulaw": (8000, 16000), "alaw": (8000, 16000)}
_LONGEST = 2000
_ID = "a0000000-0000-4000-8000-000000000001"
_NAMES = {
    400: ("INVALID_QUERY_PARAMETER", "Failed to deserialize query parameters."),
    401: ("INVALID_AUTH", "Invalid credentials."),
    413: ("PAYLOAD_TOO_LARGE", "Input text exceeds maximum character limit of 2000."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    500: ("INTERNAL_SERVER_ERROR", "Internal error."),
    503: ("SERVICE_UNAVAILABLE", "The service is unavailable."),
}


def add_deepgram_speak(app: web.Application, house: Emulator) -> None:
    """Adds them."""
    app.router.add_get("/v1/speak", partial(_socket, house))
    app.router.add_post("/v1/speak", partial(_post, house))


def refusal(status: int, told: str = "") -> web.Response:
    """The vendor's form of an error."""
    code, words = _NAMES[status]
    body = {"err_code": code, "err_msg": told or words, "request_id": _ID}
    return web.json_response(body, status=status, headers={"dg-error": told or words, "dg-request-id": _ID})


def _keyed(house: Emulator, request: web.Request) -> bool:
    return request.headers.get("Authorization") in (f"Token {house.key}", f"Bearer {house.key}")


def _problem(request: web.Request) -> str:
    query = request.query
    encoding, model = query.get("encoding", "linear16"), query.get("model", "aura-asteria-en")
    if not model.startswith("aura-") or model.count("-") < 2:
        return f"No such model/language/tier combination found: {model}"
    if encoding not in _ENCODINGS:
        return "Only linear16, mulaw and alaw are given here."
    if int(query.get("sample_rate", _RATES[encoding][0])) not in _RATES[encoding]:
        return f"Unsupported sample_rate for {encoding}."
    if not 0.7 <= float(query.get("speed", "1")) <= 1.5:
        return "speed must be 0.7 to 1.5."
    return ""


class _Format:
    def __init__(self, request: web.Request) -> None:
        wanted = request.query.get("encoding", "linear16")
        self.encoding = _ENCODINGS[wanted]
        self.rate = int(request.query.get("sample_rate", "24000" if wanted == "linear16" else "8000"))
        self.speed = float(request.query.get("speed", "1"))
        self.language = request.query.get("model", "aura-asteria-en").rsplit("-", 1)[-1]


async def _socket(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    if problem := _problem(request):
        return refusal(400, problem)
    return await _Speech(house, request).run()


class _Speech:
    def __init__(self, house: Emulator, request: web.Request) -> None:
        self._house = house
        self._line = SpeechSocket(house, request)
        self._format = _Format(request)
        self._model = request.query.get("model", "aura-asteria-en")
        self._text: list[str] = []
        self._sequence = -1
        self._speaking: asyncio.Task[None] | None = None

    async def run(self) -> web.StreamResponse:
        return await self._line.run(self._told)

    async def _told(self, said: dict[str, Any]) -> None:
        if self._sequence < 0:
            self._sequence = 0
            about = {"request_id": _ID, "model_name": self._model, "model_version": "emulated", "model_uuid": _ID}
            await self._line.send({"type": "Metadata", **about})
        match said.get("type"):
            case "Speak" if isinstance(said.get("text"), str):
                await self._take(said["text"])
            case "Flush":
                self._speaking = self._line.start(self._speak(self._text, self._speaking))
                self._text = []
            case "Clear":
                await self._clear()
            case "Close":
                if self._speaking is not None:
                    await asyncio.wait([self._speaking])
                await self._line.socket.close()
            case _:
                await self._end(1008, "DATA-0000", "The message is none of Speak, Flush, Clear and Close.")

    async def _take(self, text: str) -> None:
        if len(text) > _LONGEST:
            await self._end(1009, "DATA-0001", "Input text exceeds maximum character limit of 2000.")
        self._text.append(text)

    async def _clear(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.wait([self._speaking])
        self._text, self._speaking = [], None
        await self._line.send({"type": "Cleared", "sequence_id": self._sequence})

    async def _speak(self, texts: list[str], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        exchange = Exchange(self._house, self._line.socket)
        asked = self._format
        sound = spoken(" ".join(texts), asked.rate, speed=asked.speed, language=asked.language)
        given = formatted(sound, asked.encoding, asked.rate)
        async for piece in exchange.pieces(given, (Moment.FIRST, Moment.MIDDLE), self._wrong):
            await self._line.socket.send_bytes(piece)
        await self._line.send({"type": "Flushed", "sequence_id": self._sequence})
        self._sequence += 1

    async def _wrong(self, fault: Fault) -> None:
        if fault is Fault.HALF_OPEN:
            await self._line.deafen()
        elif fault is Fault.GARBAGE:
            await self._line.socket.send_str('{"type": "Met')
        else:
            await self._end(1011, "NET-0000", _NAMES[STATUS[fault]][1])

    async def _end(self, code: int, name: str, told: str) -> None:
        await self._line.send({"type": "Error", "code": name, "description": told})
        await self._line.socket.close(code=code, message=name.encode())


async def _post(house: Emulator, request: web.Request) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    exchange = Exchange(house, request)
    if (refused := await exchange.early(refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    text, problem = body.get("text"), _problem(request)
    if problem or not isinstance(text, str) or not text.strip():
        return refusal(400, problem or "Input text must not be empty.")
    if len(text) > _LONGEST:
        return refusal(413)
    asked = _Format(request)
    headers = {"dg-request-id": _ID, "dg-char-count": str(len(text)), "dg-model-name": request.query.get("model", "")}
    with counted(house):
        if request.query.get("container", "wav" if asked.encoding == "pcm" else "none") == "wav":
            pcm = await speech(text, asked.rate, speed=asked.speed, language=asked.language)
            whole = encoded(pcm, asked.encoding, asked.rate, header=True)
            return web.Response(body=whole, content_type="audio/wav", headers=headers)
        sound = formatted(
            spoken(text, asked.rate, speed=asked.speed, language=asked.language), asked.encoding, asked.rate
        )
        given = exchange.pieces(sound, (Moment.MIDDLE,), exchange.hang)
        return await stream(request, given, f"audio/l16;rate={asked.rate}", headers)
