"""A list of calls is counted and entered the same as by reading all of them, whatever is remembered meanwhile."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.storage import world
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.storage.call_counts import MARGIN, CallCounts, CallFilters, Part, Window, window
from trunkline.storage.calls import Call
from trunkline.storage.database import Database

pytestmark = pytest.mark.room

STATES = (CallStatus.ENDED, CallStatus.FAILED, CallStatus.QUEUED)


def some_call(chance: random.Random, at: datetime, **fields: Any) -> Call:
    status = chance.choices(STATES, (60, 35, 1))[0]
    over = status is not CallStatus.QUEUED
    made = {
        "created_at": at,
        "status": status,
        "direction": chance.choice((Direction.OUTBOUND, Direction.INBOUND)),
        "end_reason": chance.choice((EndReason.USER_HANGUP, EndReason.BUSY)) if over else None,
        "ended_at": at + timedelta(seconds=30) if over else None,
        "assistant_id": chance.choice(("a", "b", None)),
        "number_id": chance.choice(("n", "m")),
        "campaign_id": chance.choice(("c", None)),
        "waits_until": None if over else at + timedelta(days=chance.choice((0, 9))),
    }
    return world.call(**{**made, **fields})


def moment(chance: random.Random, begin: datetime, days: int) -> datetime:
    """Any moment, often one at which a day begins or ends."""
    at = begin + timedelta(seconds=chance.randrange(days * 86400))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return chance.choice((at, midnight, midnight - timedelta(microseconds=1)))


def some_filters(chance: random.Random, begin: datetime, days: int) -> CallFilters:
    choices: dict[str, tuple[Any, ...]] = {
        "status": tuple(state.value for state in STATES),
        "direction": ("outbound", "inbound", "web"),
        "assistant_id": ("a", "b", "none"),
        "number_id": ("n", "m"),
        "end_reason": ("user_hangup", "busy"),
        "campaign_id": ("c",),
        "start_date": (moment(chance, begin, days),),
        "end_date": (moment(chance, begin, days),),
    }
    names = chance.sample(list(choices), chance.choice((0, 1, 1, 2, 3)))
    return CallFilters(**{name: chance.choice(choices[name]) for name in names})


def truth(calls: list[Call], filters: CallFilters) -> list[str]:
    """The ids that a list shows."""
    found = [
        call
        for call in calls
        if all(getattr(call, name) == value for name, value in filters.equal.items())
        and (filters.start_date is None or call.created_at >= filters.start_date)
        and (filters.end_date is None or call.created_at <= filters.end_date)
    ]
    return [call.id for call in sorted(found, key=lambda call: (-call.created_at.timestamp(), call.id))]


@pytest.mark.parametrize("seed", range(4))
async def test_it_counts_as_if_it_read_everything(database: Database, seed: int) -> None:
    await world.two_organisations(database)
    chance, counts, days = random.Random(seed), CallCounts(), 12
    begin = world.NOW - timedelta(days=days)
    calls: list[Call] = []
    for step in range(6):
        newest = max((call.created_at for call in calls), default=begin) - MARGIN
        async with database.system() as unit:
            for _ in range(60):
                at = max(moment(chance, begin + timedelta(days=2 * step), 2), newest)
                call = some_call(chance, at, org_id="org-a")
                await unit.calls.add(call, "sealed")
                calls.append(call)
            await unit.calls.add(some_call(chance, begin, org_id="org-b"), "sealed")
        if step == 4:  # what is kept for so long only
            async with database.transaction(write=True) as connection:
                gone = [call.id for call in calls if call.created_at < begin + timedelta(days=3) and call.ended_at]
                for id in gone:
                    await connection.execute(text("DELETE FROM calls WHERE id = :id"), {"id": id})
            calls = [call for call in calls if call.id not in gone]
        async with database.unit("org-a", write=False) as unit:
            for _ in range(step * 2):
                await unit.calls.learn(counts, page=7)
            for _ in range(40):
                filters, limit = some_filters(chance, begin, days), chance.choice((1, 7, 100))
                expected = truth(calls, filters)
                offset = chance.randrange(len(expected) + 3)
                page, total = await unit.calls.list_(filters, limit, offset, counts)
                assert total == len(expected), filters
                assert [call.id for call in page] == expected[offset : offset + limit], filters


def test_a_page_is_looked_for_where_it_lies() -> None:
    t = [world.NOW - timedelta(days=place) for place in range(5)]
    parts = [Part(t[1], None, 3), Part(t[2], t[1], 0), Part(t[3], t[2], 5), Part(None, t[4], 2)]
    assert window(parts, 2, 0) == Window(t[1], None, 0)
    assert window(parts, 2, 2) == Window(t[3], None, 2)
    assert window(parts, 2, 4) == Window(t[3], t[2], 1)
    assert window(parts, 9, 8) == Window(None, t[4], 0)
    assert window(parts, 9, 10) is None
    assert window([], 9, 0) is None
