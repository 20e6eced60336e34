"""Which live calls have used up what pays for them: the credit of whoever pays, all its calls together, or the minutes
that an organisation may use in a month.

What goes on is charged only when it ends, so its use is reckoned here as it will be charged: minutes from the answer,
and credits from what each session says that it used so far.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from trunkline.domain.credit import Balance
from trunkline.domain.events import Usage
from trunkline.domain.usage import month_of
from trunkline.services.costing import cost_of
from trunkline.services.rooms import Rooms
from trunkline.storage import capacity, usage
from trunkline.storage.capacity import Spending
from trunkline.storage.steps import Steps

STEADY_SECONDS = 10.0
"""Before this a call's cost says little about its rate: the first words were bought while it rang."""


async def unpaid(rooms: Rooms, ahead_seconds: float) -> list[str]:
    """The live calls that nothing pays for any more, or will not so many seconds from now."""
    now = rooms.clock.now()
    calls, months = await rooms.database.brief(_looking(now), write=False)
    over = {
        call_id for group in _by_payer(calls) if _is_spent(rooms, group, now, ahead_seconds) for call_id in _ids(group)
    }
    for org_id, used in months.items():
        own = [call for call in calls if call.org_id == org_id]
        limit = own[0].monthly_minutes_limit
        if limit is not None and used + _minutes(own, now, ahead_seconds) >= limit:
            over.update(_ids(own))
    return [call.call_id for call in calls if call.call_id in over]


def _looking(now: datetime) -> Steps[tuple[list[Spending], dict[str, float]]]:
    """The calls, and the minutes of this month of each organisation that has only so many."""
    calls = yield from capacity.spending()
    months = {}
    for org_id in dict.fromkeys(call.org_id for call in calls if call.monthly_minutes_limit is not None):
        months[org_id] = yield from usage.minutes_since(org_id, month_of(now))
    return calls, months


def _by_payer(calls: Iterable[Spending]) -> Iterable[list[Spending]]:
    groups = defaultdict(list)
    for call in calls:
        groups[call.payer_id].append(call)
    return groups.values()


def _is_spent(rooms: Rooms, calls: Sequence[Spending], now: datetime, ahead_seconds: float) -> bool:
    balance = Balance(calls[0].minutes_balance, calls[0].credits_balance)
    minutes = _minutes(calls, now, ahead_seconds)
    cost = 0.0 if balance.credits is None else sum(_cost(rooms, call, now, ahead_seconds) for call in calls)
    return not balance.covers(minutes, cost)


def _minutes(calls: Iterable[Spending], now: datetime, ahead_seconds: float) -> float:
    return sum(_seconds(call, now) + ahead_seconds for call in calls) / 60


def _cost(rooms: Rooms, call: Spending, now: datetime, ahead_seconds: float) -> float:
    """What a call has cost so far, and will have if it goes on as it did; without a word from its session, the fee."""
    seconds, tariff = _seconds(call, now), rooms.limits.tariff
    used: float = cost_of(rooms.live.used(call.call_id) or Usage(), 0, tariff)["total"]
    later = used * ahead_seconds / max(seconds, STEADY_SECONDS)
    return used + later + (seconds + ahead_seconds) / 60 * tariff.fee_per_minute


def _seconds(call: Spending, now: datetime) -> float:
    return max((now - call.answered_at).total_seconds(), 0.0)


def _ids(calls: Iterable[Spending]) -> list[str]:
    return [call.call_id for call in calls]
