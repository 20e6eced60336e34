"""What the platform holds while nobody calls: tasks, threads, files, sockets, slots, rows and memory."""

import asyncio
import contextlib
import os
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.world import Platform, in_state, resident_mb

NOBODY = ("live_calls", "offered", "supervisor_tasks", "legs", "seats", "vad_slots")
LIVE = ("queued", "dialing", "ringing", "in-progress", "transferring")
SETTLE_SECONDS = 120.0
REUSED = {"threads": 8, "tcp": 8, "file": 12}
"""So much pools of threads, connections and database files may still grow after the first look. A leak of one in fifty
calls is more."""
_LOOK_SECONDS = 1.0
_ROWS = {
    "live_rows": "SELECT count(*) FROM calls WHERE ended_at IS NULL",
    "outbox_rows": "SELECT count(*) FROM outbox WHERE taken_at IS NULL",
    "waiting_deliveries": "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'",
    "dead_deliveries": "SELECT count(*) FROM webhook_deliveries WHERE status = 'dead'",
}


@dataclass(frozen=True, slots=True)
class Held:
    """What is held at one moment. ``files`` counts descriptors by kind."""

    census: dict[str, Any]
    threads: int
    files: dict[str, int]
    rows: dict[str, int]
    listed_live: int
    rss_mb: float

    def as_json(self) -> dict[str, Any]:
        """For a line of the report."""
        census = {name: value for name, value in self.census.items() if name != "tasks"}
        return {
            **census,
            "tasks": sum(self.census["tasks"].values()),
            "threads": self.threads,
            **{f"fd_{kind}": count for kind, count in sorted(self.files.items())},
            **self.rows,
            "listed_live": self.listed_live,
            "rss_mb": round(self.rss_mb, 1),
        }


def files_of(pid: int) -> dict[str, int]:
    """The open descriptors of a process by kind: udp, tcp, unix, file, other."""
    kinds: dict[str, str] = {}
    for kind in ("udp", "udp6", "tcp", "tcp6", "unix"):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            kinds[fields[6] if kind == "unix" else fields[9]] = kind.removesuffix("6")
    found: Counter[str] = Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found[_kind(os.readlink(entry), kinds)] += 1
    return dict(found)


def _kind(link: str, sockets: dict[str, str]) -> str:
    if link.startswith("socket:["):
        return sockets.get(link[8:-1], "tcp")
    return "file" if link.startswith("/") else "other"


async def held(house: Platform, database: Path) -> Held:
    """Looks now."""
    await house.process.tell("census")
    census = await house.process.line()
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = {name: int(connection.execute(query).fetchone()[0]) for name, query in _ROWS.items()}
    return Held(
        census=census,
        threads=len(os.listdir(f"/proc/{house.pid}/task")),
        files=files_of(house.pid),
        rows=rows,
        listed_live=sum([await in_state(house.api, status) for status in LIVE]),
        rss_mb=resident_mb(house.pid),
    )


def left_over(now: Held, fresh: Held, warm: Held | None) -> list[str]:
    """What is held that should not be: beside what a platform holds that never had a call (``fresh``), and for what is
    kept for reuse (threads, files, connections) beside what it held once warm."""
    found = [f"{name}: {now.census[name]}" for name in NOBODY if now.census[name]]
    found += [f"{name}: {count}" for name, count in now.rows.items() if count]
    if now.listed_live:
        found.append(f"calls listed as live: {now.listed_live}")
    if now.census["room"] != fresh.census["room"]:
        found.append(f"room: {now.census['room']} of {fresh.census['room']}")
    if now.files.get("udp", 0) > fresh.files.get("udp", 0):
        found.append(f"UDP ports: {now.files['udp']} beside {fresh.files.get('udp', 0)}")
    tasks = Counter(now.census["tasks"]) - Counter(fresh.census["tasks"])
    found += [f"task {name!r}: {count} more" for name, count in tasks.items()]
    if warm is not None:
        if now.threads > warm.threads + REUSED["threads"]:
            found.append(f"threads: {now.threads} beside {warm.threads}")
        for kind in ("tcp", "unix", "file", "other"):
            if now.files.get(kind, 0) > warm.files.get(kind, 0) + REUSED.get(kind, 0):
                found.append(f"{kind} descriptors: {now.files[kind]} beside {warm.files.get(kind, 0)}")
    return found


async def settled(house: Platform, database: Path, fresh: Held, warm: Held | None) -> tuple[Held, list[str]]:
    """Waits until nothing is left over, or long enough; what is left then is lost."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = await held(house, database)
        found = left_over(now, fresh, warm)
        if not found or time.monotonic() > until:
            return now, found
