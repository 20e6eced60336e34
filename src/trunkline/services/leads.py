"""Leads: whom a campaign calls; read row by row, added in one go, listed, removed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.base.errors import Conflict, Invalid, NotFound
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.campaign import Campaign, Lead, LeadStatus
from trunkline.services import destinations
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import invalid, sentences
from trunkline.storage.unit import Unit

AT_ONCE = 10_000
VARIABLES_BYTES = 16 * 1024
REPEATED = "the campaign has this number already"
_TOLD = 100
_BREATH = 100


class LeadSettings(BaseModel):
    """Somebody to be called, as a client writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_number: str = Field(max_length=32, description="E.164.")
    name: str | None = Field(None, max_length=200, description="Who that is; fills `{{name}}`.")
    variables: dict[str, str] = Field(
        {}, description="Fills `{{...}}` in all that the assistant says and is told; 16 KiB."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One lead as it was sent: where it stands, for messages; its number in the list, or line in the file; what it is, or
    what is wrong with it."""

    place: str
    number: int
    given: Any
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The rows that make sense, and what is wrong with the others."""

    rows: Sequence[tuple[Row, LeadSettings]]
    errors: Sequence[str]


@dataclass(frozen=True, slots=True)
class Warned:
    """What is to be known of a lead that was taken: variables that it lacks, or that its number came before."""

    lead_id: str
    row: int
    phone_number: str
    missing: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Added:
    """The leads that were added, what is to be known of them, and the rows that were left out."""

    leads: Sequence[Lead]
    warnings: Sequence[Warned]
    errors: Sequence[str] = ()


def listed(given: Any, place: str = "leads") -> list[Row]:
    """The rows of a list in a body. Raises Invalid where it is none, or too long."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise invalid([f"{place}: must be a list"])
    check_number(len(given), place)
    return [Row(f"{place}.{number}", number, item) for number, item in enumerate(given)]


def check_number(count: int, place: str) -> None:
    """Raises Invalid for more leads than are taken at once."""
    if count > AT_ONCE:
        raise invalid([f"{place}: has {count} leads; send at most {AT_ONCE} at once"])


async def read(rooms: Rooms, rows: Sequence[Row], *, skip_invalid: bool) -> Read:
    """The rows as leads. Raises Invalid that names each one that is wrong, unless these are to be left out."""
    good: list[tuple[Row, LeadSettings]] = []
    errors: list[str] = []
    for number, row in enumerate(rows):
        if number % _BREATH == 0:
            # Live calls in this process must not wait until a long list is through.
            await rooms.clock.sleep(0)
        settings = _settings(row, errors)
        if settings is not None:
            good.append((row, settings))
    if errors and len(rows) == 1:
        raise invalid(errors)
    if errors and not skip_invalid:
        more = [f"and {len(errors) - _TOLD} more"] if len(errors) > _TOLD else []
        told = [*errors[:_TOLD], *more]
        raise Invalid(
            f"nothing was added: {len(rows) - len(good)} of {len(rows)} leads are wrong; correct them, or set skip_invalid. "
            f"The first: {errors[0]}",
            details=told,
        )
    return Read(good, errors)


async def add(
    unit: Unit, campaign: Campaign, rows: Sequence[tuple[Row, LeadSettings]], wanted: frozenset[str], now: datetime
) -> Added:
    """Adds leads at the end of a campaign that is locked; a number that it has already is passed over and told."""
    known = await unit.leads.known(campaign.id, {settings.phone_number for _, settings in rows})
    position = await unit.leads.next_position(campaign.id)
    added, warnings = [], []
    for place, (row, settings) in enumerate(rows):
        repeated = settings.phone_number in known
        known.add(settings.phone_number)
        lead = Lead(
            id=new_id(),
            org_id=campaign.org_id,
            campaign_id=campaign.id,
            position=position + place,
            created_at=now,
            updated_at=now,
            status=LeadStatus.SKIPPED if repeated else LeadStatus.PENDING,
            error=REPEATED if repeated else None,
            **settings.model_dump(),
        )
        added.append(lead)
        missing = tuple(sorted(wanted - lead.values.keys()))
        if repeated or missing:
            message = REPEATED if repeated else f"it will be passed over without {', '.join(missing)}"
            warnings.append(Warned(lead.id, row.number, lead.phone_number, missing, message))
    await unit.leads.add_many(added)
    return Added(added, warnings)


async def list_(
    rooms: Rooms, caller: Caller, campaign_id: str, status: LeadStatus | None, limit: int, offset: int
) -> Page[Lead]:
    """A campaign's leads in their order. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        await unit.campaigns.get(campaign_id)
        return Page(*await unit.leads.page(campaign_id, status, limit, offset))


async def delete(rooms: Rooms, caller: Caller, campaign_id: str, lead_id: str) -> None:
    """Removes a lead; its calls stay. Raises NotFound, and Conflict (``lead_being_called``)."""
    async with rooms.unit(caller) as unit:
        campaign = await unit.campaigns.get(campaign_id, lock=True)
        lead = await unit.leads.get(lead_id, lock=True)
        if lead.campaign_id != campaign_id:
            raise NotFound(f"there is no lead {lead_id} in the campaign {campaign_id}")
        if lead.status is LeadStatus.CALLING:
            raise Conflict(
                "the lead is being called; end its call, or wait until it is over",
                code="lead_being_called",
                title="Lead is being called",
            )
        await unit.leads.delete(lead_id)
        await unit.campaigns.save(replace(campaign, updated_at=rooms.clock.now()))


def retry_at(campaign: Campaign) -> datetime:
    """When a lead whose call ended at the campaign's last change is called again."""
    return campaign.updated_at + timedelta(minutes=campaign.retry_delay_minutes)


def _settings(row: Row, errors: list[str]) -> LeadSettings | None:
    if row.problem is not None:
        errors.append(f"{row.place}: {row.problem}")
        return None
    try:
        settings = LeadSettings.model_validate(row.given)
        destinations.check(settings.phone_number, field=_field(row, "phone_number"), sip_uri_allowed=False)
        # +31 06… and +31 6… are one person, who is called once.
        settings = settings.model_copy(update={"phone_number": destinations.canonical(settings.phone_number)})
    except ValidationError as error:
        errors.extend(sentences(error, under=row.place))
        return None
    except Invalid as error:
        errors.extend(error.details)
        return None
    if len(orjson.dumps(settings.variables)) > VARIABLES_BYTES:
        errors.append(f"{_field(row, 'variables')}: are larger than 16 KiB")
        return None
    return settings


def _field(row: Row, name: str) -> str:
    return f"{row.place}.{name}" if row.place else name
