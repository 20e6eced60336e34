"""Leads in the database: whom a campaign calls, in their order, and what came of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, insert, update

from trunkline.domain.call import EndReason
from trunkline.domain.campaign import Lead, LeadStatus
from trunkline.storage import tables
from trunkline.storage.outreach_tables import IS_CALLING
from trunkline.storage.repository import Nouns

_AT_ONCE = 500
_t, _calls = tables.leads, tables.calls


@dataclass(frozen=True, slots=True)
class EndedLead:
    """A lead whose call is over, and how it ended; ``reason`` is None where the call is not there any more."""

    id: str
    call_id: str
    attempts: int
    reason: EndReason | None
    error: str | None


class Leads(Nouns[Lead]):
    """The leads of an organisation."""

    table = tables.leads
    noun = "lead"

    def _item(self, row: RowMapping) -> Lead:
        return lead_of(row)

    def _values(self, item: Lead) -> dict[str, Any]:
        values = {column.name: getattr(item, column.name) for column in self.table.columns}
        return values | {"status": item.status.value}

    async def add_many(self, leads: Sequence[Lead]) -> None:
        """Adds leads, all of them of this organisation."""
        if any(self._org_id is not None and lead.org_id != self._org_id for lead in leads):
            raise ValueError("a unit of one organisation cannot add to the leads of another")
        for some in _in_parts(leads):
            await self._connection.execute(insert(self.table), [self._values(lead) for lead in some])

    async def page(
        self, campaign_id: str, status: LeadStatus | None, limit: int, offset: int
    ) -> tuple[list[Lead], int]:
        """A page of a campaign's leads in their order, and how many there are in all."""
        where: list[ColumnElement[bool]] = [_t.c.campaign_id == campaign_id]
        if status is not None:
            where.append(_t.c.status == status.value)
        query = self._query().where(*where).order_by(_t.c.position).limit(limit).offset(offset)
        return [lead_of(row) for row in await self._rows(query)], await self._count(*where)

    async def next_position(self, campaign_id: str) -> int:
        """The place in the order that comes after all that are taken."""
        query = self._select(func.coalesce(func.max(_t.c.position), -1)).where(_t.c.campaign_id == campaign_id)
        return int((await self._connection.execute(query)).scalar_one()) + 1

    async def known(self, campaign_id: str, phone_numbers: Collection[str]) -> set[str]:
        """Which of these numbers the campaign has already."""
        found: set[str] = set()
        for some in _in_parts(list(phone_numbers)):
            query = self._select(_t.c.phone_number).where(_t.c.campaign_id == campaign_id, _t.c.phone_number.in_(some))
            found.update(row["phone_number"] for row in await self._rows(query))
        return found

    async def ended(self, campaign_id: str) -> list[EndedLead]:
        """The campaign's leads being called whose call is over, kept from other writers until the unit ends."""
        query = (
            self._select(
                _t.c.id,
                _t.c.call_id,
                _t.c.attempts,
                _calls.c.end_reason.label("reason"),
                _calls.c.error,
                source=_t.outerjoin(_calls, _calls.c.id == _t.c.call_id),
            )
            .where(_t.c.campaign_id == campaign_id, IS_CALLING)
            .where(_calls.c.ended_at.is_not(None) | _calls.c.id.is_(None))
            .with_for_update(of=_t)
        )
        rows = await self._rows(query)
        return [EndedLead(**{**row, "reason": EndReason(row["reason"]) if row["reason"] else None}) for row in rows]

    async def settle(self, changes: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """Writes what became of leads that were being called, each with its ``lead``, ``status``, ``error``,
        ``attempts``, ``call_id`` and ``next_attempt_at``."""
        if changes:
            statement = update(_t).where(_t.c.id == bindparam("lead"), _t.c.org_id == bindparam("of_org"), IS_CALLING)
            org = {"of_org": self._org_id, "updated_at": at}
            await self._connection.execute(statement, [{**change, **org} for change in changes])

    async def skip(self, lead_id: str, error: str, at: datetime) -> None:
        """Passes over a lead that is pending, for good."""
        await self._leave(at, error, _t.c.id == lead_id)

    async def skip_all(self, campaign_id: str, error: str, at: datetime) -> None:
        """Passes over all leads of a campaign that are pending, for good."""
        await self._leave(at, error, _t.c.campaign_id == campaign_id)

    async def postpone(self, until: Mapping[str, datetime]) -> None:
        """Promises pending leads a time; nothing else about them changes."""
        if until:
            statement = update(_t).where(
                _t.c.id == bindparam("lead"),
                _t.c.org_id == bindparam("of_org"),
                _t.c.status == LeadStatus.PENDING.value,
            )
            org = {"of_org": self._org_id}
            rows = [{"lead": lead, "next_attempt_at": at, **org} for lead, at in until.items()]
            await self._connection.execute(statement, rows)

    async def forget_promises(self, campaign_id: str, latest: datetime) -> None:
        """After a change of a campaign's hours: who was never called may be called at once, and who was, by ``latest``."""
        mine = (_t.c.campaign_id == campaign_id, _t.c.status == LeadStatus.PENDING.value)
        await self._connection.execute(self._update().where(*mine, _t.c.attempts == 0).values(next_attempt_at=None))
        later = self._update().where(*mine, _t.c.attempts > 0, _t.c.next_attempt_at > latest)
        await self._connection.execute(later.values(next_attempt_at=latest))

    async def _leave(self, at: datetime, error: str, which: ColumnElement[bool]) -> None:
        statement = self._update().where(which, _t.c.status == LeadStatus.PENDING.value)
        values = {"status": LeadStatus.SKIPPED.value, "error": error, "next_attempt_at": None, "updated_at": at}
        await self._connection.execute(statement.values(**values))


def lead_of(row: Mapping[str, Any] | RowMapping) -> Lead:
    """The lead of a row."""
    values = dict(row)
    return Lead(**values | {"status": LeadStatus(values["status"])})


def _in_parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(items), _AT_ONCE):
        yield items[begin : begin + _AT_ONCE]
