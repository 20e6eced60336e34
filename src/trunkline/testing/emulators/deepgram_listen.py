"""Deepgram's live transcription, emulated (developers.deepgram.com/reference/speech-to-text/listen-streaming)."""

import uuid
from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from trunkline.audio.g711 import ulaw_to_pcm
from trunkline.testing.emulators.hearing import HeardWords, HearingStream
from trunkline.testing.emulators.house import Emulator, Fault, listing_trouble
from trunkline.testing.emulators.listening import Listening, hearing_of, listening, share_hearing, words_of

MODELS = ("nova-3", "nova-3-general", "nova-2", "nova-2-general", "nova-2-phonecall")
ENCODINGS = ("linear16", "mulaw")
_LANGUAGES = "multi ar bg cs da de en es fi fr hi hr hu id it ja ko nl no pl pt ro ru sk sv tr vi zh"
IDLE_SECONDS = 10.0
_SHORTEST_QUIET_SECONDS = 0.3
_INTERIM_SECONDS = 1.0
_BUFFERED_SECONDS = 0.1
_FLAGS = (
    "interim_results punctuate smart_format numerals filler_words no_delay vad_events diarize profanity_filter"
    " multichannel mip_opt_out dictation"
)
_NUMBERS = {"sample_rate": (8000, 48000), "channels": (1, 8), "utterance_end_ms": (1000, 5000)}
_STATUS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 400}
_CLOSES = {Fault.UNAUTHORISED: 1008, Fault.RATE_LIMITED: 1013, Fault.OVERLOADED: 1011, Fault.ERROR: 1011}


def add_deepgram_listen(app: web.Application, house: Emulator) -> None:
    """Adds ``/listen``, and the list of projects by which a key is verified."""
    share_hearing(app)

    async def listen(request: web.Request) -> web.StreamResponse:
        problem = None if _known(request, house.key) else (401, "INVALID_AUTH", "Invalid credentials.")
        problem = problem or _problem(request.query)
        if problem is not None:
            house.keep(request.path_qs, request.headers)
            return _refuse(*problem)
        async with listening(house, request, _refusal, _complaint) as stream:
            if not isinstance(stream, Listening):
                return stream
            await _Session(stream).run()
            return stream.socket

    async def projects(request: web.Request) -> web.Response:
        house.keep(request.path_qs, request.headers)
        if not _known(request, house.key):
            return _refuse(401, "INVALID_AUTH", "Invalid credentials.")
        if (trouble := await listing_trouble(house, request, _refusal)) is not None:
            return trouble
        return web.json_response({"projects": [{"project_id": str(uuid.UUID(int=1)), "name": "emulated"}]})

    app.router.add_get(f"{house.base}/listen", listen)
    app.router.add_get(f"{house.base}/projects", projects)


class _Session:
    """One stream: every final result begins where the last one ended."""

    def __init__(self, stream: Listening) -> None:
        query = stream.request.query
        self._stream = stream
        self._id = str(uuid.uuid4())
        self._query = query
        self._mulaw = query["encoding"] == "mulaw"
        self._interim = query.get("interim_results") == "true"
        self._rate_hz = int(query["sample_rate"])
        self._gap_seconds = int(query.get("utterance_end_ms", 0)) / 1000
        self._flushes: deque[float] = deque()
        self._closing = False
        self._final_until = 0.0
        self._interim_until = 0.0
        self._word_until: float | None = None
        self._hearing: HearingStream | None = None

    async def run(self) -> None:
        hearing = await hearing_of(self._stream.request).open(
            self._rate_hz, quiet_seconds=self._quiet_seconds(), speech=self._speech
        )
        self._hearing = hearing
        try:
            self._stream.crew.start(self._tell(hearing))
            async for message in self._stream.messages(IDLE_SECONDS):
                if not self._take(hearing, message):
                    return
        except TimeoutError:
            self._stream.end(1011, "NET-0001: no audio or KeepAlive within the timeout window")
            async for _ in self._stream.messages(2.0):
                continue
        finally:
            await hearing.aclose()

    def _quiet_seconds(self) -> float | None:
        wanted = self._query.get("endpointing", "10")
        if wanted == "false":
            return None
        return max(_SHORTEST_QUIET_SECONDS, 0.01 if wanted == "true" else int(wanted) / 1000)

    def _take(self, hearing: HearingStream, message: dict[str, Any] | bytes | str) -> bool:
        """Takes a message; False where there is to be none after it."""
        if isinstance(message, bytes) and message:
            hearing.push(ulaw_to_pcm(message) if self._mulaw else message)
            self._while_quiet(hearing)
            return True
        kind = "CloseStream" if isinstance(message, bytes) else message["type"] if isinstance(message, dict) else None
        match kind:
            case "Finalize":
                self._flushes.append(hearing.seconds)
                hearing.flush()
            case "CloseStream":
                self._closing = True
                self._flushes.append(hearing.seconds)
                hearing.flush()
            case "KeepAlive":
                pass
            case _:
                self._stream.say(_schema_error(message))
        return True

    def _while_quiet(self, hearing: HearingStream) -> None:
        """While nobody speaks, interim results say so, and the end of an utterance is told of."""
        now = hearing.seconds
        if (
            self._interim
            and not hearing.speaking
            and now - max(self._interim_until, self._final_until) >= _INTERIM_SECONDS
        ):
            self._interim_until = now
            self._stream.tell(self._result("", self._final_until, now, final=False), last=True)
        word_until = self._word_until
        if self._gap_seconds and word_until is not None and now - word_until >= self._gap_seconds:
            self._word_until = None
            self._stream.say({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": word_until})

    def _speech(self, speaking: bool, at: float) -> None:
        if speaking and self._query.get("vad_events") == "true":
            self._stream.say({"type": "SpeechStarted", "channel": [0], "timestamp": round(at, 3)})

    async def _tell(self, hearing: HearingStream) -> None:
        async for heard in hearing:
            if not heard.final:
                self._guess(heard, hearing.seconds)
            elif not heard.flushed:
                self._final(heard, min(heard.end_seconds + 0.2, hearing.seconds), flushed=False)
            else:
                until = self._flushes.popleft()
                if heard.text or until - self._final_until >= _BUFFERED_SECONDS:
                    self._final(heard, until, flushed=True)
                if self._closing and not self._flushes:
                    self._part(hearing.seconds)

    def _guess(self, heard: HeardWords, now: float) -> None:
        if self._interim:
            self._interim_until = now
            self._stream.tell(self._result(heard.text, self._final_until, now, final=False, began=heard.start_seconds))

    def _final(self, heard: HeardWords, until: float, *, flushed: bool) -> None:
        message = self._result(heard.text, self._final_until, until, final=True, began=heard.start_seconds)
        message |= {"speech_final": not flushed or bool(heard.text), "from_finalize": flushed and not self._closing}
        self._final_until = until
        self._word_until = heard.end_seconds if heard.text else self._word_until
        self._stream.tell(message, last=True)

    def _result(
        self, text: str, start: float, until: float, *, final: bool, began: float | None = None
    ) -> dict[str, Any]:
        words = words_of(text, max(start, began if began is not None else start), until) if text else []
        plain = self._query.get("punctuate") != "true" and self._query.get("smart_format") != "true"
        alternative: dict[str, Any] = {
            "transcript": _bare(text) if plain else text,
            "confidence": 0.98 if text else 0.0,
            "words": [
                {"word": _bare(word), "start": a, "end": b, "confidence": 0.98, "punctuated_word": word}
                for word, a, b in words
            ],
        }
        if self._query.get("language") == "multi":
            alternative["languages"] = ["en"] if text else []
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": round(until - start, 6),
            "start": round(start, 6),
            "is_final": final,
            "speech_final": False,
            "channel": {"alternatives": [alternative]},
            "metadata": self._metadata(),
            "from_finalize": False,
        }

    def _metadata(self) -> dict[str, Any]:
        info = {"name": "general-nova-3", "version": "2025-01-09.0", "arch": "nova-3"}
        return {"request_id": self._id, "model_info": info, "model_uuid": str(uuid.UUID(int=3))}

    def _part(self, seconds: float) -> None:
        self._stream.say(
            {
                "type": "Metadata",
                "transaction_key": "deprecated",
                "request_id": self._id,
                "sha256": "0" * 64,
                "created": "2026-01-01T00:00:00.000Z",
                "duration": round(seconds, 6),
                "channels": 1,
            }
        )
        self._stream.end(1000)


def _known(request: web.Request, key: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() in ("token", "bearer") and given == key


def _problem(query: Mapping[str, str]) -> tuple[int, str, str] | None:
    """What is wrong with the parameters of a connection."""
    model, language = query.get("model", "nova-3"), query.get("language", "en").split("-")[0].lower()
    if model not in MODELS or language not in _LANGUAGES.split():
        return 400, "Bad Request", "Bad Request: No such model/language/tier combination found."
    if query.get("encoding") not in ENCODINGS or "sample_rate" not in query:
        return 400, "INVALID_QUERY_PARAMETER", "Invalid query string: encoding and sample_rate must fit raw audio."
    if "keywords" in query and model.startswith("nova-3"):
        return 400, "INVALID_QUERY_PARAMETER", "Keywords are not supported for Nova-3. Use keyterm instead."
    if "utterance_end_ms" in query and query.get("interim_results") != "true":
        return 400, "INVALID_QUERY_PARAMETER", "utterance_end_ms needs interim_results."
    for name, value in query.items():
        if not _fits(name, value):
            return 400, "INVALID_QUERY_PARAMETER", f"Invalid query string: {name}={value}"
    return None


def _fits(name: str, value: str) -> bool:
    if name in _FLAGS.split():
        return value in ("true", "false")
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        return value.isdecimal() and least <= int(value) <= most
    return name != "endpointing" or value in ("true", "false") or value.isdecimal()


def _refuse(status: int, code: str, words: str) -> web.Response:
    identity = str(uuid.uuid4())
    body = {"err_code": code, "err_msg": words, "request_id": identity}
    return web.json_response(body, status=status, headers={"dg-error": words, "dg-request-id": identity})


def _refusal(fault: Fault) -> web.Response:
    return _refuse(_STATUS[fault], fault.value.upper(), f"emulated {fault.value}")


def _complaint(fault: Fault) -> tuple[dict[str, Any], int]:
    return {"type": "Error", "variant": fault.value, "description": f"emulated {fault.value}"}, _CLOSES[fault]


def _schema_error(message: object) -> dict[str, Any]:
    words = "could not deserialize the message"
    return {"type": "Error", "variant": "SchemaError", "description": words, "message": str(message)[:500]}


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter in " '-").strip()
