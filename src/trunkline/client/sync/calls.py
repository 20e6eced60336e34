"""Calls: placed, listed, ordered about, followed and listened to."""
# Made from its namesake in aio/ by `make docs`; do not edit.

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Literal, Unpack, cast

import httpx2

from trunkline.client import types
from trunkline.client.errors import ApiError
from trunkline.client.event import END_STATES, Event, Following
from trunkline.client.sync.noun import Pages, Resource
from trunkline.client.wire import Request, path_of


class Calls(Resource):
    """Calls."""

    def place(self, *, idempotency_key: str | None = None, **order: Unpack[types.PlaceCall]) -> types.PlacedReply:
        """Places a call; returns as soon as it is recorded, before it rings. With an ``idempotency_key`` of your
        own not even your program, started again, rings twice."""
        return cast(types.PlacedReply, self._post("/calls/outbound", order, idempotency_key))

    def list(
        self, *, limit: int | None = None, offset: int = 0, **filters: Unpack[types.ListCallsQuery]
    ) -> Pages[types.Call]:
        """All calls that the filters leave, newest first."""
        return self._pages("/calls", "calls", limit, offset, filters)

    def get(self, call_id: str) -> types.Call:
        """The call as it stands. Raises NotFound."""
        return cast(types.Call, self._get(path_of("calls", call_id)))

    def wait(self, call_id: str) -> types.Call:
        """The call once it is over. Raises NotFound and ConnectionFailed."""
        for _ in self.events(call_id):
            pass
        return self.get(call_id)

    def control(self, call_id: str, order: types.Control) -> types.ControlReply:
        """Gives a live call an order; what became of it follows as an event with the ``command_id``."""
        reply = self._post(path_of("calls", call_id, "control"), order)
        return cast(types.ControlReply, reply)

    def say(
        self, call_id: str, content: str, *, end_after: bool = False, interruptible: bool = True
    ) -> types.ControlReply:
        """Lets the assistant speak these words."""
        order: types.Say = {
            "type": "say",
            "content": content,
            "end_after": end_after,
            "interruptible": interruptible,
        }
        return self.control(call_id, order)

    def inject_context(self, call_id: str, content: str, *, trigger_response: bool = False) -> types.ControlReply:
        """Tells the model something, and with ``trigger_response`` lets it speak about it at once."""
        order: types.InjectContext = {
            "type": "inject-context",
            "content": content,
            "trigger_response": trigger_response,
        }
        return self.control(call_id, order)

    def end(self, call_id: str, message: str | None = None) -> types.ControlReply:
        """Ends a call, with last words where there are some, or cancels it before it is answered."""
        order: types.EndCall = {"type": "end-call", "message": message}
        return self.control(call_id, order)

    def transfer(
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
        return self.control(call_id, order)

    def send_dtmf(self, call_id: str, digits: str) -> types.ControlReply:
        """Presses keys: 0-9 * # A-D; w waits half a second."""
        return self.control(call_id, {"type": "send-dtmf", "digits": digits})

    def mute(self, call_id: str) -> types.ControlReply:
        """Stops the assistant's listening."""
        return self.control(call_id, {"type": "mute"})

    def unmute(self, call_id: str) -> types.ControlReply:
        """Resumes the assistant's listening."""
        return self.control(call_id, {"type": "unmute"})

    def events(self, call_id: str, *, after: int = 0) -> Generator[Event, None]:
        """What happened since event ``after`` and what happens, until the call is over; goes on where it was when the
        connection breaks. Raises NotFound, and ConnectionFailed when it cannot be made again."""
        following = Following(self._connection.reach, after)
        while not following.over:
            problem: Exception | None = None
            try:
                with self._connection.once(following.request(path_of("calls", call_id, "events"))) as reply:
                    for sent in httpx2.EventSource(reply):
                        if (event := following.took(sent)) is not None:
                            yield event
            except (ApiError, httpx2.TransportError) as error:
                problem = error
            if problem is None and not following.over and following.ended_early():
                following.over = (self.get(call_id))["status"] in END_STATES
            if not following.over:
                time.sleep(following.wait(problem))

    def sip(self, call_id: str, **which: Unpack[types.GetSipLadderQuery]) -> types.LadderReply:
        """The SIP messages of a call, in order. Raises NotFound."""
        return cast(types.LadderReply, self._get(path_of("calls", call_id, "sip"), which))

    def recording(self, call_id: str) -> bytes:
        """The recording, WAV in stereo. Raises NotFound where there is none."""
        with self.stream_recording(call_id) as chunks:
            return b"".join([chunk for chunk in chunks])

    @contextmanager
    def stream_recording(self, call_id: str) -> Iterator[Iterator[bytes]]:
        """The recording in chunks, as it comes."""
        request = Request("GET", path_of("calls", call_id, "recording"), headers={"Accept": "audio/wav"})
        with self._connection.stream(request) as reply:
            yield reply.iter_bytes()
