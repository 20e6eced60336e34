"""Webhook deliveries: one row for each thing that a receiver is told, with the log of all attempts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from trunkline.storage import tables
from trunkline.storage.repository import Nouns


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery. ``status`` is pending, delivered or dead; ``position`` is its place among those of its call;
    ``attempts`` are ``{at, status_code, duration_ms, error, reply}``; ``body`` is None once it was forgotten."""

    id: str
    org_id: str
    call_id: str
    position: int
    event: str
    url: str
    body: str | None
    created_at: datetime
    status: str = "pending"
    attempts: tuple[dict[str, Any], ...] = ()
    next_attempt_at: datetime | None = None
    failing_since: datetime | None = None
    claimed_until: datetime | None = None


class Deliveries(Nouns[Delivery]):
    """The deliveries of an organisation's calls."""

    table = tables.webhook_deliveries
    noun = "webhook delivery"

    def _item(self, row: RowMapping) -> Delivery:
        return Delivery(**{**row, "attempts": tuple(row["attempts"])})

    def _values(self, item: Delivery) -> dict[str, Any]:
        plain = {column.name: getattr(item, column.name) for column in self.table.columns}
        return plain | {"attempts": list(item.attempts)}

    async def of_call(self, call_id: str) -> list[Delivery]:
        """All deliveries of a call, in order."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.position)
        return [self._item(row) for row in await self._rows(query)]

    async def log_attempt(
        self, id: str, attempt: dict[str, Any], status: str, next_attempt_at: datetime | None
    ) -> Delivery:
        """Adds an attempt to a delivery's log and sets where it stands now. Raises NotFound."""
        delivery = await self.get(id, lock=True)
        attempts = [*delivery.attempts, attempt]
        values = {"attempts": attempts, "status": status, "next_attempt_at": next_attempt_at}
        await self._connection.execute(self._update().where(self.table.c.id == id).values(**values))
        return await self.get(id)

    async def due(self, now: datetime, limit: int = 100) -> list[Delivery]:
        """The pending deliveries whose time has come, the most patient first."""
        table = self.table
        query = self._select().where(table.c.status == "pending", table.c.next_attempt_at <= now)
        rows = await self._rows(query.order_by(table.c.next_attempt_at, table.c.position).limit(limit))
        return [self._item(row) for row in rows]

    async def forget_bodies(self, call_id: str) -> None:
        """Removes what the deliveries of a call said, and what was replied; that they were made stays."""
        for delivery in await self.of_call(call_id):
            attempts = [{**attempt, "reply": None} for attempt in delivery.attempts]
            statement = self._update().where(self.table.c.id == delivery.id)
            await self._connection.execute(statement.values(body=None, attempts=attempts))
