"""Fills a database with calls as several organisations have them after a year: in order, of all kinds, some transcribed."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import text

from trunkline.domain.organisation import Organisation
from trunkline.storage import tables
from trunkline.storage.database import Database

SHARES = (0.4, 0.2, 0.1, 0.1, 0.08, 0.06, 0.04, 0.02)
"""The part of all calls that each organisation has."""
ORGS = tuple(f"org-{place}" for place in range(len(SHARES)))
DAYS = 365
ASSISTANTS, NUMBERS, CAMPAIGNS = 20, 10, 12
REASONS = {
    ("ended", "user_hangup"): 50,
    ("ended", "assistant_ended"): 15,
    ("ended", "voicemail_detected"): 8,
    ("failed", "no_answer"): 12,
    ("failed", "busy"): 5,
    ("failed", "trunk_error"): 2,
    ("transferred", "transferred"): 5,
    ("rejected", "at_capacity"): 3,
}
TRANSCRIBED = 0.1
BATCH = 5000
BATCHES_AT_ONCE = 10
_PUBLIC = {"llm_config": {"messages": [{"role": "system", "content": "You are a friendly assistant. " * 20}]}}
_SEALED = "gAAAAA" + "x" * 1500
_COLUMNS = [column.name for column in tables.calls.columns]
_SAID = ["org_id", "call_id", "role", "content", "started_at", "ended_at", "interrupted"]


async def fill(database: Database, count: int, now: datetime, seed: int = 1) -> None:
    """Adds ``count`` calls that began before ``now``, two of each organisation live, and two scheduled."""
    async with database.system() as unit:
        for org_id in ORGS:
            await unit.organisations.add(Organisation(org_id, org_id, now, now))
    rows = _rows(count, now, random.Random(seed))
    while more := list(islice(rows, BATCH * BATCHES_AT_ONCE)):
        async with database.transaction(write=True) as connection:
            await connection.execute(text("SELECT 1"))
            raw: Any = (await connection.get_raw_connection()).driver_connection
            for start in range(0, len(more), BATCH):
                await _add(raw, more[start : start + BATCH], lite=connection.dialect.name == "sqlite")
    async with database.transaction(write=True) as connection:
        await connection.execute(text("ANALYZE"))


async def _add(raw: Any, batch: Sequence[dict[str, Any]], *, lite: bool) -> None:
    calls = [[row.get(name) for name in _COLUMNS] for row in batch]
    said = [line for row in batch for line in _said(row)]
    for name, columns, records in (("calls", _COLUMNS, calls), ("call_messages", _SAID, said)):
        if lite:
            await _into_sqlite(raw, name, columns, records)
        else:
            await raw.copy_records_to_table(name, records=[_plain(one) for one in records], columns=columns)


async def _into_sqlite(raw: Any, table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
    values = [[_lite(value) for value in record] for record in records]
    await raw._execute(_many, raw._conn, statement, values)


def _many(connection: sqlite3.Connection, statement: str, values: Sequence[Sequence[Any]]) -> None:
    connection.executemany(statement, values)


def _lite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def _plain(record: Sequence[Any]) -> list[Any]:
    return [orjson.dumps(value).decode() if isinstance(value, dict | list) else value for value in record]


def _rows(count: int, now: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    step = timedelta(days=DAYS) / count
    for place in range(count):
        yield _call(chance, chance.choices(ORGS, SHARES)[0], place, now - timedelta(days=DAYS) + step * place)
    for org_id in ORGS:
        for place in range(2):
            yield _live(chance, org_id, f"live-{place}", now - timedelta(seconds=60))
            later = now + timedelta(hours=1)
            yield {**_live(chance, org_id, f"later-{place}", now), "scheduled_at": later, "waits_until": later}


def _call(chance: random.Random, org_id: str, place: int, at: datetime) -> dict[str, Any]:
    status, reason = chance.choices(list(REASONS), list(REASONS.values()))[0]
    seconds = int(chance.expovariate(1 / 90)) + 1 if status in ("ended", "transferred") else 0
    campaign = chance.randrange(CAMPAIGNS * 3)
    return {
        **_live(chance, org_id, str(place), at),
        "status": status,
        "end_reason": reason,
        "direction": chance.choices(("outbound", "inbound", "web"), (70, 25, 5))[0],
        "answered_at": at + timedelta(seconds=8) if seconds else None,
        "ended_at": at + timedelta(seconds=8 + seconds),
        "duration_seconds": seconds,
        "campaign_id": f"{org_id}-campaign-{campaign}" if campaign < CAMPAIGNS else None,
        "last_seq": 5,
    }


def _live(chance: random.Random, org_id: str, name: str, at: datetime) -> dict[str, Any]:
    number = chance.randrange(NUMBERS)
    return {
        "id": f"call-outbound-{org_id}-{name}",
        "org_id": org_id,
        "direction": "outbound",
        "status": "queued",
        "caller_phone": f"+316{chance.randrange(10**8):08}",
        "assistant_phone": f"+3185{number:07}",
        "number_id": f"{org_id}-number-{number}",
        "trunk_id": f"{org_id}-trunk",
        "assistant_id": f"{org_id}-assistant-{chance.randrange(ASSISTANTS)}",
        "metadata": {},
        "assistant_public": _PUBLIC,
        "plan_sealed": _SEALED,
        "tells_status": False,
        "last_seq": 1,
        "created_at": at,
        "updated_at": at,
    }


def _said(row: dict[str, Any]) -> list[list[Any]]:
    if not row.get("duration_seconds") or hash(row["id"]) % 1000 >= TRANSCRIBED * 1000:
        return []
    at = row["answered_at"]
    return [
        [row["org_id"], row["id"], role, "Would Monday at ten suit you?", at + timedelta(seconds=place), None, False]
        for place, role in enumerate(("assistant", "user", "assistant", "user"))
    ]


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)
