"""What the command line asks of the services: organisations and their first keys; and what goes wrong below."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.world import Away
from tests.services.world import World, open_world
from trunkline.base.errors import Invalid, Unauthenticated
from trunkline.domain.access import Caller
from trunkline.domain.plan import TrunkPlan
from trunkline.ports.carrier import ProbeStep
from trunkline.services import assistants, health, keys, organisations, trunks
from trunkline.services.rooms import Limits
from trunkline.services.trunks import TrunkSettings
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.line import ScriptedCarrier

pytestmark = pytest.mark.room


@pytest.fixture
async def home(database: Database, vault: Vault, tmp_path: Path) -> World:
    """Rooms over a real database."""
    return await open_world(database, vault, tmp_path)


async def test_an_organisation_gets_a_key_that_may_do_everything(home: World) -> None:
    organisation, key = await organisations.create(home.rooms, "Example", "a@example.com")
    caller = await keys.authenticate(home.rooms, key)
    assert (caller.org_id, caller.scopes) == (organisation.id, frozenset({"read", "write", "calls"}))
    assert organisation.minutes_balance is None
    for wrong in (key + "x", key[:-1], "", "tl_live_", key.replace("tl_live_", "tl_test_")):
        with pytest.raises(Unauthenticated):
            await keys.authenticate(home.rooms, wrong)
    for name, email in (("", None), ("x" * 201, None), ("A", "no address")):
        with pytest.raises(Invalid):
            await organisations.create(home.rooms, name, email)


async def test_the_use_of_a_key_is_noted_once_a_minute(home: World) -> None:
    organisation, key = await organisations.create(home.rooms, "Example")
    caller = Caller(organisation.id)

    async def last_used() -> object:
        return (await keys.list_(home.rooms, caller, 1, 0)).items[0].last_used_at

    await keys.authenticate(home.rooms, key)
    first = home.clock.now()
    home.clock.advance(59)
    await keys.authenticate(home.rooms, key)
    assert await last_used() == first
    home.clock.advance(1)
    await keys.authenticate(home.rooms, key)
    assert await last_used() == home.clock.now()


async def test_the_defaults_of_the_installation_are_written_out_once(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    limits = Limits(default_tts={"provider": "scripted", "voice_id": "tone"})
    home = await open_world(database, vault, tmp_path, limits)
    caller = Caller("org-a")
    assistant = await assistants.create(home.rooms, caller, {"name": "A"})
    assert assistant.settings.tts_config is not None
    assert assistant.settings.tts_config.voice_id == "tone"
    again = await assistants.update(home.rooms, caller, assistant.id, {"tts_config": {"provider": "local"}})
    assert again.settings.tts_config is not None
    assert again.settings.tts_config.provider == "local"
    back = await assistants.update(home.rooms, caller, assistant.id, {"tts_config": None})
    assert back.settings.tts_config == assistant.settings.tts_config


class Watched(ScriptedCarrier):
    """A carrier that remembers what it was told to forget, and whose probes fail at registering."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[str] = []

    async def probe(self, trunk: TrunkPlan) -> list[ProbeStep]:
        return [ProbeStep("options", None, "not asked", 0.0), ProbeStep("register", False, "403 Forbidden", 3.0)]

    async def forget(self, trunk_id: str) -> None:
        self.forgotten.append(trunk_id)


async def test_a_changed_way_out_is_a_new_revision_and_the_old_one_is_forgotten(home: World) -> None:
    carrier = Watched()
    rooms = replace(home.rooms, carrier=carrier)
    caller = Caller("org-a")
    trunk = await trunks.create(rooms, caller, TrunkSettings(name="T", address="a.example.com"))
    note = await trunks.update(rooms, caller, trunk.id, {"provider": "Somebody", "max_concurrent_calls": 3})
    assert (note.revision, carrier.forgotten) == (1, [])
    moved = await trunks.update(rooms, caller, trunk.id, {"address": "b.example.com:5070"})
    assert (moved.revision, moved.port, carrier.forgotten) == (2, 5070, [trunk.id])
    steps = await trunks.test(rooms, caller, trunk.id)
    assert not trunks.passed(steps)
    assert (await trunks.get(rooms, caller, trunk.id)).status == "failed"
    await trunks.delete(rooms, caller, trunk.id)
    assert carrier.forgotten == [trunk.id, trunk.id]


async def test_health_tells_which_part_is_down(home: World) -> None:
    assert (await health.check(home.rooms)).ok
    home.live.free = 0
    busy = await health.check(home.rooms)
    assert (busy.ok, busy.checks["workers"]["status"]) == (True, "busy")


async def test_health_names_the_providers_that_calls_do_not_ask_now(home: World) -> None:
    assert (await health.check(home.rooms)).checks["providers"] == {"status": "ok", "failing": []}
    found = await health.check(replace(home.rooms, failing=lambda: ["llm openai"]))
    assert (found.ok, found.checks["providers"]["failing"]) == (True, ["llm openai"])


async def test_a_database_that_is_away_is_down(home: World) -> None:
    found = await health.check(replace(home.rooms, database=Away()))
    assert (found.ok, found.checks["database"]) == (False, {"status": "down", "latency_ms": None})
