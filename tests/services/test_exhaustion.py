"""Which live calls nothing pays for any more, and that each is told of it."""

import asyncio
from dataclasses import replace

import pytest

from tests.services.test_metering import CHILD, _answered, _end, home
from tests.services.world import A, B, World
from trunkline.domain.commands import EndUnpaid
from trunkline.domain.events import StageUsage, Usage
from trunkline.jobs.credit import CreditWatch
from trunkline.services import accounts
from trunkline.services.exhaustion import unpaid
from trunkline.storage.capacity import spending

pytestmark = pytest.mark.room
__all__ = ["home"]


async def test_all_calls_of_a_payer_use_up_its_minutes_together(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=2)
    calls = {await _answered(home), await _answered(home, CHILD)}
    home.clock.advance(57.5)
    assert await unpaid(home.rooms, 2) == []
    home.clock.advance(0.5)
    assert set(await unpaid(home.rooms, 2)) == calls
    await accounts.add_credit(home.rooms, "org-a", minutes=1)
    assert await unpaid(home.rooms, 2) == []


async def test_calls_that_nobody_answered_or_that_nobody_meters_spend_nothing(home: World) -> None:
    free = await _answered(home)
    home.clock.advance(3600)
    assert await unpaid(home.rooms, 2) == []
    await accounts.set_credit(home.rooms, "org-a", minutes=10)
    await _end(home, free)
    await accounts.set_credit(home.rooms, "org-a", minutes=10)
    await home.place()
    home.clock.advance(3600)
    assert await home.rooms.database.brief(spending(), write=False) == []


async def test_credits_are_used_up_by_what_the_sessions_say_and_the_fee(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", credits=0.2)
    call_id = await _answered(home)
    home.clock.advance(100)  # 10 cents of the fee
    assert await unpaid(home.rooms, 2) == []
    home.live.uses[call_id] = Usage(stages=(StageUsage("stt", "ear", "quick", seconds=900.0),))  # 9 cents
    assert await unpaid(home.rooms, 2) == []
    home.clock.advance(8)
    assert await unpaid(home.rooms, 2) == [call_id]
    own = StageUsage("stt", "ear", "quick", own_key=True, seconds=9000.0)
    home.live.uses[call_id] = Usage(stages=(own,))
    assert await unpaid(home.rooms, 2) == []


async def test_a_month_that_is_used_up_ends_the_childs_calls_alone(home: World) -> None:
    async with home.rooms.database.unit("org-child") as unit:
        child = await unit.organisations.get("org-child")
        await unit.organisations.save(replace(child, monthly_minutes_limit=2.0))
    first = await _answered(home, CHILD)
    home.clock.advance(60)
    await _end(home, first)
    await _answered(home)
    call_id = await _answered(home, CHILD)
    home.clock.advance(57)
    assert await unpaid(home.rooms, 2) == []
    home.clock.advance(1)
    assert await unpaid(home.rooms, 2) == [call_id]


async def test_every_session_is_told_once_and_as_soon_as_it_is_there(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=2)
    calls = [await _answered(home) for _ in range(20)]
    home.live.sessions.update(calls[:19])
    watch = CreditWatch(home.rooms, 2.0)
    await watch.round()
    assert home.live.orders == []
    home.clock.advance(4)
    for _ in range(3):
        await watch.round()
    assert {call_id for call_id, _, _ in home.live.orders} == set(calls[:19])
    assert len(home.live.orders) == 19
    assert {command for _, _, command in home.live.orders} == {EndUnpaid()}
    home.live.sessions.add(calls[19])
    await watch.round()
    assert home.live.orders[19][0] == calls[19]
    await asyncio.gather(*(_end(home, call_id) for call_id in calls))
    await watch.round()
    assert len(home.live.orders) == 20


async def test_one_payers_end_is_no_others(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=1)
    await accounts.set_credit(home.rooms, "org-b", minutes=1)
    call_id = await _answered(home, A)
    home.clock.advance(59)
    assert B.org_id == "org-b"
    assert await unpaid(home.rooms, 2) == [call_id]
