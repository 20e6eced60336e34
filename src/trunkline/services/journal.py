"""The journal: keeps each fact of a call in one transaction, then tells whoever follows the call."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from trunkline.base.clock import iso
from trunkline.base.logs import logger
from trunkline.domain.call import TRANSITIONS, CallStatus, EndReason, check_transition, end_status
from trunkline.domain.events import (
    CallEnded,
    CommandDone,
    DigitPressed,
    Fact,
    LiveEvent,
    MessageSpoken,
    PartialHeard,
    SipFacts,
    StatusChanged,
    TurnMeasured,
)
from trunkline.domain.transcript import Message
from trunkline.services.latency import aggregate
from trunkline.services.rooms import Rooms
from trunkline.storage.calls import Call
from trunkline.storage.unit import Transaction

TOLD_STATES = frozenset(
    {
        CallStatus.RINGING,
        CallStatus.IN_PROGRESS,
        CallStatus.ENDED,
        CallStatus.FAILED,
        CallStatus.REJECTED,
        CallStatus.TRANSFERRED,
    }
)
_log = logger("services")


class ServiceJournal:
    """The journal of the composed platform."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def note(self, call_id: str, fact: Fact) -> None:
        """Keeps one fact of a call and publishes it. Raises Unavailable while the database is away."""
        if isinstance(fact, PartialHeard):
            self._rooms.live.publish(LiveEvent(call_id, 0, "transcript", _partial(call_id, fact)))
            return
        async with self._rooms.database.system() as unit:
            events = await write(unit, call_id, fact)
        publish(self._rooms, events)


def publish(rooms: Rooms, events: list[LiveEvent]) -> None:
    """Gives events that are committed to whoever follows their call."""
    for event in events:
        rooms.live.publish(event)


def first_event(call: Call) -> LiveEvent:
    """The event of a call that was just recorded, its number 1."""
    data = {"call_id": call.id, "at": iso(call.created_at), **_told(call), "sip": call.sip}
    return LiveEvent(call.id, 1, "status", data)


async def write(unit: Transaction, call_id: str, *facts: Fact) -> list[LiveEvent]:
    """Writes facts of one call into a unit; returns the events to publish once it is committed.

    What comes after the end of the call, or for no call at all, is left out.
    """
    call = await unit.calls.find(call_id, lock=True)
    return [] if call is None else await write_of(unit, call, *facts)


async def write_of(unit: Transaction, call: Call, *facts: Fact) -> list[LiveEvent]:
    """As ``write``, for a call that this unit has just read under lock."""
    events: list[LiveEvent] = []
    for fact in facts:
        if call.is_over:
            return events
        call, event = await _write(unit, call, fact)
        if event is not None:
            events.append(event)
    return events


async def _write(unit: Transaction, call: Call, fact: Fact) -> tuple[Call, LiveEvent | None]:
    match fact:
        case StatusChanged():
            return await _status(unit, call, fact)
        case CallEnded():
            return await _ended(unit, call, fact)
        case MessageSpoken():
            return await _message(unit, call, fact)
        case PartialHeard():
            return call, None
        case CommandDone():
            return await _event(unit, call, "command", fact.at, _plain(fact))
        case TurnMeasured():
            return await _event(unit, call, "latency", fact.at, _plain(fact))
        case DigitPressed():
            return await _event(unit, call, "dtmf", fact.at, _plain(fact))


async def _status(unit: Transaction, call: Call, fact: StatusChanged) -> tuple[Call, LiveEvent | None]:
    if fact.status is call.status:
        return call, None
    check_transition(call.status, fact.status)
    changes: dict[str, Any] = {"status": fact.status, "sip": _sip(call, fact.sip)}
    if fact.status is CallStatus.IN_PROGRESS and call.answered_at is None:
        changes["answered_at"] = fact.at
    return await _moved(unit, call, fact.at, changes)


async def _message(unit: Transaction, call: Call, fact: MessageSpoken) -> tuple[Call, LiveEvent | None]:
    # A commit whose answer was lost is tried again by the session: the same message is not kept twice.
    if (await unit.messages.last(call.id)) == fact.message:
        return call, None
    await unit.messages.add(call.org_id, call.id, fact.message)
    return await _event(unit, call, "transcript", fact.at, {**fact.message.as_json(), "final": True})


async def _ended(unit: Transaction, call: Call, fact: CallEnded) -> tuple[Call, LiveEvent | None]:
    reason, error = fact.reason, fact.error
    status = end_status(reason, call.direction, answered=call.answered_at is not None)
    if status not in TRANSITIONS[call.status]:
        _log.error("end does not follow", call_id=call.id, status=call.status.value, reason=reason.value)
        error = f"a call that is {call.status} cannot end as {reason}" + (f": {error}" if error else "")
        status, reason = CallStatus.FAILED, EndReason.INTERNAL_ERROR
    changes: dict[str, Any] = {
        "status": status,
        "end_reason": reason,
        "error": error,
        "ended_at": fact.at,
        "duration_seconds": _seconds(call.answered_at, fact.at),
        "sip": _sip(call, fact.sip),
        "usage": asdict(fact.usage),
        "recording": fact.recording,
        "latency": aggregate(await unit.events.data_of(call.id, "latency")),
    }
    call, event = await _moved(unit, call, fact.at, changes)
    await unit.outbox.add(call.org_id, call.id, "call.ended", {"call_id": call.id}, fact.at)
    return call, event


async def _moved(unit: Transaction, call: Call, at: datetime, changes: dict[str, Any]) -> tuple[Call, LiveEvent | None]:
    call = replace(call, **changes)
    told = _told(call)
    if call.tells_status and call.status in TOLD_STATES:
        payload = {"event": "status-update", "at": iso(at), **told}
        await unit.outbox.add(call.org_id, call.id, "status-update", payload, at)
    return await _event(unit, call, "status", at, {**told, "sip": call.sip}, changes)


async def _event(
    unit: Transaction,
    call: Call,
    kind: str,
    at: datetime,
    data: dict[str, Any],
    changes: dict[str, Any] | None = None,
) -> tuple[Call, LiveEvent | None]:
    moved = {**(changes or {}), "last_seq": call.last_seq + 1, "updated_at": at}
    await unit.calls.change(call.id, **moved)
    data = {"call_id": call.id, "at": iso(at), **data}
    event = LiveEvent(call.id, call.last_seq + 1, kind, data, final=call.is_over)
    await unit.events.add(call.org_id, event, at)
    return replace(call, **moved), event


def _told(call: Call) -> dict[str, Any]:
    reason = call.end_reason.value if call.end_reason else None
    return {"status": call.status.value, "end_reason": reason, "error": call.error}


def _partial(call_id: str, fact: PartialHeard) -> dict[str, object]:
    message = Message(fact.role, fact.content, fact.at)
    return {"call_id": call_id, "at": iso(fact.at), **message.as_json(), "final": False}


def _sip(call: Call, news: SipFacts) -> dict[str, Any]:
    return {**SipFacts().as_json(), **(call.sip or {}), **{k: v for k, v in news.as_json().items() if v is not None}}


def _seconds(answered_at: datetime | None, ended_at: datetime) -> int:
    return max(int((ended_at - answered_at).total_seconds()), 0) if answered_at else 0


def _plain(fact: CommandDone | TurnMeasured | DigitPressed) -> dict[str, Any]:
    return {name: value for name, value in asdict(fact).items() if name != "at"}
