"""API keys in the database, found by their hash."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, or_, select

from trunkline.base.clock import iso
from trunkline.base.errors import NotFound
from trunkline.domain.api_key import ApiKey
from trunkline.storage import tables
from trunkline.storage.changes import compared
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps


class Keys(Scoped):
    """The keys of an organisation; the platform itself finds a key by what was presented."""

    table = tables.api_keys

    async def add(self, key: ApiKey, key_hash: str) -> None:
        """Adds a new key under the hash of its text."""
        values: dict[str, Any] = {
            "id": key.id,
            "org_id": key.org_id,
            "name": key.name,
            "prefix": key.prefix,
            "hash": key_hash,
            "scopes": list(key.scopes),
            "expires_at": key.expires_at,
            "last_used_at": key.last_used_at,
            "revoked_at": key.revoked_at,
            "created_at": key.created_at,
        }
        await self._insert(values)
        told = compared({}, values, self._vault)
        await self._note("created", "api_key", key.id, told, key.org_id)

    async def list_(self, limit: int, offset: int) -> tuple[list[ApiKey], int]:
        """A page, newest first, and how many there are in all."""
        query = self._select().order_by(self.table.c.created_at.desc(), self.table.c.id).limit(limit).offset(offset)
        return [_item(row) for row in await self._rows(query)], await self._count()

    async def active(self, now: datetime) -> list[ApiKey]:
        """The keys that work now."""
        c = self.table.c
        valid = or_(c.expires_at.is_(None), c.expires_at > now)
        return [_item(row) for row in await self._rows(self._select().where(c.revoked_at.is_(None), valid))]

    async def get(self, id: str) -> ApiKey:
        """The key of this id. Raises NotFound."""
        row = await self._row(self._select().where(self.table.c.id == id))
        if row is None:
            raise NotFound(f"there is no API key {id}")
        return _item(row)

    async def revoke(self, id: str, at: datetime) -> None:
        """Marks a key as revoked; the first moment stands. Raises NotFound."""
        key = await self.get(id)
        if key.revoked_at is None:
            await self._connection.execute(self._update().where(self.table.c.id == id).values(revoked_at=at))
            await self._note("revoked", "api_key", id, {"revoked_at": [None, iso(at)]}, key.org_id)

    async def used(self, id: str, at: datetime) -> None:
        """Remembers when a key was last used."""
        await self._connection.execute(self._update().where(self.table.c.id == id).values(last_used_at=at))


_BY_HASH = select(tables.api_keys).where(tables.api_keys.c.hash == bindparam("of_hash"))


def by_hash(key_hash: str) -> Steps[ApiKey | None]:
    """The key whose text has this hash, of whatever organisation."""
    rows = yield Query(_BY_HASH, {"of_hash": key_hash})
    return _item(rows[0]) if rows else None


def _item(row: Mapping[str, Any] | RowMapping) -> ApiKey:
    values = {name: value for name, value in row.items() if name != "hash"}
    return ApiKey(**{**values, "scopes": tuple(row["scopes"])})
