"""A session of OpenAI's realtime protocol, and of those made after it: the shell around ``Conversation``."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from trunkline.audio.frame import SAMPLE_BYTES
from trunkline.audio.resample import Resampler
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.realtime import RealtimeEvent
from trunkline.ports.replies import Turn
from trunkline.providers.offers import model_of
from trunkline.providers.realtime.connection import Connection
from trunkline.providers.realtime.conversation import Conversation
from trunkline.providers.realtime.dialect import (
    Dialect,
    SoundFormat,
    new_instructions,
    session_update,
    sound_format,
)
from trunkline.providers.vendor import Vendor

SENT_SECONDS = 0.04
"""Sound is sent so much at a time."""


class EventSession:
    """ports.realtime.RealtimeSession over events."""

    def __init__(
        self,
        dialect: Dialect,
        connection: Connection,
        conversation: Conversation,
        sound: SoundFormat,
        line_rate_hz: int,
    ) -> None:
        self._dialect = dialect
        self._connection = connection
        self._conversation = conversation
        self._sound = sound
        self._from_line = Resampler(line_rate_hz, sound.rate_hz)
        self._unsent = bytearray()
        self._sent_bytes = round(SENT_SECONDS * sound.rate_hz) * SAMPLE_BYTES

    def push(self, pcm: bytes) -> None:
        self._unsent += self._from_line.push(pcm)
        if len(self._unsent) >= self._sent_bytes:
            audio = self._sound.encode(bytes(self._unsent))
            self._unsent.clear()
            self._connection.send_sound({"type": "input_audio_buffer.append", "audio": audio})

    async def events(self) -> AsyncIterator[RealtimeEvent]:
        while (message := await self._connection.message()) is not None:
            events = self._connection.understood(self._conversation.take, message)
            self._watch()
            for event in events:
                yield event

    def add(self, turns: Sequence[Turn]) -> None:
        self._conversation.add(turns)

    def instruct(self, text: str) -> None:
        self._connection.send(new_instructions(self._dialect, text))

    def respond(self) -> None:
        self._conversation.ask()
        self._watch()

    def say(self, text: str) -> bool:
        if not self._dialect.forces:
            return False
        self._conversation.ask(text)
        self._watch()
        return True

    def cancel(self) -> None:
        self._conversation.cancel()

    def truncate(self, reply: str, played_seconds: float, heard: str) -> None:
        self._conversation.truncate(reply, played_seconds, heard)

    async def aclose(self) -> None:
        await self._connection.aclose()

    def _watch(self) -> None:
        """Something is due exactly while the vendor owes a reply; it is due from when that began."""
        if self._conversation.due != self._connection.expecting:
            self._connection.expect(self._conversation.due)


class EventRealtime:
    """ports.realtime.Realtime of one dialect."""

    def __init__(self, dialect: Dialect, vendor: Vendor, key: SecretStr) -> None:
        self._dialect = dialect
        self._vendor = vendor
        self._key = key

    @property
    def speaks_given_words(self) -> bool:
        """As ports.realtime.SpeaksGivenWords."""
        return self._dialect.forces

    async def open(
        self, config: LlmConfig, instructions: str, tools: Sequence[FunctionSpec], sample_rate_hz: int
    ) -> EventSession:
        model = model_of("llm", self._dialect.provider, config.model) or ""
        sound = sound_format(self._dialect, sample_rate_hz)
        socket = await self._vendor.connect(
            f"{self._vendor.socket_url}/realtime?model={quote(model, safe='')}",
            {"Authorization": f"Bearer {self._key.get_secret_value()}"},
            self._key,
        )
        connection = Connection(self._vendor, self._key, socket)
        try:
            connection.send(session_update(self._dialect, model, config, instructions, tools, sound))
            await self._ready(connection)
        except BaseException:
            await asyncio.shield(connection.aclose())
            raise
        conversation = Conversation(self._dialect, sound, sample_rate_hz, connection.send, self._failure)
        return EventSession(self._dialect, connection, conversation, sound, sample_rate_hz)

    async def _ready(self, connection: Connection) -> None:
        """Waits until the configuration was acknowledged."""
        connection.expect()
        while True:
            message = await connection.receive()
            if message is None:
                raise connection.silent()
            if message.get("type") == "error":
                raise self._failure(message.get("error") or {}, opening=True)
            if message.get("type") == "session.updated":
                connection.expect(False)
                return

    def _failure(self, error: Mapping[str, Any], *, opening: bool = False) -> Upstream:
        """The vendor's error object as ours. What is refused at the opening would be refused again."""
        names = [str(error.get(name) or "") for name in ("code", "type")]
        known = [self._dialect.errors[name] for name in names if name in self._dialect.errors]
        return self._vendor.failure(
            f"{self._vendor.name} failed ({names[0] or names[1] or 'unknown'})",
            retryable=known[0] if known else not opening and names[1] != "invalid_request_error",
            key=self._key,
            vendor_message=str(error.get("message") or ""),
            request_id=str(error.get("event_id") or ""),
        )
