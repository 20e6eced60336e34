"""The events of a call, numbered from 1, so that a listener can come back and miss nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from trunkline.domain.events import LiveEvent
from trunkline.storage import tables
from trunkline.storage.repository import Scoped


class Events(Scoped):
    """What happened on the calls of an organisation."""

    table = tables.call_events

    async def add(self, org_id: str, event: LiveEvent, at: datetime) -> None:
        """Adds an event under its own number."""
        await self._insert(event_values(org_id, event, at))

    async def after(self, call_id: str, seq: int) -> list[LiveEvent]:
        """The events of a call that came after number ``seq``, in order."""
        query = self._select().where(self.table.c.call_id == call_id, self.table.c.seq > seq).order_by(self.table.c.seq)
        return [_item(row) for row in await self._rows(query)]


def event_values(org_id: str, event: LiveEvent, at: datetime) -> dict[str, Any]:
    """The row of an event."""
    return {
        "org_id": org_id,
        "call_id": event.call_id,
        "seq": event.seq,
        "event": event.event,
        "data": event.data,
        "final": event.final,
        "at": at,
    }


def _item(row: RowMapping) -> LiveEvent:
    return LiveEvent(row["call_id"], row["seq"], row["event"], row["data"], row["final"])
