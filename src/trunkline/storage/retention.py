"""What time has run out for: found and removed in parts, so that no transaction holds up a live call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, or_, select, tuple_, update

from trunkline.storage import tables
from trunkline.storage.repository import Scoped

ROWS_AT_ONCE = 200
CALLS_AT_ONCE = 100
_calls, _events, _deliveries = tables.calls, tables.call_events, tables.webhook_deliveries
_KEPT_EVENTS = ("status", "latency")


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an organisation keeps what was said on its calls, and the calls themselves."""

    org_id: str
    content_days: int
    metadata_days: int


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call whose time is over, its place (``at``) among them, and the name of its recording."""

    id: str
    at: datetime
    recording: str | None


class Retention(Scoped):
    """The calls of all organisations, as their time runs out. What removes something can be repeated at any point."""

    table = _calls

    async def policies(self) -> list[Policy]:
        """That of every organisation."""
        c = tables.organisations.c
        query = select(c.id, c.content_retention_days, c.metadata_retention_days).order_by(c.id)
        return [Policy(*row.values()) for row in await self._rows(query)]

    async def due_contents(self, org_id: str, before: datetime, after: DueCall | None) -> list[DueCall]:
        """The next calls after ``after`` that ended before a moment and still have their content, in that order."""
        c = _calls.c
        query = self._due(c.ended_at, org_id).where(c.ended_at < before, c.content_deleted_at.is_(None))
        if after is not None:
            query = query.where(or_(c.ended_at > after.at, and_(c.ended_at == after.at, c.id > after.id)))
        return await self._found(query.order_by(c.ended_at, c.id))

    async def due_calls(self, org_id: str, before: datetime, after: DueCall | None) -> list[DueCall]:
        """The next calls after ``after`` that ended before a moment, the oldest first."""
        c = _calls.c
        query = self._due(c.created_at, org_id).where(c.created_at < before, c.ended_at < before)
        if after is not None:
            query = query.where(or_(c.created_at > after.at, and_(c.created_at == after.at, c.id < after.id)))
        return await self._found(query.order_by(c.created_at, c.id.desc()))

    def _due(self, at: ColumnElement[datetime], org_id: str) -> Select[Any]:
        return select(_calls.c.id, at.label("at"), _calls.c.recording).where(_calls.c.org_id == org_id)

    async def _found(self, query: Select[Any]) -> list[DueCall]:
        return [DueCall(**row) for row in await self._rows(query.limit(CALLS_AT_ONCE))]

    async def removing(self, org_id: str, before: datetime) -> None:
        """Says that calls that were placed before a moment go now: counts that are remembered of them hold no more."""
        c = tables.organisations.c
        older = or_(c.calls_kept_since.is_(None), c.calls_kept_since < before)
        statement = update(tables.organisations).where(c.id == org_id, older)
        await self._connection.execute(statement, {"calls_kept_since": before})

    async def trim(self, call_ids: Sequence[str], *, whole: bool) -> int:
        """Removes up to 200 rows of what was said on these calls, with ``whole`` of all that hangs on them; returns how
        many, 0 when there are none left."""
        for table in (tables.call_messages, _events, tables.call_signalling):
            content = () if whole or table is not _events else (_events.c.event.not_in(_KEPT_EVENTS),)
            if removed := await self._some(table, table.c.call_id.in_(call_ids), *content):
                return removed
        if not whole:
            return await self._forget_deliveries(call_ids)
        for table in (_deliveries, tables.outbox):
            if removed := await self._some(table, table.c.call_id.in_(call_ids)):
                return removed
        return 0

    async def forget(self, call_ids: Sequence[str], nothing_sealed: str, at: datetime) -> None:
        """Removes from calls what was made of them and what they ran on, and says that it is gone."""
        gone: dict[str, Any] = {"summary": None, "analysis_result": None, "recording": None, "assistant_public": {}}
        statement = update(_calls).where(_calls.c.id.in_(call_ids))
        await self._connection.execute(statement, {**gone, "plan_sealed": nothing_sealed, "content_deleted_at": at})

    async def remove(self, call_ids: Sequence[str]) -> None:
        """Removes calls. The log of use stays without their numbers."""
        usage = tables.usage_logs
        await self._connection.execute(update(usage).where(usage.c.call_id.in_(call_ids)), {"phone_number": None})
        await self._connection.execute(delete(_calls).where(_calls.c.id.in_(call_ids)))

    async def trim_audit_log(self, before: datetime) -> int:
        """Removes up to 200 changes that were made before a moment; returns how many."""
        return await self._some(tables.audit_log, tables.audit_log.c.at < before)

    async def _some(self, table: Table, *where: ColumnElement[bool]) -> int:
        key = tuple_(*table.primary_key.columns)
        chosen = select(*table.primary_key.columns).where(*where).limit(ROWS_AT_ONCE)
        return int((await self._connection.execute(delete(table).where(key.in_(chosen)))).rowcount)

    async def _forget_deliveries(self, call_ids: Sequence[str]) -> int:
        c = _deliveries.c
        query = select(c.id, c.attempts).where(c.call_id.in_(call_ids), c.body.is_not(None)).limit(ROWS_AT_ONCE)
        rows = await self._rows(query)
        for row in rows:
            attempts = [{**attempt, "reply": None} for attempt in row["attempts"]]
            statement = update(_deliveries).where(c.id == row["id"])
            await self._connection.execute(statement, {"body": None, "attempts": attempts})
        return len(rows)
