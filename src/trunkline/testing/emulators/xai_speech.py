"""xAI's speech: the websocket (text.delta, text.done), HTTP, and the voices."""

import asyncio
import base64
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Fault, Moment
from trunkline.testing.emulators.sounding import STATUS, Exchange, SpeechSocket, counted, encoded, formatted, stream
from trunkline.testing.emulators.speaking import speech, spoken

_CODECS = {"pcm": "pcm", "wav": "pcm", "mulaw": "mulaw", "ulaw": "mulaw", "alaw": "alaw"}
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
_LONGEST = 15_000
# fmt: off
_LANGUAGES = frozenset(
    {
        "auto", "en", "ar-eg", "ar-sa", "ar-ae", "bn", "zh", "fr", "de",
        "hi", "id", "it", "ja", "ko", "pt-br", "pt-pt", "ru", "es-mx",
        "es-es", "tr", "vi", "nl", "pl", "sv", "cs", "da"
    }
)
# fmt: on
VOICES = (("ara", "Ara"), ("eve", "Eve"), ("leo", "Leo"), ("rex", "Rex"), ("sal", "Sal"), ("una", "Una"))
_WORDS = {
    400: "The request is invalid.",
    401: "Incorrect API key provided.",
    404: "The voice was not found.",
    429: "Too many requests.",
    500: "Internal error.",
    503: "The service is temporarily unavailable.",
}


def add_xai_speech(app: web.Application, house: Emulator) -> None:
    """Adds them."""
    app.router.add_get("/v1/tts", partial(_socket, house))
    app.router.add_post("/v1/tts", partial(_post, house))
    app.router.add_get("/v1/tts/voices", partial(_voices, house))
    app.router.add_get("/v1/tts/voices/{voice}", partial(_voice, house))


def refusal(status: int, told: str = "") -> web.Response:
    """The vendor's form of an error."""
    return web.json_response({"code": str(status), "error": told or _WORDS[status]}, status=status)


def _keyed(house: Emulator, request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {house.key}"


def _problem(voice: str, language: str, codec: str, rate: int, speed: float) -> str:
    if voice.lower() not in dict(VOICES):
        return f"Unknown voice: {voice}"
    if language.lower() not in _LANGUAGES:
        return f"Unsupported language: {language}"
    if codec not in _CODECS:
        return "Only pcm, wav, mulaw and alaw are given here."
    if rate not in _RATES:
        return f"Unsupported sample_rate: {rate}"
    return "" if 0.7 <= speed <= 1.5 else "speed must be 0.7 to 1.5"


async def _socket(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    query = request.query
    rate, speed = int(query.get("sample_rate", "24000")), float(query.get("speed", "1"))
    codec = query.get("codec", "mp3")
    if problem := _problem(query.get("voice", "eve"), query.get("language", ""), codec, rate, speed):
        return refusal(400, problem)
    return await _Speech(house, request, codec, rate, speed).run()


class _Speech:
    def __init__(self, house: Emulator, request: web.Request, codec: str, rate: int, speed: float) -> None:
        self._house = house
        self._line = SpeechSocket(house, request)
        self._codec = codec
        self._rate = rate
        self._speed = speed
        self._language = request.query.get("language", "auto")
        self._text = ""
        self._speaking: asyncio.Task[None] | None = None

    async def run(self) -> web.StreamResponse:
        return await self._line.run(self._told)

    async def _told(self, said: dict[str, Any]) -> None:
        match said.get("type"):
            case "text.delta" if isinstance(said.get("delta"), str):
                self._text += said["delta"]
            case "text.done":
                self._speaking = self._line.start(self._speak(self._text, self._speaking))
                self._text = ""
            case kind:
                await self._line.send({"type": "error", "message": f"Unknown message type: {kind}"})

    async def _speak(self, text: str, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        exchange = Exchange(self._house, self._line.socket)
        sound = spoken(text, self._rate, speed=self._speed, language=self._language)
        given = formatted(sound, _CODECS[self._codec], self._rate)
        async for piece in exchange.pieces(given, (Moment.FIRST, Moment.MIDDLE), self._wrong):
            await self._line.send({"type": "audio.delta", "delta": base64.b64encode(piece).decode()})
        await self._line.send({"type": "audio.done", "trace_id": "emulated"})

    async def _wrong(self, fault: Fault) -> None:
        if fault is Fault.HALF_OPEN:
            await self._line.deafen()
        elif fault is Fault.GARBAGE:
            await self._line.socket.send_str('{"type": "audio')
        else:
            await self._line.send({"type": "error", "message": _WORDS[STATUS[fault]]})


async def _post(house: Emulator, request: web.Request) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    exchange = Exchange(house, request)
    if (refused := await exchange.early(refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    wanted = body.get("output_format") or {}
    codec, rate = wanted.get("codec", "mp3"), wanted.get("sample_rate", 24000)
    speed, text = body.get("speed") or 1.0, body.get("text")
    problem = _problem(body.get("voice_id") or "eve", body.get("language") or "", codec, rate, speed)
    if problem or not isinstance(text, str) or not 1 <= len(text) <= _LONGEST:
        return refusal(400, problem or "text must have 1 to 15000 characters")
    with counted(house):
        if codec == "wav":
            pcm = await speech(text, rate, speed=speed, language=body["language"])
            return web.Response(body=encoded(pcm, "pcm", rate, header=True), content_type="audio/wav")
        sound = formatted(spoken(text, rate, speed=speed, language=body["language"]), _CODECS[codec], rate)
        return await stream(request, exchange.pieces(sound, (Moment.MIDDLE,), exchange.hang), "audio/pcm")


async def _voices(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    return web.json_response({"voices": [{"voice_id": voice, "name": name} for voice, name in VOICES]})


async def _voice(house: Emulator, request: web.Request) -> web.StreamResponse:
    if not _keyed(house, request):
        return refusal(401)
    voice = request.match_info["voice"].lower()
    if voice not in dict(VOICES):
        return refusal(404)
    return web.json_response({"voice_id": voice, "name": dict(VOICES)[voice]})
