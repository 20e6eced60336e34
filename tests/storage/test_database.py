"""Units commit or undo, writers take turns, and a database that is away says so."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, StatementError

from tests.databases import PostgresServer
from tests.storage import world
from trunkline.base.errors import Conflict, Invalid, Unavailable
from trunkline.storage import tables
from trunkline.storage.database import FILE_NAME, Database
from trunkline.storage.migrate import downgrade, upgrade
from trunkline.storage.sqlite import WAL_BYTES
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room


async def test_a_unit_commits_at_a_clean_exit_and_undoes_at_any_other(database: Database) -> None:
    async with database.system() as unit:
        await unit.organisations.add(world.organisation())

    async def change_its_mind() -> None:
        async with database.unit("org-a") as writing:
            await writing.trunks.add(world.trunk())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_its_mind()
    async with database.unit("org-a", write=False) as reading:
        assert (await reading.trunks.list_(10, 0))[1] == 0


async def test_moments_come_back_in_utc(database: Database) -> None:
    there = datetime(2026, 7, 1, 14, 30, 5, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with database.system() as unit:
        await unit.organisations.add(world.organisation(created_at=there))
    async with database.system(write=False) as unit:
        back = (await unit.organisations.get("org-a")).created_at
    assert back == there
    assert back.tzinfo is UTC


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with database.system() as unit:
            await unit.organisations.add(world.organisation(created_at=datetime(2026, 7, 1)))


async def test_text_with_a_nul_is_kept_without_it(database: Database) -> None:
    async with database.system() as unit:
        await unit.organisations.add(world.organisation(email="a\x00b"))
        assert (await unit.organisations.get("org-a")).email == "ab"


async def test_what_the_database_cannot_keep_is_no_passing_failure(database: Database) -> None:
    await world.two_organisations(database)
    with pytest.raises((DBAPIError, OverflowError)):
        async with database.unit("org-a") as unit:
            await unit.trunks.add(world.trunk(port=2**80))


async def test_many_writers_at_once_take_turns(database: Database) -> None:
    await world.two_organisations(database)

    async def one(place: int) -> None:
        async with database.unit("org-a") as unit:
            organisation = await unit.organisations.get("org-a", lock=True)
            await asyncio.sleep(0)
            limit = (organisation.max_concurrent_calls or 0) + 1
            await unit.organisations.save(world.organisation(max_concurrent_calls=limit))
            await unit.numbers.add(world.number(phone_number=f"+3185083{place:04}"))

    await asyncio.gather(*(one(place) for place in range(30)))
    async with database.unit("org-a", write=False) as unit:
        assert (await unit.organisations.get("org-a")).max_concurrent_calls == 30
        assert (await unit.numbers.list_(5, 0))[1] == 30


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-a") as writing:
        await writing.trunks.add(world.trunk())
        async with database.unit("org-a", write=False) as reading:
            assert (await reading.trunks.list_(10, 0))[1] == 0


async def test_it_answers_a_ping(database: Database) -> None:
    assert await database.ping() > 0


async def test_what_breaks_a_rule_of_the_tables_is_a_conflict(database: Database) -> None:
    await world.two_organisations(database)
    trunk = world.trunk()
    async with database.unit("org-a") as unit:
        await unit.trunks.add(trunk)
    with pytest.raises(Conflict):
        async with database.unit("org-a") as unit:
            await unit.trunks.add(trunk)
    with pytest.raises(Conflict):
        async with database.unit("org-a") as unit:
            await unit.numbers.add(world.number(trunk_id="no-such-trunk"))


async def test_the_migrations_make_the_tables_and_take_them_away_again(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, tables.metadata))

    def down_and_up(connection: Connection) -> set[str]:
        downgrade(connection)
        left = set(inspect(connection).get_table_names())
        upgrade(connection)
        return left

    async with database.transaction(write=True) as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(down_and_up) == {"alembic_version"}
        assert await connection.run_sync(differences) == []


async def test_a_database_is_opened_again_as_it_was_left(database: Database, database_url: str, vault: Vault) -> None:
    await world.two_organisations(database)
    again = await Database.open(database_url, Path("unused"), vault)
    try:
        async with again.system(write=False) as unit:
            assert (await unit.organisations.list_(10, 0))[1] == 2
    finally:
        await again.aclose()


async def test_a_postgres_that_restarted_is_found_again(
    postgres: PostgresServer, postgres_template: str, tmp_path: Path, vault: Vault
) -> None:
    name = postgres.create(postgres_template)
    database = await Database.open(postgres.url(name), tmp_path, vault)
    try:
        await world.two_organisations(database)

        async def interrupted() -> None:
            async with database.system() as unit:
                await unit.organisations.add(world.organisation("org-lost"))
                postgres.cut_connections(name)
                await unit.organisations.get("org-a")

        with pytest.raises(Unavailable) as away:
            await interrupted()
        assert away.value.code == "database_unavailable"
        async with database.system(write=False) as unit:
            assert {one.id for one in (await unit.organisations.list_(10, 0))[0]} == {"org-a", "org-b"}
    finally:
        await database.aclose()
        postgres.drop(name)


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path, vault: Vault) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await Database.open(f"postgresql://trunkline@/none?host={tmp_path}", tmp_path, vault)


async def test_another_kind_of_database_is_refused(tmp_path: Path, vault: Vault) -> None:
    with pytest.raises(Invalid, match="sqlite"):
        await Database.open("mysql://localhost/db", tmp_path, vault)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
async def test_a_database_without_a_file_is_refused(tmp_path: Path, vault: Vault, url: str) -> None:
    with pytest.raises(Invalid, match="file"):
        await Database.open(url, tmp_path, vault)


async def test_without_an_address_it_lies_in_the_data_dir(tmp_path: Path, vault: Vault) -> None:
    database = await Database.open(None, tmp_path / "data", vault)
    files = {file.name: file.stat().st_mode & 0o077 for file in (tmp_path / "data").iterdir()}
    await database.aclose()
    assert FILE_NAME in files
    assert set(files.values()) == {0}, "others may read the calls"


async def test_the_database_is_told_to_look_how_it_has_grown(tmp_path: Path, vault: Vault) -> None:
    database = await Database.open(None, tmp_path, vault)
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        for _ in range(50):
            await unit.calls.add(world.call(), "sealed")
    await database.tidy()
    async with database.transaction(write=False) as connection:
        known = {row[0] for row in await connection.execute(text("SELECT tbl FROM sqlite_stat1"))}
        (limit,) = (await connection.execute(text("PRAGMA journal_size_limit"))).one()
    await database.aclose()
    assert "calls" in known
    assert limit == WAL_BYTES


async def test_a_log_that_grew_is_given_back(tmp_path: Path, vault: Vault) -> None:
    database = await Database.open(None, tmp_path, vault)
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        for _ in range(40):
            await unit.calls.add(world.call(summary="x" * 2_000_000), "sealed")
    log = tmp_path / f"{FILE_NAME}-wal"
    assert log.stat().st_size > WAL_BYTES
    for _ in range(3):
        async with database.unit("org-a") as unit:
            await unit.calls.add(world.call(), "sealed")
    size = log.stat().st_size
    await database.aclose()
    assert size <= WAL_BYTES
