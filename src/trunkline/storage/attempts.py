"""What an attempt to call a lead reads and writes in the transaction that places its call, as steps."""

from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from trunkline.domain.campaign import Campaign, Lead, LeadStatus
from trunkline.storage import tables
from trunkline.storage.campaigns import campaign_of
from trunkline.storage.leads import lead_of
from trunkline.storage.outreach_tables import IS_CALLING
from trunkline.storage.steps import Query, Steps

_campaigns, _t = tables.campaigns, tables.leads
_CAMPAIGN = (
    select(_campaigns)
    .where(_campaigns.c.org_id == bindparam("of_org"), _campaigns.c.id == bindparam("of_campaign"))
    .with_for_update()
)
_LEAD = (
    select(_t)
    .where(
        _t.c.org_id == bindparam("of_org"),
        _t.c.campaign_id == bindparam("of_campaign"),
        _t.c.id == bindparam("of_lead"),
    )
    .with_for_update()
)
_CALLING = select(func.count().label("calling")).where(_t.c.campaign_id == bindparam("of_campaign"), IS_CALLING)
_BEFORE = (
    select(_t.c.id)
    .where(
        _t.c.campaign_id == bindparam("of_campaign"),
        _t.c.phone_number == bindparam("of_number"),
        _t.c.position < bindparam("of_position"),
        _t.c.status != LeadStatus.SKIPPED.value,
    )
    .limit(1)
)
_BEGIN = update(_t).where(_t.c.org_id == bindparam("of_org"), _t.c.id == bindparam("of_lead"))
_PACE = update(_campaigns).where(
    _campaigns.c.org_id == bindparam("of_org"), _campaigns.c.id == bindparam("of_campaign")
)


def found(org_id: str, campaign_id: str, lead_id: str) -> Steps[tuple[Campaign, Lead, int] | None]:
    """A campaign and a lead of it, locked, and how many of its leads are being called; None where one is gone."""
    campaigns = yield Query(_CAMPAIGN, {"of_org": org_id, "of_campaign": campaign_id})
    leads = yield Query(_LEAD, {"of_org": org_id, "of_campaign": campaign_id, "of_lead": lead_id})
    if not campaigns or not leads:
        return None
    counted = yield Query(_CALLING, {"of_campaign": campaign_id})
    return campaign_of(campaigns[0]), lead_of(leads[0]), int(counted[0]["calling"])


def is_repeated(lead: Lead) -> Steps[bool]:
    """Whether a lead before this one has the same number."""
    rows = yield Query(
        _BEFORE, {"of_campaign": lead.campaign_id, "of_number": lead.phone_number, "of_position": lead.position}
    )
    return bool(rows)


def begin(lead: Lead, call_id: str, at: datetime, next_call_at: datetime | None) -> Steps[None]:
    """Says that a lead is being called by this call, and when the campaign's next call may be placed."""
    changes = {
        "status": LeadStatus.CALLING.value,
        "call_id": call_id,
        "attempts": lead.attempts + 1,
        "next_attempt_at": None,
        "last_attempt_at": at,
        "error": None,
        "updated_at": at,
    }
    yield Query(_BEGIN, {"of_org": lead.org_id, "of_lead": lead.id, **changes})
    if next_call_at is not None:
        yield Query(_PACE, {"of_org": lead.org_id, "of_campaign": lead.campaign_id, "next_call_at": next_call_at})
