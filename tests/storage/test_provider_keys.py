"""Keys for vendors: sealed, one for each vendor, and never another organisation's."""

import pytest
from sqlalchemy import text

from tests.storage import world
from trunkline.base.ids import new_id
from trunkline.domain.byok import ProviderKey
from trunkline.storage.database import Database
from trunkline.storage.migrate import downgrade, upgrade
from trunkline.storage.provider_keys import sealed_keys
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room


def key(org_id: str = "org-a", vendor: str = "deepgram", words: str = "dg-secret") -> ProviderKey:
    return ProviderKey(new_id(), org_id, vendor, words, world.NOW, world.NOW)


async def test_a_key_is_kept_sealed_and_replaced(database: Database, vault: Vault) -> None:
    await world.two_organisations(database)
    first, second, other = key(), key(words="dg-other"), key(vendor="openai", words="sk-1")
    async with database.unit("org-a") as unit:
        await unit.provider_keys.put(first)
        await unit.provider_keys.put(other)
        assert await unit.provider_keys.ids() == {"deepgram": first.id, "openai": other.id}
        await unit.provider_keys.put(second)
        assert await unit.provider_keys.all() == {"deepgram": second, "openai": other}
    sealed = await database.brief(sealed_keys("org-a"), write=False)
    assert {vendor: vault.open(one) for vendor, one in sealed.items()} == {"deepgram": "dg-other", "openai": "sk-1"}
    async with database.transaction(write=False) as connection:
        kept = str((await connection.execute(text("SELECT * FROM provider_keys"))).all())
    assert "dg-other" not in kept
    assert "dg-other" not in repr(second)


async def test_the_keys_of_another_organisation_are_not_there(database: Database) -> None:
    await world.two_organisations(database)
    ours = key()
    async with database.unit("org-a") as unit:
        await unit.provider_keys.put(ours)
    async with database.unit("org-b") as other:
        assert await other.provider_keys.ids() == {}
        assert await other.provider_keys.all() == {}
        await other.provider_keys.remove("deepgram")
        await other.provider_keys.put(key("org-b"))
    assert await database.brief(sealed_keys("org-c"), write=False) == {}
    with pytest.raises(ValueError, match="of another"):
        async with database.unit("org-b") as other:
            await other.provider_keys.put(key("org-a", "openai"))
    async with database.unit("org-a") as unit:
        assert await unit.provider_keys.all() == {"deepgram": ours}
        await unit.provider_keys.remove("deepgram")
        assert await unit.provider_keys.ids() == {}


async def test_an_organisation_outlives_the_migration(database: Database) -> None:
    await world.two_organisations(database)
    async with database.unit("org-a") as unit:
        trunk = world.trunk()
        await unit.trunks.add(trunk)
    async with database.transaction(write=True) as connection:
        await connection.run_sync(lambda sync: downgrade(sync, "0002"))
        await connection.run_sync(upgrade)
    async with database.unit("org-a", write=False) as unit:
        organisation = await unit.organisations.get("org-a")
        assert (organisation.has_local_models_access, organisation.provider_defaults) == (True, {})
        assert await unit.trunks.get(trunk.id) == trunk
