"""How much is under way and waiting in the whole installation, in counts that cost little however much is stored."""

from dataclasses import dataclass, field

from sqlalchemy import func, select, text

from trunkline.storage import tables
from trunkline.storage.steps import Query, Steps

_calls, _outbox, _deliveries = tables.calls, tables.outbox, tables.webhook_deliveries
# Written out, because an index over part of a table is used only for the words that it was made with.
_PENDING = text("status = 'pending'")
_of_campaign = _calls.c.campaign_id.is_not(None)
_LIVE = (
    select(_calls.c.status, _calls.c.direction, _of_campaign.label("campaign"), func.count().label("count"))
    .where(_calls.c.ended_at.is_(None), _calls.c.waits_until.is_(None))
    .group_by(_calls.c.status, _calls.c.direction, _of_campaign)
)
_SCHEDULED = select(func.count().label("count")).where(_calls.c.ended_at.is_(None), _calls.c.waits_until.is_not(None))
_UNTAKEN = select(func.count().label("count")).where(_outbox.c.taken_at.is_(None))
_UNDELIVERED = select(func.count().label("count")).select_from(_deliveries).where(_PENDING)
_CAMPAIGNS = select(tables.campaigns.c.status, func.count().label("count")).group_by(tables.campaigns.c.status)
_LEADS = (
    select(tables.leads.c.status, func.count().label("count"))
    .join(tables.campaigns, tables.campaigns.c.id == tables.leads.c.campaign_id)
    .where(tables.campaigns.c.status == "running")
    .group_by(tables.leads.c.status)
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """``live`` counts calls by status, direction and whether a campaign placed them; ``leads`` those of running campaigns
    by status."""

    live: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    scheduled: int = 0
    outbox: int = 0
    deliveries: int = 0
    campaigns: dict[str, int] = field(default_factory=dict)
    leads: dict[str, int] = field(default_factory=dict)


def backlog() -> Steps[Backlog]:
    """Counts it."""
    live = yield Query(_LIVE, {})
    scheduled = yield Query(_SCHEDULED, {})
    outbox = yield Query(_UNTAKEN, {})
    deliveries = yield Query(_UNDELIVERED, {})
    campaigns = yield Query(_CAMPAIGNS, {})
    leads = yield Query(_LEADS, {})
    return Backlog(
        live={(row["status"], row["direction"], bool(row["campaign"])): row["count"] for row in live},
        scheduled=scheduled[0]["count"],
        outbox=outbox[0]["count"],
        deliveries=deliveries[0]["count"],
        campaigns={row["status"]: row["count"] for row in campaigns},
        leads={row["status"]: row["count"] for row in leads},
    )
