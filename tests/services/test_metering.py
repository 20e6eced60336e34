"""Credit: who is asked to pay, what an answered call takes off it, once, and the line that it leaves."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.services.test_costing import CATALOGUE
from tests.services.world import A, B, World
from tests.storage import world
from trunkline.base.errors import Invalid, NotFound, PaymentRequired
from trunkline.domain.access import Caller
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, StageUsage, StatusChanged, Usage
from trunkline.domain.organisation import Organisation
from trunkline.domain.usage import UsageFilters, UsageLog, month_of
from trunkline.services import accounts, claims, control, usage
from trunkline.services.aftercall import store_analysis
from trunkline.services.costing import tariff
from trunkline.services.journal import ServiceJournal
from trunkline.storage.organisations import charged

pytestmark = pytest.mark.room
CHILD = Caller("org-child")
STAGES = (
    StageUsage("stt", "ear", "quick", seconds=60.0),
    StageUsage("llm", "mind", "big", own_key=True, prompt_tokens=1000, completion_tokens=100),
)
ALL = UsageFilters()


@pytest.fixture
async def home(home: World) -> World:
    """The world with prices, a fee and much room; ``org-a`` has a child that can place calls."""
    limits = replace(home.rooms.limits, tariff=tariff(CATALOGUE, {}, fee_per_minute=0.06), max_calls=1000)
    home.live.free = 1000
    async with home.rooms.database.system() as unit:
        await unit.organisations.add(world.organisation("org-child", parent_org_id="org-a"))
    trunk = world.trunk("org-child")
    async with home.rooms.database.unit("org-child") as unit:
        await unit.trunks.add(trunk)
        await unit.numbers.add(world.number("org-child", "+31850835099", trunk_id=trunk.id))
        await unit.assistants.add(
            replace(
                world.assistant("org-child", stt_config={"provider": "local"}, tts_config={"provider": "local"}),
                id="assistant-child",
            )
        )
    return replace(home, rooms=replace(home.rooms, limits=limits))


async def _answered(home: World, caller: Caller = A, **order: Any) -> str:
    if caller is CHILD:
        order = {"assistant_id": "assistant-child", **order}
    call_id = await home.place(caller, **order)
    await claims.claim(home.rooms, call_id, "worker-1", 3600)
    await ServiceJournal(home.rooms).note(call_id, StatusChanged(home.clock.now(), CallStatus.IN_PROGRESS))
    return call_id


async def _end(home: World, call_id: str, reason: EndReason = EndReason.USER_HANGUP, used: Usage | None = None) -> None:
    await ServiceJournal(home.rooms).note(call_id, CallEnded(home.clock.now(), reason, usage=used or Usage()))


async def _org(home: World, id: str = "org-a") -> Organisation:
    async with home.rooms.database.system(write=False) as unit:
        return await unit.organisations.get(id)


async def _logs(home: World, caller: Caller = A, **asked: Any) -> list[UsageLog]:
    return list((await usage.list_(home.rooms, caller, ALL, 100, 0, **asked)).page.items)


async def test_an_answered_call_is_charged_by_the_second_and_its_cost(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=10, credits=1.0)
    call_id = await _answered(home)
    home.clock.advance(90)
    await _end(home, call_id, used=Usage(stages=STAGES))
    after = await _org(home)
    assert after.minutes_balance == pytest.approx(8.5, abs=1e-9)
    assert after.credits_balance == pytest.approx(1 - 0.006 - 0.09, abs=1e-9)
    (log,) = await _logs(home)
    assert (log.call_id, log.org_id, log.billed_org_id, log.duration_sec) == (call_id, "org-a", "org-a", 90)
    assert (log.byok_stt, log.byok_llm, log.byok_tts, log.call_type) == (False, True, False, "phone")
    assert (log.cost, log.phone_number, log.agent_name) == (0.096, "+31850835037", "Anna")
    assert (log.assistant_id, log.created_at) == (home.assistant_id, home.clock.now())


async def test_the_end_of_a_call_is_charged_once_however_often_it_is_told(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=10)
    call_id = await _answered(home)
    home.clock.advance(60)
    await asyncio.gather(*(_end(home, call_id) for _ in range(5)))
    assert await claims.reap(home.rooms) == []
    assert (await _org(home)).minutes_balance == 9
    assert len(await _logs(home)) == 1


async def test_who_was_not_answered_or_was_refused_pays_nothing(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=10, credits=10)
    await control.cancel_queued(home.rooms, A, await home.place(), "command")
    rang = await home.place()
    await claims.claim(home.rooms, rang, "worker-1", 3600)
    await _end(home, rang, EndReason.BUSY, Usage(stages=STAGES))
    refused = await _answered(home)
    home.clock.advance(20)
    await _end(home, refused, EndReason.REJECTED_BY_WEBHOOK)
    assert (await home.call(refused)).status is CallStatus.REJECTED
    after = await _org(home)
    assert (after.minutes_balance, after.credits_balance) == (10, 10)
    assert await _logs(home) == []


async def test_a_call_of_a_lost_worker_is_charged_for_what_it_lasted(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=10)
    call_id = await _answered(home)
    home.clock.advance(3600)
    home.clock.advance(60)
    assert await claims.reap(home.rooms) == [call_id]
    assert (await _org(home)).minutes_balance == -50
    with pytest.raises(PaymentRequired):
        await home.place()


async def test_while_the_platform_is_down_nothing_is_charged(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=10)
    mine, others = [await _answered(home) for _ in range(2)]
    assert await claims.renew(home.rooms, "worker-1", 15) == 2
    home.clock.advance(3 * 3600)
    assert await claims.let_run_out(home.rooms, "worker-1") == 2
    assert sorted(await claims.reap(home.rooms)) == sorted([mine, others])
    assert (await _org(home)).minutes_balance == 9.5
    assert [log.duration_sec for log in await _logs(home)] == [15, 15]
    assert (await home.call(mine)).ended_at == home.clock.now() - timedelta(seconds=3 * 3600 - 15)


async def test_a_worker_that_starts_again_at_once_charges_until_then(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=10)
    call_id = await _answered(home)
    home.clock.advance(61)
    assert await claims.let_run_out(home.rooms, "worker-2") == 0
    assert await claims.let_run_out(home.rooms, "worker-1") == 1
    assert await claims.reap(home.rooms) == [call_id]
    assert (await _org(home)).minutes_balance == 9


async def test_an_unmetered_organisation_leaves_a_line_and_no_balance(home: World) -> None:
    call_id = await _answered(home)
    home.clock.advance(60)
    await _end(home, call_id)
    after = await _org(home)
    assert (after.minutes_balance, after.credits_balance) == (None, None)
    assert (await usage.list_(home.rooms, A, ALL, 10, 0)).summary.seconds == 60


async def test_a_child_is_billed_to_its_parent(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=2)
    call_id = await _answered(home, CHILD)
    home.clock.advance(60)
    await _end(home, call_id)
    assert (await _org(home)).minutes_balance == 1
    assert (await _org(home, "org-child")).minutes_balance is None
    (log,) = await _logs(home, CHILD)
    assert (log.org_id, log.billed_org_id) == ("org-child", "org-a")
    assert await _logs(home) == []
    assert [one.call_id for one in await _logs(home, include_children=True)] == [call_id]
    assert [one.call_id for one in await _logs(home, CHILD, include_children=True)] == [call_id]
    assert await _logs(home, B, include_children=True) == []
    await accounts.set_credit(home.rooms, "org-a", minutes=0)
    for caller, order in ((CHILD, {"assistant_id": "assistant-child"}), (A, {})):
        with pytest.raises(PaymentRequired) as refused:
            await home.place(caller, **order)
        assert refused.value.code == "insufficient_credits"
    assert "parent" not in str(refused.value)


async def test_what_live_calls_use_is_off_the_credit_already(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=3)
    calls = [await _answered(home), await _answered(home, CHILD)]
    home.clock.advance(89)
    await home.place()
    home.clock.advance(1)
    with pytest.raises(PaymentRequired):
        await home.place()
    await accounts.add_credit(home.rooms, "org-a", minutes=1)
    await home.place()
    for call_id in calls:
        await _end(home, call_id)
    assert (await _org(home)).minutes_balance == 1


@pytest.mark.parametrize(
    "balance", [{"minutes": 0.0}, {"credits": 0.0}, {"minutes": -1.0}, {"minutes": 5, "credits": -0.1}]
)
async def test_without_credit_no_call_is_placed(home: World, balance: dict[str, float]) -> None:
    await accounts.set_credit(home.rooms, "org-a", **balance)
    with pytest.raises(PaymentRequired, match="top it up"):
        await home.place()
    assert home.live.woken == []
    await accounts.set_credit(home.rooms, "org-a", minutes=None, credits=None)
    await home.place()


async def test_a_month_has_only_so_many_minutes(home: World) -> None:
    async with home.rooms.database.unit("org-child") as unit:
        child = await unit.organisations.get("org-child")
        await unit.organisations.save(replace(child, monthly_minutes_limit=2.0))
    for _ in range(2):
        call_id = await _answered(home, CHILD)
        home.clock.advance(60)
        await _end(home, call_id)
    with pytest.raises(PaymentRequired, match="this calendar month"):
        await home.place(CHILD, assistant_id="assistant-child")
    await home.place()
    home.clock.advance(timedelta(days=31).total_seconds())
    await home.place(CHILD, assistant_id="assistant-child")


async def test_a_call_of_next_month_can_be_placed_when_this_month_is_used(home: World) -> None:
    async with home.rooms.database.unit("org-child") as unit:
        child = await unit.organisations.get("org-child")
        await unit.organisations.save(replace(child, monthly_minutes_limit=1.0))
    call_id = await _answered(home, CHILD)
    home.clock.advance(60)
    await _end(home, call_id)
    now = home.clock.now()
    next_month = month_of(month_of(now) + timedelta(days=32))
    home.clock.advance((next_month - now).total_seconds() - 7200)
    order = {"assistant_id": "assistant-child"}
    with pytest.raises(PaymentRequired, match="this calendar month"):
        await home.place(CHILD, **order, scheduled_at=next_month - timedelta(hours=1))
    await home.place(CHILD, **order, scheduled_at=next_month)
    await accounts.set_credit(home.rooms, "org-a", minutes=0)
    with pytest.raises(PaymentRequired, match="no credit left"):
        await home.place(CHILD, **order, scheduled_at=next_month)


async def test_an_analysis_is_charged_once(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", credits=1.0, minutes=5)
    call_id = await _answered(home)
    home.clock.advance(60)
    await _end(home, call_id)
    used = (StageUsage("analysis", "mind", "big", prompt_tokens=1000, completion_tokens=100),)
    for _ in range(2):
        await store_analysis(home.rooms, call_id, "All well.", {"model": "big"}, used)
    call = await home.call(call_id)
    assert call.cost is not None
    after = await _org(home)
    assert call.cost["total"] == pytest.approx(0.0628)
    assert after.credits_balance == pytest.approx(1 - 0.0628)
    assert after.minutes_balance == 4
    (log,) = await _logs(home)
    assert log.cost == call.cost["total"]


async def test_an_operator_sets_and_adds_and_removes_credit(home: World) -> None:
    set_to = await accounts.set_credit(home.rooms, "org-a", minutes=5)
    assert (set_to.minutes_balance, set_to.credits_balance) == (5, None)
    added = await accounts.add_credit(home.rooms, "org-a", minutes=2.5, credits=10)
    assert (added.minutes_balance, added.credits_balance) == (7.5, 10)
    assert (await accounts.set_credit(home.rooms, "org-a", minutes=None)).minutes_balance is None
    with pytest.raises(Invalid, match="billed to its parent"):
        await accounts.add_credit(home.rooms, "org-child", minutes=1)
    with pytest.raises(NotFound):
        await accounts.add_credit(home.rooms, "org-x", minutes=1)
    for wrong in (float("nan"), float("inf"), 1e10):
        with pytest.raises(Invalid, match="minutes"):
            await accounts.set_credit(home.rooms, "org-a", minutes=wrong)


async def test_fifty_calls_that_end_at_once_are_all_charged(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=1000, credits=1000)
    calls = [await _answered(home, caller) for _ in range(25) for caller in (A, CHILD)]
    home.clock.advance(30)
    await asyncio.gather(
        *(_end(home, call_id) for call_id in calls),
        *(accounts.add_credit(home.rooms, "org-a", minutes=1) for _ in range(5)),
    )
    after = await _org(home)
    assert after.minutes_balance == pytest.approx(1000 + 5 - 25, abs=1e-6)
    assert after.credits_balance == pytest.approx(1000 - 50 * 0.03, abs=1e-6)
    assert len(await _logs(home, include_children=True)) == 50


async def test_dust_is_no_credit(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=1)
    for _ in range(60):
        await home.rooms.database.brief(charged("org-a", 1 / 60, 0.0))
    assert abs((await _org(home)).minutes_balance or 0.0) < 1e-9
    with pytest.raises(PaymentRequired):
        await home.place()


async def test_what_an_operator_says_of_local_models_holds_for_children_too(home: World) -> None:
    for allowed in (False, True):
        assert (await accounts.allow_local_models(home.rooms, "org-a", allowed)).has_local_models_access is allowed
        assert (await _org(home, "org-child")).has_local_models_access is allowed
        assert (await _org(home, "org-b")).has_local_models_access
    with pytest.raises(NotFound):
        await accounts.allow_local_models(home.rooms, "org-x", True)
