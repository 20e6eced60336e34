"""The master key is rotated while the platform runs: everything is sealed anew, nothing is lost, the old key can go."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from tests.services.world import A, B, World, open_world
from trunkline.services import byok, idempotency, master_keys
from trunkline.services.aftercall import closing
from trunkline.services.idempotency import Answered, Begun
from trunkline.storage import resealing, tables
from trunkline.storage.database import Database
from trunkline.storage.idempotency import IdempotencySlot
from trunkline.storage.vault import SealBroken, Vault

pytestmark = pytest.mark.room
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SLOT = IdempotencySlot("org-a", "key", "POST", "/api-keys", "once")


async def opened(url: str, folder: Path, *keys: str) -> tuple[Database, Vault]:
    vault = Vault(keys)
    return await Database.open(url, folder, vault), vault


async def filled(url: str, folder: Path) -> World:
    """An installation with the old key, and something sealed in every place."""
    home = await open_world(*(await opened(url, folder, OLD)), folder)
    await home.change("organisations", "org-a", webhook_secret="organisation-secret")
    for caller in (A, B):
        await byok.store(home.rooms, caller, "deepgram", SecretStr(f"dg-{caller.org_id}"))
    for _ in range(5):
        await home.place()
    begun = await idempotency.begin(home.rooms, SLOT, "hash")
    assert isinstance(begun, Begun)
    await idempotency.keep(home.rooms, begun, 201, {"api_key": "tl_live_once"})
    return home


def with_keys(home: World, database: Database, vault: Vault) -> World:
    return replace(home, rooms=replace(home.rooms, database=database, vault=vault))


async def read_everything(home: World) -> list[object]:
    """What lies in every place, opened."""
    answered = await idempotency.begin(home.rooms, SLOT, "hash")
    assert isinstance(answered, Answered)
    async with home.rooms.database.system(write=False) as system:
        ids = [row[0] for row in (await system._inside[0].execute(text("SELECT id FROM calls ORDER BY id"))).all()]
    plans = [(await closing(home.rooms, id)).plan for id in ids]
    found: list[object] = [answered.reply, plans]
    for caller in (A, B):
        async with home.rooms.unit(caller, write=False) as unit:
            found.append((await unit.organisations.get(caller.org_id)).webhook_secret)
            found.append([key.key for key in (await unit.provider_keys.all()).values()])
            found.append((await unit.trunks.list_(10, 0))[0])
            found.append((await unit.assistants.list_(10, 0))[0])
    return found


def test_every_sealed_column_has_its_place() -> None:
    columns = {(t.name, c.name) for t in tables.metadata.tables.values() for c in t.columns if "sealed" in c.name}
    assert columns | {("idempotency_keys", "reply")} == {(one.table.name, one.column) for one in resealing.SEALED}


async def test_the_old_key_can_go_when_everything_is_sealed_anew(database_url: str, tmp_path: Path) -> None:
    home = await filled(database_url, tmp_path)
    before = await read_everything(home)
    await home.rooms.database.aclose()

    both = with_keys(home, *(await opened(database_url, tmp_path, NEW, OLD)))
    assert await read_everything(both) == before
    done = await master_keys.rotate(both.rooms, at_once=2)
    assert dict(done.renewed) == {
        "organisations.webhook_secret_sealed": 1,
        "provider_keys.key_sealed": 2,
        "trunks.auth_password_sealed": 1,
        "assistants.secrets_sealed": 1,
        "calls.plan_sealed": 5,
        "idempotency_keys.reply": 1,
    }
    assert (dict(done.broken), done.settled) == ({}, True)
    again = await master_keys.rotate(both.rooms)
    assert (dict(again.renewed), again.settled) == ({}, True)
    await both.rooms.database.aclose()

    new = with_keys(home, *(await opened(database_url, tmp_path, NEW)))
    assert await read_everything(new) == before
    await new.rooms.database.aclose()


async def test_it_runs_beside_a_platform_that_writes(database_url: str, tmp_path: Path) -> None:
    home = await filled(database_url, tmp_path)
    await home.rooms.database.aclose()
    platform = with_keys(home, *(await opened(database_url, tmp_path, NEW, OLD)))
    operator = with_keys(home, *(await opened(database_url, tmp_path, NEW, OLD)))

    async def busy() -> None:
        for round_ in range(10):
            await byok.store(platform.rooms, A, "deepgram", SecretStr(f"dg-{round_}"))
            await platform.change("trunks", home.trunk_id, auth_password=f"password-{round_}")
            await platform.place()

    await asyncio.gather(busy(), *(master_keys.rotate(operator.rooms, at_once=1) for _ in range(2)))
    assert (await master_keys.rotate(operator.rooms)).settled
    await operator.rooms.database.aclose()
    await platform.rooms.database.aclose()
    new = with_keys(home, *(await opened(database_url, tmp_path, NEW)))
    async with new.rooms.unit(A, write=False) as unit:
        assert (await unit.provider_keys.all())["deepgram"].key == "dg-9"
        assert (await unit.trunks.get(home.trunk_id)).auth_password == "password-9"
    assert (await read_everything(new))[0] == {"api_key": "tl_live_once"}
    await new.rooms.database.aclose()


async def test_what_was_written_between_reading_and_writing_stays(database_url: str, tmp_path: Path) -> None:
    home = await filled(database_url, tmp_path)
    await home.rooms.database.aclose()
    both = with_keys(home, *(await opened(database_url, tmp_path, NEW, OLD)))
    place = next(one for one in resealing.SEALED if one.table is tables.trunks)
    read = await both.rooms.database.brief(resealing.batch(place, both.rooms.vault, None, 10), write=False)
    await both.change("trunks", home.trunk_id, auth_password="changed meanwhile")
    await both.rooms.database.brief(resealing.write(place, read.changes))
    async with both.rooms.unit(A, write=False) as unit:
        assert (await unit.trunks.get(home.trunk_id)).auth_password == "changed meanwhile"
    await both.rooms.database.aclose()


async def test_what_no_key_opens_is_counted_and_left(database_url: str, tmp_path: Path) -> None:
    home = await filled(database_url, tmp_path)
    await home.rooms.database.aclose()
    lost = Fernet.generate_key().decode()
    wrong = with_keys(home, *(await opened(database_url, tmp_path, lost)))
    done = await master_keys.rotate(wrong.rooms, at_once=3)
    assert dict(done.renewed) == {}
    assert done.broken["calls.plan_sealed"] == 5
    async with wrong.rooms.unit(A, write=False) as unit:
        with pytest.raises(SealBroken):
            await unit.provider_keys.all()
    await wrong.rooms.database.aclose()
    right = with_keys(home, *(await opened(database_url, tmp_path, lost, OLD)))
    assert (await master_keys.rotate(right.rooms)).renewed["calls.plan_sealed"] == 5
    await right.rooms.database.aclose()
