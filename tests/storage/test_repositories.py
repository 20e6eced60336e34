"""The repositories: what is put in comes out, secrets lie sealed, and names are read along."""

from dataclasses import replace

import orjson
import pytest
from sqlalchemy import select, text

from tests.storage import world
from trunkline.base.errors import Conflict, NotFound
from trunkline.storage import idempotency, outbox, tables
from trunkline.storage.calls import CallFilters
from trunkline.storage.columns import as_json
from trunkline.storage.database import Database
from trunkline.storage.idempotency import IdempotencySlot
from trunkline.storage.keys import by_hash

pytestmark = pytest.mark.room


async def test_secrets_lie_sealed_and_come_back_open(database: Database) -> None:
    await world.two_organisations(database)
    trunk, assistant = world.trunk(), world.assistant()
    async with database.unit("org-a") as unit:
        await unit.organisations.save(world.organisation(webhook_secret="org-secret"))
        await unit.trunks.add(trunk)
        await unit.assistants.add(assistant)
    async with database.transaction(write=False) as connection:
        rows = [
            str((await connection.execute(select(table))).all())
            for table in (tables.organisations, tables.trunks, tables.assistants)
        ]
    for secret in ("org-secret", "trunk-password", "assistant-secret", "tool-secret", "mcp-secret"):
        assert secret not in "".join(rows)
    async with database.unit("org-a", write=False) as unit:
        assert (await unit.organisations.get("org-a")).webhook_secret == "org-secret"
        assert (await unit.trunks.get(trunk.id)).auth_password == "trunk-password"
        assert await unit.assistants.get(assistant.id) == assistant


async def test_things_are_saved_listed_newest_first_and_deleted(database: Database) -> None:
    await world.two_organisations(database)
    trunks = [world.trunk(created_at=world.later(place)) for place in range(5)]
    async with database.unit("org-a") as unit:
        for trunk in trunks:
            await unit.trunks.add(trunk)
        await unit.trunks.save(replace(trunks[0], name="Renamed", revision=2, inbound_addresses=("192.0.2.1",)))
        listed, total = await unit.trunks.list_(2, 1)
        assert ([trunk.id for trunk in listed], total) == ([trunks[3].id, trunks[2].id], 5)
        renamed = await unit.trunks.get(trunks[0].id, lock=True)
        assert (renamed.name, renamed.revision, renamed.inbound_addresses) == ("Renamed", 2, ("192.0.2.1",))
        await unit.trunks.delete(trunks[0].id)
        assert await unit.trunks.find(trunks[0].id) is None
        with pytest.raises(NotFound):
            await unit.trunks.delete(trunks[0].id)


async def test_a_number_stands_once_in_the_whole_installation(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        await unit.numbers.add(world.number())
        other = world.number(phone_number="+31850835038")
        await unit.numbers.add(other)
        with pytest.raises(Conflict) as own:
            await unit.numbers.save(replace(other, phone_number="+31850835037"))
        assert (await unit.numbers.get(other.id)).phone_number == "+31850835038"
    with pytest.raises(Conflict) as foreign:
        async with database.unit("org-b") as unit:
            await unit.numbers.add(world.number("org-b"))
    assert own.value.code == foreign.value.code == "number_taken"
    assert own.value.message == foreign.value.message


async def test_a_number_reads_the_names_along_and_is_detached_by_a_deletion(database: Database) -> None:
    await world.two_organisations(database)
    trunk, desk, assistant = world.trunk(), world.trunk(name="Desk"), world.assistant(business_name="Anna Ltd")
    number = world.number(trunk_id=trunk.id, transfer_trunk_id=desk.id, assistant_id=assistant.id)
    async with database.unit("org-a") as unit:
        for made in (trunk, desk):
            await unit.trunks.add(made)
        await unit.assistants.add(assistant)
        await unit.numbers.add(number)
        read = await unit.numbers.get(number.id)
        assert (read.assistant_name, read.business_name, read.transfer_trunk_name) == ("Anna", "Anna Ltd", "Desk")
        for id in (trunk.id, desk.id):
            await unit.trunks.delete(id)
        await unit.assistants.delete(assistant.id)
        bare = await unit.numbers.get(number.id)
        assert (bare.trunk_id, bare.transfer_trunk_id, bare.assistant_id, bare.assistant_name) == (None,) * 4


async def test_a_key_is_found_by_its_hash_and_revoked_once(database: Database) -> None:
    await world.two_organisations(database)
    key = world.api_key(expires_at=world.later(60))
    async with database.unit("org-a") as unit:
        await unit.keys.add(key, "hash-1")
        await unit.keys.used(key.id, world.later(1))
        await unit.keys.revoke(key.id, world.later(2))
        await unit.keys.revoke(key.id, world.later(3))
    found = await database.brief(by_hash("hash-1"), write=False)
    assert found == replace(key, last_used_at=world.later(1), revoked_at=world.later(2))
    assert await database.brief(by_hash("hash-2"), write=False) is None


async def test_an_idempotency_slot_is_taken_once_kept_and_pruned(database: Database) -> None:
    await world.two_organisations(database)
    slot = IdempotencySlot("org-a", "key", "POST", "/calls/outbound", "once")
    await database.brief(idempotency.take(slot, "hash", world.NOW, None))
    with pytest.raises(Conflict):
        await database.brief(idempotency.take(slot, "other", world.NOW, None))
    await database.brief(idempotency.keep(slot, 200, {"call_id": "x"}))
    kept = await database.brief(idempotency.find(slot), write=False)
    assert kept is not None
    assert (kept.body_hash, kept.status_code, kept.reply) == ("hash", 200, {"call_id": "x"})
    await database.brief(idempotency.take(replace(slot, path="/other"), "hash", world.NOW, None))
    await database.brief(idempotency.release(slot))
    assert await database.brief(idempotency.find(slot)) is None
    async with database.system() as system:
        assert await system.idempotency.prune(world.later(1)) == 1


async def test_the_outbox_is_read_in_the_order_in_which_it_was_written(database: Database) -> None:
    await world.two_organisations(database)
    call = world.call()
    async with database.unit("org-a") as unit:
        await unit.calls.add(call, "sealed")
        for kind in ("first", "second", "third"):
            await unit.outbox.add("org-a", call.id, kind, {"kind": kind}, world.NOW)
    rows = await database.brief(outbox.untaken(100), write=False)
    assert [row.kind for row in rows] == ["first", "second", "third"]
    assert rows[0].id < rows[1].id < rows[2].id
    assert rows[0].payload == {"kind": "first"}
    assert await database.brief(outbox.take(rows[0].id, world.NOW))
    assert not await database.brief(outbox.take(rows[0].id, world.NOW))
    assert [row.kind for row in await database.brief(outbox.untaken(1), write=False)] == ["second"]


async def test_a_million_calls_would_not_be_read_to_count_the_live_ones(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        for _ in range(20):
            await unit.calls.add(world.call(ended_at=world.NOW), "sealed")
        assert (await unit.calls.list_(CallFilters(), 5, 0))[1] == 20
        assert (await unit.calls.load()).total == 0
    live = "ended_at IS NULL AND waits_until IS NULL"
    questions = {
        f"SELECT number_id, trunk_id, count(*) FROM calls WHERE org_id = 'org-a' AND {live} "
        "GROUP BY number_id, trunk_id": "ix_calls_live",
        f"SELECT id FROM calls WHERE {live} AND lease_until < '2026-01-01'": "ix_calls_live",
        f"UPDATE calls SET lease_until = NULL WHERE worker_id = 'w' AND {live}": "ix_calls_live",
        "SELECT id FROM calls WHERE ended_at IS NULL AND waits_until <= '2026-01-01'": "ix_calls_scheduled",
        "SELECT id FROM calls WHERE org_id = 'org-a' ORDER BY created_at DESC, id LIMIT 5": "ix_calls_newest",
        "SELECT sum(duration_seconds) FROM calls WHERE org_id = 'org-a' AND created_at >= '2026-01-01'": "ix_calls_newest",
        **{
            f"SELECT count(*) FROM calls WHERE org_id = 'org-a' AND {name} = 'x'": f"ix_calls_by_{name}"
            for name in ("status", "direction", "assistant_id", "number_id", "end_reason")
        },
        "SELECT id FROM outbox WHERE taken_at IS NULL ORDER BY id LIMIT 5": "ix_outbox_untaken",
    }
    async with database.transaction(write=True) as connection:
        lite = connection.dialect.name == "sqlite"
        if not lite:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            # So few rows are not worth a choice of index to it.
            questions = {question: index for question, index in questions.items() if "by_" not in index}
        for question, index in questions.items():
            explain = text(("EXPLAIN QUERY PLAN " if lite else "EXPLAIN ") + question)
            plan = str((await connection.execute(explain)).all())
            assert index in plan, plan


@pytest.mark.parametrize("number", [10**25, -(10**25), 10**400])
def test_a_number_beyond_64_bits_does_not_stop_a_write(number: int) -> None:
    kept = orjson.loads(as_json({"one": [number, "\ud800", 1]}))
    assert kept == {"one": [float(number) if abs(number) < 10**300 else None, "?", 1]}
