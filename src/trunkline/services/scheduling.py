"""Scheduled calls: for when one may be placed, and how it is let go once its time has come.

A scheduled call waits as a row and no more: it has no worker and holds no capacity. At its time number, trunk, keys,
credit and limits are looked at again, and from then on it is a call like any other. Letting go is one transaction under
the call's lock, and the dial still needs the claim, so that nothing here can make a phone ring twice.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from trunkline.base.clock import iso
from trunkline.base.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRequired, TrunklineError, Unavailable
from trunkline.base.logs import logger
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, LiveEvent
from trunkline.domain.plan import CallPlan
from trunkline.services import allowance, planning
from trunkline.services.entitlement import Owner, entitled
from trunkline.services.journal import publish, steps_of
from trunkline.services.rooms import Limits, Rooms
from trunkline.services.validation import invalid
from trunkline.storage import ledger, placing, waiting
from trunkline.storage.calls import sealed_call
from trunkline.storage.ledger import CallState, Entries
from trunkline.storage.plans import PlanBroken, plan_from_json, plan_to_json
from trunkline.storage.provider_keys import sealed_keys
from trunkline.storage.steps import Steps
from trunkline.storage.vault import SealBroken
from trunkline.storage.waiting import Due

__all__ = ["Due", "Outcome", "due", "let_go", "may_wait", "wait_again", "waits_until"]

FURTHEST = timedelta(days=30)
SKEW = timedelta(seconds=5)
"""So long ago still means now: clocks differ, and a request takes its time."""
PACE = timedelta(seconds=1)
"""A trunk whose next free moment is further off has no room."""

_log = logger("services")


class Outcome(Enum):
    """What became of a scheduled call: let go to be dialled, still waiting for room, or over."""

    LET_GO = auto()
    WAITS = auto()
    OVER = auto()


class Refused(TrunklineError):
    """A scheduled call cannot be placed any more."""

    def __init__(self, reason: EndReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def waits_until(scheduled_at: datetime | None, now: datetime) -> datetime | None:
    """Until when a call waits; None for one that is placed at once. Raises Invalid for what is past or too far off."""
    if scheduled_at is None:
        return None
    if scheduled_at < now - SKEW:
        raise invalid([f"scheduled_at: is in the past (it is {iso(now)}); leave it out to call at once"])
    if scheduled_at > now + FURTHEST:
        raise invalid([f"scheduled_at: is more than 30 days ahead; at the most {iso(now + FURTHEST)} can be given now"])
    return scheduled_at if scheduled_at > now else None


def may_wait(call: CallState, limits: Limits, now: datetime) -> bool:
    """True for a call that was let go at its time, is not claimed yet, and may still be dialled later."""
    return call.released_at is not None and call.scheduled_at is not None and now <= _latest(limits, call.scheduled_at)


def wait_again(call: CallState, now: datetime) -> Steps[None]:
    """Puts a call that was let go back among those that wait."""
    yield from ledger.write(call, Entries({"waits_until": now, "released_at": None, "dial_at": None}))


async def due(rooms: Rooms, within_seconds: float = 0.0) -> list[Due]:
    """The scheduled calls whose time has come, or comes so soon: some of each number, in order."""
    until = rooms.clock.now() + timedelta(seconds=within_seconds)
    return await rooms.database.brief(waiting.due(until), write=False)


def is_late(rooms: Rooms, one: Due) -> bool:
    """True when the call would come too late now."""
    return rooms.clock.now() > _latest(rooms.limits, one.scheduled_at)


async def let_go(rooms: Rooms, one: Due) -> Outcome:
    """Lets a scheduled call go where there is room for it, and ends it where it is too late or cannot be placed.

    Raises Unavailable while the database is away.
    """
    if is_late(rooms, one):
        return await _end(rooms, one, EndReason.AT_CAPACITY, _too_late(rooms.limits, one))
    try:
        plan = await _renewed(rooms, one)
        released = await rooms.database.brief(_letting_go(rooms, one, plan))
    except Refused as refused:
        return await _end(rooms, one, refused.reason, refused.message)
    except SealBroken as error:
        _log.error("a scheduled call cannot be dialled", call_id=one.id, code=error.code)
        return await _end(rooms, one, EndReason.INTERNAL_ERROR, error.message)
    except (Conflict, NotFound):
        return Outcome.WAITS
    except Unavailable as error:
        if error.code != Unavailable.code:
            raise
        return Outcome.WAITS
    if not released:
        return Outcome.OVER
    await rooms.live.wake(one.id)
    return Outcome.LET_GO


async def _renewed(rooms: Rooms, one: Due) -> CallPlan:
    """The plan with the keys of now: those of the day on which the call was placed may be revoked."""
    sealed, owner = await rooms.database.brief(_reading(rooms, one), write=False)
    try:
        plan = plan_from_json(rooms.vault.open(sealed))
        _, keys = entitled(rooms, owner, plan.assistant)
    except (SealBroken, PlanBroken) as error:
        _log.error("a scheduled call cannot be dialled", call_id=one.id, code=error.code)
        raise Refused(EndReason.INTERNAL_ERROR, error.message) from error
    except (Invalid, Forbidden) as error:
        raise Refused(EndReason.PROVIDER_ERROR, error.message) from error
    return replace(plan, keys=keys)


def _reading(rooms: Rooms, one: Due) -> Steps[tuple[str, Owner]]:
    _, sealed = yield from sealed_call(one.org_id, one.id)
    organisation, _ = yield from placing.asker(one.org_id, None, rooms.vault)
    return sealed, Owner(organisation, (yield from sealed_keys(one.org_id)))


def _letting_go(rooms: Rooms, one: Due, plan: CallPlan) -> Steps[bool]:
    """Takes room for the call; False for one that waits no more. Raises Refused and, without room, Unavailable."""
    call = yield from ledger.state(one.id)
    if call is None or not _waits(call):
        return False
    now = rooms.clock.now()
    try:
        yield from planning.possible(plan.org_id, plan.destination, plan.number_id)
    except (Invalid, NotFound) as error:
        raise Refused(EndReason.TRUNK_ERROR, error.message) from error
    try:
        load = yield from allowance.granted(rooms, plan.org_id)
        plan = yield from planning.routed(rooms.vault, load, plan, plan.number_id)
    except PaymentRequired as error:
        raise Refused(EndReason.INSUFFICIENT_CREDITS, error.message) from error
    except Invalid as error:  # it was possible a moment ago: what is missing is room
        raise planning.at_capacity(error.message) from error
    yield from _within_pace(plan, now)
    yield from placing.used(plan.org_id, plan.number_id, now)
    changes = {
        "waits_until": None,
        "released_at": now,
        "plan_sealed": rooms.vault.seal(plan_to_json(plan)),
        "assistant_phone": plan.caller_id,
        "number_id": plan.number_id,
        "number_name": plan.number_name,
        "trunk_id": plan.trunk.id if plan.trunk else None,
        "updated_at": now,
    }
    yield from ledger.write(call, Entries(changes))
    return True


def _within_pace(plan: CallPlan, now: datetime) -> Steps[None]:
    pace = (yield from ledger.pace(plan.trunk.id)) if plan.trunk else None
    if pace is not None and pace.calls_per_second and pace.next_dial_at and pace.next_dial_at > now + PACE:
        raise planning.at_capacity("the trunk is dialled as fast as its calls_per_second allows")


async def _end(rooms: Rooms, one: Due, reason: EndReason, why: str) -> Outcome:
    events = await rooms.database.brief(_ending(rooms, one, CallEnded(rooms.clock.now(), reason, why)))
    publish(rooms, events)
    return Outcome.OVER


def _ending(rooms: Rooms, one: Due, end: CallEnded) -> Steps[list[LiveEvent]]:
    call = yield from ledger.state(one.id)
    if call is None or not _waits(call):
        return []
    return (yield from steps_of(rooms.limits.tariff, call, end))


def _waits(call: CallState) -> bool:
    return call.status is CallStatus.QUEUED and call.waits_until is not None


def _latest(limits: Limits, scheduled_at: datetime) -> datetime:
    return scheduled_at + timedelta(seconds=limits.scheduled_late_seconds)


def _too_late(limits: Limits, one: Due) -> str:
    return (
        f"it was scheduled for {iso(one.scheduled_at)}, and within {limits.scheduled_late_seconds:g} seconds of that the "
        "platform was not running, or there was no room for the call"
    )
