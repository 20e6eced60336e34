"""Mistral's realtime transcription, emulated (docs.mistral.ai/studio/audio/speech-to-text/transcribe-in-realtime)."""

import base64
import binascii
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from trunkline.audio.g711 import alaw_to_pcm, ulaw_to_pcm
from trunkline.testing.emulators.hearing import HeardWords, HearingStream
from trunkline.testing.emulators.house import Emulator, Fault
from trunkline.testing.emulators.listening import Listening, hearing_of, listening, share_hearing

MODELS = (
    "voxtral-mini-transcribe-realtime-2602",
    "voxtral-mini-transcribe-realtime-3",
    "voxtral-mini-transcribe-realtime-3-0",
    "voxtral-mini-transcribe-realtime-latest",
    "voxtral-mini-realtime-latest",
)
RATES_HZ = (8_000, 16_000, 22_050, 44_100, 48_000)
LARGEST_CHUNK_BYTES = 262_144
_DECODERS: dict[str, Callable[[bytes], bytes]] = {"pcm_s16le": bytes, "pcm_mulaw": ulaw_to_pcm, "pcm_alaw": alaw_to_pcm}
_FIELDS = "audio_format target_streaming_delay_ms diarize context_bias language speaker_references turn_detection"
_HELD_WORDS = 2
"""So many of the newest words are held back until there is more sound, or a flush."""
_STATUS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 400}
_CODES = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 3803, Fault.ERROR: 3804}


def add_mistral_transcription(app: web.Application, house: Emulator) -> None:
    """Adds ``/audio/transcriptions/realtime``."""
    share_hearing(app)

    async def realtime(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {house.key}":
            house.keep(request.path_qs, request.headers)
            return web.json_response({"detail": "Unauthorized"}, status=401)
        async with listening(house, request, _refusal, _complaint) as stream:
            if not isinstance(stream, Listening):
                return stream
            if request.query.get("model") in MODELS:
                await _Session(stream, request.query["model"]).run()
            else:
                stream.say(_error("Invalid model: this model has no realtime transcription", 400))
                stream.end(1008, "invalid model")
            async for _ in stream.messages(2.0):
                continue
            return stream.socket

    app.router.add_get(f"{house.base}/audio/transcriptions/realtime", realtime)


class _Session:
    """One stream of text: deltas, of which none is taken back, and ``transcription.done`` at a flush and at the end."""

    def __init__(self, stream: Listening, model: str) -> None:
        self._stream = stream
        self._settings: dict[str, Any] = {
            "request_id": uuid.uuid4().hex,
            "model": model,
            "audio_format": {"encoding": "pcm_s16le", "sample_rate": 16_000},
            "target_streaming_delay_ms": None,
        }
        self._hearing: HearingStream | None = None
        self._flushes: deque[bool] = deque()
        self._told: list[str] = []
        self._last: list[str] = []
        self._done_until = 0.0

    async def run(self) -> None:
        self._stream.say({"type": "session.created", "session": self._settings})
        try:
            async for message in self._stream.messages():
                problem = await self._take(message)
                if problem is not None:
                    self._stream.say(_error(*problem))
        finally:
            if self._hearing is not None:
                await self._hearing.aclose()

    async def _take(self, message: dict[str, Any] | bytes | str) -> tuple[str, int] | None:
        """Takes a message; what is wrong with it, and its code."""
        match message:
            case {"type": "session.update", "session": dict() as wanted}:
                return self._update(wanted)
            case {"type": "input_audio.append", "audio": str() as sound}:
                return await self._append(sound)
            case {"type": "input_audio.flush" | "input_audio.end" as kind}:
                self._flushes.append(kind == "input_audio.end")
                (await self._ears()).flush()
                return None
        return "Invalid message", 400

    def _update(self, wanted: Mapping[str, Any]) -> tuple[str, int] | None:
        if self._hearing is not None:
            return "Session settings are fixed once audio has started", 400
        if unknown := wanted.keys() - set(_FIELDS.split()):
            return f"Unknown session fields: {', '.join(sorted(unknown))}", 422
        sound, language = wanted.get("audio_format") or self._settings["audio_format"], wanted.get("language")
        if sound.get("encoding") not in _DECODERS or sound.get("sample_rate") not in RATES_HZ:
            return "Unsupported audio format", 422
        if language is not None and not (len(language) == 2 and language.isalpha()):
            return "language must be a two-letter code", 422
        self._settings |= wanted
        self._stream.say({"type": "session.updated", "session": self._settings})
        return None

    async def _append(self, sound: str) -> tuple[str, int] | None:
        try:
            content = base64.b64decode(sound, validate=True)
        except binascii.Error:
            return "audio is not base64", 400
        if len(content) > LARGEST_CHUNK_BYTES:
            return "audio chunk is too large", 400
        (await self._ears()).push(_DECODERS[self._settings["audio_format"]["encoding"]](content))
        return None

    async def _ears(self) -> HearingStream:
        if self._hearing is None:
            rate_hz = self._settings["audio_format"]["sample_rate"]
            self._hearing = await hearing_of(self._stream.request).open(rate_hz, quiet_seconds=None)
            self._stream.crew.start(self._tell(self._hearing))
        return self._hearing

    async def _tell(self, hearing: HearingStream) -> None:
        async for heard in hearing:
            if not heard.final:
                self._guess(heard.text.split())
            elif heard.flushed:
                self._done(heard, hearing.seconds)

    def _guess(self, words: list[str]) -> None:
        """Tells the words on which this guess and the last one agree, but for the newest."""
        agreed = 0
        while agreed < min(len(words), len(self._last)) and words[agreed] == self._last[agreed]:
            agreed += 1
        self._last = words
        if words[: len(self._told)] == self._told:
            for word in words[len(self._told) : max(0, agreed - _HELD_WORDS)]:
                self._delta(word)

    def _delta(self, word: str) -> None:
        self._told.append(word)
        self._stream.tell({"type": "transcription.text.delta", "text": f" {word}"})

    def _done(self, heard: HeardWords, seconds: float) -> None:
        for word in heard.text.split()[len(self._told) :]:
            self._delta(word)
        ending = self._flushes.popleft()
        usage = {"prompt_tokens": 0, "completion_tokens": len(self._told), "total_tokens": len(self._told)}
        usage["prompt_audio_seconds"] = round(seconds - self._done_until)
        self._stream.tell(
            {
                "type": "transcription.done",
                "model": self._settings["model"],
                "text": " ".join(self._told),
                "usage": usage,
                "language": self._settings.get("language"),
            },
            last=True,
        )
        self._done_until, self._told, self._last = seconds, [], []
        if ending:
            self._stream.end(1000)


def _error(words: str, code: int) -> dict[str, Any]:
    return {"type": "error", "error": {"message": words, "code": code}}


def _refusal(fault: Fault) -> web.Response:
    return web.json_response({"detail": f"emulated {fault.value}"}, status=_STATUS[fault])


def _complaint(fault: Fault) -> tuple[dict[str, Any], int]:
    return _error(f"emulated {fault.value}", _CODES[fault]), 1011
