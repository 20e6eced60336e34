"""Calls over HTTP: placed, listed, ordered about, followed and listened to."""

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response

from trunkline.api.errors import Problem, problem
from trunkline.api.names import ASSISTANT_NAMES, renamed, tools_renamed
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import paged
from trunkline.api.schemas.calls import (
    CallQuery,
    CallShown,
    CallsReply,
    EventsQuery,
    PlaceCall,
    PlacedReply,
    RecordingQuery,
    bound,
)
from trunkline.api.schemas.control import Control, ControlReply, command
from trunkline.api.streams import ByteStream, EventStream, Span, span
from trunkline.base.errors import Conflict, TrunklineError
from trunkline.services import calls, control, idempotency
from trunkline.services.calls import CallFilters, PlaceOrder
from trunkline.services.validation import checked
from trunkline.storage.steps import Steps

TAG = "Calls"
CALL_EXAMPLE = {
    "destination": "+31612345678",
    "assistant": {"llm_config": {"provider": "local", "model": "scripted"}, "first_message": "Hello {{name}}."},
    "variables": {"name": "Ada"},
    "metadata": {"order": "1234"},
}


async def place(ask: Ask) -> Reply:
    """A call that is about to ring."""
    begun = ask.begun
    order = _order(ask)
    status = calls.promised(ask.rooms, order)
    if begun is not None and begun.resumed and await idempotency.call_written(ask.rooms, ask.caller, begun):
        return _placed(begun.call_id, status)
    try:
        placed = await calls.place(ask.rooms, ask.caller, order, _keeping(ask, status))
    except Conflict:
        if begun is not None and await idempotency.call_written(ask.rooms, ask.caller, begun):
            return _placed(begun.call_id, status)
        raise
    ask.kept = begun is not None
    return _placed(placed.call_id, placed.status)


def _keeping(ask: Ask, status: str) -> Callable[[str], Steps[None]] | None:
    """Keeps the reply for the request's Idempotency-Key in the transaction that places the call."""
    begun = ask.begun
    if begun is None:
        return None

    def keeping(call_id: str) -> Steps[None]:
        reply = _placed(call_id, status)
        return idempotency.keeping(ask.rooms, begun, reply.status, ask.keepable(reply.body))

    return keeping


async def list_(ask: Ask) -> Reply:
    """A page of calls."""
    query = ask.query(CallQuery)
    filters = CallFilters(
        status=query.status,
        direction=query.direction,
        assistant_id=ask.assistant_filter(query),
        number_id=query.number_id,
        end_reason=query.end_reason,
        campaign_id=query.campaign_id,
        start_date=bound(query.start_date, "start_date", end=False),
        end_date=bound(query.end_date, "end_date", end=True),
    )
    page = await calls.list_(ask.rooms, ask.caller, filters, query.limit, query.offset)
    return Reply(paged("calls", list(page.items), page.total, query))


async def get(ask: Ask) -> Reply:
    """One call, bare."""
    return Reply(await calls.get(ask.rooms, ask.caller, ask.id))


async def order(ask: Ask) -> Reply:
    """An order on its way to a call."""
    command_id = await control.send(ask.rooms, ask.caller, ask.id, command(ask.body))
    return Reply({"success": True, "message": "Command sent successfully", "command_id": command_id})


async def follow(ask: Ask) -> Response:
    """The events of a call, as they happen."""
    query = ask.query(EventsQuery)
    header = ask.request.headers.get("last-event-id")
    if header is not None:
        query = checked(EventsQuery, {"last_event_id": header})
    events = await calls.follow(ask.rooms, ask.caller, ask.id, query.last_event_id or 0)
    return EventStream(events, ask.settings.heartbeat_seconds, ask.request.app.state.closing)


async def listen(ask: Ask) -> Response:
    """The recording of a call, or the part of it that is asked for."""
    query = ask.query(RecordingQuery)
    name, size = await calls.recording(ask.rooms, ask.who, ask.id, query.expires, query.signature)
    try:
        part = span(ask.request.headers.get("range"), size)
    except TrunklineError as error:
        told = problem(error)
        return Problem(told.status, told.body, {"Content-Range": f"bytes */{size}"}).response()
    whole = part or Span(0, size)
    headers = {
        "Content-Type": "audio/wav",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'inline; filename="{ask.id}.wav"',
    }
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    chunks = ask.rooms.blobs.read(name, whole.start, whole.end)
    return ByteStream(chunks, whole.end - whole.start, 206 if part else 200, headers)


def _placed(call_id: str, status: str) -> Reply:
    return Reply({"success": True, "call_id": call_id, "status": status})


def _order(ask: Ask) -> PlaceOrder:
    body, older = renamed(ask.body, ASSISTANT_NAMES)
    for name in ("assistant", "assistant_override"):
        if isinstance(body.get(name), dict):
            body[name], older_tools = tools_renamed(body[name])
            older = older or older_tools
    if older:
        ask.mark_deprecated()
    wanted = checked(PlaceCall, body)
    placed = PlaceOrder(
        destination=wanted.destination,
        number_id=wanted.number_id,
        assistant_id=wanted.assistant_id,
        assistant=wanted.assistant,
        assistant_override=wanted.assistant_override,
        first_message=wanted.first_message,
        variables=wanted.variables,
        metadata=wanted.metadata,
        max_ring_seconds=wanted.max_ring_seconds,
        scheduled_at=wanted.scheduled_at,
    )
    return replace(placed, call_id=ask.begun.call_id) if ask.begun is not None else placed


OPERATIONS = (
    Operation(
        method="POST",
        path="/calls/outbound",
        run=place,
        name="placeCall",
        tag=TAG,
        summary="Place a call",
        description="Replies as soon as the call is recorded, before it rings. Send an `Idempotency-Key`, and a retry never "
        "rings a phone twice. Exactly one of: `assistant_id`; `assistant_id` with `assistant_override`; `assistant`. With "
        "`scheduled_at` the call waits until then.",
        scope="calls",
        body=PlaceCall,
        reply=PlacedReply,
        codes=(
            "not_found",
            "missing_variables",
            "assistant_inactive",
            "number_inactive",
            "number_has_no_trunk",
            "trunk_inactive",
            "no_number_available",
            "insufficient_credits",
            "local_models_not_allowed",
            "do_not_call",
            "at_capacity",
        ),
        request_example=CALL_EXAMPLE,
        reply_example={"success": True, "call_id": "call-outbound-Zk3v9Q1xT0mWc7bYp5LrHg", "status": "dialing"},
        places_call=True,
    ),
    Operation(
        method="GET",
        path="/calls",
        run=list_,
        name="listCalls",
        tag=TAG,
        summary="List calls",
        query=CallQuery,
        reply=CallsReply,
    ),
    Operation(
        method="GET",
        path="/calls/{id}",
        run=get,
        name="getCall",
        tag=TAG,
        summary="Read a call",
        reply=CallShown,
        codes=("not_found",),
    ),
    Operation(
        method="POST",
        path="/calls/{id}/control",
        run=order,
        name="controlCall",
        tag=TAG,
        summary="Give an order to a live call",
        description="Only a call in progress takes orders; `end-call` also ends one that waits (for its "
        "`scheduled_at` too), dials, rings or is being transferred. What became of it follows as an event with the "
        "`command_id`.",
        scope="calls",
        body=Control,
        reply=ControlReply,
        codes=("not_found", "invalid_command", "call_not_active", "do_not_call"),
        request_example={"type": "say", "content": "One moment please."},
        control=True,
    ),
    Operation(
        method="GET",
        path="/calls/{id}/events",
        run=follow,
        name="followCall",
        tag=TAG,
        summary="Follow a call",
        description="Server-sent events: first what happened, then what happens, until the call is over. `event` is status, "
        "transcript, command, latency or dtmf; `data` is JSON with `call_id` and `at`. Events with an `id` are kept: send "
        "the last one as `Last-Event-ID` to go on after it. A comment every 15 seconds keeps the connection open.",
        query=EventsQuery,
        media="text/event-stream",
        codes=("not_found",),
        headers={"Last-Event-ID": "Goes on after this event."},
    ),
    Operation(
        method="GET",
        path="/calls/{id}/recording",
        run=listen,
        name="getRecording",
        tag=TAG,
        summary="Listen to a call",
        description="WAV in stereo: the other party left, the assistant right. Needs a key, or the signature of "
        "`recording_url`.",
        entry="key_or_signature",
        query=RecordingQuery,
        media="audio/wav",
        codes=(
            "not_found",
            "recording_not_found",
            "recordings_unavailable",
            "invalid_signature",
            "recording_url_expired",
            "range_not_satisfiable",
        ),
        headers={"Range": "One range of bytes (RFC 9110); the reply is then 206."},
    ),
)
