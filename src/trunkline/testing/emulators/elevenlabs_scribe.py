"""ElevenLabs' Scribe in real time, emulated
(elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime)."""

import base64
import binascii
import uuid
from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from trunkline.audio.g711 import ulaw_to_pcm
from trunkline.testing.emulators.hearing import HeardWords, HearingStream
from trunkline.testing.emulators.house import Emulator, Fault
from trunkline.testing.emulators.listening import Listening, hearing_of, listening, share_hearing, words_of

MODELS = ("scribe_v2_realtime",)
FORMATS = ("pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000")
SHORTEST_COMMIT_SECONDS = 0.3
MOST_KEYTERMS, LONGEST_KEYTERM = 50, 20
_QUIET_SECONDS = 1.5
_FLAGS = "include_timestamps include_language_detection tag_audio_events no_verbatim enable_logging"
_NUMBERS = {
    "vad_silence_threshold_secs": (0.3, 3.0),
    "vad_threshold": (0.1, 0.9),
    "min_speech_duration_ms": (50, 2000),
    "min_silence_duration_ms": (50, 2000),
}
_STATUS = {Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 400}
_KINDS = {
    Fault.UNAUTHORISED: "auth_error",
    Fault.RATE_LIMITED: "rate_limited",
    Fault.OVERLOADED: "resource_exhausted",
    Fault.ERROR: "transcriber_error",
}


def add_elevenlabs_scribe(app: web.Application, house: Emulator) -> None:
    """Adds ``/speech-to-text/realtime``. Who has no key, or wrong parameters, is let in, told so and closed."""
    share_hearing(app)

    async def realtime(request: web.Request) -> web.StreamResponse:
        async with listening(house, request, _refusal, _complaint) as stream:
            if not isinstance(stream, Listening):
                return stream
            if request.headers.get("xi-api-key") != house.key:
                stream.complain(Fault.UNAUTHORISED)
            elif problem := _problem(request.query):
                stream.say({"message_type": "invalid_request", "error": problem})
                stream.end(1008, "invalid_request")
            else:
                await _Session(stream).run()
            async for _ in stream.messages(2.0):
                continue
            return stream.socket

    app.router.add_get(f"{house.base}/speech-to-text/realtime", realtime)


class _Session:
    """One stream; a commit makes what came since the last one into a transcript."""

    def __init__(self, stream: Listening) -> None:
        query = stream.request.query
        self._stream = stream
        self._query = query
        encoding, _, rate = query.get("audio_format", "pcm_16000").partition("_")
        self._mulaw = encoding == "ulaw"
        self._rate_hz = int(rate)
        self._by_vad = query.get("commit_strategy") == "vad"
        self._dated = "true" in (query.get("include_timestamps"), query.get("include_language_detection"))
        self._committed = 0.0
        self._commits: deque[float] = deque()

    async def run(self) -> None:
        quiet = float(self._query.get("vad_silence_threshold_secs", _QUIET_SECONDS)) if self._by_vad else None
        hearing = await hearing_of(self._stream.request).open(self._rate_hz, quiet_seconds=quiet)
        try:
            self._stream.say(
                {"message_type": "session_started", "session_id": uuid.uuid4().hex, "config": self._config()}
            )
            self._stream.crew.start(self._tell(hearing))
            async for message in self._stream.messages():
                if (problem := self._take(hearing, message)) is not None:
                    self._stream.say({"message_type": problem[0], "error": problem[1]})
                    self._stream.end(1008, problem[0])
                    return
        finally:
            await hearing.aclose()

    def _config(self) -> dict[str, Any]:
        query = self._query
        return {
            "sample_rate": self._rate_hz,
            "audio_format": query.get("audio_format", "pcm_16000"),
            "language_code": query.get("language_code"),
            "commit_strategy": query.get("commit_strategy", "manual"),
            "model_id": query["model_id"],
            "include_timestamps": query.get("include_timestamps") == "true",
            "keyterms": query.getall("keyterms", []) or None,
        }

    def _take(self, hearing: HearingStream, message: dict[str, Any] | bytes | str) -> tuple[str, str] | None:
        """Takes a chunk; what is wrong with it, by the name of the error."""
        if not isinstance(message, dict) or message.get("message_type") != "input_audio_chunk":
            return "input_error", "Only input_audio_chunk is expected."
        try:
            sound = base64.b64decode(message["audio_base_64"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            return "input_error", "audio_base_64 is not base64."
        if message.get("sample_rate", self._rate_hz) != self._rate_hz:
            return "input_error", "sample_rate does not fit audio_format."
        hearing.push(ulaw_to_pcm(sound) if self._mulaw else sound)
        if message.get("commit"):
            if hearing.seconds - self._committed < SHORTEST_COMMIT_SECONDS:
                return "commit_throttled", "Commit request ignored: only %.2fs of uncommitted audio." % (
                    hearing.seconds - self._committed
                )
            self._commits.append(hearing.seconds)
            self._committed = hearing.seconds
            hearing.flush()
        return None

    async def _tell(self, hearing: HearingStream) -> None:
        async for heard in hearing:
            if not heard.final:
                self._stream.tell({"message_type": "partial_transcript", "text": heard.text})
            elif heard.flushed or self._by_vad:
                self._commit(heard)

    def _commit(self, heard: HeardWords) -> None:
        self._stream.tell({"message_type": "committed_transcript", "text": heard.text}, last=True)
        if self._dated:
            spread = words_of(heard.text, heard.start_seconds, heard.end_seconds)
            words = [{"text": word, "start": a, "end": b, "type": "word", "logprob": -0.02} for word, a, b in spread]
            language = self._query.get("language_code") or "en"
            dated = {"text": heard.text, "language_code": language, "words": words}
            self._stream.say({"message_type": "committed_transcript_with_timestamps"} | dated)


def _problem(query: MultiMapping[str]) -> str | None:
    """What is wrong with the parameters of a connection."""
    terms = query.getall("keyterms", [])
    language = query.get("language_code", "en")
    checks = {
        "model_id": query.get("model_id") in MODELS,
        "audio_format": query.get("audio_format", "pcm_16000") in FORMATS,
        "commit_strategy": query.get("commit_strategy", "manual") in ("manual", "vad"),
        "language_code": language.isalpha() and language.islower() and len(language) in (2, 3),
        "keyterms": len(terms) <= MOST_KEYTERMS and all(0 < len(term) <= LONGEST_KEYTERM for term in terms),
    }
    checks |= {name: query[name] in ("true", "false") for name in _FLAGS.split() if name in query}
    checks |= {name: _within(query, name) for name in _NUMBERS if name in query}
    return next((f"Invalid value for {name}." for name, well in checks.items() if not well), None)


def _within(query: Mapping[str, str], name: str) -> bool:
    least, most = _NUMBERS[name]
    try:
        return least <= float(query[name]) <= most
    except ValueError:
        return False


def _refusal(fault: Fault) -> web.Response | None:
    if fault is Fault.UNAUTHORISED:
        return None
    detail = {"detail": {"status": fault.value, "message": f"emulated {fault.value}"}}
    return web.json_response(detail, status=_STATUS[fault])


def _complaint(fault: Fault) -> tuple[dict[str, Any], int]:
    words = (
        "You must be authenticated to use this endpoint." if fault is Fault.UNAUTHORISED else f"emulated {fault.value}"
    )
    return {"message_type": _KINDS[fault], "error": words}, 1008 if fault is Fault.UNAUTHORISED else 1011
