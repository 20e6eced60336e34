"""Calling the leads of campaigns: who is next, the attempt, and what came of it.

An attempt begins in the transaction that places its call: there the lead is pending, its campaign scheduled, within its
limits and its hours, or the call is not placed. So a lead that is being called always has its call, whenever the process
dies, and a campaign that was paused has placed its last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

from trunkline.base.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRequired, TrunklineError, Unavailable
from trunkline.base.logs import logger
from trunkline.domain.access import Caller
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.campaign import Breaker, Campaign, CampaignStatus, Lead, LeadStatus, outcome, tripped
from trunkline.domain.commands import EndCall
from trunkline.domain.pacing import Window, free, next_call_at, opens_everywhere_at, window
from trunkline.services import calls, control, planning
from trunkline.services.callee_zones import zones
from trunkline.services.calls import PlaceOrder
from trunkline.services.lead_variables import override
from trunkline.services.leads import REPEATED
from trunkline.services.rooms import Rooms
from trunkline.storage import attempts, placing
from trunkline.storage.campaigns import AtWork, Running
from trunkline.storage.leads import EndedLead
from trunkline.storage.steps import Steps
from trunkline.storage.unit import Unit

AT_ONCE = 20
SEEN_AT_ONCE = 100
SETTLED_AT_ONCE = 500
NEVER_OPEN = (
    "the number may be in several time zones, and the hours of the campaign are never open in all of them at once"
)
GONE = "the record of its call is gone"
_REPEATED = "lead_repeated"
_log = logger("services")


class Came(Enum):
    """What came of trying to call a lead."""

    PLACED = auto()
    SKIPPED = auto()
    REFUSED = auto()
    NO_ROOM = auto()
    PAUSED = auto()
    NOT_NOW = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """Whom a campaign may call now, and when to look again if nothing happens (None: only when something does)."""

    campaign: Campaign
    override: dict[str, Any] | None = None
    leads: tuple[Lead, ...] = ()
    again_at: datetime | None = None


class _NotNow(Conflict):
    """The lead is not to be called at this moment; nothing was written."""


async def running(rooms: Rooms) -> list[Running]:
    """The campaigns of all organisations that are scheduled."""
    async with rooms.database.system(write=False) as unit:
        return await unit.outreach.running()


async def look(rooms: Rooms, org_id: str, campaign_id: str) -> Look | None:
    """Whom a campaign may call now; None where it is not scheduled any more, also because it has just been completed."""
    now = rooms.clock.now()
    seen = await rooms.database.brief(attempts.standing(org_id, campaign_id, now, SEEN_AT_ONCE), write=False)
    if seen is None or seen.campaign.status is not CampaignStatus.SCHEDULED:
        return None
    campaign = seen.campaign
    if not seen.due and seen.next_due is None and not seen.calling and await _complete(rooms, campaign):
        return None
    if campaign.next_call_at is not None and campaign.next_call_at > now:
        return Look(campaign, again_at=campaign.next_call_at)
    most = _most(campaign, seen.calling)
    if not most:
        return Look(campaign)
    ready, later = _sorted_out(campaign, seen.due, now)
    await _postpone(rooms, campaign, later)
    if not ready:
        return Look(campaign, again_at=now if later else seen.next_due)
    return Look(campaign, await _override(rooms, campaign), tuple(ready[:most]), now)


async def call(rooms: Rooms, seen: Look, lead: Lead) -> Came:
    """Tries to call a lead: places its call, or skips it for good, or pauses the campaign, or leaves everything as it is.

    Raises Unavailable while the database is away.
    """
    campaign, caller = seen.campaign, Caller(seen.campaign.org_id)
    try:
        if campaign.assistant_id is None:
            raise Invalid("the campaign has no assistant any more; set assistant_id", code="assistant_inactive")
        order = PlaceOrder(
            destination=lead.phone_number,
            number_id=await _number(rooms, campaign, lead),
            assistant_id=campaign.assistant_id,
            assistant_override=seen.override,
            variables=lead.values,
            metadata={"campaign_id": campaign.id, "lead_id": lead.id},
            campaign_id=campaign.id,
            lead_id=lead.id,
        )
        await calls.place(rooms, caller, order, lambda call_id: _beginning(rooms, campaign, lead, call_id))
    except Unavailable as error:
        if error.code != Unavailable.code:
            raise
        return Came.NO_ROOM
    except Conflict as error:
        return await _conflicted(rooms, caller, lead, error)
    except (Invalid, Forbidden, NotFound, PaymentRequired) as error:
        return await _refused(rooms, campaign, lead, error)
    return Came.PLACED


async def pause(rooms: Rooms, campaign: Campaign, why: str) -> None:
    """Pauses a campaign that is scheduled and as it was when it failed, and says why."""
    async with rooms.unit(Caller(campaign.org_id)) as unit:
        kept = await unit.campaigns.find(campaign.id, lock=True)
        if kept is not None and kept.status is CampaignStatus.SCHEDULED and _says(kept) == _says(campaign):
            await _pause(unit, kept, why, rooms.clock.now())


async def settle(rooms: Rooms) -> tuple[set[str], bool]:
    """Gives the leads whose calls are over what came of them; tells the campaigns, and whether there may be more."""
    async with rooms.database.system(write=False) as unit:
        ended = await unit.outreach.ended(SETTLED_AT_ONCE)
    of_campaigns = {lead.campaign_id: lead.org_id for lead in ended}
    for campaign_id, org_id in of_campaigns.items():
        async with rooms.unit(Caller(org_id)) as unit:
            await _settle(unit, campaign_id, rooms.clock.now())
    return set(of_campaigns), len(ended) == SETTLED_AT_ONCE


async def to_hang_up(rooms: Rooms) -> list[AtWork]:
    """The leads of cancelled campaigns whose calls were not answered yet."""
    async with rooms.database.system(write=False) as unit:
        return await unit.outreach.to_hang_up()


async def hang_up(rooms: Rooms, lead: AtWork) -> None:
    """Cancels the call of a lead, unless it was answered meanwhile: who talks is not cut off."""
    caller = Caller(lead.org_id)
    async with rooms.unit(caller, write=False) as unit:
        status = (await unit.calls.get(lead.call_id)).status
    if status not in (CallStatus.QUEUED, CallStatus.DIALING, CallStatus.RINGING):
        return
    try:
        await control.send(rooms, caller, lead.call_id, EndCall())
    except (Invalid, NotFound) as error:
        _log.info("a call was over before it was cancelled", call_id=lead.call_id, code=error.code)


def hours(campaign: Campaign) -> Window:
    """When the campaign may call."""
    return window(campaign.schedule_start_time, campaign.schedule_end_time, campaign.days_of_week)


def _says(campaign: Campaign) -> tuple[Any, ...]:
    """What of a campaign its calls are made from."""
    return campaign.assistant_id, campaign.number_ids, campaign.system_message_template


def _most(campaign: Campaign, calling: int) -> int:
    room = free(campaign.max_concurrent_calls, calling)
    most = AT_ONCE if room is None else min(room, AT_ONCE)
    return min(most, 1) if campaign.calls_per_minute is not None else most


def _opens_at(campaign: Campaign, lead: Lead, now: datetime) -> datetime | None:
    times = hours(campaign)
    return now if times.is_always else opens_everywhere_at(times, zones(campaign.timezone, lead.phone_number), now)


def _sorted_out(
    campaign: Campaign, due: Sequence[Lead], now: datetime
) -> tuple[list[Lead], dict[str, datetime | None]]:
    """Who may be called now, and when the others may be (None: never)."""
    times = hours(campaign)
    # Many leads are in the same zones: what takes time is asked once for all of them.
    ways = {lead.id: () if times.is_always else zones(campaign.timezone, lead.phone_number) for lead in due}
    at_zones = {way: opens_everywhere_at(times, way, now) for way in set(ways.values())}
    opens = {lead.id: at_zones[ways[lead.id]] for lead in due}
    return [lead for lead in due if opens[lead.id] == now], {id: at for id, at in opens.items() if at != now}


async def _postpone(rooms: Rooms, campaign: Campaign, later: dict[str, datetime | None]) -> None:
    if not later:
        return
    now = rooms.clock.now()
    async with rooms.unit(Caller(campaign.org_id)) as unit:
        await unit.campaigns.find(campaign.id, lock=True)
        await unit.leads.postpone({lead: at for lead, at in later.items() if at is not None})
        for lead in (lead for lead, at in later.items() if at is None):
            await unit.leads.skip(lead, NEVER_OPEN, now)


async def _number(rooms: Rooms, campaign: Campaign, lead: Lead) -> str | None:
    """Which of the campaign's numbers shows; None where any may. Raises Invalid where none can call out at all, and
    Unavailable where all that can are taken."""
    if not campaign.number_ids:
        return None
    async with rooms.unit(Caller(campaign.org_id), write=False) as unit:
        ways = await unit.run(placing.ways(campaign.org_id))
        load = await unit.calls.load()
    mine = [way for way in ways if way.number_id in campaign.number_ids]
    if not any(way.is_active and way.trunk_is_active for way in mine):
        problem = "none of its numbers is active and has an active trunk; mend that, or change number_ids"
        raise Invalid(problem, code="number_inactive")
    best = planning.best(mine, load, lead.phone_number)
    if best is None:
        raise planning.at_capacity("all numbers have as many calls as they may have at once")
    return best.number_id


async def _is_taken(rooms: Rooms, campaign: Campaign, lead: Lead) -> bool:
    """Whether some number could place the call, were it not for the calls that there are now."""
    try:
        await rooms.database.brief(planning.possible(campaign.org_id, lead.phone_number, None), write=False)
    except Invalid:
        return False
    return True


def _beginning(rooms: Rooms, seen: Campaign, lead: Lead, call_id: str) -> Steps[None]:
    """Begins the attempt in the transaction that places its call, or undoes that by raising. The call is made for the
    campaign as it was ``seen``."""
    found = yield from attempts.found(lead.org_id, lead.campaign_id, lead.id)
    now = rooms.clock.now()
    if found is None:
        raise _NotNow("the campaign or the lead is gone")
    campaign, lead, calling = found
    if campaign.status is not CampaignStatus.SCHEDULED or lead.status is not LeadStatus.PENDING:
        raise _NotNow("the campaign or the lead is not to be called any more")
    if _says(campaign) != _says(seen):
        raise _NotNow("the campaign was changed")
    if free(campaign.max_concurrent_calls, calling) == 0 or (campaign.next_call_at or now) > now:
        raise _NotNow("the campaign has as many calls as it may have")
    if (lead.next_attempt_at or now) > now or _opens_at(campaign, lead, now) != now:
        raise _NotNow("the time is not right")
    if (yield from attempts.is_repeated(lead)):
        raise _NotNow(REPEATED, code=_REPEATED)
    yield from attempts.begin(lead, call_id, now, next_call_at(campaign.calls_per_minute, now))


async def _conflicted(rooms: Rooms, caller: Caller, lead: Lead, error: Conflict) -> Came:
    if error.code != _REPEATED:
        return Came.NOT_NOW
    async with rooms.unit(caller) as unit:
        await unit.leads.skip(lead.id, REPEATED, rooms.clock.now())
    return Came.SKIPPED


async def _refused(rooms: Rooms, campaign: Campaign, lead: Lead, error: TrunklineError) -> Came:
    """Passes over a lead that cannot be called; what would befall every lead pauses the campaign instead."""
    if error.code == "no_number_available" and await _is_taken(rooms, campaign, lead):
        return Came.NO_ROOM
    if error.code not in ("missing_variables", "do_not_call", Invalid.code):
        await pause(rooms, campaign, f"{error.code}: {error.message}")
        return Came.PAUSED
    async with rooms.unit(Caller(campaign.org_id)) as unit:
        kept = await unit.campaigns.find(campaign.id, lock=True)
        if kept is None or _says(kept) != _says(campaign):
            return Came.NOT_NOW
        await unit.leads.skip(lead.id, f"{error.code}: {error.message}", rooms.clock.now())
    return Came.REFUSED if error.code == Invalid.code else Came.SKIPPED


async def _override(rooms: Rooms, campaign: Campaign) -> dict[str, Any] | None:
    if campaign.system_message_template is None or campaign.assistant_id is None:
        return None
    async with rooms.unit(Caller(campaign.org_id), write=False) as unit:
        assistant = await unit.assistants.find(campaign.assistant_id)
    return None if assistant is None else override(assistant.settings, campaign.system_message_template)


async def _complete(rooms: Rooms, campaign: Campaign) -> bool:
    """Completes a campaign that has leads and called them all; False where it has none, or just got more."""
    async with rooms.unit(Caller(campaign.org_id)) as unit:
        kept = await unit.campaigns.find(campaign.id, lock=True)
        if kept is None or kept.status is not CampaignStatus.SCHEDULED:
            return True
        counts = (await unit.campaigns.counts([kept.id]))[kept.id]
        if counts[LeadStatus.PENDING] or counts[LeadStatus.CALLING] or not counts.total():
            return False
        await unit.campaigns.save(replace(kept, status=CampaignStatus.COMPLETED, updated_at=rooms.clock.now()))
    return True


async def _settle(unit: Unit, campaign_id: str, now: datetime) -> None:
    campaign = await unit.campaigns.find(campaign_id, lock=True)
    if campaign is None:
        return
    ended = await unit.leads.ended(campaign_id)
    await unit.leads.settle([_change(campaign, lead, now) for lead in ended], now)
    if campaign.status is CampaignStatus.SCHEDULED:
        breaker = Breaker()
        why = tripped(await unit.campaigns.latest_ends(campaign, 2 * breaker.of_last), breaker)
        if why is not None:
            await _pause(unit, campaign, why, now)


def _change(campaign: Campaign, lead: EndedLead, now: datetime) -> dict[str, Any]:
    reason = lead.reason or EndReason.INTERNAL_ERROR
    became = outcome(campaign, lead.attempts, reason, now)
    told = f"{reason}: {lead.error}" if lead.error else str(reason.value)
    return {
        "lead": lead.id,
        "status": became.status.value,
        "error": None if became.status is LeadStatus.COMPLETED else (told if lead.reason else GONE),
        "attempts": lead.attempts if became.counts else lead.attempts - 1,
        "call_id": lead.call_id if became.counts else None,
        "next_attempt_at": became.retry_at,
    }


async def _pause(unit: Unit, campaign: Campaign, why: str, now: datetime) -> None:
    _log.warning("a campaign was paused", campaign_id=campaign.id, why=why)
    await unit.campaigns.save(replace(campaign, status=CampaignStatus.PAUSED, pause_reason=why, updated_at=now))
