"""What an attempt to call a lead reads and writes in the transaction that places its call, as steps."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from trunkline.domain.campaign import Campaign, Lead, LeadStatus
from trunkline.storage import tables
from trunkline.storage.campaigns import campaign_of
from trunkline.storage.columns import Moment
from trunkline.storage.leads import lead_of
from trunkline.storage.outreach_tables import IS_CALLING
from trunkline.storage.steps import Query, Steps

_campaigns, _t = tables.campaigns, tables.leads
_CAMPAIGN = (
    select(_campaigns)
    .where(_campaigns.c.org_id == bindparam("of_org"), _campaigns.c.id == bindparam("of_campaign"))
    .with_for_update()
)
_SEEN = select(_campaigns).where(
    _campaigns.c.org_id == bindparam("of_org"), _campaigns.c.id == bindparam("of_campaign")
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
_PENDING = (
    select(_t)
    .where(
        _t.c.org_id == bindparam("of_org"),
        _t.c.campaign_id == bindparam("of_campaign"),
        _t.c.status == LeadStatus.PENDING.value,
    )
    .limit(bindparam("most"))
)
_PROMISED = _PENDING.where(_t.c.next_attempt_at <= bindparam("now", type_=Moment())).order_by(
    _t.c.next_attempt_at, _t.c.position
)
_FRESH = _PENDING.where(_t.c.next_attempt_at.is_(None)).order_by(_t.c.position)
_NEXT = select(func.min(_t.c.next_attempt_at).label("at")).where(
    _t.c.org_id == bindparam("of_org"),
    _t.c.campaign_id == bindparam("of_campaign"),
    _t.c.status == LeadStatus.PENDING.value,
)
_BEGIN = update(_t).where(_t.c.org_id == bindparam("of_org"), _t.c.id == bindparam("of_lead"))
_PACE = update(_campaigns).where(
    _campaigns.c.org_id == bindparam("of_org"), _campaigns.c.id == bindparam("of_campaign")
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign, how many of its leads are being called, whose turn it is, and the next time that one was promised."""

    campaign: Campaign
    calling: int
    due: tuple[Lead, ...]
    next_due: datetime | None


def standing(org_id: str, campaign_id: str, now: datetime, most: int) -> Steps[Standing | None]:
    """How a campaign stands; None where it is gone. Those come first that were promised a time that has come, then the
    others in their order."""
    mine = {"of_org": org_id, "of_campaign": campaign_id}
    campaigns = yield Query(_SEEN, mine)
    if not campaigns:
        return None
    counted = yield Query(_CALLING, {"of_campaign": campaign_id})
    promised = yield Query(_PROMISED, {**mine, "now": now, "most": most})
    fresh = (yield Query(_FRESH, {**mine, "most": most - len(promised)})) if len(promised) < most else ()
    following = yield Query(_NEXT, mine)
    due = tuple(lead_of(row) for row in (*promised, *fresh))
    return Standing(campaign_of(campaigns[0]), int(counted[0]["calling"]), due, following[0]["at"])


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
