"""Nothing of one organisation can be seen, changed or removed through a unit of another."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.storage import world
from trunkline.base.errors import NotFound
from trunkline.domain.events import LiveEvent
from trunkline.domain.transcript import Message, Role
from trunkline.domain.usage import UsageFilters, UsageLog
from trunkline.storage import capacity, idempotency, placing
from trunkline.storage.calls import CallFilters
from trunkline.storage.database import Database
from trunkline.storage.deliveries import Delivery
from trunkline.storage.idempotency import IdempotencySlot
from trunkline.storage.keys import by_hash
from trunkline.storage.organisations import is_child
from trunkline.storage.unit import Unit

pytestmark = pytest.mark.room


async def refused(work: Awaitable[object]) -> None:
    """The work must find nothing."""
    with pytest.raises(NotFound):
        await work


async def test_an_organisation_sees_only_itself(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-b") as unit:
        await refused(unit.organisations.get("org-a"))
        await refused(unit.organisations.save(world.organisation("org-a", name="Taken over")))
        await refused(unit.organisations.delete("org-a"))
        assert [item.id for item in (await unit.organisations.list_(10, 0))[0]] == ["org-b"]
    async with database.system() as system:
        assert (await system.organisations.get("org-a")).name == "The org-a"


async def test_nouns_of_another_organisation_are_not_there(database: Database) -> None:
    await world.two_organisations(database)
    trunk, number, assistant = world.trunk(), world.number(), world.assistant()
    async with database.unit("org-a") as unit:
        await unit.trunks.add(trunk)
        await unit.assistants.add(assistant)
        await unit.numbers.add(replace(number, trunk_id=trunk.id, assistant_id=assistant.id))
    async with database.unit("org-b") as other:
        for repository, item in ((other.trunks, trunk), (other.numbers, number), (other.assistants, assistant)):
            assert await repository.find(item.id) is None
            await refused(repository.get(item.id, lock=True))
            await refused(repository.delete(item.id))
            assert await repository.list_(10, 0) == ([], 0)
        await refused(other.trunks.save(trunk))
        await refused(other.numbers.save(number))
        await refused(other.assistants.save(assistant))
    async with database.unit("org-a") as unit:
        assert await unit.trunks.get(trunk.id) == trunk
        kept = await unit.numbers.get(number.id)
        assert (kept.assistant_name, kept.last_used_at) == ("Anna", None)


async def test_keys_of_another_organisation_are_not_there(database: Database) -> None:
    await world.two_organisations(database)
    key = world.api_key()
    async with database.unit("org-a") as unit:
        await unit.keys.add(key, "hash")
    async with database.unit("org-b") as other:
        assert await other.keys.list_(10, 0) == ([], 0)
        await refused(other.keys.revoke(key.id, world.NOW))
        await other.keys.used(key.id, world.NOW)
    assert await database.brief(by_hash("hash"), write=False) == key


async def test_calls_and_what_hangs_on_them_are_not_there_for_others(database: Database) -> None:
    await world.two_organisations(database)
    call = world.call()
    message = Message(Role.USER, "Hello", world.NOW)
    async with database.unit("org-a") as unit:
        await unit.calls.add(call, "sealed")
        await unit.messages.add("org-a", call.id, message)
        await unit.events.add("org-a", LiveEvent(call.id, 1, "status", {}), world.NOW)
        await unit.outbox.add("org-a", call.id, "call.ended", {}, world.NOW)
        await unit.deliveries.add(_delivery(call.id))
    async with database.unit("org-b") as other:
        await refused(other.calls.get(call.id))
        await refused(other.calls.plan_sealed(call.id))
        await other.calls.change(call.id, error="changed")
        assert await other.calls.list_(CallFilters(), 10, 0) == ([], 0)
        assert (await other.calls.load()).total == 0
        assert await other.messages.of_call(call.id) == ()
        assert await other.events.after(call.id, 0) == []
        assert await other.outbox.of_call(call.id) == []
        assert await other.deliveries.list_(10, 0) == ([], 0)
        await refused(other.deliveries.get("delivery"))
    async with database.unit("org-a") as unit:
        assert await unit.calls.get(call.id) == call
        assert await unit.messages.of_call(call.id) == (message,)
        assert len(await unit.events.after(call.id, 0)) == 1
        assert len(await unit.outbox.of_call(call.id)) == 1


async def test_idempotency_keys_of_another_organisation_are_not_there(database: Database) -> None:
    await world.two_organisations(database)
    ours = IdempotencySlot("org-a", "key", "POST", "/calls/outbound", "once")
    theirs = replace(ours, org_id="org-b")
    await database.brief(idempotency.take(ours, "hash", world.NOW, None))
    assert await database.brief(idempotency.find(theirs)) is None
    await database.brief(idempotency.keep(theirs, 200, {"stolen": True}))
    await database.brief(idempotency.release(theirs))
    kept = await database.brief(idempotency.find(ours))
    assert kept is not None
    assert (kept.status_code, kept.reply) == (None, None)


async def test_the_ways_out_of_another_organisation_are_not_there(database: Database) -> None:
    await world.two_organisations(database)
    trunk = world.trunk()
    number = world.number(trunk_id=trunk.id)
    async with database.unit("org-a") as unit:
        await unit.trunks.add(trunk)
        await unit.numbers.add(number)
    assert [way.number_id for way in await database.brief(placing.ways("org-a"))] == [number.id]
    assert await database.brief(placing.ways("org-b")) == []
    assert await database.brief(placing.way("org-b", number.id)) is None
    assert (await database.brief(capacity.taken("org-b"))).load.total == 0


async def test_children_and_what_they_used_are_seen_by_their_parent_alone(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        await unit.children.add(world.organisation("org-child", parent_org_id="org-a"))
        await unit.of_child("org-child").usage.add(UsageLog("log", "org-child", "org-a", "call", 60, world.NOW))
    seen = {}
    for org_id in ("org-a", "org-b", "org-child"):
        async with database.unit(org_id, write=False) as unit:
            pages = [await logs.page(UsageFilters(), 10, 0) for logs in (unit.usage, unit.billed_usage)]
            seen[org_id] = [len(await unit.children.all()), *(summary.calls for _, summary in pages)]
            assert (await unit.children.find("org-child") is None) == (org_id != "org-a")
    assert seen == {"org-a": [1, 0, 1], "org-b": [0, 0, 0], "org-child": [0, 1, 0]}
    for asker, named in (("org-b", "org-child"), ("org-child", "org-a"), ("org-a", "org-b"), ("org-a", "org-a")):
        assert not await database.brief(is_child(asker, named))


ADDITIONS: dict[str, Callable[[Unit, str], Awaitable[None]]] = {
    "children": lambda unit, org: unit.children.add(world.organisation("org-c", parent_org_id=org)),
    "usage": lambda unit, org: unit.usage.add(UsageLog("log", org, org, "call", 60, world.NOW)),
    "organisations": lambda unit, _: unit.organisations.add(world.organisation("org-c")),
    "trunks": lambda unit, org: unit.trunks.add(world.trunk(org)),
    "numbers": lambda unit, org: unit.numbers.add(world.number(org)),
    "assistants": lambda unit, org: unit.assistants.add(world.assistant(org)),
    "keys": lambda unit, org: unit.keys.add(world.api_key(org), "hash"),
    "calls": lambda unit, org: unit.calls.add(world.call(org), "sealed"),
}


@pytest.mark.parametrize("noun", ADDITIONS)
async def test_nothing_can_be_added_to_another_organisation(database: Database, noun: str) -> None:
    await world.two_organisations(database)
    with pytest.raises(ValueError, match="of another"):
        async with database.unit("org-b") as unit:
            await ADDITIONS[noun](unit, "org-a")


def _delivery(call_id: str) -> Delivery:
    return Delivery("delivery", "org-a", call_id, 1, "status-update", "https://example.com", "{}", world.NOW)
