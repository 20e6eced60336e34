"""Google's speech: Cloud Text-to-Speech over REST, and the Gemini models that speak."""

import base64
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from trunkline.testing.emulators.house import Emulator, Moment
from trunkline.testing.emulators.sounding import Exchange, counted, encoded, stream
from trunkline.testing.emulators.speaking import speech, spoken

GEMINI_RATE_HZ = 24_000
_ENCODINGS = {"LINEAR16": ("pcm", True), "MULAW": ("mulaw", True), "ALAW": ("alaw", True), "PCM": ("pcm", False)}
_NUMBERS = {1: "LINEAR16", 5: "MULAW", 6: "ALAW", 7: "PCM"}
_LONGEST_BYTES = 5000
_BAD_KEY = "API key not valid. Please pass a valid API key."
_STATUSES = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "API keys are not supported by this API or the key is not valid."),
    404: ("NOT_FOUND", "The model is not found."),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    500: ("INTERNAL", "An internal error has occurred."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
}
_GEMINI = ("gemini-3.8-flash-tts", "gemini-3.8-flash-lite-tts", "gemini-2.5-flash-preview-tts")
_STYLED = "gemini-3.8"
_PERSONAS = {"Kore": "FEMALE", "Puck": "MALE", "Charon": "MALE", "Aoede": "FEMALE"}
_LOCALES = ("en-US", "nl-NL", "de-DE")


def add_google_speech(app: web.Application, house: Emulator) -> None:
    """Adds Cloud Text-to-Speech."""
    app.router.add_post("/v1/text:synthesize", partial(_synthesize, house))
    app.router.add_get("/v1/voices", partial(_voices, house))


def add_gemini_speech(app: web.Application, house: Emulator) -> None:
    """Adds the Gemini models that speak; before the models that chat, whose path is wider."""
    path = "/{version:v1|v1beta}/models/{model:gemini-[^:/]*-tts[^:/]*}"
    app.router.add_post(path + ":streamGenerateContent", partial(_gemini, house, streamed=True))
    app.router.add_post(path + ":generateContent", partial(_gemini, house, streamed=False))


def refusal(status: int, told: str = "") -> web.Response:
    """The vendor's form of an error."""
    name, words = _STATUSES[status]
    error = {"code": status, "message": told or words, "status": name}
    return web.json_response({"error": error}, status=status)


def _keyed(house: Emulator, request: web.Request) -> bool:
    given = request.headers.get("X-Goog-Api-Key") or request.query.get("key")
    return house.key in (given, request.headers.get("Authorization", "").removeprefix("Bearer "))


# --- Cloud Text-to-Speech


async def _synthesize(house: Emulator, request: web.Request) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    if (refused := await Exchange(house, request).early(refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(400, _BAD_KEY)
    if problem := _synthesis_problem(body):
        return refusal(400, problem)
    config, voice = body["audioConfig"], body["voice"]
    encoding, header = _ENCODINGS[_encoding(config)]
    rate = int(config.get("sampleRateHertz") or 24000)
    with counted(house):
        speed = config.get("speakingRate") or 1.0
        pcm = await speech(body["input"]["text"], rate, speed=speed, language=voice["languageCode"])
        sound = encoded(pcm, encoding, rate, header=header)
        return web.json_response({"audioContent": base64.b64encode(sound).decode()})


def _encoding(config: dict[str, Any]) -> str:
    wanted = config.get("audioEncoding")
    return _NUMBERS.get(wanted, "") if isinstance(wanted, int) else str(wanted)


def _synthesis_problem(body: dict[str, Any]) -> str:
    put, voice, config = (body.get(name) or {} for name in ("input", "voice", "audioConfig"))
    text, name, locale = put.get("text") or "", voice.get("name") or "", voice.get("languageCode") or ""
    if not 1 <= len(text.encode()) <= _LONGEST_BYTES:
        return "Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes, or there is none."
    if not locale:
        return "`voice.language_code` is required."
    if "Chirp3-HD" in name and not name.startswith(f"{locale}-Chirp3-HD-"):
        return f"Requested language code '{locale}' doesn't match the voice '{name}'."
    if "Chirp3-HD" in name and name.rsplit("-", 1)[-1] not in _PERSONAS:
        return f"Voice '{name}' does not exist. Is it misspelled?"
    if put.get("prompt") and not voice.get("modelName"):
        return "This voice does not support prompts."
    if _encoding(config) not in _ENCODINGS:
        return "Only LINEAR16, PCM, MULAW and ALAW are given here."
    return "" if 0.25 <= (config.get("speakingRate") or 1.0) <= 2.0 else "Invalid speaking_rate: must be 0.25 to 2.0."


async def _voices(house: Emulator, request: web.Request) -> web.StreamResponse:
    house.keep(request.path_qs, request.headers)
    if (refused := await Exchange(house, request).refused(Moment.CONNECT, refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(400, _BAD_KEY)
    wanted = request.query.get("languageCode", "")
    voices = [
        {
            "languageCodes": [locale],
            "name": f"{locale}-Chirp3-HD-{persona}",
            "ssmlGender": gender,
            "naturalSampleRateHertz": 24000,
        }
        for locale in _LOCALES
        if locale.startswith(wanted)
        for persona, gender in _PERSONAS.items()
    ]
    old = {
        "languageCodes": ["en-US"],
        "name": "en-US-Standard-A",
        "ssmlGender": "MALE",
        "naturalSampleRateHertz": 24000,
    }
    return web.json_response({"voices": [*voices, old]})


# --- Gemini


async def _gemini(house: Emulator, request: web.Request, *, streamed: bool) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    house.keep(request.path_qs, request.headers, body)
    exchange, model = Exchange(house, request), request.match_info["model"]
    if (refused := await exchange.early(refusal)) is not None:
        return refused
    if not _keyed(house, request):
        return refusal(400, _BAD_KEY)
    if model not in _GEMINI:
        return refusal(404, f"models/{model} is not found for API version v1beta.")
    parts = [part for content in body.get("contents") or () for part in content.get("parts") or ()]
    if problem := _gemini_problem(model, body, parts):
        return refusal(400, problem)
    text = " ".join(_words(str(part.get("text") or "")) for part in parts)
    language = (body["generationConfig"].get("speechConfig") or {}).get("languageCode", "en-US")
    with counted(house):
        if not streamed:
            pcm = await speech(text, GEMINI_RATE_HZ, language=language)
            return web.json_response(_heard(model, pcm, text, "STOP"))
        pieces = exchange.pieces(spoken(text, GEMINI_RATE_HZ, language=language), (Moment.MIDDLE,), exchange.hang)
        return await stream(request, _events(model, pieces, text), "text/event-stream")


def _gemini_problem(model: str, body: dict[str, Any], parts: list[dict[str, Any]]) -> str:
    config = body.get("generationConfig") or {}
    voice = (((config.get("speechConfig") or {}).get("voiceConfig") or {}).get("prebuiltVoiceConfig") or {}).get(
        "voiceName"
    )
    if config.get("responseModalities") != ["AUDIO"]:
        return "The requested combination of response modalities is not supported by the model."
    if voice is not None and voice not in _PERSONAS:
        return f"Voice {voice} is not supported."
    if not any(part.get("text") for part in parts):
        return "There is nothing to speak."
    if any("speechMetadata" in part for part in parts) and not model.startswith(_STYLED):
        return "Speech metadata is not supported for this model."
    return ""


def _words(text: str) -> str:
    """Only what is quoted, where a direction stands before it."""
    direction, quote, words = text.partition(':\n"')
    return words.removesuffix('"') if quote and direction else text


def _heard(model: str, pcm: bytes, text: str, reason: str | None) -> dict[str, Any]:
    mime = f"audio/L16;codec=pcm;rate={GEMINI_RATE_HZ}"
    part = {"inlineData": {"mimeType": mime, "data": base64.b64encode(pcm).decode()}}
    candidate: dict[str, Any] = {"content": {"parts": [part] if pcm else [], "role": "model"}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    put, got = len(text) // 4 + 1, len(pcm) // 1920
    usage = {"promptTokenCount": put, "candidatesTokenCount": got, "totalTokenCount": put + got}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model}


async def _events(model: str, sound: AsyncGenerator[bytes, None], text: str) -> AsyncGenerator[bytes, None]:
    async for piece in sound:
        yield b"data: " + orjson.dumps(_heard(model, piece, text, None)) + b"\r\n\r\n"
    yield b"data: " + orjson.dumps(_heard(model, b"", text, "STOP")) + b"\r\n\r\n"
