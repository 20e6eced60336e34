"""An emulated realtime model that speaks OpenAI's event protocol or one made after it: it hears, thinks and speaks."""

import asyncio
import base64
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from trunkline.audio.g711 import alaw_to_pcm, pcm_to_alaw, pcm_to_ulaw, ulaw_to_pcm
from trunkline.testing.emulators.brain import Answer, answer
from trunkline.testing.emulators.hearing import HearingStream
from trunkline.testing.emulators.house import Emulator, Fault, Moment
from trunkline.testing.emulators.realtime_items import Item, Items, Refused, new_item
from trunkline.testing.emulators.realtime_settings import FAILURES, SORRY, Accent, Response, Settings
from trunkline.testing.emulators.realtime_speech import Utterance, not_understood
from trunkline.testing.emulators.talk_pieces import seconds_of_piece, spoken
from trunkline.testing.emulators.talk_socket import Ears, TalkSocket, Unwell

Event = Mapping[str, Any]
_LEAST_QUIET_MS = 100
"""What a detector of speech needs at least to tell an end from the middle of a word."""


class RealtimeTalk:
    """One client's session."""

    def __init__(self, house: Emulator, request: web.Request, accent: Accent, ears: Ears) -> None:
        self._house = house
        self._request = request
        self._accent = accent
        self._ears = ears
        self._socket = TalkSocket(house, request)
        self._items = Items()
        self._settings = Settings(accent, request.query.get("model", ""))
        self._numbers = itertools.count(1)
        self._stream: HearingStream | None = None
        self._stream_form: tuple[Any, ...] = ()
        self._utterances: list[Utterance] = []
        self._response: Response | None = None
        self._idle: asyncio.Task[None] | None = None
        self._spoke = False

    async def run(self) -> web.StreamResponse:
        """The whole session."""
        authorised = self._request.headers.get("Authorization") == f"Bearer {self._house.key}"
        self._house.keep(self._request.path_qs, self._request.headers)
        if not authorised and self._accent.refuses_at_the_door:
            body = {"code": "The caller does not have permission", "error": "Incorrect API key provided."}
            return web.json_response(body, status=401)
        try:
            refusal = await self._socket.open()
        except Unwell as unwell:
            await self._unwell(unwell.fault)
            refusal = None
        if refusal is not None:
            return refusal
        try:
            await self._talk(authorised)
        finally:
            try:
                await self._socket.aclose()
            finally:
                if self._stream is not None:
                    await self._stream.aclose()
        return self._socket.socket

    async def _talk(self, authorised: bool) -> None:
        if not authorised:
            given = self._request.headers.get("Authorization", "").removeprefix("Bearer ")
            self._error(Refused(f"Incorrect API key provided: {given}.", "invalid_api_key"), {})
            await self._socket.end(3000, "invalid_request_error.invalid_api_key")
            return
        conversation = {"id": "conv_emulated", "object": "realtime.conversation"}
        if self._accent.conversation_first:
            self._emit("conversation.created", conversation=conversation)
        self._emit("session.created", session=self._settings.values)
        async for event in self._socket.messages():
            try:
                await self._take(event)
            except Refused as refused:
                self._error(refused, event if isinstance(event, dict) else {})

    async def _take(self, event: object) -> None:
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise Refused("We could not parse the JSON body of your request.", "invalid_event")
        kind = event["type"]
        if kind != "input_audio_buffer.append":
            self._house.keep(self._request.path_qs, self._request.headers, event)
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise Refused(f"Invalid value: '{kind}'.", "invalid_value", "type")
        handled = handler(self, event)
        if handled is not None:
            await handled

    # --- the conversation

    def _update(self, event: Event) -> None:
        self._settings.update(event.get("session"), spoke=self._spoke)
        self._emit("session.updated", session=self._settings.values)

    def _truncate(self, event: Event) -> None:
        self._items.truncate(event.get("item_id"), event.get("content_index"), event.get("audio_end_ms"))
        about = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self._emit("conversation.item.truncated", **about)

    def _delete(self, event: Event) -> None:
        self._items.items.remove(self._items.find(event.get("item_id"), "item_delete_invalid_item_id"))
        self._emit("conversation.item.deleted", item_id=event["item_id"])

    def _create(self, event: Event) -> None:
        given = event.get("item")
        if not isinstance(given, dict):
            raise Refused("Missing required parameter: 'item'.", "missing_required_parameter", "item")
        if self._accent.forces and given.get("type") == "force_message":
            text = " ".join(str(part.get("text") or "") for part in given.get("content") or ())
            self._begin(forced=text)
            return
        self._added(new_item(self._items, given))

    def _added(self, item: Item, *, done: bool = True) -> None:
        before = self._items.add(item)
        self._emit("conversation.item.added", previous_item_id=before, item=item.wire())
        if done:
            self._emit("conversation.item.done", previous_item_id=before, item=item.wire())

    # --- hearing

    async def _hear(self, event: Event) -> None:
        audio = event.get("audio")
        if not isinstance(audio, str):
            raise Refused("Missing required parameter: 'audio'.", "missing_required_parameter", "audio")
        try:
            sound = base64.b64decode(audio, validate=True)
        except ValueError:
            raise Refused("Invalid 'audio'. Expected base64-encoded audio bytes.", "invalid_value", "audio") from None
        stream = await self._listening()
        kind, _ = self._settings.sound("input")
        stream.push({"audio/pcmu": ulaw_to_pcm, "audio/pcma": alaw_to_pcm}.get(kind, bytes)(sound))

    async def _listening(self) -> HearingStream:
        """The stream that hears as the session says now."""
        detection = self._settings.detection
        quiet = None if detection is None else max(_LEAST_QUIET_MS, detection.get("silence_duration_ms", 500)) / 1000
        form = (quiet, *self._settings.sound("input"))
        if self._stream is None or form != self._stream_form:
            if self._stream is not None:
                await self._stream.aclose()
            hearing = await self._ears.get()
            self._stream = await hearing.open(form[2], quiet_seconds=quiet, speech=self._speech)
            self._stream_form = form
            self._socket.crew.start(self._understand(self._stream))
        return self._stream

    def _speech(self, began: bool, at_seconds: float) -> None:
        if self._settings.detection is None:
            return
        if began:
            self._stay()
            utterance = Utterance(self._items.new_id(), at_seconds)
            self._utterances.append(utterance)
            self._emit(
                "input_audio_buffer.speech_started", audio_start_ms=int(at_seconds * 1000), item_id=utterance.item
            )
            if self._response is not None and self._settings.detection.get("interrupt_response", True):
                self._interrupt()
        elif self._utterances:
            utterance = self._utterances[-1]
            at_ms = int(at_seconds * 1000)
            self._emit("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=utterance.item)
            self._commit(utterance, at_seconds)
            if self._settings.detection.get("create_response", True) and self._response is None:
                self._begin(after=utterance)

    def _commit(self, utterance: Utterance, end_seconds: float) -> None:
        item = Item(utterance.item, "user", "", audio_ms=max(1, int((end_seconds - utterance.start_seconds) * 1000)))
        utterance.committed = item
        before = self._items.items[-1].id if self._items.items else None
        self._emit("input_audio_buffer.committed", previous_item_id=before, item_id=item.id)
        self._added(item)

    def _commit_by_hand(self, _event: Event) -> None:
        if self._stream is None or not self._stream.speaking:
            raise Refused(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio.",
                "input_audio_buffer_commit_empty",
            )
        self._stream.flush()

    def _forget(self, _event: Event) -> None:
        if self._stream is not None:
            self._stream.clear()
        self._emit("input_audio_buffer.cleared")

    async def _understand(self, stream: HearingStream) -> None:
        transcribes = self._accent.always_transcribes or self._settings.transcribes
        async for heard in stream:
            utterance = next((one for one in self._utterances if one.start_seconds == heard.start_seconds), None)
            if utterance is None:
                continue
            if not heard.final:
                if self._accent.always_transcribes:
                    self._transcribed("updated", utterance.item, transcript=heard.text)
                continue
            utterance.understood(heard.text)
            if not transcribes:
                continue
            if not self._accent.always_transcribes:
                for number, word in enumerate(heard.text.split(" ")):
                    self._transcribed("delta", utterance.item, delta=word if number == 0 else f" {word}")
            seconds = heard.end_seconds - heard.start_seconds
            usage = {"type": "duration", "seconds": round(seconds, 2)}
            self._transcribed("completed", utterance.item, transcript=heard.text, usage=usage)

    def _transcribed(self, what: str, item: str, **fields: Any) -> None:
        self._emit(f"conversation.item.input_audio_transcription.{what}", item_id=item, content_index=0, **fields)

    # --- answering

    def _asked(self, event: Event) -> None:
        if self._response is not None and not self._response.abandoned:
            raise Refused(
                f"Conversation already has an active response in progress: {self._response.id}. Wait until the response"
                " is finished before creating a new one.",
                "conversation_already_has_active_response",
            )
        self._begin(after=not_understood(self._utterances), metadata=(event.get("response") or {}).get("metadata"))

    def _begin(self, *, after: Utterance | None = None, forced: str | None = None, metadata: Any = None) -> None:
        self._stay()
        response = self._response = Response(f"resp_{next(self._numbers):06d}")
        response.task = self._socket.crew.start(self._respond(response, after, forced, metadata))

    async def _respond(self, response: Response, after: Utterance | None, forced: str | None, metadata: Any) -> None:
        try:
            await self._socket.moment(Moment.FIRST)
            self._created(response, metadata)
            if after is not None:
                await after.words()
            said = (
                Answer(forced)
                if forced is not None
                else answer(self._items.turns(self._settings.instructions), self._settings.tools())
            )
            if said.text:
                await self._say(response, said.text)
            for call in said.calls:
                self._call(response, call.name, call.arguments)
            self._done(response, "completed")
        except Unwell as unwell:
            await self._unwell(unwell.fault, response)

    def _created(self, response: Response, metadata: Any = None) -> None:
        response.created = True
        self._emit("response.created", response=response.wire("in_progress", self._settings, metadata=metadata))

    async def _say(self, response: Response, text: str) -> None:
        kind, rate_hz = self._settings.sound("output")
        item = Item(self._items.new_id(), "assistant", "", status="in_progress")
        response.made.append(item)
        place = {"response_id": response.id, "item_id": item.id, "output_index": 0, "content_index": 0}
        self._emit("response.output_item.added", response_id=response.id, output_index=0, item=item.wire())
        self._added(item, done=False)
        self._emit("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
        speed = self._settings.speed
        pieces = await spoken(text, rate_hz, speed=speed, odd=self._socket.odd)
        encode = {"audio/pcmu": pcm_to_ulaw, "audio/pcma": pcm_to_alaw}.get(kind, bytes)
        for number, piece in enumerate(pieces):
            if number == 1:
                await self._socket.moment(Moment.MIDDLE)
            item.text += piece.words
            response.sent_ms += len(piece.pcm) / 2 / rate_hz * 1000
            item.audio_ms = int(response.sent_ms)
            self._spoke = True
            if piece.words:
                self._emit("response.output_audio_transcript.delta", **place, delta=piece.words)
            self._emit("response.output_audio.delta", **place, delta=base64.b64encode(encode(piece.pcm)).decode())
            await asyncio.sleep(seconds_of_piece(piece, rate_hz))
        item.status = "completed"
        self._emit("response.output_audio.done", **place)
        self._emit("response.output_audio_transcript.done", **place, transcript=item.text)
        self._emit("response.content_part.done", **place, part={"type": "audio", "transcript": item.text})
        self._item_done(response, item)

    def _call(self, response: Response, name: str, arguments: Mapping[str, Any]) -> None:
        text = web.json_response(dict(arguments)).text or "{}"
        number = next(self._numbers)
        item = Item(self._items.new_id(), "call", text, call_id=f"call_{number:06d}", name=name)
        response.made.append(item)
        place = {"response_id": response.id, "item_id": item.id, "output_index": len(response.made) - 1}
        empty = {**item.wire(), "arguments": "", "status": "in_progress"}
        self._emit(
            "response.output_item.added", response_id=response.id, output_index=place["output_index"], item=empty
        )
        self._added(item, done=False)
        for at in range(0, len(text), 5):
            delta = text[at : at + 5]
            self._emit("response.function_call_arguments.delta", **place, call_id=item.call_id, delta=delta)
        self._emit("response.function_call_arguments.done", **place, call_id=item.call_id, name=name, arguments=text)
        self._item_done(response, item)

    def _item_done(self, response: Response, item: Item) -> None:
        index = response.made.index(item)
        self._emit("response.output_item.done", response_id=response.id, output_index=index, item=item.wire())
        self._emit("conversation.item.done", previous_item_id=None, item=item.wire())

    def _done(self, response: Response, status: str, details: Event | None = None) -> None:
        if self._response is response:
            self._response = None
        wire = response.wire(status, self._settings, details=details)
        wire["usage"] = self._items.usage(self._settings.instructions, response.made)
        self._emit("response.done", response=wire)
        detection = self._settings.detection or {}
        if status == "completed" and detection.get("idle_timeout_ms"):
            wait = (response.sent_ms + detection["idle_timeout_ms"]) / 1000
            self._idle = self._socket.crew.start(self._nobody_speaks(wait))

    async def _nobody_speaks(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._idle = None
        heard_ms = int((self._stream.seconds if self._stream is not None else 0) * 1000)
        utterance = Utterance(self._items.new_id(), heard_ms / 1000)
        utterance.understood("")
        self._emit(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=heard_ms,
            audio_end_ms=heard_ms,
            item_id=utterance.item,
        )
        self._commit(utterance, heard_ms / 1000)
        self._begin(after=utterance)

    def _stay(self) -> None:
        """Somebody does something: the idle timer ends."""
        if self._idle is not None and self._idle is not asyncio.current_task():
            self._idle.cancel()
        self._idle = None

    def _interrupt(self) -> None:
        response = self._response
        if response is None or response.abandoned:
            return
        if self._accent.abandons:
            response.abandoned = True
            self._stop(response)
        else:
            self._give_up(response, "turn_detected")

    def _cancelled_by_client(self, _event: Event) -> None:
        if self._response is None:
            raise Refused("Cancellation failed: no active response found", "response_cancel_not_active")
        self._give_up(self._response, "client_cancelled")

    def _stop(self, response: Response) -> None:
        if response.task is not None:
            response.task.cancel()
        for item in response.made:
            item.status = "incomplete" if item.status == "in_progress" else item.status

    def _give_up(self, response: Response, reason: str) -> None:
        self._stop(response)
        if not response.created:
            self._created(response)
        for item in response.made:
            if item.status == "incomplete":
                self._item_done(response, item)
        self._done(response, "cancelled", {"type": "cancelled", "reason": reason})

    async def _unwell(self, fault: Fault, response: Response | None = None) -> None:
        if fault in FAILURES and response is not None:
            if not response.created:
                self._created(response)
            self._done(response, "failed", {"type": "failed", "error": FAILURES[fault]})
            return
        if fault is Fault.UNAUTHORISED:
            self._error(Refused("Your API key was revoked.", "invalid_api_key"), {})
            await self._socket.end(3000, "invalid_request_error.invalid_api_key")
            return
        self._emit("error", error=SORRY)

    def _error(self, refused: Refused, event: Event) -> None:
        self._emit("error", error=refused.wire(event.get("event_id")))

    def _emit(self, kind: str, **fields: Any) -> None:
        self._socket.emit({"type": kind, "event_id": f"event_{next(self._numbers):06d}", **fields})


_HANDLERS: Mapping[str, Callable[[RealtimeTalk, Event], Awaitable[None] | None]] = {
    "session.update": RealtimeTalk._update,
    "input_audio_buffer.append": RealtimeTalk._hear,
    "input_audio_buffer.clear": RealtimeTalk._forget,
    "input_audio_buffer.commit": RealtimeTalk._commit_by_hand,
    "conversation.item.create": RealtimeTalk._create,
    "conversation.item.truncate": RealtimeTalk._truncate,
    "conversation.item.delete": RealtimeTalk._delete,
    "response.create": RealtimeTalk._asked,
    "response.cancel": RealtimeTalk._cancelled_by_client,
}
