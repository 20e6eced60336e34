"""Google's Gemini Live protocol, emulated: ``BidiGenerateContent`` as a websocket."""

import asyncio
import base64
import itertools
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import WSMsgType, web

from trunkline.testing.emulators.brain import answer
from trunkline.testing.emulators.gemini_turns import Turns, checked, tools_of
from trunkline.testing.emulators.hearing import HearingStream
from trunkline.testing.emulators.house import Emulator, Fault, Moment
from trunkline.testing.emulators.realtime_items import Refused
from trunkline.testing.emulators.talk_pieces import seconds_of_piece, spoken
from trunkline.testing.emulators.talk_socket import Ears, TalkSocket, Unwell, add_ears

SPOKEN_RATE_HZ = 24_000
PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_NOTICE_SECONDS = 1.0
_SILENCE_MS = 500
_RATE = re.compile(r"audio/pcm(?:;\s*rate=(\d+))?$")
_ENDS: Mapping[Fault, tuple[int, str]] = {
    Fault.UNAUTHORISED: (1008, "Permission denied: the API key was revoked."),
    Fault.RATE_LIMITED: (1011, "You exceeded your current quota, please check your plan and billing details."),
    Fault.OVERLOADED: (1011, "The service is currently unavailable."),
    Fault.ERROR: (1011, "Internal error encountered."),
}

Handles = dict[str, Turns]


class GeminiTalk:
    """One client's session. After ``lasting_seconds`` the server wants the client to come again."""

    def __init__(
        self, house: Emulator, request: web.Request, ears: Ears, handles: Handles, lasting_seconds: float | None
    ) -> None:
        self._house = house
        self._request = request
        self._ears = ears
        self._handles = handles
        self._lasting_seconds = lasting_seconds
        self._socket = TalkSocket(house, request, WSMsgType.BINARY)
        self._setup: dict[str, Any] | None = None
        self._turns = Turns()
        self._numbers = itertools.count(1)
        self._stream: HearingStream | None = None
        self._stream_rate_hz = 0
        self._generation: asyncio.Task[None] | None = None
        self._said = ""
        self._said_seconds = 0.0
        self._calls: dict[str, str] = {}

    async def run(self) -> web.StreamResponse:
        """The whole session."""
        self._house.keep(self._request.path, self._request.headers)
        given = self._request.headers.get("x-goog-api-key") or self._request.query.get("key")
        try:
            refusal = await self._socket.open()
        except Unwell as unwell:
            await self._socket.end(*_ENDS[unwell.fault])
            refusal = None
        if refusal is not None:
            return refusal
        try:
            if given != self._house.key:
                await self._socket.end(1007, "API key not valid. Please pass a valid API key.")
            await self._talk()
        finally:
            try:
                await self._socket.aclose()
            finally:
                if self._stream is not None:
                    await self._stream.aclose()
        return self._socket.socket

    async def _talk(self) -> None:
        async for message in self._socket.messages():
            try:
                kind, body = checked(message)
                if (kind == "setup") is (self._setup is not None):
                    raise Refused("setup must be the first message and only the first", "1007")
                if kind != "realtimeInput" or "audio" not in body:
                    self._house.keep(self._request.path, self._request.headers, message)
                await self._take(kind, body)
            except Refused as refused:
                await self._socket.end(1008 if refused.code == "1008" else 1007, refused.message)

    async def _take(self, kind: str, body: dict[str, Any]) -> None:
        match kind:
            case "setup":
                self._begin(body)
            case "realtimeInput":
                await self._input(body)
            case "clientContent":
                self._interrupt()
                self._turns.take(body.get("turns"))
                if body.get("turnComplete"):
                    self._generate()
            case _:
                self._results(body.get("functionResponses") or [])

    def _begin(self, setup: dict[str, Any]) -> None:
        if not str(setup.get("model") or "").startswith("models/"):
            raise Refused(f"{setup.get('model')} is not found for API version v1beta", "1008")
        handle = (setup.get("sessionResumption") or {}).get("handle")
        if handle is not None:
            if handle not in self._handles:
                raise Refused("Session resumption handle not found", "1008")
            self._turns = self._handles[handle]
        parts = (setup.get("systemInstruction") or {}).get("parts") or ()
        self._turns.instructions = "\n".join(str(part.get("text") or "") for part in parts)
        self._setup = setup
        self._socket.emit({"setupComplete": {}})
        if self._lasting_seconds is not None:
            self._socket.crew.start(self._go_away(self._lasting_seconds))

    async def _go_away(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._socket.emit({"goAway": {"timeLeft": f"{_NOTICE_SECONDS}s"}})
        await asyncio.sleep(_NOTICE_SECONDS)
        await self._socket.end(1001, "The connection was kept for as long as it can be")

    # --- hearing

    async def _input(self, body: Mapping[str, Any]) -> None:
        if "text" in body:
            self._interrupt()
            self._turns.add("user", str(body["text"]))
            self._generate()
        if body.get("audioStreamEnd") and self._stream is not None:
            self._stream.flush()
        for blob in (body.get("audio"), *(body.get("mediaChunks") or ())):
            if blob is not None:
                await self._hear(blob)

    async def _hear(self, blob: Mapping[str, Any]) -> None:
        form = _RATE.match(str(blob.get("mimeType")))
        if form is None:
            raise Refused(f"Unsupported mime type {blob.get('mimeType')}", "1007")
        rate_hz = int(form[1] or 16_000)
        if self._stream is None or rate_hz != self._stream_rate_hz:
            config = ((self._setup or {}).get("realtimeInputConfig") or {}).get("automaticActivityDetection") or {}
            quiet = config.get("silenceDurationMs", _SILENCE_MS) / 1000
            if self._stream is not None:
                await self._stream.aclose()
            hearing = await self._ears.get()
            self._stream = await hearing.open(rate_hz, quiet_seconds=quiet, speech=self._speech)
            self._stream_rate_hz = rate_hz
            self._socket.crew.start(self._understand(self._stream))
        self._stream.push(_sound(str(blob.get("data") or "")))

    def _speech(self, began: bool, _at_seconds: float) -> None:
        if began and (self._setup or {}).get("realtimeInputConfig", {}).get("activityHandling") != "NO_INTERRUPTION":
            self._interrupt()

    async def _understand(self, stream: HearingStream) -> None:
        async for heard in stream:
            if not heard.final or not heard.text:
                continue
            if "inputAudioTranscription" in (self._setup or {}):
                for number, word in enumerate(heard.text.split(" ")):
                    self._tell(inputTranscription={"text": word if number == 0 else f" {word}"})
            self._turns.add("user", heard.text, heard.end_seconds - heard.start_seconds)
            if self._generation is None:
                self._generate()

    # --- answering

    def _generate(self) -> None:
        self._generation = self._socket.crew.start(self._answer())

    async def _answer(self) -> None:
        try:
            await self._socket.moment(Moment.FIRST)
            said = answer(self._turns.talk(), tools_of(self._setup or {}))
            self._said, self._said_seconds = "", 0.0
            began = asyncio.get_running_loop().time()
            if said.text:
                await self._say(said.text)
            if said.calls:
                self._call([(call.name, dict(call.arguments)) for call in said.calls])
                return
            self._tell(generationComplete=True)
            played = began + self._said_seconds - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, played))
            self._complete()
        except Unwell as unwell:
            await self._socket.end(*_ENDS[unwell.fault])

    async def _say(self, text: str) -> None:
        for number, piece in enumerate(await spoken(text, SPOKEN_RATE_HZ, odd=self._socket.odd)):
            if number == 1:
                await self._socket.moment(Moment.MIDDLE)
            self._said += piece.words
            self._said_seconds += len(piece.pcm) / 2 / SPOKEN_RATE_HZ
            data = base64.b64encode(piece.pcm).decode()
            blob = {"mimeType": f"audio/pcm;rate={SPOKEN_RATE_HZ}", "data": data}
            self._tell(modelTurn={"parts": [{"inlineData": blob}]})
            if piece.words and "outputAudioTranscription" in (self._setup or {}):
                self._tell(outputTranscription={"text": piece.words})
            await asyncio.sleep(seconds_of_piece(piece, SPOKEN_RATE_HZ))

    def _call(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        made = [{"id": f"function-call-{next(self._numbers)}", "name": name, "args": args} for name, args in calls]
        self._calls.update({str(one["id"]): str(one["name"]) for one in made})
        self._remember()
        self._generation = None
        self._socket.emit({"toolCall": {"functionCalls": made}})

    def _results(self, results: list[Any]) -> None:
        for result in results:
            name = self._calls.pop(str(result.get("id")), None)
            if name is None or name != result.get("name") or not isinstance(result.get("response"), dict):
                raise Refused("Request contains an invalid argument: no such function call.", "1007")
            response = result["response"]
            value = response.get("output", response)
            self._turns.add("tool", value if isinstance(value, str) else str(web.json_response(value).text))
        if results and not self._calls:
            self._generate()

    def _interrupt(self) -> None:
        """What is being said, or done, is given up."""
        if self._calls:
            self._socket.emit({"toolCallCancellation": {"ids": list(self._calls)}})
            self._calls.clear()
        if self._generation is not None:
            self._generation.cancel()
            self._generation = None
            self._tell(interrupted=True)
            self._complete()

    def _complete(self) -> None:
        self._generation = None
        usage = self._turns.usage(self._said, self._said_seconds)
        self._remember()
        self._socket.emit({"serverContent": {"turnComplete": True}, "usageMetadata": usage})
        if "sessionResumption" in (self._setup or {}):
            handle = f"handle-{id(self):x}-{next(self._numbers)}"
            self._handles[handle] = self._turns
            self._socket.emit({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})

    def _remember(self) -> None:
        if self._said:
            self._turns.add("assistant", self._said.strip(), self._said_seconds)
        self._said = ""

    def _tell(self, **content: Any) -> None:
        self._socket.emit({"serverContent": content})


def _sound(data: str) -> bytes:
    """Base64 in either alphabet, as whole samples. Raises Refused."""
    try:
        sound = base64.b64decode(data.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raise Refused("Invalid value at 'realtime_input.audio.data': Base64 decoding failed", "1007") from None
    if len(sound) % 2:
        raise Refused("Request contains an invalid argument: audio of half a sample.", "1007")
    return sound


def add_gemini_live(app: web.Application, house: Emulator, lasting_seconds: float | None = None) -> None:
    """Adds ``BidiGenerateContent``. A connection lasts ``lasting_seconds``; None: for ever."""
    handles: Handles = {}
    app.router.add_get(PATH, partial(_live, house, add_ears(app), handles, lasting_seconds))


async def _live(
    house: Emulator, ears: Ears, handles: Handles, lasting_seconds: float | None, request: web.Request
) -> web.StreamResponse:
    return await GeminiTalk(house, request, ears, handles, lasting_seconds).run()
