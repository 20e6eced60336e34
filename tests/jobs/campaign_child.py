"""A process with the whole jobs room that tests may kill: ``python -m tests.jobs.campaign_child URL FOLDER VAULT_KEY``.

Everybody it calls is reached for a moment; each call that rings is told in a line, ``rang CALL_ID NUMBER``.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from tests.jobs.campaign_world import Fate, FatedRunner, rooms_on
from tests.jobs.child import say
from tests.jobs.world import FixedAnalyst
from trunkline.domain.call import EndReason
from trunkline.domain.plan import CallPlan
from trunkline.engine.live import LocalLive
from trunkline.jobs.outbox import WakingJournal
from trunkline.jobs.room import Jobs
from trunkline.jobs.settings import JobSettings, jobs_database
from trunkline.services.journal import ServiceJournal
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.sender import Sender


def told(plan: CallPlan, attempt: int) -> Fate:
    say(f"rang {plan.call_id} {plan.destination}")
    return Fate(EndReason.USER_HANGUP, 0.4)


async def main(url: str, folder: Path, key: str) -> None:
    vault = Vault([key])
    database = await Database.open(url, folder, vault)
    live = LocalLive(lambda: jobs.dialler.room())
    rooms = replace(rooms_on(database, vault, folder), live=live)
    runner = FatedRunner(rooms.clock, told, 6)
    settings = JobSettings(
        "worker-1", jobs_database(url, folder), poll_seconds=0.1, reap_seconds=0.2, drain_seconds=0.1
    )
    async with Sender(Guard(allow_insecure=True), rooms.clock) as sender:
        jobs = Jobs(rooms, runner, FixedAnalyst(), sender, settings)
        runner.journal = WakingJournal(ServiceJournal(rooms), jobs.wake_outbox)
        live.attach(jobs.dialler.offer, runner.order)
        async with jobs:
            say("ready")
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
