"""No list of calls reads a table from end to end or sorts what it found, whatever it is filtered by."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bench.storage.ask import FILTERS
from bench.storage.fill import ORGS, fill, utc_now
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.storage.database import Database

pytestmark = pytest.mark.room

CALLS = 4000
CHANCE = random.Random(7)


async def plan(connection: AsyncConnection, statement: str, values: Any) -> str:
    """What the database does for a statement."""
    lite = connection.dialect.name == "sqlite"
    explain = ("EXPLAIN QUERY PLAN " if lite else "EXPLAIN ") + statement
    return "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(explain, values))


async def test_a_list_finds_its_calls_by_an_index(database: Database) -> None:
    await fill(database, CALLS, utc_now())
    async with database.unit(ORGS[0], write=False) as unit:
        while await unit.calls.learn(database.call_counts):
            pass
        connection: AsyncConnection = unit.calls._connection
        if connection.dialect.name != "sqlite":
            # So few rows are read from end to end where that is allowed at all.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for title, pick in FILTERS.items():
            with noted(connection) as asked:
                calls, total = await unit.calls.list_(pick(ORGS[0], CHANCE), 20, 30, database.call_counts)
            assert len(calls) == min(max(total - 30, 0), 20)
            assert asked
            for statement, values in asked:
                found = await plan(connection, statement, values)
                assert "Seq Scan" not in found, f"{title}: {found}"
                assert not [line for line in found.splitlines() if line.startswith("SCAN calls")], f"{title}: {found}"


@contextmanager
def noted(connection: AsyncConnection) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, tuple(parameters)))

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    yield asked
    event.remove(connection.sync_connection, "before_cursor_execute", note)
