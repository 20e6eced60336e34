"""The outbox: what must happen because of a change, written in the same transaction as the change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from trunkline.storage import tables
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps


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

    async def of_call(self, call_id: str) -> list[OutboxRow]:
        """All rows of a call, taken or not, in order."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.id)
        return [OutboxRow(**row) for row in await self._rows(query)]

    async def prune(self, before: datetime) -> int:
        """Removes rows that were taken before a moment; returns how many."""
        result = await self._connection.execute(self._delete().where(self.table.c.taken_at < before))
        return result.rowcount


_t = tables.outbox
_UNTAKEN = select(_t).where(_t.c.taken_at.is_(None)).order_by(_t.c.id).limit(bindparam("most"))
_IS_UNTAKEN = select(_t.c.id).where(_t.c.id == bindparam("row"), _t.c.taken_at.is_(None)).with_for_update()
_TAKE = update(_t).where(_t.c.id == bindparam("row"))


def untaken(most: int) -> Steps[list[OutboxRow]]:
    """The oldest rows of all organisations that nobody took yet."""
    rows = yield Query(_UNTAKEN, {"most": most})
    return [OutboxRow(**row) for row in rows]


def take(id: int, at: datetime) -> Steps[bool]:
    """Marks one row as taken; False when somebody else did before."""
    if not (yield Query(_IS_UNTAKEN, {"row": id})):
        return False
    yield Query(_TAKE, {"row": id, "taken_at": at})
    return True
