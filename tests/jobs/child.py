"""A process with jobs in it that tests may kill: ``python -m tests.jobs.child DATABASE_URL FOLDER VAULT_KEY [CALL_ID]``.

It offers the call it is given, runs it until it is in progress, says ``live`` and holds it for ever; without a call id it
does what the outbox asks for. Its first line is ``ready``.
"""

import asyncio
import sys
from pathlib import Path

from tests.jobs.world import make_world
from trunkline.base.clock import SystemClock
from trunkline.domain.call import CallStatus
from trunkline.domain.events import StatusChanged
from trunkline.domain.plan import CallPlan
from trunkline.ports.journal import Journal
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def hold(plan: CallPlan, journal: Journal) -> None:
    now = SystemClock().now
    await journal.note(plan.call_id, StatusChanged(now(), CallStatus.RINGING))
    await journal.note(plan.call_id, StatusChanged(now(), CallStatus.IN_PROGRESS))
    say("live")
    await asyncio.Event().wait()


async def main(url: str, folder: Path, key: str, call_id: str | None) -> None:
    vault = Vault([key])
    database = await Database.open(url, folder, vault)
    world = make_world(database, url, folder, vault)
    world.runner.behaviour = hold
    async with world.jobs(claim_seconds=1.0) as jobs:
        say("ready")
        if call_id is not None:
            jobs.dialler.offer(call_id)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else None))
