"""Campaigns in the database, and how their leads stand, counted when it is asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select

from trunkline.domain.call import EndReason
from trunkline.domain.campaign import Campaign, CampaignStatus, LeadStatus
from trunkline.storage import tables
from trunkline.storage.outreach_tables import IS_CALLING
from trunkline.storage.repository import Nouns, Scoped

_leads, _calls = tables.leads, tables.calls
Counts = Counter[LeadStatus]
"""How many leads stand where."""


class Campaigns(Nouns[Campaign]):
    """The campaigns of an organisation."""

    table = tables.campaigns
    noun = "campaign"
    logged_as = "campaign"
    unlogged = frozenset({"next_call_at", "resumed_at"})

    def _item(self, row: RowMapping) -> Campaign:
        return campaign_of(row)

    def _values(self, item: Campaign) -> dict[str, Any]:
        values = {column.name: getattr(item, column.name) for column in self.table.columns}
        listed = {name: list(values[name]) for name in ("number_ids", "days_of_week", "retry_on")}
        return values | listed | {"status": item.status.value}

    async def counts(self, campaign_ids: Sequence[str]) -> dict[str, Counts]:
        """How the leads of each of these campaigns stand."""
        found = {campaign_id: Counts() for campaign_id in campaign_ids}
        query = (
            select(_leads.c.campaign_id, _leads.c.status, func.count().label("leads"))
            .select_from(_leads.join(self.table, self.table.c.id == _leads.c.campaign_id))
            .where(_leads.c.campaign_id.in_(campaign_ids))
            .group_by(_leads.c.campaign_id, _leads.c.status)
        )
        mine = self._mine()
        for row in await self._rows(query if mine is None else query.where(mine)):
            found[row["campaign_id"]][LeadStatus(row["status"])] = row["leads"]
        return found

    async def latest_ends(self, campaign: Campaign, most: int) -> list[EndReason]:
        """How the calls ended that were placed since the campaign was scheduled, the newest first."""
        query = select(_calls.c.end_reason).where(
            _calls.c.campaign_id == campaign.id,
            _calls.c.org_id == campaign.org_id,
            _calls.c.ended_at.is_not(None),
            _calls.c.created_at >= (campaign.resumed_at or campaign.created_at),
        )
        rows = await self._rows(query.order_by(_calls.c.created_at.desc(), _calls.c.id).limit(most))
        return [EndReason(row["end_reason"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign that is scheduled, and when it last changed."""

    id: str
    org_id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AtWork:
    """A lead whose call is over, or is to be hung up, and whose they are."""

    lead_id: str
    campaign_id: str
    org_id: str
    call_id: str


class Outreach(Scoped):
    """What is going on in the campaigns of all organisations."""

    table = tables.campaigns

    async def running(self) -> list[Running]:
        """The campaigns that are scheduled."""
        c = self.table.c
        query = self._select(c.id, c.org_id, c.updated_at).where(c.status == CampaignStatus.SCHEDULED.value)
        return [Running(**row) for row in await self._rows(query)]

    async def ended(self, most: int) -> list[AtWork]:
        """The leads being called whose call is over (or is not there any more)."""
        gone = _calls.c.ended_at.is_not(None) | _calls.c.id.is_(None)
        rows = await self._rows(_CALLING.where(gone).limit(most))
        return [AtWork(**row) for row in rows]

    async def to_hang_up(self) -> list[AtWork]:
        """The leads of cancelled campaigns whose call was not answered yet."""
        query = _CALLING.where(
            self.table.c.status == CampaignStatus.CANCELLED.value,
            _calls.c.ended_at.is_(None),
            _calls.c.answered_at.is_(None),
        )
        return [AtWork(**row) for row in await self._rows(query)]


_CALLING = (
    select(_leads.c.id.label("lead_id"), _leads.c.campaign_id, _leads.c.org_id, _leads.c.call_id)
    .select_from(
        _leads.join(tables.campaigns, tables.campaigns.c.id == _leads.c.campaign_id).outerjoin(
            _calls, _calls.c.id == _leads.c.call_id
        )
    )
    .where(IS_CALLING)
)


def campaign_of(row: Mapping[str, Any] | RowMapping) -> Campaign:
    """The campaign of a row."""
    values = dict(row)
    listed = {name: tuple(values[name]) for name in ("number_ids", "days_of_week", "retry_on")}
    return Campaign(**values | listed | {"status": CampaignStatus(values["status"])})
