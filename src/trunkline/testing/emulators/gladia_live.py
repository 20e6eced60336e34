"""Gladia's live transcription, emulated (docs.gladia.io/api-reference/v2/live/init)."""

import base64
import binascii
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from trunkline.audio.g711 import alaw_to_pcm, ulaw_to_pcm
from trunkline.testing.emulators.hearing import HeardWords, HearingStream
from trunkline.testing.emulators.house import Emulator, Fault, listing_trouble
from trunkline.testing.emulators.listening import Listening, hearing_of, listening, share_hearing, words_of

MODELS = ("solaria-1", "solaria-2")
REGIONS = ("us-west", "eu-west")
LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nl no pl pt ro ru sk sl sq sr sv th"
    " tl tr uk ur vi zh"
)
_DECODERS: dict[tuple[str, int], Callable[[bytes], bytes]] = {
    ("wav/pcm", 16): bytes,
    ("wav/ulaw", 8): ulaw_to_pcm,
    ("wav/alaw", 8): alaw_to_pcm,
}
_RATES_HZ = (8_000, 16_000, 32_000, 44_100, 48_000)
_DEFAULTS: dict[str, Any] = {
    "encoding": "wav/pcm",
    "bit_depth": 16,
    "sample_rate": 16_000,
    "channels": 1,
    "model": "solaria-1",
    "endpointing": 0.05,
    "maximum_duration_without_endpointing": 5,
    "language_config": {},
    "realtime_processing": {},
}
_FIELDS = "custom_metadata pre_processing post_processing messages_config callback callback_config"
_MESSAGES = {
    "receive_partial_transcripts": False,
    "receive_final_transcripts": True,
    "receive_speech_events": True,
    "receive_realtime_processing_events": True,
    "receive_acknowledgments": True,
    "receive_lifecycle_events": False,
}
_SHORTEST_QUIET_SECONDS = 0.15
_CREATED = "2026-01-01T00:00:00.000Z"
_STATUS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 400}
_CLOSES = {Fault.UNAUTHORISED: 4401, Fault.RATE_LIMITED: 4429, Fault.OVERLOADED: 4500, Fault.ERROR: 4500}


def add_gladia_live(app: web.Application, house: Emulator) -> None:
    """Adds ``/live``: to ask for a session, to connect to it, and to list sessions."""
    share_hearing(app)
    sessions: dict[str, dict[str, Any]] = {}

    async def init(request: web.Request) -> web.StreamResponse:
        wanted = _object(await request.read())
        house.keep(request.path_qs, request.headers, wanted)
        if request.headers.get("x-gladia-key") != house.key:
            return _refusal(Fault.UNAUTHORISED)
        if (problem := _problem(wanted, request.query.get("region", REGIONS[0]))) is not None:
            return _refuse(400, "Bad Request", problem)
        identity = str(uuid.uuid4())
        sessions[identity] = {**_DEFAULTS, **(wanted or {})}
        url = f"ws://127.0.0.1:{house.port}{house.base}/live?token={identity}"
        return web.json_response({"id": identity, "created_at": _CREATED, "url": url}, status=201)

    async def live(request: web.Request) -> web.StreamResponse:
        identity = request.query.get("token")
        if identity is None:
            return await _listing(house, request)
        async with listening(house, request, _refusal, _complaint) as stream:
            if not isinstance(stream, Listening):
                return stream
            await _serve(stream, identity, sessions.pop(identity, None))
            return stream.socket

    app.router.add_post(f"{house.base}/live", init)
    app.router.add_get(f"{house.base}/live", live)


async def _serve(stream: Listening, identity: str, config: dict[str, Any] | None) -> None:
    if config is not None:
        return await _Session(stream, identity, config).run()
    stream.end(4403, "The session has ended")
    async for _ in stream.messages(2.0):
        continue


class _Session:
    """One session. Its utterances end by the silence that is configured, but not before 0.15 s of it."""

    def __init__(self, stream: Listening, identity: str, config: Mapping[str, Any]) -> None:
        self._stream = stream
        self._id = identity
        self._config = config
        self._wanted = _MESSAGES | (config.get("messages_config") or {})
        self._bytes = 0
        self._utterances = 0
        self._partial = False
        self._stopping = False

    async def run(self) -> None:
        quiet = max(_SHORTEST_QUIET_SECONDS, float(self._config["endpointing"]))
        hearing = await hearing_of(self._stream.request).open(
            self._config["sample_rate"], quiet_seconds=quiet, speech=self._speech
        )
        try:
            self._say("start_recording", wanted="receive_lifecycle_events", data=None)
            self._stream.crew.start(self._tell(hearing))
            async for message in self._stream.messages():
                self._take(hearing, message)
        finally:
            await hearing.aclose()

    def _take(self, hearing: HearingStream, message: dict[str, Any] | bytes | str) -> None:
        match message:
            case bytes() as sound:
                self._push(hearing, sound)
            case {"type": "audio_chunk", "data": {"chunk": str() as chunk}}:
                try:
                    self._push(hearing, base64.b64decode(chunk, validate=True))
                except binascii.Error:
                    self._acknowledge("audio_chunk", None, "chunk is not base64")
            case {"type": "stop_recording"}:
                self._stopping = True
                done = {"recording_duration": hearing.seconds, "recording_left_to_process": 0.0}
                self._acknowledge("stop_recording", done)
                hearing.flush()
            case _:
                self._acknowledge("unknown", None, "unknown message")

    def _push(self, hearing: HearingStream, sound: bytes) -> None:
        before, began = self._bytes, hearing.seconds
        self._bytes += len(sound)
        hearing.push(_DECODERS[self._config["encoding"], self._config["bit_depth"]](sound))
        self._acknowledge("audio_chunk", {"byte_range": [before, self._bytes], "time_range": [began, hearing.seconds]})

    def _speech(self, speaking: bool, at: float) -> None:
        kind = "speech_start" if speaking else "speech_end"
        self._say(kind, wanted="receive_speech_events", data={"time": round(at, 3), "channel": 0})

    async def _tell(self, hearing: HearingStream) -> None:
        async for heard in hearing:
            if heard.text:
                self._transcript(heard)
            if heard.flushed and self._stopping:
                ended = {"recording_duration": hearing.seconds}
                self._say("end_recording", wanted="receive_lifecycle_events", data=ended)
                self._say("end_session", wanted="receive_lifecycle_events", data=None)
                self._stream.end(1000)

    def _transcript(self, heard: HeardWords) -> None:
        if not self._partial:
            self._utterances += 1
        self._partial = not heard.final
        identity = f"00-{self._utterances:08d}"
        utterance = _utterance(heard, heard.text, self._language())
        name = "receive_final_transcripts" if heard.final else "receive_partial_transcripts"
        if not self._wanted[name]:
            return
        data = {"id": identity, "is_final": heard.final, "utterance": utterance}
        targets = self._targets()
        self._stream.tell(self._message("transcript", data=data), last=heard.final and not targets)
        if heard.final and self._wanted["receive_realtime_processing_events"]:
            for target in targets:
                self._translate(identity, heard, utterance, target)

    def _translate(self, identity: str, heard: HeardWords, utterance: dict[str, Any], target: str) -> None:
        """It knows no other language: its translation is the words under the name of the language."""
        data = {
            "utterance_id": identity,
            "utterance": utterance,
            "original_language": utterance["language"],
            "target_language": target,
            "translated_utterance": _utterance(heard, f"[{target}] {heard.text}", target),
        }
        self._stream.tell(self._message("translation", error=None, data=data), last=target == self._targets()[-1])

    def _targets(self) -> list[str]:
        processing = self._config["realtime_processing"]
        return list(processing["translation_config"]["target_languages"]) if processing.get("translation") else []

    def _language(self) -> str:
        named = self._config["language_config"].get("languages") or ["en"]
        return str(named[0]) if len(named) == 1 else "en"

    def _acknowledge(self, kind: str, data: Mapping[str, Any] | None, problem: str | None = None) -> None:
        error = {"message": problem} if problem else None
        self._say(kind, wanted="receive_acknowledgments", acknowledged=not problem, error=error, data=data)

    def _say(self, kind: str, *, wanted: str, **facts: Any) -> None:
        if self._wanted[wanted]:
            self._stream.say(self._message(kind, **facts))

    def _message(self, kind: str, **facts: Any) -> dict[str, Any]:
        return {"session_id": self._id, "created_at": _CREATED, "type": kind} | facts


def _utterance(heard: HeardWords, text: str, language: str) -> dict[str, Any]:
    words = words_of(text, heard.start_seconds, heard.end_seconds)
    return {
        "text": text,
        "start": round(heard.start_seconds, 3),
        "end": round(heard.end_seconds, 3),
        "language": language,
        "confidence": 0.95,
        "channel": 0,
        "words": [{"word": f" {word}", "start": a, "end": b, "confidence": 0.95} for word, a, b in words],
    }


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        wanted = orjson.loads(body)
    except ValueError:
        return None
    return wanted if isinstance(wanted, dict) else None


def _problem(wanted: Mapping[str, Any] | None, region: str) -> str | None:
    """What is wrong with the request for a session."""
    if wanted is None:
        return "body must be an object"
    if unknown := wanted.keys() - _DEFAULTS.keys() - set(_FIELDS.split()):
        return f"property {min(unknown)} should not exist"
    config = {**_DEFAULTS, **wanted}
    languages, processing = config["language_config"].get("languages") or [], config["realtime_processing"]
    targets = (processing.get("translation_config") or {}).get("target_languages") or []
    checks = {
        "region": region in REGIONS,
        "encoding": (config["encoding"], config["bit_depth"]) in _DECODERS,
        "sample_rate": config["sample_rate"] in _RATES_HZ,
        "channels": config["channels"] == 1,
        "model": config["model"] in MODELS,
        "endpointing": 0.01 <= config["endpointing"] <= 10,
        "language_config.languages": set(languages) <= set(LANGUAGES.split()),
        "custom_vocabulary_config": not processing.get("custom_vocabulary")
        or bool((processing.get("custom_vocabulary_config") or {}).get("vocabulary")),
        "translation_config.target_languages": not processing.get("translation")
        or (bool(targets) and set(targets) <= set(LANGUAGES.split())),
        "messages_config": all(isinstance(value, bool) for value in (config.get("messages_config") or {}).values()),
    }
    return next((f"{name} is not valid" for name, well in checks.items() if not well), None)


async def _listing(house: Emulator, request: web.Request) -> web.Response:
    house.keep(request.path_qs, request.headers)
    if request.headers.get("x-gladia-key") != house.key:
        return _refusal(Fault.UNAUTHORISED)
    if (trouble := await listing_trouble(house, request, _refusal)) is not None:
        return trouble
    return web.json_response({"first": str(request.url), "current": str(request.url), "next": None, "items": []})


def _refuse(status: int, words: str, problem: str) -> web.Response:
    body = {"statusCode": status, "message": words, "request_id": "G-emulated", "validation_errors": [problem]}
    return web.json_response(body, status=status, headers={"x-request-id": "G-emulated"})


def _refusal(fault: Fault) -> web.Response:
    return _refuse(_STATUS[fault], f"emulated {fault.value}", fault.value)


def _complaint(fault: Fault) -> tuple[dict[str, Any], int]:
    return {"type": "error", "data": {"message": f"emulated {fault.value}"}}, _CLOSES[fault]
