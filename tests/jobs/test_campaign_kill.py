"""Kill -9 in the midst of a campaign: the next process goes on, and nobody is called twice for one attempt."""

import asyncio
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.jobs.campaign_world import make_campaign_world, numbers
from tests.jobs.test_kill import ROOT
from trunkline.domain.campaign import CampaignStatus, LeadStatus
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room
ALL = 1_000


async def rung(process: asyncio.subprocess.Process, most: int) -> list[tuple[str, str]]:
    """The calls that a process rings, until there are so many or it says no more."""
    assert process.stdout is not None
    found: list[tuple[str, str]] = []
    async with asyncio.timeout(120):
        while len(found) < most and (line := (await process.stdout.readline()).decode()):
            if line.startswith("rang "):
                _, call_id, number = line.split()
                found.append((call_id, number))
    return found


@pytest.mark.timeout(300)
async def test_a_campaign_outlives_its_processes(database_url: str, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    database = await Database.open(database_url, tmp_path, Vault([key]))
    world = await make_campaign_world(database, Vault([key]), tmp_path)
    campaign = await world.campaign(numbers(40), max_concurrent_calls=4, max_attempts=5, retry_delay_minutes=0)
    command = (sys.executable, "-m", "tests.jobs.campaign_child", database_url, str(tmp_path), key)
    for most in (1, 8, ALL):
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        listening = asyncio.ensure_future(rung(process, most))
        try:
            if most == ALL:
                await world.until_status(CampaignStatus.COMPLETED, campaign, 90)
            else:
                world.runner.rang += await listening
        finally:
            process.kill()
            world.runner.rang += await listening if most == ALL else await rung(process, ALL)
            await process.wait()
    counts = (await world.now(campaign)).counts
    assert counts == {LeadStatus.COMPLETED: 40}
    await world.check(campaign)
    attempts = {lead.phone_number: lead.attempts for lead in await world.leads(campaign)}
    heard = [number for _, number in world.runner.rang]
    assert all(heard.count(number) <= attempts[number] for number in attempts)
    assert sum(attempts.values()) > 40
    await database.aclose()
