"""Whether an organisation may have one more call now: it is paid for, and there is room under every limit.

Who pays is the organisation, or its parent; both may have a limit of their own. Of the installation's calls some may be
guaranteed to an organisation: others use that room while it is idle, but never so much that a guarantee could not be
kept.
"""

from dataclasses import dataclass
from datetime import datetime

from trunkline.base.errors import PaymentRequired
from trunkline.domain.usage import month_of
from trunkline.services.planning import at_capacity
from trunkline.services.rooms import Rooms
from trunkline.storage import capacity, usage
from trunkline.storage.calls import Load
from trunkline.storage.capacity import Capacity
from trunkline.storage.steps import Steps

NO_CREDIT = "the organisation has no credit left; top it up"
_PAYER_HAS_NONE = "the account that pays for this organisation has no credit left; ask whoever gave you the key"
_MONTH_IS_USED = "the organisation has used the minutes that it may use in this calendar month (UTC)"


@dataclass(frozen=True, slots=True)
class Standing:
    """Why there may be no more calls: no credit, no room; None where nothing stands against it."""

    load: Load
    broke: str | None = None
    full: str | None = None


def granted(rooms: Rooms, org_id: str) -> Steps[Load]:
    """The live calls of an organisation, which may have one more; nobody takes its place until these steps are over.

    Raises PaymentRequired and Unavailable (``at_capacity``).
    """
    found = yield from looked_up(rooms, org_id)
    if found.broke is not None:
        raise PaymentRequired(found.broke)
    if found.full is not None:
        raise at_capacity(found.full)
    return found.load


def paid_for(rooms: Rooms, org_id: str, at: datetime) -> Steps[None]:
    """For a call that takes no place before ``at``. Raises PaymentRequired."""
    found = yield from looked_up(rooms, org_id, at)
    if found.broke is not None:
        raise PaymentRequired(found.broke)


def looked_up(rooms: Rooms, org_id: str, at: datetime | None = None) -> Steps[Standing]:
    """As ``granted``, for whom both answers are worth knowing. ``at``: when the call is to be placed, if not now."""
    taken = yield from capacity.taken(org_id)
    broke = yield from _broke(rooms, taken, at or rooms.clock.now())
    return Standing(taken.load, broke, full(taken, rooms.limits.max_calls))


def full(taken: Capacity, max_calls: int) -> str | None:
    """Which limit leaves no room for one more call of an organisation; None where there is some."""
    own, payer = taken.own, taken.payer
    family = taken.live.get(payer.id, 0)
    if own.max_concurrent_calls is not None and taken.load.total >= own.max_concurrent_calls:
        return "the organisation has as many calls as it may have at once"
    if payer.max_concurrent_calls is not None and family >= payer.max_concurrent_calls:
        return "the account has as many calls as it may have at once"
    if family < taken.guaranteed.get(payer.id, 0):
        return None
    spoken_for = sum(max(taken.live.get(id, 0), calls) for id, calls in taken.guaranteed.items())
    others = sum(calls for id, calls in taken.live.items() if id not in taken.guaranteed)
    if taken.guaranteed and spoken_for + others >= max_calls:
        return "the room that is left is guaranteed to others"
    return None


def _broke(rooms: Rooms, taken: Capacity, at: datetime) -> Steps[str | None]:
    """Why a call could not be paid for, with what goes on now taken off; None where it could. Of the month that ``at`` is
    in nothing is used before it begins."""
    own, balance = taken.own, taken.payer.balance
    if not balance.is_metered and own.monthly_minutes_limit is None:
        return None
    now = rooms.clock.now()
    running = yield from capacity.running(taken.payer.id)
    minutes = sum(_minutes(since, now) for _, since in running)
    if not balance.covers(minutes, minutes * rooms.limits.tariff.fee_per_minute):
        return NO_CREDIT if own.id == taken.payer.id else _PAYER_HAS_NONE
    if own.monthly_minutes_limit is None:
        return None
    if month_of(at) > now:
        return None if own.monthly_minutes_limit else _MONTH_IS_USED
    used = yield from usage.minutes_since(own.id, month_of(now))
    used += sum(_minutes(since, now) for org_id, since in running if org_id == own.id)
    return None if used < own.monthly_minutes_limit else _MONTH_IS_USED


def _minutes(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) / 60
