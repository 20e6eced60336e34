"""ElevenLabs' speech: the websockets of one and of many contexts, HTTP, voices, and the account."""

import base64
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Fault, Moment
from trunkline.testing.emulators.sounding import Exchange, SpeechSocket, counted, formatted, stream
from trunkline.testing.emulators.speaking import spoken

_MODELS = (
    "eleven_flash_v2_5",
    "eleven_turbo_v2_5",
    "eleven_multilingual_v2",
    "eleven_flash_v2",
    "eleven_turbo_v2",
    "eleven_v3",
)
_FORMATS = {
    **{f"pcm_{rate}": ("pcm", rate) for rate in (8000, 16000, 22050, 24000, 44100, 48000)},
    "ulaw_8000": ("mulaw", 8000),
    "alaw_8000": ("alaw", 8000),
}
_NORMALIZATION = ("auto", "on", "off")
_MOST_CONTEXTS = 5
_RANGES = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}
_NAMES = {
    401: ("invalid_api_key", "Invalid API key"),
    429: ("too_many_concurrent_requests", "Too many concurrent requests."),
    503: ("system_busy", "The system is experiencing heavy traffic, please try again."),
    500: ("internal_server_error", "Internal Server error."),
}
_FAULTS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 500}
VOICES = (
    ("hpp4J3VqNfWAUOO0d1Us", "Bella", "en", "female", "Warm and bright, for conversations."),
    ("CwhRBWXzGAHq8TQ4Fs17", "Roger", "en", "male", "Easy going, for casual talk."),
    ("EXAVITQu4vr4xnSDxMaL", "Sarah", "en", "female", ""),
    ("nl0000000000000000aa", "Ruth", "nl", "female", "Een rustige stem."),
)
_PAGE = 2


def add_elevenlabs_speech(app: web.Application, house: Emulator) -> None:
    """Adds them."""
    app.router.add_get("/v1/text-to-speech/{voice}/multi-stream-input", partial(_socket, house, many=True))
    app.router.add_get("/v1/text-to-speech/{voice}/stream-input", partial(_socket, house, many=False))
    app.router.add_post("/v1/text-to-speech/{voice}/stream", partial(_post, house))
    app.router.add_post("/v1/text-to-speech/{voice}", partial(_post, house))
    app.router.add_get("/v2/voices", partial(_voices, house))
    app.router.add_get("/v1/user", partial(_user, house))


def refusal(status: int, name: str = "", told: str = "") -> web.Response:
    """The vendor's form of an error."""
    known, words = _NAMES.get(status, ("bad_request", "Bad request"))
    return web.json_response({"detail": {"status": name or known, "message": told or words}}, status=status)


def _keyed(house: Emulator, request: web.Request) -> bool:
    return request.headers.get("xi-api-key") == house.key


def _problem(request: web.Request, model: str, *, socket: bool) -> tuple[str, str] | None:
    """What is wrong with a request for speech: the error's name, and its words."""
    query = request.query
    if query.get("output_format", "mp3_44100_128") not in _FORMATS:
        return "invalid_output_format", "Only pcm, ulaw_8000 and alaw_8000 are given here."
    if model not in _MODELS or (socket and model == "eleven_v3"):
        return "model_not_found", f"A model with model ID {model} does not exist or cannot be used here."
    if len(request.match_info["voice"]) != 20:
        return "voice_not_found", f"A voice with voice_id {request.match_info['voice']} does not exist."
    if query.get("apply_text_normalization", "auto") not in _NORMALIZATION:
        return "invalid_parameters", "apply_text_normalization must be auto, on or off."
    if query.get("language_code") and model == "eleven_multilingual_v2":
        return "unsupported_language", f"Model {model} does not support language_code."
    if not 1 <= int(query.get("inactivity_timeout", "20")) <= 180:
        return "invalid_parameters", "inactivity_timeout must be at most 180."
    return None


def _bad_settings(settings: dict[str, Any] | None) -> str:
    for name, (least, most) in _RANGES.items():
        value = (settings or {}).get(name)
        if value is not None and not least <= value <= most:
            return f"Invalid setting for {name} received, expected to be between {least} and {most}."
    return ""


# --- websockets


@dataclass(slots=True)
class _Context:
    text: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    closing: bool = False
    speaking: bool = False


async def _socket(house: Emulator, request: web.Request, *, many: bool) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    return await _Speech(house, request, many).run()


class _Speech:
    def __init__(self, house: Emulator, request: web.Request, many: bool) -> None:
        self._house = house
        self._many = many
        self._line = SpeechSocket(house, request)
        self._query = request.query
        self._model = request.query.get("model_id", "eleven_multilingual_v2")
        self._problem = _problem(request, self._model, socket=True)
        self._keyed = _keyed(house, request)
        self._contexts: dict[str, _Context] = {}

    async def run(self) -> web.StreamResponse:
        return await self._line.run(self._told)

    async def _told(self, said: dict[str, Any]) -> None:
        if said.get("close_socket"):
            await self._line.socket.close()
            return
        name = str(said.get("context_id") or "default")
        context = self._contexts.get(name)
        if context is None:
            context = await self._first(name, said)
        if context is not None:
            await self._next(name, context, said)

    async def _first(self, name: str, said: dict[str, Any]) -> _Context | None:
        self._keyed = self._keyed or self._house.key in (said.get("xi_api_key"), said.get("xi-api-key"))
        settings = {key: value for key, value in (said.get("voice_settings") or {}).items() if value is not None}
        if not self._keyed:
            await self._end("invalid_api_key", "Invalid API key")
        elif self._problem is not None:
            await self._end(*self._problem)
        elif bad := _bad_settings(settings):
            await self._end("invalid_voice_settings", bad)
        elif len(self._contexts) >= _MOST_CONTEXTS:
            await self._end("max_active_contexts_exceeded", "Maximum of 5 simultaneous contexts.")
        elif not isinstance(said.get("text"), str):
            return None
        else:
            self._contexts[name] = _Context(settings=settings)
            return self._contexts[name]
        return None

    async def _next(self, name: str, context: _Context, said: dict[str, Any]) -> None:
        text = said.get("text")
        if isinstance(text, str) and text.strip():
            context.text += text
        ended = bool(said.get("close_context")) or (text == "" and not self._many and not said.get("flush"))
        if context.text and (said.get("flush") or ended or self._query.get("auto_mode") == "true"):
            context.waiting.append(context.text)
            context.text = ""
        context.closing = context.closing or ended
        if not context.speaking and (context.waiting or context.closing):
            context.speaking = True
            self._line.start(self._speak(name, context))

    async def _speak(self, name: str, context: _Context) -> None:
        encoding, rate = _FORMATS[self._query["output_format"]]
        exchange = Exchange(self._house, self._line.socket)
        moments: tuple[Moment, ...] = (Moment.FIRST, Moment.MIDDLE)
        while context.waiting:
            text = context.waiting.pop(0)
            sound = spoken(text, rate, speed=context.settings.get("speed", 1.0), language=self._language)
            number = 0
            async for piece in exchange.pieces(formatted(sound, encoding, rate), moments, self._wrong):
                await self._line.send(self._audio(name, piece, "" if number else text))
                number += 1
            moments = ()
        context.speaking = False
        if context.closing:
            self._contexts.pop(name, None)
            await self._line.send({"isFinal": True, **({"contextId": name} if self._many else {"audio": None})})
            if not self._many:
                await self._line.socket.close()

    @property
    def _language(self) -> str:
        return self._query.get("language_code", "en")

    def _audio(self, name: str, sound: bytes, text: str) -> dict[str, Any]:
        alignment = {
            "chars": list(text),
            "charStartTimesMs": [60 * number for number in range(len(text))],
            "charDurationsMs": [60] * len(text),
        }
        told = alignment if text else None
        message = {"audio": base64.b64encode(sound).decode(), "alignment": told, "normalizedAlignment": told}
        return {**message, "contextId": name} if self._many else message

    async def _wrong(self, fault: Fault) -> None:
        if fault is Fault.HALF_OPEN:
            await self._line.deafen()
        elif fault is Fault.GARBAGE:
            await self._line.socket.send_str('{"audio": "AAAA')
        else:
            await self._end(*_NAMES[_FAULTS[fault]])

    async def _end(self, name: str, told: str) -> None:
        await self._line.send({"message": told, "error": name, "code": 1008})
        await self._line.socket.close(code=1008, message=told.encode()[:120])


# --- HTTP


async def _post(house: Emulator, request: web.Request) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    exchange = Exchange(house, request)
    if (refused := await exchange.early(refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    if (wrong := _body_problem(request, body)) is not None:
        return wrong
    encoding, rate = _FORMATS[request.query["output_format"]]
    settings = body.get("voice_settings") or {}
    sound = spoken(body["text"], rate, speed=settings.get("speed") or 1.0, language=body.get("language_code") or "en")

    given = exchange.pieces(formatted(sound, encoding, rate), (Moment.MIDDLE,), exchange.hang)
    with counted(house):
        headers = {"character-cost": str(len(body["text"])), "request-id": "emulated-1"}
        return await stream(request, given, "audio/basic" if encoding == "mulaw" else "audio/pcm", headers)


def _body_problem(request: web.Request, body: dict[str, Any]) -> web.Response | None:
    if not isinstance(body.get("text"), str):
        detail = [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]
        return web.json_response({"detail": detail}, status=422)
    model = body.get("model_id") or "eleven_multilingual_v2"
    problem = _problem(request, model, socket=False)
    if problem is None and (bad := _bad_settings(body.get("voice_settings"))):
        problem = ("invalid_voice_settings", bad)
    if problem is None and body.get("apply_text_normalization", "auto") not in (None, *_NORMALIZATION):
        problem = ("invalid_parameters", "apply_text_normalization must be auto, on or off.")
    return refusal(404 if problem[0] == "voice_not_found" else 400, *problem) if problem else None


async def _voices(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(401)
    start = int(request.query.get("next_page_token") or 0)
    end = start + min(int(request.query.get("page_size") or 10), _PAGE)
    voices = [
        {
            "voice_id": voice_id,
            "name": name,
            "category": "premade",
            "labels": {"language": language, "gender": gender, "accent": "american"},
            "description": told or None,
            "settings": None,
        }
        for voice_id, name, language, gender, told in VOICES[start:end]
    ]
    more = end < len(VOICES)
    return web.json_response(
        {"voices": voices, "has_more": more, "total_count": 0, "next_page_token": str(end) if more else None}
    )


async def _user(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    return web.json_response({"user_id": "emulated"}) if _keyed(house, request) else refusal(401)
