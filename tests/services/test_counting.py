"""The totals of lists stay true whatever is remembered: as calls are deleted, and where a clock was wrong for a while."""

from datetime import datetime, timedelta

import pytest

from tests.services.world import A, World
from tests.storage import world as rows
from trunkline.domain.call import CallStatus, EndReason
from trunkline.services import calls, counting, retention
from trunkline.storage.calls import CallFilters

pytestmark = pytest.mark.room


def _day(days: float) -> datetime:
    return rows.NOW + timedelta(days=days)


async def _add(home: World, created: float, ended: float | None = None) -> str:
    """A call that is over."""
    call = rows.call(
        "org-a",
        status=CallStatus.ENDED,
        end_reason=EndReason.USER_HANGUP,
        created_at=_day(created),
        ended_at=_day(created if ended is None else ended),
    )
    async with home.rooms.database.system() as unit:
        await unit.calls.add(call, "sealed")
    return call.id


async def _listed(home: World, filters: CallFilters | None = None, offset: int = 0) -> tuple[list[str], int]:
    page = await calls.list_(home.rooms, A, filters or CallFilters(), 100, offset)
    return [item["id"] for item in page.items], page.total


@pytest.mark.parametrize("kept_days", [5, 365])
async def test_calls_that_are_deleted_behind_one_that_is_kept_longer_count_no_more(home: World, kept_days: int) -> None:
    await home.change("organisations", "org-a", metadata_retention_days=5)
    waited = await _add(home, 0, ended=10)
    ids = [await _add(home, day) for day in range(1, 13)]
    home.clock.advance(timedelta(days=12.5).total_seconds())
    await counting.learn(home.rooms)
    assert await _listed(home) == ([*reversed(ids), waited], 13)
    assert (await retention.sweep(home.rooms)).calls == 7
    await home.change("organisations", "org-a", metadata_retention_days=kept_days)
    assert await _listed(home) == ([*reversed(ids[7:]), waited], 6)
    assert await _listed(home, CallFilters(status="ended", start_date=_day(3), end_date=_day(9))) == (ids[8:6:-1], 2)
    assert await _listed(home, offset=5) == ([waited], 6)


async def test_a_clock_that_was_ahead_for_a_while_hides_no_calls(home: World) -> None:
    first = await _add(home, -3)
    home.clock.advance(timedelta(days=3).total_seconds())
    ahead = await _add(home, 3)
    await counting.learn(home.rooms)
    assert await _listed(home) == ([ahead, first], 2)
    home.clock.advance(-timedelta(days=3).total_seconds())
    late = await _add(home, 0)
    assert await _listed(home) == ([ahead, late, first], 3)
    home.clock.advance(timedelta(days=1.5).total_seconds())
    await counting.learn(home.rooms)
    later = await _add(home, 1.5)
    home.clock.advance(timedelta(hours=1).total_seconds())
    assert await _listed(home) == ([ahead, later, late, first], 4)


async def test_any_date_can_be_asked_for(home: World) -> None:
    ids = [await _add(home, day) for day in range(-9, 0)]
    await counting.learn(home.rooms)
    first, last = datetime.min.replace(tzinfo=rows.NOW.tzinfo), datetime.max.replace(tzinfo=rows.NOW.tzinfo)
    assert await _listed(home, CallFilters(start_date=first, end_date=last)) == (ids[::-1], 9)
    assert await _listed(home, CallFilters(start_date=last, end_date=first)) == ([], 0)
    assert await _listed(home, CallFilters(start_date=_day(1))) == ([], 0)


async def test_what_is_deleted_is_forgotten(home: World) -> None:
    await home.change("organisations", "org-a", metadata_retention_days=5)
    for day in range(12):
        await _add(home, day)
    home.clock.advance(timedelta(days=12.2).total_seconds())
    await counting.learn(home.rooms)
    counts = home.rooms.database.call_counts.of("org-a", home.clock.now())
    assert len(counts.days({})) == 11  # the newest goes on
    await retention.sweep(home.rooms)
    await counting.learn(home.rooms)
    assert len(counts.days({})) == 3
