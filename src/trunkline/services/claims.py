"""Which worker runs which call: the claim that happens once, the leases, and the end of calls that nobody runs."""

from datetime import datetime, timedelta

from trunkline.base.logs import logger
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, LiveEvent, StatusChanged
from trunkline.domain.plan import CallPlan
from trunkline.services.journal import publish, write, write_of
from trunkline.services.rooms import Rooms
from trunkline.storage.calls import Call
from trunkline.storage.plans import PlanBroken, plan_from_json
from trunkline.storage.unit import SystemUnit
from trunkline.storage.vault import SealBroken

LEASE_SECONDS = 15.0
UNCLAIMED_SECONDS = 10.0
_NOT_TAKEN = "no worker took the call in time"
_TOO_MANY = "the trunk's calls_per_second leaves no place for the call within its time"
_LOST = "the worker that ran the call is gone"
_log = logger("services")


async def claim(rooms: Rooms, call_id: str, worker_id: str, lease_seconds: float = LEASE_SECONDS) -> CallPlan | None:
    """Takes a queued call for a worker, once, and gives the plan to dial by; None when it is not to be had.

    A trunk's ``calls_per_second`` is kept here: the call stays ``queued`` until its turn comes (this then waits), and
    is failed as ``at_capacity`` when its turn would come too late.
    """
    while True:
        async with rooms.database.system() as unit:
            now = rooms.clock.now()
            call = await unit.calls.find(call_id, lock=True)
            if call is None or call.status is not CallStatus.QUEUED:
                return None
            dial_at = await _turn(unit, call, now, call.created_at + timedelta(seconds=rooms.limits.unclaimed_seconds))
            sealed = None
            if dial_at is None:
                events = await write_of(unit, call, CallEnded(now, EndReason.AT_CAPACITY, _TOO_MANY))
            elif dial_at > now:
                await unit.calls.change(call_id, dial_at=dial_at)
                events = []
            else:
                events = await _taken(unit, call, worker_id, now, lease_seconds)
                sealed = await unit.calls.plan_sealed(call_id)
        publish(rooms, events)
        if dial_at is None or events:
            return None if sealed is None else await _opened(rooms, call_id, sealed)
        await rooms.clock.sleep((dial_at - now).total_seconds())


async def renew(rooms: Rooms, worker_id: str, lease_seconds: float = LEASE_SECONDS) -> int:
    """Renews the lease on all calls of a worker in one statement; returns how many it has."""
    async with rooms.database.system() as unit:
        return await unit.leases.renew(worker_id, rooms.clock.now() + timedelta(seconds=lease_seconds))


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
        async with rooms.database.system() as unit:
            events = await write(unit, call_id, CallEnded(rooms.clock.now(), EndReason.INTERNAL_ERROR, error.message))
    publish(rooms, events)
    return None


async def _end(rooms: Rooms, call_id: str, reason: EndReason, error: str) -> bool:
    async with rooms.database.system() as unit:
        now = rooms.clock.now()
        call = await unit.calls.find(call_id, lock=True)
        if call is None or not _abandoned(call, reason, now):
            return False
        events = await write_of(unit, call, CallEnded(now, reason, error))
    publish(rooms, events)
    return bool(events)


def _abandoned(call: Call, reason: EndReason, now: datetime) -> bool:
    if reason is EndReason.AT_CAPACITY:
        return call.status is CallStatus.QUEUED
    return not call.is_over and call.lease_until is not None and call.lease_until < now


async def _turn(unit: SystemUnit, call: Call, now: datetime, latest: datetime) -> datetime | None:
    if call.dial_at is not None:
        return call.dial_at
    trunk = await unit.trunks.find(call.trunk_id) if call.trunk_id else None
    if trunk is None or trunk.calls_per_second is None:
        return now
    return await unit.trunks.take_dial_slot(trunk.id, trunk.calls_per_second, now, latest)


async def _taken(unit: SystemUnit, call: Call, worker_id: str, now: datetime, lease_seconds: float) -> list[LiveEvent]:
    await unit.leases.claim(call.id, worker_id, now + timedelta(seconds=lease_seconds))
    return await write_of(unit, call, StatusChanged(now, CallStatus.DIALING))
