"""``python -m bench.storage``: lists, filters and reads among a million calls, on SQLite and on PostgreSQL."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.databases import postgres_server

from bench.storage.ask import Answered, asked, questions
from bench.storage.fill import fill, utc_now
from trunkline.app.compose import open_rooms
from trunkline.app.settings import Settings
from trunkline.services import counting

CALLS = 1_000_000
TIMES = 100
LIMIT_MS = 20.0


async def run(kind: str, url: str | None, folder: Path, count: int, times: int) -> list[Answered]:
    """Fills one database and asks; prints a line for each kind of question."""
    settings = Settings(data_dir=folder, database_url=url)
    now = utc_now()
    found = []
    async with open_rooms(settings) as rooms:
        begun = time.perf_counter()
        await fill(rooms.database, count, now)
        _say(database=kind, calls=count, filled_in_seconds=round(time.perf_counter() - begun, 1))
        begun = time.perf_counter()
        await counting.learn(rooms)
        _say(database=kind, learned_in_seconds=round(time.perf_counter() - begun, 1))
        async for question, asks in questions(rooms, count, now):
            answer = await asked(question, asks, times)
            _say(database=kind, **answer.as_json())
            found.append(answer)
    return found


def _say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def main() -> int:
    """The command line; the exit code is 0 only where every 95th percentile is below the limit."""
    parser = argparse.ArgumentParser(description="How long stored calls take to list, filter and read.")
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--times", type=int, default=TIMES, help="how often each kind of question is asked")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--folder", type=Path, default=None, help="where the files go (default: a temporary folder)")
    options = parser.parse_args()
    found: list[Answered] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.database != "postgresql":
            found += asyncio.run(run("sqlite", None, Path(folder), options.calls, options.times))
        if options.database != "sqlite":
            with postgres_server() as server:
                url = server.url(server.create())
                found += asyncio.run(run("postgresql", url, Path(folder), options.calls, options.times))
    slow = [answer.question for answer in found if answer.p95 >= LIMIT_MS]
    _say(machine=f"{os.cpu_count()} cores", limit_p95_ms=LIMIT_MS, slower=slow)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
