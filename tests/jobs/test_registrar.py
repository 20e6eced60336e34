"""Keeping us registered, on both databases, with a carrier that counts."""

from dataclasses import dataclass, field, replace

import pytest

from tests.services.world import SetClock, open_world
from tests.storage import world as rows
from trunkline.base.errors import Upstream
from trunkline.base.ids import new_id
from trunkline.domain.plan import TrunkPlan
from trunkline.jobs.registrar import Registrar
from trunkline.jobs.resolving import KEPT_SECONDS, Resolver
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.line import ScriptedCarrier

pytestmark = pytest.mark.room


@dataclass
class Refusing(ScriptedCarrier):
    """A carrier whose trunks refuse while ``refuses``."""

    refuses: bool = False
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    async def keep_registered(self, trunk: TrunkPlan) -> None:
        self.asked.append(trunk.revision)
        if self.refuses:
            raise Upstream("403 Forbidden", provider="sip", retryable=True)
        await super().keep_registered(trunk)


async def test_active_trunks_that_want_it_are_kept_registered_and_others_are_not(
    database: Database, vault: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = await open_world(database, vault, tmp_path_factory.mktemp("home"))
    carrier = Refusing()
    registrar = Registrar(replace(home.rooms, carrier=carrier))
    await registrar.round()
    assert carrier.registered == set()
    foreign = rows.trunk(id=new_id(), org_id="org-b", register=True)
    async with database.unit("org-b") as unit:
        await unit.trunks.add(foreign)
    await home.change("trunks", home.trunk_id, register=True)
    await registrar.round()
    assert carrier.registered == {home.trunk_id, foreign.id}
    await home.change("trunks", home.trunk_id, is_active=False)
    await registrar.round()
    assert carrier.registered == {foreign.id}


async def test_a_trunk_that_refuses_is_asked_ever_more_rarely_until_it_is_changed(
    database: Database, vault: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = await open_world(database, vault, tmp_path_factory.mktemp("home"))
    await home.change("trunks", home.trunk_id, register=True)
    carrier = Refusing(refuses=True)
    registrar = Registrar(replace(home.rooms, carrier=carrier))
    for _ in range(80):
        await registrar.round()
        home.clock.advance(15)
    assert carrier.asked == [1] * 8, "at 0, 15, 45, 105, 225, 465, 765 and 1065 s"
    await home.change("trunks", home.trunk_id, register=True, revision=2)
    carrier.refuses = False
    await registrar.round()
    assert carrier.asked[-1] == 2
    assert carrier.registered == {home.trunk_id}


async def test_names_are_looked_up_once_a_minute_and_unknown_ones_have_no_address() -> None:
    clock = SetClock()
    resolver = Resolver(clock)
    assert "127.0.0.1" in {str(one) for one in await resolver.resolve("localhost")}
    clock.advance(61)
    assert "127.0.0.1" in {str(one) for one in await resolver.resolve("localhost")}
    assert await resolver.resolve("no-such-name.invalid") == frozenset()
    assert await resolver.resolve("x" * 300) == frozenset()
    clock.advance(KEPT_SECONDS + 1)
    assert await resolver.resolve("localhost")
    await resolver.aclose()
