"""Thousands of leads, outcomes by chance, and processes that die in the midst of it: every lead ends right."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.campaign_world import CampaignWorld, make_campaign_world, mixed, numbers
from trunkline.domain.call import EndReason
from trunkline.domain.campaign import LeadStatus
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room

MANY = {"sqlite": 10_000, "postgresql": 1_000}
AT_ONCE = {"sqlite": 120, "postgresql": 40}
LIMITS: tuple[dict[str, Any], ...] = (
    {"max_concurrent_calls": 40, "max_attempts": 3, "retry_delay_minutes": 20, "retry_on": ["busy", "trunk_error"]},
    {"max_concurrent_calls": 25, "max_attempts": 2, "retry_delay_minutes": 5},
    {"max_concurrent_calls": None, "max_attempts": 1},
    {
        "max_concurrent_calls": 7,
        "schedule_start_time": "08:00:00",
        "schedule_end_time": "21:00:00",
        "timezone": "callee",
    },
    {"max_concurrent_calls": 30, "calls_per_minute": 20, "max_attempts": 2, "retry_on": ["failed"]},
)
SHARES = (0.35, 0.35, 0.2, 0.07, 0.03)


@pytest.fixture
async def world(database: Database, database_url: str, vault: Vault, tmp_path: Path) -> CampaignWorld:
    """A world in which an hour takes a second and a half."""
    most = AT_ONCE[database_url.partition(":")[0]]
    return await make_campaign_world(database, vault, tmp_path, mixed, factor=2400, max_calls=most)


@pytest.mark.timeout(600)
async def test_every_lead_ends_right_however_often_the_process_dies(world: CampaignWorld, database_url: str) -> None:
    many = MANY[database_url.partition(":")[0]]
    chance = random.Random(4)
    campaigns = []
    for place, (share, limits) in enumerate(zip(SHARES, LIMITS, strict=True)):
        leads = numbers(int(many * share), place * 1_000_000)
        campaigns.append(await world.campaign(leads, **limits))
    deaths = lost = 0
    while not await world.is_through(campaigns):
        # So many calls that it gets somewhere, and so few that it dies in the middle of all that a process does.
        last = len(world.runner.rang) + chance.uniform(0, many / 5)
        async with world.process():
            while len(world.runner.rang) < last and not await world.is_through(campaigns):  # noqa: ASYNC110
                await asyncio.sleep(chance.uniform(0, 0.4))
        deaths += 1
    assert deaths > 5
    for campaign in campaigns:
        await world.check(campaign)
        lost += sum(call.end_reason is EndReason.WORKER_LOST for call in await world.dialled(campaign))
        counts = (await world.now(campaign)).counts
        assert counts.total() == len(await world.leads(campaign))
        assert not counts[LeadStatus.PENDING]
        assert not counts[LeadStatus.CALLING]
    assert lost > 10
    async with world.rooms.database.system(write=False) as unit:
        assert (await unit.calls.load()).total == 0
    async with world.process() as back:
        assert back.dialler.room() == world.runner.max_calls
