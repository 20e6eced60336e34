"""OpenAI's realtime transcription sessions, emulated (developers.openai.com/api/docs/guides/realtime-transcription)."""

import base64
import binascii
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from trunkline.audio.g711 import alaw_to_pcm, ulaw_to_pcm
from trunkline.testing.emulators.hearing import HeardWords, HearingStream
from trunkline.testing.emulators.house import Emulator, Fault
from trunkline.testing.emulators.listening import Listening, hearing_of, listening, share_hearing

BY_PROMPT = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15", "whisper-1")
BY_KEYWORDS = ("gpt-transcribe", "gpt-live-transcribe")
BARE = ("gpt-realtime-whisper",)
SHORTEST_COMMIT_SECONDS = 0.1
_PCM_HZ, _TELEPHONE_HZ = 24_000, 8_000
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "audio/pcm": bytes,
    "audio/pcmu": ulaw_to_pcm,
    "audio/pcma": alaw_to_pcm,
}
_HINTS = {"prompt": BY_PROMPT, "language": BY_PROMPT + BARE, "keywords": BY_KEYWORDS, "languages": BY_KEYWORDS}
_STATUS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 400}
_KINDS = {
    Fault.UNAUTHORISED: ("invalid_request_error", "invalid_api_key"),
    Fault.RATE_LIMITED: ("rate_limit_exceeded", "rate_limit_exceeded"),
    Fault.OVERLOADED: ("server_error", "server_error"),
    Fault.ERROR: ("server_error", None),
}
_ITEM = "conversation.item.input_audio_transcription."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_openai_transcription(app: web.Application, house: Emulator) -> None:
    """Adds ``/realtime?intent=transcription``; all else at that address is for whoever serves it."""
    share_hearing(app)

    @web.middleware
    async def transcription(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != f"{house.base}/realtime" or request.query.get("intent") != "transcription":
            return await handler(request)
        if request.headers.get("Authorization") != f"Bearer {house.key}":
            house.keep(request.path_qs, request.headers)
            return _refusal(Fault.UNAUTHORISED)
        async with listening(house, request, _refusal, _complaint) as stream:
            if not isinstance(stream, Listening):
                return stream
            await _Session(stream).run()
            return stream.socket

    app.middlewares.append(transcription)


class _Session:
    """One session: a buffer of sound, made into an item by each commit, which is then transcribed."""

    def __init__(self, stream: Listening) -> None:
        self._stream = stream
        self._input: dict[str, Any] = {
            "format": {"type": "audio/pcm", "rate": _PCM_HZ},
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 200,
            },
        }
        self._hearing: HearingStream | None = None
        self._items: deque[tuple[str, float]] = deque()
        self._item: str | None = None
        self._committed = 0.0

    async def run(self) -> None:
        self._say("session.created", session=self._session())
        try:
            async for message in self._stream.messages():
                await self._take(message)
        finally:
            if self._hearing is not None:
                await self._hearing.aclose()

    async def _take(self, message: dict[str, Any] | bytes | str) -> None:
        match message:
            case {"type": "session.update", "session": dict() as wanted}:
                self._update(wanted)
            case {"type": "input_audio_buffer.append", "audio": str() as sound}:
                await self._append(sound)
            case {"type": "input_audio_buffer.commit"}:
                self._commit()
            case {"type": "input_audio_buffer.clear"}:
                self._clear()
            case {"type": kind}:
                self._refuse("invalid_value", f"Invalid value: '{kind}'.", "type")
            case _:
                self._refuse("invalid_json", "We could not parse the message.")

    # --- the session

    def _session(self) -> dict[str, Any]:
        identity = {"id": "sess_emulated", "object": "realtime.transcription_session", "type": "transcription"}
        return identity | {"audio": {"input": self._input}, "include": None, "expires_at": 2_000_000_000}

    def _update(self, wanted: Mapping[str, Any]) -> None:
        heard = (wanted.get("audio") or {}).get("input") or {}
        if wanted.get("type") != "transcription":
            return self._refuse("invalid_value", "Passing a realtime session update event to a transcription session.")
        if unknown := [*(wanted.keys() - {"type", "audio", "include"}), *(heard.keys() - self._input.keys())]:
            return self._refuse("unknown_parameter", f"Unknown parameter: '{unknown[0]}'.", unknown[0])
        if problem := _format_problem(heard.get("format") or {}) or _transcription_problem(heard):
            return self._refuse("invalid_value", problem)
        self._input |= heard
        self._say("session.updated", session=self._session())

    # --- the sound

    async def _append(self, sound: str) -> None:
        try:
            content = base64.b64decode(sound, validate=True)
        except binascii.Error:
            return self._refuse("invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.", "audio")
        if self._hearing is None:
            self._hearing = await self._open()
            self._stream.crew.start(self._tell(self._hearing))
        self._hearing.push(_DECODERS[self._input["format"]["type"]](content))

    async def _open(self) -> HearingStream:
        turns = self._input["turn_detection"]
        quiet = None if turns is None else turns.get("silence_duration_ms", 500) / 1000
        rate_hz = _PCM_HZ if self._input["format"]["type"] == "audio/pcm" else _TELEPHONE_HZ
        speech = self._speech if turns is not None else None
        return await hearing_of(self._stream.request).open(rate_hz, quiet_seconds=quiet, speech=speech)

    def _speech(self, speaking: bool, at: float) -> None:
        """With turns found by the vendor: tells them, and commits at the end of each."""
        milliseconds = round(at * 1000)
        if speaking:
            self._item = f"item_{uuid.uuid4().hex[:12]}"
            self._say("input_audio_buffer.speech_started", audio_start_ms=milliseconds, item_id=self._item)
        else:
            self._say("input_audio_buffer.speech_stopped", audio_end_ms=milliseconds, item_id=self._item)
            self._make_item()

    def _commit(self) -> None:
        seconds = 0.0 if self._hearing is None else self._hearing.seconds - self._committed
        if self._hearing is None or seconds < SHORTEST_COMMIT_SECONDS:
            words = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer"
            )
            return self._refuse("input_audio_buffer_commit_empty", f"{words} only has {seconds * 1000:.2f}ms of audio.")
        self._make_item()
        self._hearing.flush()

    def _make_item(self) -> None:
        item, self._item = self._item or f"item_{uuid.uuid4().hex[:12]}", None
        before = self._items[-1][0] if self._items else None
        now = self._hearing.seconds if self._hearing is not None else 0.0
        self._items.append((item, now - self._committed))
        self._committed = now
        self._say("input_audio_buffer.committed", item_id=item, previous_item_id=before)
        content = [{"type": "input_audio", "transcript": None}]
        added = {"id": item, "type": "message", "role": "user", "status": "completed", "content": content}
        self._say("conversation.item.added", item=added, previous_item_id=before)

    def _clear(self) -> None:
        if self._hearing is not None:
            self._hearing.clear()
            self._committed = self._hearing.seconds
        self._say("input_audio_buffer.cleared")

    # --- the words

    async def _tell(self, hearing: HearingStream) -> None:
        by_turns = self._input["turn_detection"] is not None
        async for heard in hearing:
            if heard.flushed or (heard.final and by_turns):
                self._transcribe(heard)

    def _transcribe(self, heard: HeardWords) -> None:
        item, seconds = self._items.popleft()
        if self._input["transcription"] is None:
            return
        for index, word in enumerate(heard.text.split()):
            delta = word if index == 0 else f" {word}"
            self._stream.tell(self._event(f"{_ITEM}delta", item_id=item, content_index=0, delta=delta))
        usage: dict[str, Any] = {"type": "duration", "seconds": round(seconds, 3)}
        if self._input["transcription"]["model"].startswith("gpt-4o"):
            spent, said = round(seconds * 10), len(heard.text.split()) + 1
            usage = {"type": "tokens", "input_tokens": spent, "output_tokens": said, "total_tokens": spent + said}
            usage["input_token_details"] = {"audio_tokens": spent, "text_tokens": 0}
        done = self._event(f"{_ITEM}completed", item_id=item, content_index=0, transcript=heard.text, usage=usage)
        self._stream.tell(done, last=True)

    def _say(self, kind: str, **facts: Any) -> None:
        self._stream.say(self._event(kind, **facts))

    def _refuse(self, code: str, words: str, parameter: str | None = None) -> None:
        error = {"type": "invalid_request_error", "code": code, "message": words, "param": parameter, "event_id": None}
        self._say("error", error=error)

    @staticmethod
    def _event(kind: str, **facts: Any) -> dict[str, Any]:
        return {"type": kind, "event_id": f"event_{uuid.uuid4().hex[:12]}"} | facts


def _format_problem(wanted: Mapping[str, Any]) -> str | None:
    kind = wanted.get("type", "audio/pcm")
    if kind not in _DECODERS:
        return f"Invalid value: '{kind}'. Supported values are: {', '.join(_DECODERS)}."
    if kind == "audio/pcm" and wanted.get("rate", _PCM_HZ) != _PCM_HZ:
        return "Invalid value for rate: only 24000 is supported."
    return None


def _transcription_problem(heard: Mapping[str, Any]) -> str | None:
    """What is wrong with the model and its hints."""
    wanted, turns = heard.get("transcription") or {}, heard.get("turn_detection")
    model = wanted.get("model")
    if wanted and model not in BY_PROMPT + BY_KEYWORDS + BARE:
        return f"Invalid value: '{model}'. Supported values are: {', '.join(BY_PROMPT + BY_KEYWORDS + BARE)}."
    if turns is not None and (turns.get("type") not in ("server_vad", "semantic_vad") or model in BARE):
        return f"Invalid turn_detection for '{model}'."
    for name in wanted.keys() - {"model"}:
        if model not in _HINTS.get(name, ()):
            return f"'{name}' is not supported by '{model}'."
    return None


def _refusal(fault: Fault) -> web.Response:
    kind, code = _KINDS[fault]
    words = "Incorrect API key provided." if fault is Fault.UNAUTHORISED else f"emulated {fault.value}"
    error = {"error": {"message": words, "type": kind, "code": code, "param": None}}
    return web.json_response(error, status=_STATUS[fault], headers={"x-request-id": "req_emulated"})


def _complaint(fault: Fault) -> tuple[dict[str, Any], int]:
    kind, code = _KINDS[fault]
    error = {"message": f"emulated {fault.value}", "type": kind, "code": code, "param": None, "event_id": None}
    return {"type": "error", "event_id": "event_emulated", "error": error}, 1011
