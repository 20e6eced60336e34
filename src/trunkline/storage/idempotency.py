"""The requests that were made under an Idempotency-Key, with what was replied."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.exc import IntegrityError

from trunkline.storage import tables
from trunkline.storage.repository import Scoped


@dataclass(frozen=True, slots=True)
class IdempotencySlot:
    """Which request: the API key it came with, method, path, and the client's own key."""

    key_id: str
    method: str
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class KeptReply:
    """What is known of a request: ``status_code`` is None while it is in progress."""

    body_hash: str
    status_code: int | None
    reply: Any
    created_at: datetime


class Idempotency(Scoped):
    """The requests of an organisation that may come again."""

    table = tables.idempotency_keys

    def _is(self, slot: IdempotencySlot) -> ColumnElement[bool]:
        c = self.table.c
        return and_(c.key_id == slot.key_id, c.method == slot.method, c.path == slot.path, c.key == slot.key)

    async def take(self, org_id: str, slot: IdempotencySlot, body_hash: str, at: datetime, reply: Any = None) -> bool:
        """Begins a request under a slot; False when the slot is taken already. ``reply`` is what its taker wants to
        find there should it die before there is a real one."""
        values = {
            "org_id": org_id,
            "key_id": slot.key_id,
            "method": slot.method,
            "path": slot.path,
            "key": slot.key,
            "body_hash": body_hash,
            "reply": reply,
            "created_at": at,
        }
        try:
            async with self._connection.begin_nested():
                await self._insert(values)
        except IntegrityError:
            return False
        return True

    async def find(self, slot: IdempotencySlot) -> KeptReply | None:
        """What is known of a slot."""
        c = self.table.c
        row = await self._row(self._select(c.body_hash, c.status_code, c.reply, c.created_at).where(self._is(slot)))
        return None if row is None else KeptReply(**row)

    async def keep(self, slot: IdempotencySlot, status_code: int, reply: Any) -> None:
        """Keeps the reply of a slot, to be given again."""
        await self._connection.execute(
            self._update().where(self._is(slot)).values(status_code=status_code, reply=reply)
        )

    async def release(self, slot: IdempotencySlot) -> None:
        """Frees a slot: the request may be tried again."""
        await self._connection.execute(self._delete().where(self._is(slot)))

    async def prune(self, before: datetime) -> int:
        """Removes the slots begun before a moment; returns how many."""
        return (await self._connection.execute(self._delete().where(self.table.c.created_at < before))).rowcount
