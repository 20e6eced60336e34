"""Campaigns: made, changed, paused and resumed, cancelled, removed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from trunkline.base.errors import Conflict
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.campaign import (
    CALLEE,
    EVERY_DAY,
    FAILED,
    RETRYABLE,
    SET_BY_CLIENTS,
    Campaign,
    CampaignStatus,
    LeadStatus,
    check_transition,
)
from trunkline.services import leads
from trunkline.services.lead_variables import wanted
from trunkline.services.leads import AT_ONCE, LeadSettings, Row, Warned
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import checked, invalid
from trunkline.storage.campaigns import Counts
from trunkline.storage.unit import Unit

CANCELLED = "the campaign was cancelled"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
_SCHEDULE = ("schedule_start_time", "schedule_end_time", "timezone", "days_of_week")


def _numbered(given: Any) -> Any:
    """Names of days as their numbers; what is neither is left to be refused."""
    return [_day(day) for day in given] if isinstance(given, list | tuple) else given


def _day(day: Any) -> Any:
    if isinstance(day, str):
        return next((number for number, name in enumerate(_DAYS, 1) if day.lower() in (name, name[:3])), day)
    return 7 if day == 0 and not isinstance(day, bool) else day


def _once_each(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(days)))


def _zone(name: str) -> str:
    if name != CALLEE and name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database, as Europe/Amsterdam, or callee")
    return name


def _whole_clock(text: str) -> str:
    return text if text.count(":") == 2 else f"{text}:00"


def _known_reason(name: str) -> str:
    if name not in _REASONS:
        raise ValueError(f"must be one of {', '.join(_REASONS)}")
    return name


_REASONS = tuple(sorted({FAILED, *RETRYABLE}))
_Clock = Annotated[str, Field(pattern=_CLOCK), AfterValidator(_whole_clock)]
_NAMES = [spelled for name in _DAYS for spelled in (name, name[:3])]
_Day = Annotated[
    int,
    Field(ge=1, le=7),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 7}, {"type": "string", "enum": _NAMES}]}),
]
_Reason = Annotated[str, Field(json_schema_extra={"enum": list(_REASONS)}), AfterValidator(_known_reason)]


class CampaignFields(BaseModel):
    """A campaign as a client writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200, description="Its name.")
    assistant_id: str | None = Field(None, description="Who speaks; needed before it is scheduled. Must be active.")
    number_ids: tuple[str, ...] = Field(
        (), max_length=100, description="The numbers that its calls show; none: any that can call out."
    )
    system_message_template: str | None = Field(
        None,
        min_length=1,
        max_length=50_000,
        description="Takes the place of the assistant's system messages in this campaign's calls; `{{...}}` is filled from "
        "the lead: its `name`, `phone_number` and `variables`.",
    )
    schedule_start_time: _Clock | None = Field(
        None, description="From when on it calls, `HH:MM:SS` in its time zone; null: midnight."
    )
    schedule_end_time: _Clock | None = Field(
        None, description="Until when, exclusive; earlier than the start: past midnight; null: midnight."
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="A zone of the IANA database, or `callee`: each number's own, found by its digits."
    )
    days_of_week: Annotated[tuple[_Day, ...], BeforeValidator(_numbered), AfterValidator(_once_each)] = Field(
        EVERY_DAY,
        min_length=1,
        description="On which days: 1 Monday to 7 Sunday (0 and names are taken too). A night belongs to the day before it.",
    )
    max_concurrent_calls: int | None = Field(
        10,
        ge=1,
        le=100_000,
        description="The most calls of it at once; null: what the organisation and its trunks allow.",
    )
    calls_per_minute: int | None = Field(
        None, ge=1, le=6_000, description="The most calls that it places in a minute, evenly spread; null: no limit."
    )
    max_attempts: int = Field(1, ge=1, le=20, description="How often a lead is called at most.")
    retry_delay_minutes: int = Field(
        60, ge=0, le=10_080, description="How long after a call that is to be repeated the next one comes."
    )
    retry_on: Annotated[tuple[_Reason, ...], Field(max_length=50)] = Field(
        ("no_answer", "busy"),
        description="After which end reasons a lead is called again while attempts are left; `failed` stands for all that "
        "leave it failed.",
    )


class NewCampaign(CampaignFields):
    """A campaign as it is made, with whom it calls."""

    status: Literal["draft", "scheduled"] = Field("draft", description="`scheduled`: it starts at once.")
    leads: list[LeadSettings] = Field(
        [], max_length=AT_ONCE, description="Whom it calls, in this order; more can be added."
    )
    skip_invalid: bool = Field(False, description="Whether leads that are wrong are left out; else they refuse it all.")


class CampaignSettings(CampaignFields):
    """What of a campaign can be changed."""

    status: Literal["draft", "scheduled", "paused", "completed", "cancelled"] = Field(
        "draft", description="A client sets `scheduled` (also to resume), `paused` and `cancelled`."
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """A campaign, and how many of its leads stand where."""

    campaign: Campaign
    counts: Counts


@dataclass(frozen=True, slots=True)
class Created:
    """A new campaign, what is to be known of its leads, and which were left out."""

    counted: Counted
    warnings: Sequence[Warned]
    errors: Sequence[str]


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[Counted]:
    """The organisation's campaigns, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        found, total = await unit.campaigns.list_(limit, offset)
        counts = await unit.campaigns.counts([campaign.id for campaign in found])
    return Page([Counted(campaign, counts[campaign.id]) for campaign in found], total)


async def get(rooms: Rooms, caller: Caller, campaign_id: str) -> Counted:
    """One campaign. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await _counted(unit, campaign_id)


async def create(rooms: Rooms, caller: Caller, body: dict[str, Any]) -> Created:
    """A new campaign with its leads, from a body that has the form of NewCampaign. Raises Invalid."""
    rows = leads.listed(body.get("leads"))
    settings = checked(NewCampaign, {**body, "leads": []})
    read = await leads.read(rooms, rows, skip_invalid=settings.skip_invalid)
    status = CampaignStatus(settings.status)
    now = rooms.clock.now()
    campaign = Campaign(
        id=new_id(),
        org_id=caller.org_id,
        created_at=now,
        updated_at=now,
        status=status,
        resumed_at=now if status is CampaignStatus.SCHEDULED else None,
        **settings.model_dump(exclude={"status", "leads", "skip_invalid"}),
    )
    async with rooms.unit(caller) as unit:
        await _check(unit, campaign)
        await unit.campaigns.add(campaign)
        added = await leads.add(unit, campaign, read.rows, await wanted(unit, campaign), now)
        return Created(await _counted(unit, campaign.id), added.warnings, read.errors)


async def update(rooms: Rooms, caller: Caller, campaign_id: str, changes: dict[str, Any]) -> Counted:
    """Changes what is given. Raises Invalid, NotFound, and Conflict (``campaign_transition``) for a status that it cannot
    take.

    From the moment that this returns a campaign that was paused or cancelled places no call; the calls of a cancelled one
    that were not answered yet are hung up soon after.
    """
    async with rooms.unit(caller) as unit:
        before = await unit.campaigns.get(campaign_id, lock=True)
        now = {name: getattr(before, name) for name in CampaignSettings.model_fields}
        settings = checked(CampaignSettings, {**now, "status": before.status.value, **changes})
        after = replace(before, updated_at=rooms.clock.now(), **settings.model_dump(exclude={"status"}))
        after = _moved(after, CampaignStatus(settings.status))
        if after != replace(before, updated_at=after.updated_at):
            await _check(unit, after, before)
            await unit.campaigns.save(after)
            await _follow_up(unit, before, after)
        return await _counted(unit, campaign_id)


async def delete(rooms: Rooms, caller: Caller, campaign_id: str) -> None:
    """Removes a campaign and its leads; its calls stay. Raises NotFound, and Conflict (``campaign_has_calls``) while leads
    of it are being called."""
    async with rooms.unit(caller) as unit:
        counted = await _counted(unit, campaign_id, lock=True)
        if calling := counted.counts[LeadStatus.CALLING]:
            raise Conflict(
                f"{calling} of its leads are being called now; cancel it and wait until their calls are over",
                code="campaign_has_calls",
                title="Campaign has calls",
            )
        await unit.campaigns.delete(campaign_id)


async def add_leads(
    rooms: Rooms, caller: Caller, campaign_id: str, rows: Sequence[Row], skip_invalid: bool
) -> leads.Added:
    """Adds leads to a campaign. Raises Invalid that names each row that is wrong (with ``skip_invalid`` they are told and
    left out), NotFound, and Conflict (``campaign_over``) where it was cancelled."""
    async with rooms.unit(caller, write=False) as unit:
        await unit.campaigns.get(campaign_id)
    read = await leads.read(rooms, rows, skip_invalid=skip_invalid)
    now = rooms.clock.now()
    async with rooms.unit(caller) as unit:
        campaign = await unit.campaigns.get(campaign_id, lock=True)
        if campaign.status is CampaignStatus.CANCELLED:
            raise Conflict(
                "the campaign was cancelled and calls nobody any more; make a new one",
                code="campaign_over",
                title="Campaign is over",
            )
        await unit.campaigns.save(replace(campaign, updated_at=now))
        added = await leads.add(unit, campaign, read.rows, await wanted(unit, campaign), now)
    return replace(added, errors=read.errors)


def _moved(campaign: Campaign, status: CampaignStatus) -> Campaign:
    if status is campaign.status:
        return campaign
    if status not in SET_BY_CLIENTS:
        allowed = ", ".join(sorted(SET_BY_CLIENTS))
        raise invalid([f"status: {status} is set by the platform alone; set one of {allowed}"])
    check_transition(campaign.status, status)
    moved = replace(campaign, status=status, pause_reason=None)
    return replace(moved, resumed_at=moved.updated_at) if status is CampaignStatus.SCHEDULED else moved


async def _follow_up(unit: Unit, before: Campaign, after: Campaign) -> None:
    if after.status is CampaignStatus.CANCELLED:
        await unit.leads.skip_all(after.id, CANCELLED, after.updated_at)
    elif any(getattr(before, name) != getattr(after, name) for name in _SCHEDULE):
        await unit.leads.forget_promises(after.id, leads.retry_at(after))


async def _check(unit: Unit, campaign: Campaign, before: Campaign | None = None) -> None:
    """Raises Invalid for what it cannot call with. What stays as it was is looked at only when it starts: an assistant that
    was switched off keeps nobody from pausing or cancelling it."""
    running = CampaignStatus.SCHEDULED
    starts = campaign.status is running and (before is None or before.status is not running)
    problems = []
    if starts or before is None or campaign.assistant_id != before.assistant_id:
        problems += await _assistant_problems(unit, campaign)
    if starts or before is None or campaign.number_ids != before.number_ids:
        problems += await _number_problems(unit, campaign.number_ids)
    if problems:
        raise invalid(problems)


async def _assistant_problems(unit: Unit, campaign: Campaign) -> list[str]:
    if campaign.assistant_id is None:
        needed = campaign.status is CampaignStatus.SCHEDULED
        return ["assistant_id: is required before the campaign is scheduled"] if needed else []
    assistant = await unit.assistants.find(campaign.assistant_id)
    if assistant is None:
        return ["assistant_id: there is no assistant with this id"]
    if not assistant.settings.is_active:
        return ["assistant_id: the assistant is not active; set its is_active, or name another"]
    return []


async def _number_problems(unit: Unit, number_ids: Sequence[str]) -> list[str]:
    problems = []
    for place, number_id in enumerate(number_ids):
        number = await unit.numbers.find(number_id)
        trunk = await unit.trunks.find(number.trunk_id) if number is not None and number.trunk_id else None
        if number is None:
            problems.append(f"number_ids.{place}: there is no number with this id")
        elif not number.is_active:
            problems.append(f"number_ids.{place}: the number is not active; set its is_active")
        elif trunk is None:
            problems.append(f"number_ids.{place}: the number has no trunk to call out over; set its trunk_id")
        elif not trunk.is_active:
            problems.append(f"number_ids.{place}: the number's trunk is not active; set its is_active")
    return problems


async def _counted(unit: Unit, campaign_id: str, *, lock: bool = False) -> Counted:
    campaign = await unit.campaigns.get(campaign_id, lock=lock)
    return Counted(campaign, (await unit.campaigns.counts([campaign_id]))[campaign_id])
