"""A scheduled call waits without a worker, is let go once at its time where there is room, and never comes too late."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from tests.services.world import A, World
from tests.storage import world
from tests.storage.world import later
from trunkline.base.clock import iso
from trunkline.base.errors import Invalid, NotFound, PaymentRequired
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import EndCall
from trunkline.domain.events import CallEnded
from trunkline.jobs.schedule import Schedule
from trunkline.jobs.settings import JobSettings
from trunkline.services import calls, claims, control, scheduling
from trunkline.services.journal import steps
from trunkline.services.scheduling import Due, Outcome
from trunkline.storage import tables
from trunkline.storage.calls import CallFilters

pytestmark = pytest.mark.room

HOUR = 3600.0


async def schedule(home: World, seconds: float = HOUR, **order: Any) -> str:
    return await home.place(scheduled_at=later(seconds), **order)


async def rounds(home: World) -> int:
    """What the schedule does now; how often it found something to do."""
    told: list[None] = []
    job = Schedule(home.rooms, JobSettings("worker", "unused", poll_seconds=0.0), lambda: told.append(None))
    count = 0
    while await job.round():
        count += 1
    return count


async def live(home: World) -> int:
    async with home.rooms.database.unit("org-a", write=False) as unit:
        return (await unit.calls.load()).total


async def test_until_its_time_it_is_queued_and_holds_nothing(home: World) -> None:
    await home.change("organisations", "org-a", max_concurrent_calls=1)
    call_id = await schedule(home)
    second = await schedule(home)
    call = await home.call(call_id)
    assert (call.status, call.scheduled_at, call.number_id) == (CallStatus.QUEUED, later(HOUR), None)
    assert await live(home) == 0
    assert home.live.woken == []
    home.clock.advance(HOUR - 1)
    assert await claims.claim(home.rooms, call_id, "worker") is None
    assert await claims.unclaimed(home.rooms, 0) == []
    assert await claims.reap(home.rooms) == []
    assert await rounds(home) == 0
    page = await calls.list_(home.rooms, A, CallFilters(status="queued"), 10, 0)
    assert {item["id"] for item in page.items} == {call_id, second}
    assert {item["scheduled_at"] for item in page.items} == {iso(later(HOUR))}


async def test_at_its_time_it_is_a_call_like_any_other(home: World) -> None:
    call_id = await schedule(home)
    home.clock.advance(HOUR)
    assert await rounds(home) == 1
    assert home.live.woken == [call_id]
    assert await live(home) == 1
    call = await home.call(call_id)
    assert (call.number_id, call.trunk_id) == (home.number_id, home.trunk_id)
    plans = await asyncio.gather(*(claims.claim(home.rooms, call_id, f"worker-{one}") for one in range(5)))
    plan = next(plan for plan in plans if plan is not None)
    assert sum(plan is not None for plan in plans) == 1
    assert plan.trunk is not None
    assert (plan.caller_id, plan.trunk.host) == (call.assistant_phone, "sip.example.com")
    assert await rounds(home) == 0


async def test_many_schedules_let_a_call_go_once(home: World) -> None:
    call_id = await schedule(home)
    home.clock.advance(HOUR)
    (one,) = await scheduling.due(home.rooms)
    outcomes = await asyncio.gather(*(scheduling.let_go(home.rooms, one) for _ in range(8)))
    assert outcomes.count(Outcome.LET_GO) == 1
    assert home.live.woken == [call_id]


async def test_the_schedule_wakes_at_the_moment_itself(home: World) -> None:
    await schedule(home, 0.4)
    job = Schedule(home.rooms, JobSettings("worker", "unused", poll_seconds=1.0), lambda: None)
    assert await job.round()
    assert home.clock.monotonic() == pytest.approx(0.4)
    assert await job.round()
    assert len(home.live.woken) == 1


@pytest.mark.parametrize("seconds", [-6, -HOUR, 30 * 24 * HOUR + 1])
async def test_what_is_past_or_too_far_off_is_refused(home: World, seconds: float) -> None:
    with pytest.raises(Invalid) as refused:
        await schedule(home, seconds)
    assert refused.value.details[0].startswith("scheduled_at: is ")


@pytest.mark.parametrize("seconds", [-5, 0])
async def test_a_moment_ago_means_now(home: World, seconds: float) -> None:
    call_id = await schedule(home, seconds)
    assert home.live.woken == [call_id]
    assert await live(home) == 1
    assert (await home.call(call_id)).scheduled_at == later(seconds)


async def test_everything_but_capacity_is_checked_when_it_is_placed(home: World) -> None:
    home.live.free = 0
    with pytest.raises(NotFound):
        await schedule(home, number_id="none")
    with pytest.raises(Invalid, match="SIP URI"):
        await schedule(home, number_id=home.number_id, destination="sip:ada@example.com")
    await home.change("numbers", home.number_id, is_active=False)
    with pytest.raises(Invalid) as nothing:
        await schedule(home)
    assert nothing.value.code == "no_number_available"
    await home.change("numbers", home.number_id, is_active=True)
    await home.change("organisations", "org-a", minutes_balance=0.0)
    with pytest.raises(PaymentRequired):
        await schedule(home)


@pytest.mark.parametrize("seconds", [1.0, HOUR + 0.5])
async def test_end_call_cancels_it_at_any_time_before_it_is_dialled(home: World, seconds: float) -> None:
    call_id = await schedule(home)
    home.clock.advance(seconds)
    await control.send(home.rooms, A, call_id, EndCall())
    call = await home.call(call_id)
    assert (call.status, call.end_reason) == (CallStatus.ENDED, EndReason.CANCELLED)
    home.clock.advance(HOUR)
    assert await rounds(home) == 0
    assert home.live.woken == []
    assert [kind for kind, _ in await home.outbox(call_id)] == ["status-update", "call.ended"]


async def test_without_room_it_waits_in_order_and_fails_when_it_is_too_late(home: World) -> None:
    await home.change("numbers", home.number_id, max_concurrent_calls=1)
    ids = [await schedule(home, HOUR + place, number_id=home.number_id) for place in range(3)]
    home.clock.advance(HOUR + 10)
    await rounds(home)
    assert home.live.woken == ids[:1]
    assert await claims.claim(home.rooms, ids[0], "worker") is not None
    home.clock.advance(100)
    await rounds(home)
    assert home.live.woken == ids[:1]
    await home.rooms.database.brief(_over(home, ids[0]))
    await rounds(home)
    assert home.live.woken == ids[:2]
    assert await claims.claim(home.rooms, ids[1], "worker") is not None
    home.clock.advance(200)
    await rounds(home)
    late = await home.call(ids[2])
    assert (late.status, late.end_reason) == (CallStatus.FAILED, EndReason.AT_CAPACITY)
    assert late.error is not None
    assert "300 seconds" in late.error


async def test_one_that_found_no_room_keeps_no_other_number_waiting(home: World) -> None:
    await home.change("numbers", home.number_id, max_concurrent_calls=0)
    for _ in range(25):
        await schedule(home, number_id=home.number_id)
    other = world.number(phone_number="+31850835999", trunk_id=home.trunk_id)
    async with home.rooms.database.unit("org-a") as unit:
        await unit.numbers.add(other)
    call_id = await schedule(home, HOUR + 1, number_id=other.id)
    home.clock.advance(HOUR + 2)
    await rounds(home)
    assert home.live.woken == [call_id]


async def test_many_numbers_without_room_keep_no_other_number_waiting(home: World) -> None:
    async with home.rooms.database.unit("org-a") as unit:
        for place in range(26):
            full = world.number(phone_number=f"+318508360{place:02}", trunk_id=home.trunk_id, max_concurrent_calls=0)
            await unit.numbers.add(full)
            for one in range(20):
                call = world.call(
                    id=f"call-outbound-{place:02}-{one:02}",
                    number_id=full.id,
                    scheduled_at=later(HOUR),
                    waits_until=later(HOUR),
                )
                await unit.calls.add(call, "sealed")
    call_id = await schedule(home, HOUR + 1, number_id=home.number_id)
    home.clock.advance(HOUR + 2)
    due = await scheduling.due(home.rooms)
    assert call_id in [one.id for one in due]
    assert [one.waits_until for one in due] == sorted(one.waits_until for one in due)


async def test_one_that_cannot_be_opened_ends_and_keeps_no_other_waiting(home: World) -> None:
    async with home.rooms.database.transaction(write=True) as connection:
        await connection.execute(
            update(tables.trunks).where(tables.trunks.c.id == home.trunk_id), {"auth_password_sealed": "nonsense"}
        )
    broken = await schedule(home, number_id=home.number_id)
    trunk = world.trunk()
    other = world.number(phone_number="+31850835999", trunk_id=trunk.id)
    async with home.rooms.database.unit("org-a") as unit:
        await unit.trunks.add(trunk)
        await unit.numbers.add(other)
    sound = await schedule(home, HOUR + 1, number_id=other.id)
    home.clock.advance(HOUR + 2)
    await rounds(home)
    assert home.live.woken == [sound]
    call = await home.call(broken)
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.INTERNAL_ERROR)


async def test_a_round_that_breaks_at_one_goes_on_with_the_others(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = await schedule(home), await schedule(home, HOUR + 1, number_id=home.number_id)
    let_go = scheduling.let_go

    async def breaking(rooms: Any, one: Due) -> Outcome:
        if one.id == broken:
            raise RuntimeError("a mistake of ours")
        return await let_go(rooms, one)

    monkeypatch.setattr(scheduling, "let_go", breaking)
    home.clock.advance(HOUR + 2)
    await rounds(home)
    assert home.live.woken == [sound]


async def test_a_worker_without_room_lets_it_wait(home: World) -> None:
    call_id = await schedule(home)
    home.clock.advance(HOUR)
    home.live.free = 0
    assert await rounds(home) == 0
    home.live.free = 1
    assert await rounds(home) == 1
    assert home.live.woken == [call_id]


async def test_the_pace_of_the_trunk_is_kept(home: World) -> None:
    await home.change("trunks", home.trunk_id, calls_per_second=0.1)
    for _ in range(4):
        await schedule(home)
    home.clock.advance(HOUR)
    dialled: list[float] = []
    for _ in range(60):
        home.live.woken.clear()
        await rounds(home)
        for call_id in home.live.woken:
            if await claims.claim(home.rooms, call_id, "worker") is not None:
                dialled.append(home.clock.monotonic() - HOUR)
        await claims.reap(home.rooms)
        home.clock.advance(1)
    assert len(dialled) == 4
    gaps = [after - before for before, after in pairwise(dialled)]
    assert min(gaps) >= 9
    assert max(gaps) <= 13


async def test_it_is_dialled_after_a_restart_that_was_short_and_not_after_a_long_one(home: World) -> None:
    soon, lost = await schedule(home, HOUR), await schedule(home, HOUR - 60)
    home.clock.advance(HOUR - 60 + 300 + 1)
    await rounds(home)
    assert home.live.woken == [soon]
    call = await home.call(lost)
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.AT_CAPACITY)
    assert call.error is not None
    assert "not running" in call.error


async def test_one_that_was_let_go_as_its_worker_died_waits_again(home: World) -> None:
    call_id = await schedule(home)
    home.clock.advance(HOUR)
    await rounds(home)
    home.clock.advance(30)
    assert await claims.reap(home.rooms) == []
    await rounds(home)
    assert home.live.woken == [call_id, call_id]
    assert await claims.claim(home.rooms, call_id, "worker") is not None


@pytest.mark.parametrize(
    ("noun", "changes", "reason"),
    [
        ("organisations", {"minutes_balance": 0.0}, EndReason.INSUFFICIENT_CREDITS),
        ("organisations", {"has_local_models_access": False}, EndReason.PROVIDER_ERROR),
        ("numbers", {"is_active": False}, EndReason.TRUNK_ERROR),
        ("trunks", {"is_active": False}, EndReason.TRUNK_ERROR),
    ],
)
async def test_what_changed_meanwhile_ends_it(
    home: World, noun: str, changes: dict[str, Any], reason: EndReason
) -> None:
    call_id = await schedule(home, number_id=home.number_id)
    id = {"organisations": "org-a", "numbers": home.number_id, "trunks": home.trunk_id}[noun]
    await home.change(noun, id, **changes)
    home.clock.advance(HOUR)
    await rounds(home)
    call = await home.call(call_id)
    assert (call.status, call.end_reason) == (CallStatus.FAILED, reason)
    assert call.error
    assert home.live.woken == []


async def test_it_speaks_as_it_was_when_placed_over_the_trunk_as_it_is_now(home: World) -> None:
    call_id = await schedule(home, first_message="Hello.")
    await home.change("trunks", home.trunk_id, host="new.example.com", revision=2)
    async with home.rooms.database.unit("org-a") as unit:
        await unit.assistants.delete(home.assistant_id)
    home.clock.advance(HOUR)
    await rounds(home)
    plan = await claims.claim(home.rooms, call_id, "worker")
    assert plan is not None
    assert plan.trunk is not None
    assert (plan.trunk.host, plan.assistant.first_message) == ("new.example.com", "Hello.")


async def test_a_plan_that_nobody_can_read_ends_it(home: World) -> None:
    call_id = await schedule(home)
    async with home.rooms.database.system() as unit:
        await unit.calls.change(call_id, plan_sealed="nonsense")
    home.clock.advance(HOUR)
    await rounds(home)
    assert (await home.call(call_id)).end_reason is EndReason.INTERNAL_ERROR


def test_the_times_are_in_order() -> None:
    now = world.NOW
    assert scheduling.waits_until(None, now) is None
    assert scheduling.waits_until(now + timedelta(days=30), now) == now + timedelta(days=30)


def _over(home: World, call_id: str) -> Any:
    return steps(home.rooms.limits.tariff, call_id, CallEnded(home.clock.now(), EndReason.NO_ANSWER))
