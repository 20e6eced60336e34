"""Receivers that go wrong in every way and come back after an hour, and a platform that is killed again and again: nothing
is lost, what comes twice has the same id and the same body, and each call is told of in its order."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.jobs.chaos import FINAL, PASSING, TIMES, Receivers, SkippingClock, Told, receivers, skipping
from tests.jobs.world import World, make_world
from trunkline.storage.database import Database
from trunkline.storage.deliveries import Delivery
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room
ROOT = Path(__file__).parents[2]
ORDER = ["ringing", "in-progress", "ended", "end-of-call-report"]
HOUR_SECONDS = 3600.0
STEP_SECONDS = 600.0
LONGEST_SECONDS = 12 * HOUR_SECONDS


@asynccontextmanager
async def killed(*arguments: str) -> AsyncIterator[None]:
    """A platform at work, that is killed on leaving without a moment to tidy up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.jobs.chaos", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.communicate()


async def until(true: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def everything(world: World) -> list[Delivery]:
    async with world.rooms.database.system(write=False) as unit:
        return (await unit.deliveries.list_(1000, 0))[0]


async def quiet(world: World, clock: SkippingClock, calls: int) -> list[Delivery]:
    """All deliveries, once all are written and none of them is due or being tried."""

    async def at_rest() -> bool:
        found = await everything(world)
        now = clock.now()
        return len(found) == calls * len(ORDER) and not any(_is_due(one, found, now.timestamp()) for one in found)

    await world.until(at_rest, 40)
    return await everything(world)


def _is_due(one: Delivery, among: list[Delivery], now: float) -> bool:
    """Whether it is to be tried now; one that was never tried may have to wait for its turn."""
    if one.status != "pending":
        return False
    if one.claimed_until is not None and one.claimed_until.timestamp() > now:
        return True
    if one.failing_since is None and any(
        other.call_id == one.call_id
        and other.position < one.position
        and other.status == "pending"
        and (other.failing_since is None or other.failing_since.timestamp() > now - 60)
        for other in among
    ):
        return False
    return one.next_attempt_at is not None and one.next_attempt_at.timestamp() <= now


async def test_nothing_is_lost_and_nothing_is_told_twice_under_two_names(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    key = Fernet.generate_key().decode()
    world = make_world(database, database_url, tmp_path, Vault([key]))
    clock = skipping(world, tmp_path)
    async with receivers(seed=7) as house:
        calls = {await world.ended(house.url(way)): way for way in (*PASSING, *FINAL) for _ in range(2)}
        for more in (1, 4, 8):
            before = len(house.told)
            async with killed(database_url, str(tmp_path), key):
                await until(lambda before=before, more=more: len(house.told) >= before + more, 30)  # type: ignore[misc]
            clock.skip(60)
        async with world.jobs(patience_seconds=1.0, **TIMES):
            while clock.skipped < HOUR_SECONDS:
                down = await quiet(world, clock, len(calls))
                clock.skip(STEP_SECONDS)
            assert any(one.status == "pending" for one in down)
            house.well = True
            found = await quiet(world, clock, len(calls))
            while any(one.status == "pending" for one in found) and clock.skipped < LONGEST_SECONDS:
                clock.skip(3 * STEP_SECONDS)
                found = await quiet(world, clock, len(calls))
    _check_deliveries(found, calls)
    _check_what_was_told(house, found, calls)
    async with database.system(write=False) as unit:
        rows = [row for call_id in calls for row in await unit.outbox.of_call(call_id)]
    assert rows
    assert all(row.taken_at is not None for row in rows)


def _check_deliveries(found: list[Delivery], calls: dict[str, str]) -> None:
    for one in found:
        way = calls[one.call_id]
        expected = "dead" if way in FINAL else "delivered"
        assert one.status == expected, f"{way}: {one.attempts}"
        assert len(one.attempts) <= 10
        codes = [attempt["status_code"] for attempt in one.attempts if attempt["status_code"] is not None]
        if way in (*FINAL, "well"):
            assert codes == [{"redirects": 307, "gone": 410, "well": 204}[way]]
        else:
            assert codes[-1] == 204


def _check_what_was_told(house: Receivers, found: list[Delivery], calls: dict[str, str]) -> None:
    by_call: dict[str, list[Told]] = defaultdict(list)
    for one in house.told:
        by_call[one.call_id].append(one)
        assert one.way == calls[one.call_id], "a redirect was followed"
    names = {one.id: one.call_id for one in found}
    assert {one.webhook_id: one.call_id for one in house.told} == names
    for call_id, told in by_call.items():
        assert list(dict.fromkeys(one.state for one in told)) == ORDER, calls[call_id]
        for state in ORDER:
            of_state = [one for one in told if one.state == state]
            assert len({(one.webhook_id, one.body_hash) for one in of_state}) == 1
            assert any(one.accepted for one in of_state) == (calls[call_id] not in FINAL)
