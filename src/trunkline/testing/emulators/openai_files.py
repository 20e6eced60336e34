"""OpenAI's transcription of whole files, emulated (platform.openai.com/docs/api-reference/audio/createTranscription)."""

import math

from aiohttp import BodyPartReader, web

from trunkline.audio.wav import decode
from trunkline.testing.emulators.chat_errors import REQUEST, openai_error
from trunkline.testing.emulators.hearing import Hearing
from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble, cut
from trunkline.testing.emulators.listening import hearing_of, share_hearing
from trunkline.testing.emulators.openai_transcription import BY_KEYWORDS, BY_PROMPT

_LANGUAGES = ("", "en")
_STATUS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 500}


def add_openai_file_transcription(app: web.Application, house: Emulator) -> None:
    """Adds ``POST /audio/transcriptions`` for WAV files, with JSON as the answer."""
    share_hearing(app)

    async def transcribe(request: web.Request) -> web.StreamResponse:
        fields, sound = await _form(request)
        house.keep(request.path_qs, request.headers, fields)
        if request.headers.get("Authorization") != f"Bearer {house.key}":
            return openai_error(401, "Incorrect API key provided.", code="invalid_api_key").response()
        if (trouble := house.trouble(Moment.CONNECT) or house.trouble(Moment.FIRST)) is not None:
            return await _strike(house, request, trouble)
        if (problem := _problem(fields)) is not None:
            return openai_error(400, problem, param="model").response()
        try:
            wave = decode(sound)
        except ValueError:
            return openai_error(400, "Invalid file format.", param="file").response()
        text = await _heard(hearing_of(request), wave.pcm, wave.sample_rate_hz)
        seconds = math.ceil(len(wave.pcm) / (2 * wave.sample_rate_hz))
        return web.json_response({"text": text, "usage": {"type": "duration", "seconds": seconds}}, headers=REQUEST)

    app.router.add_post(f"{house.base}/audio/transcriptions", transcribe)


async def _form(request: web.Request) -> tuple[dict[str, str], bytes]:
    fields: dict[str, str] = {}
    sound = b""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            sound = bytes(await part.read())
        else:
            fields[part.name or ""] = await part.text()
    return fields, sound


def _problem(fields: dict[str, str]) -> str | None:
    if (model := fields.get("model", "")) not in BY_PROMPT + BY_KEYWORDS:
        return f"The model '{model}' does not exist or you do not have access to it."
    if fields.get("language", "") not in _LANGUAGES:
        return "The ears of this emulator hear English."
    return None


async def _strike(house: Emulator, request: web.Request, trouble: Trouble) -> web.StreamResponse:
    if trouble.fault in _STATUS:
        return openai_error(_STATUS[trouble.fault], f"emulated {trouble.fault.value}").response()
    if trouble.fault in (Fault.SILENCE, Fault.HALF_OPEN):
        await house.hang()
    if trouble.fault is Fault.DROP:
        cut(request)
    return web.Response(body=b'{"text": ', content_type="application/json")


async def _heard(hearing: Hearing, pcm: bytes, rate_hz: int) -> str:
    stream = await hearing.open(rate_hz)
    words: list[str] = []
    try:
        stream.push(pcm)
        stream.flush()
        async for heard in stream:
            if heard.final and heard.text:
                words.append(heard.text)
            if heard.flushed:
                break
    finally:
        await stream.aclose()
    return " ".join(words)
