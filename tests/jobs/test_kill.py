"""Kill -9 in the midst of things: no call stays live, every report is delivered, and a repeat has the same id."""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from tests.jobs.world import World, make_world
from tests.webhooks.receiver import Receiver, hang, ok
from trunkline.domain.call import EndReason
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room
ROOT = Path(__file__).parents[2]


@pytest.fixture
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def world(database: Database, database_url: str, tmp_path: Path, key: str) -> World:
    return make_world(database, database_url, tmp_path, Vault([key]))


@asynccontextmanager
async def child(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process with jobs in it; killed on leaving."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.jobs.child", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        await heard(process, "ready")
        yield process
    finally:
        process.kill()
        await process.communicate()


async def heard(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while (line := await process.stdout.readline()).strip() != word.encode():
            assert line, f"the child ended before it said {word}"


async def test_a_call_that_was_killed_ends_when_the_worker_is_back_and_is_reported(
    world: World, receiver: Receiver, database_url: str, tmp_path: Path, key: str
) -> None:
    call_id = await world.place(receiver.url())
    async with child(database_url, str(tmp_path), key, call_id) as process:
        await heard(process, "live")
    async with world.jobs(claim_seconds=1.0):
        call = await world.call(call_id)
        assert call.end_reason is EndReason.WORKER_LOST
        deliveries = await world.until_told(call_id, 4)
    assert [delivery.status for delivery in deliveries] == ["delivered"] * 4
    report = json.loads(receiver.seen[-1].body)["message"]
    assert (report["type"], report["end_reason"]) == ("end-of-call-report", "worker_lost")
    assert world.runner.ran == []


async def test_a_delivery_that_was_killed_is_made_again_with_the_same_id(
    world: World, receiver: Receiver, database_url: str, tmp_path: Path, key: str
) -> None:
    receiver.answer = hang
    call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
    async with child(database_url, str(tmp_path), key):
        await receiver.wait(1)
    receiver.answer = ok
    async with world.jobs(claim_seconds=1.0):
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "delivered"
    assert len(delivery.attempts) == 1
    assert [seen.headers["webhook-id"] for seen in receiver.seen] == [delivery.id, delivery.id]


async def test_however_often_it_is_killed_every_report_arrives(
    world: World, receiver: Receiver, database_url: str, tmp_path: Path, key: str
) -> None:
    only_report = ["end-of-call-report"]
    calls = [await world.ended(receiver.url(), webhook_events=only_report) for _ in range(8)]
    for count in (1, 5):
        async with child(database_url, str(tmp_path), key):
            await receiver.wait(count, 30)
    async with world.jobs(claim_seconds=1.0):
        for call_id in calls:
            [delivery] = await world.until_told(call_id, 1)
            assert delivery.status == "delivered"
    ids = defaultdict(set)
    for seen in receiver.seen:
        ids[json.loads(seen.body)["message"]["call"]["id"]].add(seen.headers["webhook-id"])
    assert set(ids) == set(calls)
    assert all(len(known) == 1 for known in ids.values())


async def test_killed_between_the_reply_and_its_record_it_is_sent_again(
    world: World, receiver: Receiver, database_url: str, tmp_path: Path, key: str
) -> None:
    """The receiver has accepted, the sender never wrote it down: at least once means once more, with the same id."""
    killed: list[asyncio.subprocess.Process] = []

    async def accept_and_kill(_request: web.Request) -> web.StreamResponse:
        for process in killed:
            process.kill()
        return web.Response()

    receiver.answer = accept_and_kill
    call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
    async with child(database_url, str(tmp_path), key) as process:
        killed.append(process)
        await receiver.wait(1)
    killed.clear()
    async with world.jobs(claim_seconds=1.0):
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "delivered"
    assert {seen.headers["webhook-id"] for seen in receiver.seen} == {delivery.id}
