"""The outbox: what must happen because of a change, written in the same transaction as the change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.storage import tables
from trunkline.storage.repository import Scoped


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One thing to be done; ``kind`` is ``call.queued``, ``status-update`` or ``call.ended``. ``id`` counts up."""

    id: int
    org_id: str
    call_id: str
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    taken_at: datetime | None = None


class Outbox(Scoped):
    """The rows of the outbox, in the order in which they were written."""

    table = tables.outbox

    async def add(self, org_id: str, call_id: str, kind: str, payload: dict[str, Any], at: datetime) -> None:
        """Adds a row."""
        values = {"org_id": org_id, "call_id": call_id, "kind": kind, "payload": payload, "created_at": at}
        await self._insert(values)

    async def untaken(self, limit: int = 100) -> list[OutboxRow]:
        """The oldest rows that nobody took yet."""
        query = self._select().where(self.table.c.taken_at.is_(None)).order_by(self.table.c.id).limit(limit)
        return [OutboxRow(**row) for row in await self._rows(query)]

    async def of_call(self, call_id: str) -> list[OutboxRow]:
        """All rows of a call, taken or not, in order."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.id)
        return [OutboxRow(**row) for row in await self._rows(query)]

    async def take(self, id: int, at: datetime) -> bool:
        """Marks one row as taken; False when somebody else did before."""
        statement = self._update().where(self.table.c.id == id, self.table.c.taken_at.is_(None))
        return (await self._connection.execute(statement.values(taken_at=at))).rowcount == 1

    async def prune(self, before: datetime) -> int:
        """Removes rows that were taken before a moment; returns how many."""
        result = await self._connection.execute(self._delete().where(self.table.c.taken_at < before))
        return result.rowcount
