"""Which worker runs which call: the claim that happens once, the leases, and the end of calls that nobody runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trunkline.base.logs import logger
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, LiveEvent, StatusChanged
from trunkline.domain.plan import CallPlan
from trunkline.services import recordings, scheduling
from trunkline.services.do_not_call import LISTED, is_listed
from trunkline.services.journal import publish, steps, steps_of
from trunkline.services.rooms import Rooms
from trunkline.storage import ledger
from trunkline.storage.ledger import CallState, Entries
from trunkline.storage.plans import PlanBroken, plan_from_json
from trunkline.storage.steps import Steps
from trunkline.storage.vault import SealBroken

LEASE_SECONDS = 15.0
UNCLAIMED_SECONDS = 10.0
_JUST_NOW = timedelta(seconds=1)
_NOT_TAKEN = "no worker took the call in time"
_TOO_MANY = "the trunk's calls_per_second leaves no place for the call within its time"
_LOST = "the worker that ran the call is gone"
_log = logger("services")


async def claim(rooms: Rooms, call_id: str, worker_id: str, lease_seconds: float = LEASE_SECONDS) -> CallPlan | None:
    """Takes a queued call for a worker, once, and gives the plan to dial by; None when it is not to be had.

    A trunk's ``calls_per_second`` is kept here: the call stays ``queued`` until its turn comes (this then waits), and
    is failed as ``at_capacity`` when its turn would come too late. One whose destination got on the do-not-call list
    meanwhile is failed as ``blocked``.
    """
    while True:
        now = rooms.clock.now()
        claimed = await rooms.database.brief(
            _claiming(rooms, call_id, worker_id, now, now + timedelta(seconds=lease_seconds))
        )
        publish(rooms, claimed.events)
        if claimed.plan_sealed is not None:
            return await _opened(rooms, call_id, claimed.plan_sealed)
        if claimed.dial_at is None:
            return None
        await rooms.clock.sleep((claimed.dial_at - now).total_seconds())


async def renew(rooms: Rooms, worker_id: str, lease_seconds: float = LEASE_SECONDS) -> int:
    """Renews the lease on all calls of a worker in one statement; returns how many it has."""
    async with rooms.database.system() as unit:
        return await unit.leases.renew(worker_id, rooms.clock.now() + timedelta(seconds=lease_seconds))


async def let_run_out(rooms: Rooms, worker_id: str) -> int:
    """Ends the leases on all calls of a worker that is gone, those that have not run out yet; returns how many calls it
    has."""
    async with rooms.database.system() as unit:
        return await unit.leases.let_run_out(worker_id, rooms.clock.now() - _JUST_NOW)


async def expired(rooms: Rooms) -> list[str]:
    """The live calls whose worker did not renew its lease."""
    async with rooms.database.system(write=False) as unit:
        return await unit.leases.expired(rooms.clock.now())


async def unclaimed(rooms: Rooms, older_than_seconds: float = UNCLAIMED_SECONDS) -> list[str]:
    """The queued calls that no worker took in time."""
    async with rooms.database.system(write=False) as unit:
        return await unit.leases.unclaimed(rooms.clock.now() - timedelta(seconds=older_than_seconds))


async def reap(rooms: Rooms, unclaimed_after_seconds: float = UNCLAIMED_SECONDS) -> list[str]:
    """Ends what nobody runs: unclaimed calls as ``at_capacity``, expired ones as ``worker_lost``; returns which."""
    ended = []
    for call_id in await unclaimed(rooms, unclaimed_after_seconds):
        if await _end(rooms, call_id, EndReason.AT_CAPACITY, _NOT_TAKEN):
            ended.append(call_id)
    for call_id in await expired(rooms):
        if await _end(rooms, call_id, EndReason.WORKER_LOST, _LOST):
            ended.append(call_id)
    return ended


async def _opened(rooms: Rooms, call_id: str, sealed: str) -> CallPlan | None:
    """The plan, or None where it cannot be read (another master key, another version), which ends the call."""
    try:
        return plan_from_json(rooms.vault.open(sealed))
    except (SealBroken, PlanBroken) as error:
        _log.error("a call cannot be dialled", call_id=call_id, code=error.code)
        end = CallEnded(rooms.clock.now(), EndReason.INTERNAL_ERROR, error.message)
        events = await rooms.database.brief(steps(rooms.limits.tariff, call_id, end))
    publish(rooms, events)
    return None


async def _end(rooms: Rooms, call_id: str, reason: EndReason, error: str) -> bool:
    now = rooms.clock.now()
    recording = await recordings.left_whole(rooms, call_id) if reason is EndReason.WORKER_LOST else None
    end = CallEnded(now, reason, error, recording=recording)
    events = await rooms.database.brief(_ending(rooms, call_id, end, now))
    publish(rooms, events)
    return bool(events)


def _ending(rooms: Rooms, call_id: str, end: CallEnded, now: datetime) -> Steps[list[LiveEvent]]:
    call = yield from ledger.state(call_id)
    if call is None or not _abandoned(call, end.reason, now):
        return []
    if end.reason is EndReason.AT_CAPACITY and scheduling.may_wait(call, rooms.limits, now):
        yield from scheduling.wait_again(call, now)
        return []
    return (yield from steps_of(rooms.limits.tariff, call, replace(end, at=_ended_at(call, end))))


def _ended_at(call: CallState, end: CallEnded) -> datetime:
    """Who runs a call is alive while it holds the lease: how long the platform was down after that is no call."""
    if end.reason is not EndReason.WORKER_LOST or call.lease_until is None:
        return end.at
    return max(min(end.at, call.lease_until), call.answered_at or call.created_at)


def _abandoned(call: CallState, reason: EndReason, now: datetime) -> bool:
    if reason is EndReason.AT_CAPACITY:
        return call.status is CallStatus.QUEUED and call.waits_until is None
    return not call.is_over and call.lease_until is not None and call.lease_until < now


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What a try came to: the call's sealed plan, or the moment to try again at, or nothing to be had."""

    plan_sealed: str | None = None
    dial_at: datetime | None = None
    events: Sequence[LiveEvent] = ()


def _claiming(rooms: Rooms, call_id: str, worker_id: str, now: datetime, lease_until: datetime) -> Steps[_Claimed]:
    call = yield from ledger.state(call_id)
    if call is None or call.status is not CallStatus.QUEUED or call.waits_until is not None:
        return _Claimed()
    if call.caller_phone is not None and (yield from is_listed(call.org_id, call.caller_phone)):
        return _Claimed(
            events=(yield from steps_of(rooms.limits.tariff, call, CallEnded(now, EndReason.BLOCKED, LISTED)))
        )
    latest = (call.released_at or call.created_at) + timedelta(seconds=rooms.limits.unclaimed_seconds)
    dial_at = yield from _turn(call, now, latest)
    if dial_at is None and scheduling.may_wait(call, rooms.limits, now):
        yield from scheduling.wait_again(call, now)
        return _Claimed()
    if dial_at is None:
        events = yield from steps_of(rooms.limits.tariff, call, CallEnded(now, EndReason.AT_CAPACITY, _TOO_MANY))
        return _Claimed(events=events)
    if dial_at > now:
        yield from ledger.write(call, Entries({"dial_at": dial_at}))
        return _Claimed(dial_at=dial_at)
    hold = {"worker_id": worker_id, "lease_until": lease_until}
    events = yield from steps_of(rooms.limits.tariff, call, StatusChanged(now, CallStatus.DIALING), **hold)
    return _Claimed((yield from ledger.plan_sealed(call_id)), events=events)


def _turn(call: CallState, now: datetime, latest: datetime) -> Steps[datetime | None]:
    """When the call may be dialled by its trunk's pace, which is then taken; None where that is after ``latest``."""
    if call.dial_at is not None:
        return call.dial_at
    pace = (yield from ledger.pace(call.trunk_id)) if call.trunk_id else None
    if pace is None or call.trunk_id is None or pace.calls_per_second is None:
        return now
    slot = max(now, pace.next_dial_at) if pace.next_dial_at else now
    if slot > latest:
        return None
    yield from ledger.set_pace(call.trunk_id, slot + timedelta(seconds=1 / pace.calls_per_second))
    return slot
