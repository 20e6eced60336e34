"""Inworld's speech: the websocket of contexts, HTTP at once and streamed, and the lists of voices."""

import base64
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Fault, Moment
from trunkline.testing.emulators.sounding import STATUS, Exchange, SpeechSocket, counted, encoded, stream
from trunkline.testing.emulators.speaking import spoken

_MODELS = ("inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini")
_ENCODINGS = {"PCM": "pcm", "LINEAR16": "pcm", "WAV": "pcm", "MULAW": "mulaw", "ALAW": "alaw"}
_HEADED = ("LINEAR16", "WAV")
_MOST_CONTEXTS, _LONGEST_SENT, _LONGEST = 5, 1000, 2000
_CODES = {400: 3, 401: 16, 404: 5, 429: 8, 500: 13, 503: 14}
_WORDS = {
    400: "Bad request.",
    401: "Invalid authorization credentials",
    429: "Too many requests.",
    500: "Internal error.",
    503: "The service is unavailable.",
}
VOICES = (
    ("Ashley", "EN_US", "A warm, natural female voice", ["female", "warm"]),
    ("Dennis", "EN_US", "Middle-aged man with a smooth, calm and friendly voice", ["male", "calm"]),
    ("Lore", "NL_NL", "", ["female"]),
)


def add_inworld_speech(app: web.Application, house: Emulator) -> None:
    """Adds them."""
    app.router.add_get("/tts/v1/voice:streamBidirectional", partial(_socket, house))
    app.router.add_post("/tts/v1/voice:stream", partial(_post, house, streamed=True))
    app.router.add_post("/tts/v1/voice", partial(_post, house, streamed=False))
    app.router.add_get("/voices/v1/voices", partial(_voices, house))
    app.router.add_get("/tts/v1/voices", partial(_old_voices, house))


def refusal(status: int, told: str = "") -> web.Response:
    """The vendor's form of an error."""
    body = {"code": _CODES[status], "message": told or _WORDS[status], "details": []}
    return web.json_response(body, status=status)


def _keyed(house: Emulator, request: web.Request) -> bool:
    return request.headers.get("Authorization") in (f"Basic {house.key}", f"Bearer {house.key}")


def _problem(asked: dict[str, Any]) -> str:
    sound = asked.get("audioConfig") or {}
    if asked.get("modelId") not in _MODELS:
        return f"Unknown model: {asked.get('modelId')}"
    if asked.get("voiceId") not in [voice[0] for voice in VOICES]:
        return f"Unknown voice: {asked.get('voiceId')} not found!"
    if sound.get("audioEncoding", "MP3") not in _ENCODINGS:
        return "Only PCM, LINEAR16, WAV, MULAW and ALAW are given here."
    if not 8000 <= sound.get("sampleRateHertz", 48000) <= 48000:
        return "sampleRateHertz must be 8000 to 48000"
    if not 0.5 <= sound.get("speakingRate", 1.0) <= 1.5:
        return "speakingRate must be 0.5 to 1.5"
    return ""


def _sound(asked: dict[str, Any], text: str) -> AsyncGenerator[bytes, None]:
    config = asked["audioConfig"]
    return _formatted(
        spoken(text, _rate(asked), speed=config.get("speakingRate") or 1.0, language=asked.get("language") or "en-US"),
        config["audioEncoding"],
        _rate(asked),
    )


async def _formatted(sound: AsyncGenerator[bytes, None], encoding: str, rate: int) -> AsyncGenerator[bytes, None]:
    async for piece in sound:
        yield encoded(piece, _ENCODINGS[encoding], rate, header=encoding in _HEADED)


def _rate(asked: dict[str, Any]) -> int:
    return int(asked["audioConfig"].get("sampleRateHertz", 48000))


# --- websocket


@dataclass(slots=True)
class _Context:
    asked: dict[str, Any]
    buffer: str = ""
    waiting: list[str] = field(default_factory=list)
    closing: bool = False
    cancelled: bool = False
    speaking: bool = False


async def _socket(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    return await _Speech(house, request).run()


class _Speech:
    def __init__(self, house: Emulator, request: web.Request) -> None:
        self._house = house
        self._line = SpeechSocket(house, request)
        self._contexts: dict[str, _Context] = {}

    async def run(self) -> web.StreamResponse:
        return await self._line.run(self._told)

    async def _told(self, said: dict[str, Any]) -> None:
        name = str(said.get("contextId") or "default")
        if "create" in said:
            await self._create(name, said["create"])
            return
        context = self._contexts.get(name)
        if context is None:
            await self._result(name, {}, 5, f"Context {name} not found")
            return
        await self._next(name, context, said)

    async def _create(self, name: str, asked: dict[str, Any]) -> None:
        if problem := _problem(asked):
            await self._result(name, {}, 3, problem)
        elif len(self._contexts) >= _MOST_CONTEXTS:
            await self._result(name, {}, 8, "Too many contexts on this connection.")
        else:
            self._contexts[name] = _Context(asked)
            await self._result(name, {"contextCreated": asked})

    async def _next(self, name: str, context: _Context, said: dict[str, Any]) -> None:
        if (sent := said.get("send_text")) is not None:
            if len(sent.get("text", "")) > _LONGEST_SENT:
                await self._result(name, {}, 3, "Text is longer than 1000 characters.")
                return
            context.buffer += sent.get("text", "")
        if "cancel_context" in said:
            context.cancelled, context.waiting, context.buffer = True, [], ""
        context.closing = context.closing or "close_context" in said or "cancel_context" in said
        flushed = "flush_context" in said or "flush_context" in (sent or {}) or context.asked.get("autoMode")
        if context.buffer and (flushed or context.closing):
            context.waiting.append(context.buffer)
            context.buffer = ""
        if not context.speaking and (context.waiting or context.closing):
            context.speaking = True
            self._line.start(self._speak(name, context))

    async def _speak(self, name: str, context: _Context) -> None:
        exchange = Exchange(self._house, self._line.socket)
        moments: tuple[Moment, ...] = (Moment.FIRST, Moment.MIDDLE)
        while context.waiting:
            text = context.waiting.pop(0)
            usage = {"processedCharactersCount": len(text), "modelId": context.asked["modelId"]}
            async for piece in exchange.pieces(_sound(context.asked, text), moments, partial(self._wrong, name)):
                if context.cancelled:
                    break
                chunk = {"audioContent": base64.b64encode(piece).decode(), "usage": usage}
                await self._result(name, {"audioChunk": chunk})
            moments = ()
            await self._result(name, {"flushCompleted": {}})
        context.speaking = False
        if context.closing and self._contexts.pop(name, None) is not None:
            await self._result(name, {"contextClosed": {}})

    async def _result(self, name: str, result: dict[str, Any], code: int = 0, told: str = "") -> None:
        status = {"code": code, "message": told, "details": []}
        await self._line.send({"result": {"contextId": name, **result, "status": status}})

    async def _wrong(self, name: str, fault: Fault) -> None:
        if fault is Fault.HALF_OPEN:
            await self._line.deafen()
        elif fault is Fault.GARBAGE:
            await self._line.socket.send_str('{"result": {"audioChunk"')
        else:
            await self._result(name, {}, _CODES[STATUS[fault]], _WORDS[STATUS[fault]])


# --- HTTP


async def _post(house: Emulator, request: web.Request, *, streamed: bool) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    exchange = Exchange(house, request)
    if (refused := await exchange.early(refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    problem = _problem(body)
    if not problem and not 1 <= len(body.get("text") or "") <= _LONGEST:
        problem = "text must have 1 to 2000 characters"
    if problem:
        return refusal(400, problem)
    usage = {"processedCharactersCount": len(body["text"]), "modelId": body["modelId"]}
    with counted(house):
        if streamed:
            pieces = exchange.pieces(_sound(body, body["text"]), (Moment.MIDDLE,), exchange.hang)
            return await stream(request, _lines(pieces, usage), "application/json")
        config = body["audioConfig"]
        bare = {**body, "audioConfig": {**config, "audioEncoding": "PCM"}}
        pcm = b"".join([piece async for piece in _sound(bare, body["text"])])
        encoding = config["audioEncoding"]
        whole = encoded(pcm, _ENCODINGS[encoding], _rate(body), header=encoding in _HEADED)
        return web.json_response({"audioContent": base64.b64encode(whole).decode(), "usage": usage})


async def _lines(sound: AsyncGenerator[bytes, None], usage: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    async for piece in sound:
        yield orjson.dumps({"result": {"audioContent": base64.b64encode(piece).decode(), "usage": usage}}) + b"\n"


async def _voices(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    voices = [
        {
            "voiceId": name,
            "displayName": name,
            "langCode": code,
            "description": told,
            "tags": tags,
            "name": f"workspaces/emulated/voices/{name}",
            "source": "SYSTEM",
        }
        for name, code, told, tags in VOICES
    ]
    return web.json_response({"voices": voices})


async def _old_voices(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if not _keyed(house, request):
        return refusal(401)
    voices = [
        {"voiceId": name, "displayName": name, "languages": [code[:2].lower()], "description": told, "tags": tags}
        for name, code, told, tags in VOICES
    ]
    wanted = request.query.get("filter", "").removeprefix("language=")
    return web.json_response({"voices": [voice for voice in voices if not wanted or wanted in voice["languages"]]})
