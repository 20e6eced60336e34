"""Calls: placed, listed, ordered about, followed and listened to."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Unpack, cast

import httpx2

from trunkline.client import types
from trunkline.client.aio.noun import AsyncPages, AsyncResource
from trunkline.client.errors import ApiError
from trunkline.client.event import END_STATES, Event, Following
from trunkline.client.wire import Request, path_of


class AsyncCalls(AsyncResource):
    """Calls."""

    async def place(self, *, idempotency_key: str | None = None, **order: Unpack[types.PlaceCall]) -> types.PlacedReply:
        """Places a call; returns as soon as it is recorded, before it rings. With an ``idempotency_key`` of your
        own not even your program, started again, rings twice."""
        return cast(types.PlacedReply, await self._post("/calls/outbound", order, idempotency_key))

    def list(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListCallsQuery]
    ) -> AsyncPages[types.Call]:
        """All calls that the filters leave, newest first."""
        return self._pages("/calls", "calls", limit, offset, filters)

    async def get(self, call_id: str) -> types.Call:
        """The call as it stands. Raises NotFound."""
        return cast(types.Call, await self._get(path_of("calls", call_id)))

    async def wait(self, call_id: str) -> types.Call:
        """The call once it is over. Raises NotFound and ConnectionFailed."""
        async for _ in self.events(call_id):
            pass
        return await self.get(call_id)

    async def control(self, call_id: str, order: types.Control) -> types.ControlReply:
        """Gives a live call an order; what became of it follows as an event with the ``command_id``."""
        reply = await self._post(path_of("calls", call_id, "control"), order)
        return cast(types.ControlReply, reply)

    async def say(
        self, call_id: str, content: str, *, end_after: bool = False, interruptible: bool = True
    ) -> types.ControlReply:
        """Lets the assistant speak these words."""
        order: types.Say = {
            "type": "say",
            "content": content,
            "end_after": end_after,
            "interruptible": interruptible,
        }
        return await self.control(call_id, order)

    async def inject_context(self, call_id: str, content: str, *, trigger_response: bool = False) -> types.ControlReply:
        """Tells the model something, and with ``trigger_response`` lets it speak about it at once."""
        order: types.InjectContext = {
            "type": "inject-context",
            "content": content,
            "trigger_response": trigger_response,
        }
        return await self.control(call_id, order)

    async def end(self, call_id: str, message: str | None = None) -> types.ControlReply:
        """Ends a call, with last words where there are some, or cancels it before it is answered."""
        order: types.EndCall = {"type": "end-call", "message": message}
        return await self.control(call_id, order)

    async def transfer(
        self,
        call_id: str,
        destination: str,
        *,
        message: str | None = None,
        mode: Literal["blind", "warm"] = "blind",
        summary_for_agent: bool | None = None,
    ) -> types.ControlReply:
        """Hands the party over to a phone number or SIP URI."""
        order: types.Transfer = {
            "type": "transfer",
            "destination": destination,
            "message": message,
            "mode": mode,
            "summary_for_agent": summary_for_agent,
        }
        return await self.control(call_id, order)

    async def send_dtmf(self, call_id: str, digits: str) -> types.ControlReply:
        """Presses keys: 0-9 * # A-D; w waits half a second."""
        return await self.control(call_id, {"type": "send-dtmf", "digits": digits})

    async def mute(self, call_id: str) -> types.ControlReply:
        """Stops the assistant's listening."""
        return await self.control(call_id, {"type": "mute"})

    async def unmute(self, call_id: str) -> types.ControlReply:
        """Resumes the assistant's listening."""
        return await self.control(call_id, {"type": "unmute"})

    async def events(self, call_id: str, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """What happened since event ``after`` and what happens, until the call is over; goes on where it was when the
        connection breaks. Raises NotFound, and ConnectionFailed when it cannot be made again."""
        following = Following(self._connection.reach, after)
        while not following.over:
            problem: Exception | None = None
            try:
                async with self._connection.once(following.request(path_of("calls", call_id, "events"))) as reply:
                    async for sent in httpx2.EventSource(reply):
                        if (event := following.took(sent)) is not None:
                            yield event
            except (ApiError, httpx2.TransportError) as error:
                problem = error
            if problem is None and not following.over and following.ended_early():
                following.over = (await self.get(call_id))["status"] in END_STATES
            if not following.over:
                await asyncio.sleep(following.wait(problem))

    async def sip(self, call_id: str, **which: Unpack[types.GetSipLadderQuery]) -> types.LadderReply:
        """The SIP messages of a call, in order. Raises NotFound."""
        return cast(types.LadderReply, await self._get(path_of("calls", call_id, "sip"), which))

    async def recording(self, call_id: str) -> bytes:
        """The recording, WAV in stereo. Raises NotFound where there is none."""
        async with self.stream_recording(call_id) as chunks:
            return b"".join([chunk async for chunk in chunks])

    @asynccontextmanager
    async def stream_recording(self, call_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The recording in chunks, as it comes."""
        request = Request("GET", path_of("calls", call_id, "recording"), headers={"Accept": "audio/wav"})
        async with self._connection.stream(request) as reply:
            yield reply.aiter_bytes()
