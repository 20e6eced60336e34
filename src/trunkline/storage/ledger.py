"""What the journal reads of a call and writes to it, as steps: few columns, few statements, one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from trunkline.domain.call import END_STATES, CallStatus, Direction, EndReason
from trunkline.domain.events import LiveEvent
from trunkline.domain.signalling import Ladder
from trunkline.domain.transcript import Message
from trunkline.storage import tables
from trunkline.storage.events import event_values
from trunkline.storage.messages import message_of, message_values
from trunkline.storage.signalling import keep
from trunkline.storage.steps import Query, Steps

_calls, _messages, _events, _trunks = tables.calls, tables.call_messages, tables.call_events, tables.trunks


@dataclass(frozen=True, slots=True)
class CallState:
    """Of a stored call what decides how it goes on."""

    id: str
    org_id: str
    direction: Direction
    status: CallStatus
    created_at: datetime
    tells_status: bool
    end_reason: EndReason | None
    error: str | None
    answered_at: datetime | None
    sip: dict[str, Any] | None
    caller_phone: str | None
    trunk_id: str | None
    last_seq: int
    lease_until: datetime | None
    dial_at: datetime | None
    scheduled_at: datetime | None
    waits_until: datetime | None
    released_at: datetime | None

    @property
    def is_over(self) -> bool:
        """True in an end state."""
        return self.status in END_STATES


@dataclass(slots=True)
class Entries:
    """What is to be written to a call: its columns, messages, events, outbox rows (kind, payload, at), SIP ladder."""

    changes: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    events: list[tuple[LiveEvent, datetime]] = field(default_factory=list)
    outbox: list[tuple[str, dict[str, Any], datetime]] = field(default_factory=list)
    ladder: Ladder = field(default_factory=Ladder)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a trunk may be dialled, and from when."""

    calls_per_second: float | None
    next_dial_at: datetime | None


_STATE_COLUMNS = tuple(_calls.c[name] for name in CallState.__dataclass_fields__)
_ONE_CALL = _calls.c.id == bindparam("of_call")
_STATE = select(*_STATE_COLUMNS).where(_ONE_CALL).with_for_update()
_ASSISTANT = select(_calls.c.assistant_public).where(_ONE_CALL)
_PLAN = select(_calls.c.plan_sealed).where(_ONE_CALL)
_CHANGE = update(_calls).where(_ONE_CALL)
_SAID = (
    select(_messages)
    .where(_messages.c.call_id == bindparam("of_call"))
    .order_by(_messages.c.id.desc())
    .limit(bindparam("most"))
)
_TURNS = (
    select(_events.c.data)
    .where(_events.c.call_id == bindparam("of_call"), _events.c.event == "latency")
    .order_by(_events.c.seq)
)
_PACE = (
    select(_trunks.c.calls_per_second, _trunks.c.next_dial_at)
    .where(_trunks.c.id == bindparam("of_trunk"))
    .with_for_update()
)
_SET_PACE = update(_trunks).where(_trunks.c.id == bindparam("of_trunk"))
_ADD_MESSAGE = insert(_messages)
_ADD_EVENT = insert(_events)
_ADD_OUTBOX = insert(tables.outbox)


def state(call_id: str) -> Steps[CallState | None]:
    """Where a call stands, locked against other writers; None where there is none."""
    rows = yield Query(_STATE, {"of_call": call_id})
    if not rows:
        return None
    values = dict(rows[0])
    values["direction"] = Direction(values["direction"])
    values["status"] = CallStatus(values["status"])
    values["end_reason"] = EndReason(values["end_reason"]) if values["end_reason"] else None
    return CallState(**values)


def plan_sealed(call_id: str) -> Steps[str]:
    """The sealed plan of a call that is there."""
    rows = yield Query(_PLAN, {"of_call": call_id})
    return str(rows[0]["plan_sealed"])


def assistant_public(call_id: str) -> Steps[dict[str, Any]]:
    """The configuration that a call runs on, without its secrets."""
    rows = yield Query(_ASSISTANT, {"of_call": call_id})
    config: dict[str, Any] = rows[0]["assistant_public"]
    return config


def last_said(call_id: str, most: int) -> Steps[list[Message]]:
    """The newest messages of a call."""
    rows = yield Query(_SAID, {"of_call": call_id, "most": most})
    return [message_of(row) for row in rows]


def turns(call_id: str) -> Steps[list[dict[str, Any]]]:
    """What was measured of each turn of a call, in order."""
    rows = yield Query(_TURNS, {"of_call": call_id})
    return [row["data"] for row in rows]


def pace(trunk_id: str) -> Steps[Pace | None]:
    """The pace of a trunk, locked; None where there is none."""
    rows = yield Query(_PACE, {"of_trunk": trunk_id})
    return Pace(**rows[0]) if rows else None


def set_pace(trunk_id: str, next_dial_at: datetime) -> Steps[None]:
    """Says when a trunk may be dialled next."""
    yield Query(_SET_PACE, {"of_trunk": trunk_id, "next_dial_at": next_dial_at})


def write(call: CallState, entries: Entries) -> Steps[None]:
    """Writes all of it."""
    mine = {"org_id": call.org_id, "call_id": call.id}
    if entries.changes:
        yield Query(_CHANGE, {"of_call": call.id, **entries.changes})
    if entries.messages:
        yield Query(_ADD_MESSAGE, [message_values(call.org_id, call.id, message) for message in entries.messages])
    if entries.events:
        yield Query(
            _ADD_EVENT,
            [event_values(call.org_id, event, at) for event, at in entries.events],
        )
    if entries.outbox:
        yield Query(
            _ADD_OUTBOX,
            [{**mine, "kind": kind, "payload": payload, "created_at": at} for kind, payload, at in entries.outbox],
        )
    yield from keep(call.org_id, call.id, entries.ladder)
