"""Google's Gemini Live models (speech to speech over a websocket). https://ai.google.dev/gemini-api/docs/live-api"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import aiohttp
from pydantic import SecretStr

from trunkline.audio.frame import SAMPLE_BYTES
from trunkline.audio.level import dbfs
from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.realtime import PartyStarted, RealtimeEvent, ReplyDone, ReplySound, ReplyStarted
from trunkline.ports.replies import Turn
from trunkline.providers.llm.google_request import wire_name
from trunkline.providers.offers import model_of
from trunkline.providers.realtime.connection import Connection
from trunkline.providers.realtime.google_conversation import GoogleConversation
from trunkline.providers.realtime.google_setup import address, idle_seconds, needs_placeholder, setup
from trunkline.providers.realtime.session import SENT_SECONDS
from trunkline.providers.vendor import Vendor

_LOUD_DBFS = -45.0
"""While the party is this loud, no answer is due yet."""

Resume = Callable[[str], Coroutine[Any, Any, aiohttp.ClientWebSocketResponse]]


class GoogleSession:
    """ports.realtime.RealtimeSession by Google. A connection that the vendor ends (about every ten minutes) is gone on
    with on another one, in a pause of the talk."""

    def __init__(
        self,
        connection: Connection,
        conversation: GoogleConversation,
        sample_rate_hz: int,
        idle_seconds: float | None,
        resume: Resume,
    ) -> None:
        self._connection = connection
        self._conversation = conversation
        self._rate_hz = sample_rate_hz
        self._mime_type = f"audio/pcm;rate={sample_rate_hz}"
        self._unsent = bytearray()
        self._sent_bytes = round(SENT_SECONDS * sample_rate_hz) * SAMPLE_BYTES
        self._idle_seconds = idle_seconds
        self._idle: asyncio.TimerHandle | None = None
        self._silent_at = 0.0
        self._resume = resume
        self._loop = asyncio.get_running_loop()

    def push(self, pcm: bytes) -> None:
        self._unsent += pcm
        if len(self._unsent) < self._sent_bytes:
            return
        sound = bytes(self._unsent)
        self._unsent.clear()
        data = base64.b64encode(sound).decode()
        self._connection.send_sound({"realtimeInput": {"audio": {"mimeType": self._mime_type, "data": data}}})
        if self._connection.expecting and self._conversation.listening and dbfs(sound) > _LOUD_DBFS:
            self._connection.expect()

    async def events(self) -> AsyncIterator[RealtimeEvent]:
        while (message := await self._connection.message()) is not None:
            events = self._connection.understood(self._conversation.take, message)
            self._watch()
            for event in events:
                self._time(event)
                yield event
            if self._conversation.leaving and self._conversation.idle:
                await self._go_on()

    def add(self, turns: Sequence[Turn]) -> None:
        self._conversation.add(turns)
        self._watch()

    def instruct(self, text: str) -> None:
        self._conversation.instruct(text)

    def respond(self) -> None:
        self._conversation.ask()
        self._watch()

    def say(self, text: str) -> bool:
        return False

    def cancel(self) -> None:
        self._conversation.cancel()

    def truncate(self, reply: str, played_seconds: float, heard: str) -> None:
        self._conversation.truncate(reply, played_seconds, heard)

    async def aclose(self) -> None:
        self._stop_idling()
        await self._connection.aclose()

    def _watch(self) -> None:
        if self._conversation.due != self._connection.expecting:
            self._connection.expect(self._conversation.due)

    async def _go_on(self) -> None:
        """On another connection, with the handle of this one. Without a handle the vendor's end of it is waited for."""
        handle = self._conversation.handle
        if handle is not None and not self._connection.closed:
            self._conversation.leaving = False
            self._connection.hold()
            await self._connection.replace(await self._resume(handle))

    # --- silence that is too long

    def _time(self, event: RealtimeEvent) -> None:
        if self._idle_seconds is None:
            return
        now = self._loop.time()
        match event:
            case PartyStarted() | ReplyStarted():
                self._stop_idling()
                self._silent_at = now
            case ReplySound(_, pcm):
                self._silent_at = max(self._silent_at, now) + len(pcm) / SAMPLE_BYTES / self._rate_hz
            case ReplyDone(outcome="completed"):
                self._stop_idling()
                self._idle = self._loop.call_at(max(self._silent_at, now) + self._idle_seconds, self._nudge)

    def _nudge(self) -> None:
        self._idle = None
        if self._conversation.idle:
            self._conversation.nudge()
            self._watch()

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


class GoogleRealtime:
    """ports.realtime.Realtime by Google."""

    def __init__(self, vendor: Vendor, key: SecretStr) -> None:
        self._vendor = vendor
        self._key = key

    async def open(
        self, config: LlmConfig, instructions: str, tools: Sequence[FunctionSpec], sample_rate_hz: int
    ) -> GoogleSession:
        model = model_of("llm", "google_realtime", config.model) or ""
        first = setup(model, config, instructions, tools)

        async def resume(handle: str) -> aiohttp.ClientWebSocketResponse:
            connection = await self._connected({**first, "sessionResumption": {"handle": handle}})
            return await connection.release()

        connection = await self._connected(first)
        names = {wire_name(tool.name): tool.name for tool in tools}
        conversation = GoogleConversation(sample_rate_hz, names, needs_placeholder(model), connection.send)
        return GoogleSession(connection, conversation, sample_rate_hz, idle_seconds(config), resume)

    async def _connected(self, first: dict[str, Any]) -> Connection:
        """A connection whose session is set up. Raises Upstream."""
        headers = {"x-goog-api-key": self._key.get_secret_value()}
        socket = await self._vendor.connect(address(self._vendor.socket_url), headers, self._key)
        connection = Connection(self._vendor, self._key, socket)
        try:
            connection.send({"setup": first})
            connection.expect()
            while "setupComplete" not in (message := await connection.receive() or {}):
                if not message:
                    raise connection.silent()
        except BaseException:
            await asyncio.shield(connection.aclose())
            raise
        connection.expect(False)
        return connection
