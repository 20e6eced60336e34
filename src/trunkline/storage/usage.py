"""Logs of use in the database: one row for each call that is billed, written as the call ends."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, insert, select, update

from trunkline.domain.usage import UsageFilters, UsageLog, UsageSummary
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.steps import Query, Steps

_logs = tables.usage_logs


class UsageLogs(Nouns[UsageLog]):
    """What an organisation used itself."""

    table = _logs
    noun = "usage log"

    async def page(self, filters: UsageFilters, limit: int, offset: int) -> tuple[list[UsageLog], UsageSummary]:
        """A page, newest first, and what all that the filters let through comes to."""
        where = _where(filters)
        query = self._query().where(*where).order_by(_logs.c.created_at.desc(), _logs.c.id)
        rows = await self._rows(query.limit(limit).offset(offset))
        return [self._item(row) for row in rows], await self._summary(*where)

    async def minutes_since(self, moment: datetime) -> float:
        """The answered minutes of the calls that ended since a moment."""
        return (await self._summary(_logs.c.created_at >= moment)).seconds / 60

    async def _summary(self, *where: ColumnElement[bool]) -> UsageSummary:
        sums = (func.sum(_logs.c.duration_sec), func.sum(_logs.c.cost))
        calls, seconds, cost = (await self._connection.execute(self._select(func.count(), *sums).where(*where))).one()
        return UsageSummary(calls, int(seconds or 0), float(cost or 0.0))

    def _item(self, row: RowMapping) -> UsageLog:
        return UsageLog(**row)

    def _values(self, item: UsageLog) -> dict[str, Any]:
        return asdict(item)


class BilledUsage(UsageLogs):
    """What is billed to an organisation: its own use and that of its children."""

    scope = "billed_org_id"


def _where(filters: UsageFilters) -> list[ColumnElement[bool]]:
    c = _logs.c
    where = [
        c[name] == getattr(filters, name)
        for name in ("call_type", "assistant_id")
        if getattr(filters, name) is not None
    ]
    if filters.start_date is not None:
        where.append(c.created_at >= filters.start_date)
    if filters.end_date is not None:
        where.append(c.created_at <= filters.end_date)
    return where


_ADD = insert(_logs)
_OF_CALL = _logs.c.call_id == bindparam("of_call")
_SET_COST = update(_logs).where(_OF_CALL, _logs.c.org_id == bindparam("of_org"))
_SECONDS = select(func.sum(_logs.c.duration_sec).label("seconds")).where(
    _logs.c.org_id == bindparam("of_org"), _logs.c.created_at >= bindparam("since")
)


@dataclass(frozen=True, slots=True)
class Billed:
    """Who pays for a call, and what its line tells of it."""

    payer_id: str
    assistant_phone: str | None
    assistant_id: str | None
    assistant_name: str | None
    business_name: str | None


_calls, _orgs = tables.calls, tables.organisations
_BILLED = (
    select(
        func.coalesce(_orgs.c.parent_org_id, _orgs.c.id).label("payer_id"),
        _calls.c.assistant_phone,
        _calls.c.assistant_id,
        _calls.c.assistant_name,
        _calls.c.business_name,
    )
    .select_from(_calls.join(_orgs, _orgs.c.id == _calls.c.org_id))
    .where(_calls.c.id == bindparam("of_call"))
)


def billed(call_id: str) -> Steps[Billed]:
    """Who pays for a call that is there."""
    rows = yield Query(_BILLED, {"of_call": call_id})
    return Billed(**rows[0])


def added(log: UsageLog) -> Steps[None]:
    """Adds the line of a call; a Conflict where the call has one already."""
    yield Query(_ADD, asdict(log))


def cost_set(org_id: str, call_id: str, cost: float) -> Steps[None]:
    """Writes what a call has come to cost since, where it has a line."""
    yield Query(_SET_COST, {"of_org": org_id, "of_call": call_id, "cost": cost})


def minutes_since(org_id: str, moment: datetime) -> Steps[float]:
    """The answered minutes of an organisation's calls that ended since a moment."""
    rows: Any = yield Query(_SECONDS, {"of_org": org_id, "since": moment})
    row: Mapping[str, Any] = rows[0]
    return float(row["seconds"] or 0) / 60
