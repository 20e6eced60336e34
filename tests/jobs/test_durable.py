"""Workflows that are carried through once, whatever stops in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from trunkline.base.clock import SystemClock
from trunkline.base.errors import Unavailable
from trunkline.jobs.durable import Durable, Run
from trunkline.jobs.settings import jobs_database

pytestmark = pytest.mark.room


class Counting:
    """Two steps; the second waits until it is let go."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.second: list[str] = []
        self.entered = asyncio.Event()
        self.go = asyncio.Event()
        self.away = 0
        self.loops: set[asyncio.AbstractEventLoop] = set()

    async def workflow(self, run: Run, name: str, number: int) -> None:
        await run.step("first", lambda: self._first(name))
        await run.step("second", lambda: self._second(f"{name} {number}"))

    async def _first(self, name: str) -> bool:
        self.loops.add(asyncio.get_running_loop())
        self.first.append(name)
        return True

    async def _second(self, name: str) -> bool:
        self.entered.set()
        if self.away:
            self.away -= 1
            raise Unavailable("the database is away")
        await self.go.wait()
        self.second.append(name)
        return True


@asynccontextmanager
async def durable(url: str, counting: Counting) -> AsyncIterator[Durable]:
    async with Durable(url, "worker-1", SystemClock(), {"count": counting.workflow}) as opened:
        yield opened


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    return jobs_database(database_url, tmp_path)


async def until(counting: Counting, count: int) -> None:
    async with asyncio.timeout(20):
        while len(counting.second) < count:
            await SystemClock().sleep(0.02)


async def test_a_workflow_runs_on_the_platforms_loop_and_once_for_each_id(url: str) -> None:
    counting = Counting()
    async with durable(url, counting) as opened:
        await opened.start("count", "a:1", "a", 1)
        await opened.start("count", "a:1", "a", 1)
        await counting.entered.wait()
        await opened.start("count", "a:1", "a", 1)
        counting.go.set()
        await until(counting, 1)
        await opened.start("count", "a:1", "a", 1)
        await opened.start("count", "b:1", "b", 1)
        await until(counting, 2)
    assert counting.first == ["a", "b"]
    assert counting.second == ["a 1", "b 1"]
    assert counting.loops == {asyncio.get_running_loop()}


async def test_what_was_stopped_goes_on_after_the_restart_and_skips_what_was_done(url: str) -> None:
    before = Counting()
    async with durable(url, before) as opened:
        await opened.start("count", "a:1", "a", 1)
        await before.entered.wait()
    assert (before.first, before.second) == (["a"], [])
    after = Counting()
    after.go.set()
    async with durable(url, after) as opened:
        await until(after, 1)
        await opened.start("count", "a:1", "a", 1)
    assert (after.first, after.second) == ([], ["a 1"])


async def test_a_step_waits_for_a_database_that_is_away(url: str) -> None:
    counting = Counting()
    counting.away = 2
    counting.go.set()
    async with durable(url, counting) as opened:
        await opened.start("count", "a:1", "a", 1)
        await until(counting, 1)
    assert counting.first == ["a"]


async def test_the_loop_keeps_its_own_threads_and_what_is_over_is_forgotten(url: str) -> None:
    counting = Counting()
    counting.go.set()
    async with durable(url, counting) as opened:
        await opened.start("count", "a:1", "a", 1)
        await until(counting, 1)

        async def pruned() -> bool:
            return await opened.prune(SystemClock().now() + timedelta(seconds=5)) == 1

        async with asyncio.timeout(10):
            while not await pruned():
                await SystemClock().sleep(0.05)
        await opened.start("count", "a:1", "a", 1)
        await until(counting, 2)
    assert await asyncio.to_thread(lambda: 7) == 7


async def test_a_database_that_cannot_be_opened_is_an_error_at_start(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unable to open"):
        async with durable(f"sqlite:///{tmp_path}/nowhere/jobs.db", Counting()):
            raise AssertionError("never reached")
    counting = Counting()
    counting.go.set()
    async with durable(f"sqlite:///{tmp_path}/jobs.db", counting) as opened:
        await opened.start("count", "a:1", "a", 1)
        await until(counting, 1)
