"""The journal: keeps each fact of a call in one transaction, then tells whoever follows the call."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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
    Usage,
)
from trunkline.domain.signalling import bounded
from trunkline.domain.transcript import Message
from trunkline.services import metering
from trunkline.services.costing import Tariff, cost_of, with_stages
from trunkline.services.latency import aggregate
from trunkline.services.rooms import Rooms
from trunkline.storage import ledger
from trunkline.storage.calls import Call
from trunkline.storage.ledger import CallState, Entries
from trunkline.storage.steps import Steps
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
_EVENTS: dict[type[Fact], str] = {CommandDone: "command", TurnMeasured: "latency", DigitPressed: "dtmf"}
_log = logger("services")


class ServiceJournal:
    """The journal of the composed platform."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def note(self, call_id: str, fact: Fact) -> None:
        """Keeps one fact of a call and publishes it. Raises Unavailable while the database is away."""
        await self.note_many(call_id, (fact,))

    async def note_many(self, call_id: str, facts: Sequence[Fact]) -> None:
        """Keeps facts of one call, in order and in one transaction, and publishes them."""
        kept = [fact for fact in facts if not isinstance(fact, PartialHeard)]
        events = await self._rooms.database.brief(steps(self._rooms.limits.tariff, call_id, *kept)) if kept else []
        for fact in facts:
            if isinstance(fact, PartialHeard):
                self._rooms.live.publish(LiveEvent(call_id, 0, "transcript", _partial(call_id, fact)))
        publish(self._rooms, events)


def publish(rooms: Rooms, events: Sequence[LiveEvent]) -> None:
    """Gives events that are committed to whoever follows their call."""
    for event in events:
        rooms.live.publish(event)


def first_event(call: Call) -> LiveEvent:
    """The event of a call that was just recorded, its number 1."""
    data = {"call_id": call.id, "at": iso(call.created_at), **_told(call), "sip": call.sip}
    return LiveEvent(call.id, 1, "status", data)


async def write(unit: Transaction, tariff: Tariff, call_id: str, *facts: Fact) -> list[LiveEvent]:
    """Writes facts of one call into a unit; returns the events to publish once it is committed.

    What comes after the end of the call, or for no call at all, is left out. ``tariff`` is what a call that ends costs.
    """
    return await unit.run(steps(tariff, call_id, *facts))


def steps(tariff: Tariff, call_id: str, *facts: Fact) -> Steps[list[LiveEvent]]:
    """As ``write``, as the steps of a transaction."""
    call = yield from ledger.state(call_id)
    return [] if call is None else (yield from steps_of(tariff, call, *facts))


def steps_of(tariff: Tariff, call: CallState, *facts: Fact, **changes: Any) -> Steps[list[LiveEvent]]:
    """As ``write``, for a call that these steps have just read under lock. ``changes`` are columns of the call that are
    none of the journal's, written along."""
    if call.is_over:
        return []
    spoken = sum(isinstance(fact, MessageSpoken) for fact in facts)
    said = (yield from ledger.last_said(call.id, spoken)) if spoken else []
    ends = next((fact for fact in facts if isinstance(fact, CallEnded)), None)
    turns = (yield from ledger.turns(call.id)) if ends else []
    usage = (yield from _usage(call, ends)) if ends else Usage()
    page = _Page(call, said, turns, Bill(usage, tariff), Entries(changes))
    for fact in facts:
        if not page.call.is_over:
            page.take(fact)
    yield from ledger.write(call, page.entries)
    if ends and page.call.is_over:
        yield from metering.charge(page.call, page.entries.changes, usage.stages)
    return [event for event, _ in page.entries.events]


def _usage(call: CallState, end: CallEnded) -> Steps[Usage]:
    """What a call used, by provider; who tells totals alone does not say whose, so the assistant must."""
    if end.usage.stages or end.usage == Usage():
        return end.usage
    return with_stages(end.usage, (yield from ledger.assistant_public(call.id)))


@dataclass(frozen=True, slots=True)
class Bill:
    """What a call used, and what that costs."""

    usage: Usage
    tariff: Tariff


@dataclass(slots=True)
class _Page:
    """A call with the facts taken so far, and what is to be written because of them."""

    call: CallState
    said: list[Message]
    turns: list[dict[str, Any]]
    bill: Bill
    entries: Entries

    def take(self, fact: Fact) -> None:
        """Lets one fact be true."""
        match fact:
            case StatusChanged():
                self._status(fact)
            case CallEnded():
                self._end(fact)
            case MessageSpoken(message=message):
                # A commit whose answer was lost is tried again by the session: the same message is not kept twice.
                if message not in self.said:
                    self.entries.messages.append(message)
                    self._event("transcript", fact.at, {**message.as_json(), "final": True})
            case CommandDone() | TurnMeasured() | DigitPressed():
                data = _plain(fact)
                if isinstance(fact, TurnMeasured):
                    self.turns.append(data)
                self._event(_EVENTS[type(fact)], fact.at, data)
            case PartialHeard():
                pass

    def _status(self, fact: StatusChanged) -> None:
        if fact.status is self.call.status:
            return
        check_transition(self.call.status, fact.status)
        changes: dict[str, Any] = {"status": fact.status, "sip": _sip(self.call, fact.sip)}
        if fact.status is CallStatus.IN_PROGRESS and self.call.answered_at is None:
            changes["answered_at"] = fact.at
        self._move(fact.at, changes)

    def _end(self, fact: CallEnded) -> None:
        call, reason, error = self.call, fact.reason, fact.error
        status = end_status(reason, call.direction, answered=call.answered_at is not None)
        if status not in TRANSITIONS[call.status]:
            _log.error("end does not follow", call_id=call.id, status=call.status.value, reason=reason.value)
            error = f"a call that is {call.status} cannot end as {reason}" + (f": {error}" if error else "")
            status, reason = CallStatus.FAILED, EndReason.INTERNAL_ERROR
        seconds = _seconds(call.answered_at, fact.at)
        self.entries.changes |= {
            "ended_at": fact.at,
            "duration_seconds": seconds,
            "cost": cost_of(self.bill.usage, seconds, self.bill.tariff),
            "usage": asdict(fact.usage) if status is not CallStatus.REJECTED else None,
            "recording": fact.recording,
            "latency": aggregate(self.turns),
        }
        self._move(fact.at, {"status": status, "end_reason": reason, "error": error, "sip": _sip(call, fact.sip)})
        self.entries.ladder = bounded(fact.signalling)
        self.entries.outbox.append(("call.ended", {"call_id": call.id}, fact.at))

    def _move(self, at: datetime, changes: dict[str, Any]) -> None:
        self.call = replace(self.call, **changes)
        self.entries.changes |= changes
        told = _told(self.call)
        if self.call.tells_status and self.call.status in TOLD_STATES:
            self.entries.outbox.append(("status-update", {"event": "status-update", "at": iso(at), **told}, at))
        self._event("status", at, {**told, "sip": self.call.sip})

    def _event(self, kind: str, at: datetime, data: dict[str, Any]) -> None:
        seq = self.call.last_seq + 1
        self.call = replace(self.call, last_seq=seq)
        self.entries.changes |= {"last_seq": seq, "updated_at": at}
        event = LiveEvent(self.call.id, seq, kind, {"call_id": self.call.id, "at": iso(at), **data}, self.call.is_over)
        self.entries.events.append((event, at))


def _told(call: Call | CallState) -> dict[str, Any]:
    reason = call.end_reason.value if call.end_reason else None
    return {"status": call.status.value, "end_reason": reason, "error": call.error}


def _partial(call_id: str, fact: PartialHeard) -> dict[str, object]:
    message = Message(fact.role, fact.content, fact.at)
    return {"call_id": call_id, "at": iso(fact.at), **message.as_json(), "final": False}


def _sip(call: CallState, news: SipFacts) -> dict[str, Any]:
    return {**SipFacts().as_json(), **(call.sip or {}), **{k: v for k, v in news.as_json().items() if v is not None}}


def _seconds(answered_at: datetime | None, ended_at: datetime) -> int:
    return max(int((ended_at - answered_at).total_seconds()), 0) if answered_at else 0


def _plain(fact: CommandDone | TurnMeasured | DigitPressed) -> dict[str, Any]:
    return {name: value for name, value in asdict(fact).items() if name != "at"}
