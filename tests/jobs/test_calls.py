"""The life of one call in the jobs, and the ends of calls that nobody runs."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TypeVar, cast

import pytest

from tests.jobs.world import WORKER, World, whole_call
from trunkline.base.errors import Unavailable
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.plan import CallPlan
from trunkline.jobs.calls import Leases
from trunkline.jobs.reaper import Reaper
from trunkline.ports.journal import Journal
from trunkline.services import claims
from trunkline.storage.database import Database
from trunkline.storage.steps import Steps
from trunkline.storage.unit import SystemUnit

T = TypeVar("T")
pytestmark = pytest.mark.room


async def test_an_offered_call_is_run_once_however_often_it_is_offered(world: World) -> None:
    async with world.jobs() as jobs:
        call_id = await world.place()
        assert jobs.dialler.offer(call_id)
        assert jobs.dialler.offer(call_id)
        call = await world.until_over(call_id)
        assert jobs.dialler.offer(call_id)
        await asyncio.sleep(0.1)
    assert world.runner.ran == [call_id]
    assert (call.end_reason, call.worker_id) == (EndReason.USER_HANGUP, WORKER)


async def test_of_two_workers_one_gets_the_call(world: World) -> None:
    call_id = await world.place()
    plans = await asyncio.gather(*(claims.claim(world.rooms, call_id, name) for name in ("one", "two", "three")))
    assert sum(plan is not None for plan in plans) == 1


async def test_a_worker_without_room_takes_nothing(world: World) -> None:
    release = asyncio.Event()

    async def wait(plan: CallPlan, journal: Journal) -> None:
        await release.wait()
        await whole_call(plan, journal)

    world.runner.behaviour = wait
    world.runner.max_calls = 1
    async with world.jobs() as jobs:
        first, second = await world.place(), await world.place()
        assert jobs.dialler.offer(first)
        assert not jobs.dialler.offer(second)
        assert jobs.dialler.room() == 0
        release.set()
        await world.until_over(first)

        async def free() -> bool:
            return jobs.dialler.room() == 1

        await world.until(free)
        assert jobs.dialler.offer(second)
        await world.until_over(second)


async def test_a_call_that_breaks_inside_is_ended_all_the_same(world: World) -> None:
    async def breaks(plan: CallPlan, journal: Journal) -> None:
        raise RuntimeError("broken on purpose")

    world.runner.behaviour = breaks
    async with world.jobs() as jobs:
        call_id = await world.place()
        jobs.dialler.offer(call_id)
        call = await world.until_over(call_id)
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.INTERNAL_ERROR)


async def test_a_call_whose_wake_up_was_lost_is_picked_up_while_there_is_time(world: World) -> None:
    async with world.jobs():
        waiting = await world.place(age_seconds=3)
        late = await world.place(age_seconds=9.5)
        assert (await world.until_over(waiting)).end_reason is EndReason.USER_HANGUP
        assert (await world.until_over(late)).end_reason is EndReason.AT_CAPACITY
    assert world.runner.ran == [waiting]


async def test_a_call_that_nobody_took_is_failed_at_capacity(world: World) -> None:
    world.runner.max_calls = 0
    async with world.jobs():
        old = await world.place(age_seconds=11)
        young = await world.place(age_seconds=1)
        call = await world.until_over(old)
        assert not (await world.call(young)).is_over
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.AT_CAPACITY)


async def test_a_call_whose_worker_is_gone_is_ended(world: World) -> None:
    call_id = await world.place()
    await claims.claim(world.rooms, call_id, "a worker that died", lease_seconds=0.3)
    async with world.jobs():
        call = await world.until_over(call_id)
    assert (call.status, call.end_reason) == (CallStatus.FAILED, EndReason.WORKER_LOST)


async def test_a_worker_that_starts_again_ends_what_it_left_at_once(world: World) -> None:
    mine, others = await world.place(), await world.place()
    await claims.claim(world.rooms, mine, WORKER)
    await claims.claim(world.rooms, others, "another worker")
    async with world.jobs():
        call = await world.call(mine)
        assert call.end_reason is EndReason.WORKER_LOST
        assert not (await world.call(others)).is_over


async def test_leases_of_running_calls_are_renewed(world: World) -> None:
    release = asyncio.Event()

    async def wait(plan: CallPlan, journal: Journal) -> None:
        await release.wait()
        await whole_call(plan, journal)

    world.runner.behaviour = wait
    async with world.jobs(renew_seconds=0.05) as jobs:
        call_id = await world.place()
        jobs.dialler.offer(call_id)

        async def claimed() -> bool:
            return (await world.call(call_id)).lease_until is not None

        await world.until(claimed)
        first = (await world.call(call_id)).lease_until

        async def renewed() -> bool:
            return (await world.call(call_id)).lease_until != first

        await world.until(renewed)
        release.set()
        await world.until_over(call_id)


async def test_leaving_waits_for_calls_and_takes_no_more(world: World) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def wait(plan: CallPlan, journal: Journal) -> None:
        started.set()
        await release.wait()
        await whole_call(plan, journal)

    world.runner.behaviour = wait
    async with world.jobs() as jobs:
        call_id, late = await world.place(), await world.place()
        jobs.dialler.offer(call_id)
        await started.wait()
        leaving = asyncio.create_task(jobs.drain(5))
        await asyncio.sleep(0.05)
        assert not jobs.dialler.offer(late)
        assert not leaving.done()
        release.set()
        await leaving
    assert (await world.call(call_id)).end_reason is EndReason.USER_HANGUP
    assert (await world.call(late)).status is CallStatus.QUEUED


class AwayNow:
    """A database that does not answer while ``away`` is set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False

    def system(self, *, write: bool = True) -> AbstractAsyncContextManager[SystemUnit]:
        if self.away:
            raise Unavailable("the database is away")
        return self._database.system(write=write)

    async def brief(self, steps: Steps[T], *, write: bool = True) -> T:
        if self.away:
            raise Unavailable("the database is away")
        return await self._database.brief(steps, write=write)


async def test_after_an_outage_the_other_workers_get_time_to_renew(world: World) -> None:
    door = AwayNow(world.rooms.database)
    rooms = replace(world.rooms, database=cast(Database, door), limits=replace(world.rooms.limits, lease_seconds=1.0))
    leases = Leases(rooms, world.settings)
    reaper = Reaper(rooms, leases, world.settings, lambda: None)
    call_id = await world.place()
    await claims.claim(world.rooms, call_id, "another worker", lease_seconds=-1)
    door.away = True
    with pytest.raises(Unavailable):
        await leases.renew()
    await reaper.round()
    door.away = False
    await leases.renew()
    await reaper.round()
    assert not (await world.call(call_id)).is_over

    async def reaped() -> bool:
        await leases.renew()
        await reaper.round()
        return (await world.call(call_id)).is_over

    await world.until(reaped)
    assert leases.steady_seconds() is not None
    assert cast(float, leases.steady_seconds()) >= 1.0
