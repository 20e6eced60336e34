"""Organisations' own keys for vendors in the database; sealed, and one for each vendor."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, bindparam, select

from trunkline.domain.audit import SECRET
from trunkline.domain.byok import ProviderKey
from trunkline.storage import tables
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps

_keys = tables.provider_keys


class ProviderKeys(Scoped):
    """The vendors' keys of an organisation."""

    table = _keys

    async def ids(self) -> dict[str, str]:
        """The ids of the stored keys, by vendor."""
        rows = await self._rows(self._select(_keys.c.vendor, _keys.c.id))
        return {row["vendor"]: row["id"] for row in rows}

    async def all(self) -> dict[str, ProviderKey]:
        """The keys themselves, by vendor. Raises SealBroken without the master key."""
        return {row["vendor"]: self._item(row) for row in await self._rows(self._select())}

    async def put(self, key: ProviderKey) -> None:
        """Keeps a key, in place of the one that its vendor had."""
        before = await self._forget(key.vendor)
        await self._insert(
            {
                "id": key.id,
                "org_id": key.org_id,
                "vendor": key.vendor,
                "key_sealed": self._vault.seal(key.key),
                "created_at": key.created_at,
                "updated_at": key.updated_at,
            }
        )
        await self._note(
            "updated" if before else "created", "provider_key", key.vendor, {"api_key": SECRET}, key.org_id
        )

    async def remove(self, vendor: str) -> None:
        """Forgets the key of a vendor, where there is one."""
        if await self._forget(vendor):
            await self._note("deleted", "provider_key", vendor, {"api_key": SECRET})

    async def _forget(self, vendor: str) -> bool:
        return bool((await self._connection.execute(self._delete().where(_keys.c.vendor == vendor))).rowcount)

    def _item(self, row: Mapping[str, Any] | RowMapping) -> ProviderKey:
        values = dict(row)
        return ProviderKey(key=self._vault.open(values.pop("key_sealed")), **values)


_SEALED = select(_keys.c.vendor, _keys.c.key_sealed).where(_keys.c.org_id == bindparam("of_org"))


def sealed_keys(org_id: str) -> Steps[dict[str, str]]:
    """The keys of an organisation by vendor, still sealed: most calls need few of them."""
    rows = yield Query(_SEALED, {"of_org": org_id})
    return {row["vendor"]: row["key_sealed"] for row in rows}
