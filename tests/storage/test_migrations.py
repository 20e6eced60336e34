"""Every form of the database goes up and down with rows in every table, once, and none of a newer version is touched."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, DateTime, Float, Integer, MetaData, String, Table, text
from sqlalchemy.types import JSON

from tests.databases import PostgresServer
from trunkline.base.errors import Invalid
from trunkline.storage.database import FILE_NAME, Database
from trunkline.storage.migrate import downgrade, known, upgrade
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room

STEPS = list(zip(("base", *known()), known(), strict=False))
Rows = dict[str, list[dict[str, Any]]]

OPENING = """
import asyncio, pathlib, sys
from cryptography.fernet import Fernet
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
async def main():
    url = sys.argv[1] or None
    database = await Database.open(url, pathlib.Path(sys.argv[2]), Vault([Fernet.generate_key().decode()]))
    await database.ping()
    await database.aclose()
asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / FILE_NAME}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def of_now(connection: Connection) -> MetaData:
    """The tables as the database has them."""
    found = MetaData()
    found.reflect(connection)
    found.remove(found.tables["alembic_version"])
    return found


def value(column: Column[Any], lite: bool) -> Any:
    """Something that fits into a column."""
    if column.name == "key_id":
        return "api_keys-1"
    for key in column.foreign_keys:
        return f"{key.column.table.name}-1"
    moment = datetime(2026, 7, 1, 12, 30, 5, 123456)
    kinds: tuple[tuple[type, Any], ...] = (
        (Boolean, True),
        (Integer, 7),
        (Float, 1.5),
        (DateTime, moment if lite else moment.replace(tzinfo=UTC)),
        (JSON, {"kept": [1, None, "ü"]}),
        (String, f"{column.table.name}-1"[: getattr(column.type, "length", None) or 99]),
    )
    return next(found for kind, found in kinds if isinstance(column.type, kind))


def fill(connection: Connection) -> None:
    """One row in every table."""
    lite = connection.dialect.name == "sqlite"
    for table in of_now(connection).sorted_tables:
        connection.execute(table.insert(), {column.name: value(column, lite) for column in table.columns})


def rows(connection: Connection) -> Rows:
    """All that is there."""
    return {table.name: _all(connection, table) for table in of_now(connection).sorted_tables}


def _all(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(table.select()).mappings()]


def kept(older: Rows, now: Rows) -> None:
    """Holds where all that the older form knows is there now."""
    for table, before in older.items():
        after = [{name: row[name] for name in row if name in before[0]} for row in now[table]] if before else now[table]
        assert after == before, table


@pytest.mark.parametrize(("older", "newer"), STEPS)
async def test_what_the_older_form_knows_survives_the_way_down_and_up(
    empty_url: str, tmp_path: Path, vault: Vault, older: str, newer: str
) -> None:
    def through(connection: Connection) -> None:
        downgrade(connection, newer)
        fill(connection)
        full = rows(connection)
        assert all(full.values())
        downgrade(connection, older)
        left = rows(connection)
        assert left.keys() <= full.keys()
        for table, found in left.items():
            assert found == [{name: row[name] for name in found[0]} for row in full[table]], table
        upgrade(connection, newer)
        kept(left, rows(connection))
        upgrade(connection)
        kept(left, rows(connection))
        downgrade(connection)
        assert rows(connection) == {}

    database = await Database.open(empty_url, tmp_path, vault)
    try:
        async with database.transaction(write=True) as connection:
            await connection.run_sync(through)
    finally:
        await database.aclose()


@pytest.mark.parametrize(("older", "newer"), STEPS[1:])
async def test_rows_of_an_older_form_are_there_after_an_update(
    empty_url: str, tmp_path: Path, vault: Vault, older: str, newer: str
) -> None:
    def through(connection: Connection) -> None:
        downgrade(connection, older)
        fill(connection)
        before = rows(connection)
        upgrade(connection, newer)
        kept(before, rows(connection))
        upgrade(connection)
        kept(before, rows(connection))

    database = await Database.open(empty_url, tmp_path, vault)
    try:
        async with database.transaction(write=True) as connection:
            await connection.run_sync(through)
    finally:
        await database.aclose()


async def test_a_database_of_a_newer_version_is_left_alone_and_says_so(
    database: Database, database_url: str, tmp_path: Path, vault: Vault
) -> None:
    async with database.transaction(write=True) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Invalid, match=r"form 9999.*newer version"):
        await Database.open(database_url, tmp_path, vault)


async def test_processes_that_start_at_once_make_the_tables_once(empty_url: str, tmp_path: Path) -> None:
    starting = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPENING, empty_url, str(tmp_path), stderr=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    told = await asyncio.gather(*(process.communicate() for process in starting))
    assert [(process.returncode, words) for process, (_, words) in zip(starting, told, strict=True)] == [(0, b"")] * 4
