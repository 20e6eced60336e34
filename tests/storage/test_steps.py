"""Whole transactions as steps: the same on both databases, all or nothing, and waiting for nobody who reads."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update

from tests.storage import world
from trunkline.base.errors import Conflict, Unavailable
from trunkline.storage import tables
from trunkline.storage.database import FILE_NAME, Database
from trunkline.storage.steps import Query, Rows, Steps
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room

ONE = tables.organisations.c.id == bindparam("one")
READ = select(tables.organisations).where(ONE)
CHANGE = update(tables.organisations).where(ONE)
ADD = insert(tables.outbox)


def reading(id: str) -> Steps[Rows]:
    return (yield Query(READ, {"one": id}))


def renaming(id: str, name: str, then: Exception | None = None) -> Steps[str]:
    [row] = yield Query(READ, {"one": id})
    yield Query(CHANGE, {"one": id, "name": name, "updated_at": world.later(5)})
    if then is not None:
        raise then
    return str(row["name"])


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    await world.two_organisations(database)
    assert await database.brief(renaming("org-a", "Zo\u00eb \ud800\x00!")) == world.organisation("org-a").name
    [row] = await database.brief(reading("org-a"), write=False)
    assert (row["name"], row["updated_at"], row["created_at"]) == ("Zo\u00eb ?!", world.later(5), world.NOW)
    assert await database.brief(reading("org-none"), write=False) == []
    async with database.system(write=False) as unit:
        assert await unit.run(reading("org-a")) == [row]


async def test_what_is_raised_undoes_all(database: Database) -> None:
    await world.two_organisations(database)
    with pytest.raises(ZeroDivisionError):
        await database.brief(renaming("org-a", "Other", ZeroDivisionError()))
    [row] = await database.brief(reading("org-a"), write=False)
    assert row["name"] == world.organisation("org-a").name


async def test_what_breaks_a_rule_of_the_tables_is_a_conflict(database: Database) -> None:
    def adding() -> Steps[None]:
        row = {"org_id": "org-none", "call_id": "none", "kind": "x", "payload": {}, "created_at": world.NOW}
        yield Query(ADD, [row, row])

    with pytest.raises(Conflict):
        await database.brief(adding())


async def test_writers_take_turns_and_readers_do_not_wait(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        await unit.trunks.add(world.trunk())
        waiting = asyncio.ensure_future(database.brief(renaming("org-b", "Second")))
        assert len(await database.brief(reading("org-a"), write=False)) == 1
    await waiting
    await asyncio.gather(*(database.brief(renaming("org-b", f"Name {place}")) for place in range(30)))


async def test_a_file_that_is_locked_is_away(tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.storage.sqlite.PRAGMAS", ("busy_timeout=10",))
    database = await Database.open(None, tmp_path, vault)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await database.brief(renaming("org-a", "Name"))
        other.execute("ROLLBACK")
        assert await database.brief(reading("org-a"), write=False) == []
    finally:
        other.close()
        await database.aclose()
