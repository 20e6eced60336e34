"""Organisations: made by the operator, read and changed by themselves."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, EmailStr, Field

from trunkline.base.ids import hash_api_key, new_id
from trunkline.domain.access import Caller
from trunkline.domain.organisation import Organisation
from trunkline.services.addresses import webhook_problem
from trunkline.services.keys import new_key
from trunkline.services.rooms import Rooms
from trunkline.services.validation import checked, invalid


class OrganisationChanges(BaseModel):
    """What an organisation can change about itself; only what is given changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("", min_length=1, max_length=200, description="Its name.")
    email: EmailStr | None = Field(None, description="Where the operator reaches it; null removes it.")
    webhook_url: str | None = Field(
        None, max_length=2000, description="Where events go when the assistant has no address; null removes it."
    )
    webhook_secret: str | None = Field(
        None, min_length=1, max_length=500, description="Signs the events; write-only; null removes it."
    )


@dataclass(frozen=True, slots=True)
class Overview:
    """An organisation with what it has now."""

    organisation: Organisation
    active_numbers: int
    active_agents: int
    active_calls: int
    monthly_usage_minutes: float


async def create(rooms: Rooms, name: str, email: str | None = None) -> tuple[Organisation, str]:
    """A new organisation and the text of its first key, which is shown this once. Raises Invalid."""
    given = {"name": name} if email is None else {"name": name, "email": email}
    wanted = checked(OrganisationChanges, given)
    now = rooms.clock.now()
    organisation = Organisation(id=new_id(), name=wanted.name, email=wanted.email, created_at=now, updated_at=now)
    key, text = new_key(organisation.id, "First key", now)
    async with rooms.database.system() as unit:
        await unit.organisations.add(organisation)
        await unit.keys.add(key, hash_api_key(text))
    return organisation, text


async def allow_local_models(rooms: Rooms, org_id: str, allowed: bool) -> Organisation:
    """Says whether an organisation may use the local models; for the operator. Raises NotFound."""
    async with rooms.database.system() as unit:
        before = await unit.organisations.get(org_id, lock=True)
        after = replace(before, has_local_models_access=allowed, updated_at=rooms.clock.now())
        await unit.organisations.save(after)
        return after


async def overview(rooms: Rooms, caller: Caller) -> Overview:
    """The caller's organisation, with how much of everything it has."""
    now = rooms.clock.now()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with rooms.unit(caller, write=False) as unit:
        return Overview(
            organisation=await unit.organisations.get(caller.org_id),
            active_numbers=await unit.numbers.count_active(),
            active_agents=await unit.assistants.count_active(),
            active_calls=(await unit.calls.load()).total,
            monthly_usage_minutes=await unit.calls.seconds_since(month) / 60,
        )


async def update(rooms: Rooms, caller: Caller, changes: dict[str, Any]) -> Overview:
    """Changes what is given. Raises Invalid."""
    wanted = checked(OrganisationChanges, changes)
    if wanted.webhook_url and (wrong := webhook_problem(wanted.webhook_url, rooms.limits)):
        raise invalid([f"webhook_url: {wrong}"])
    async with rooms.unit(caller) as unit:
        before = await unit.organisations.get(caller.org_id, lock=True)
        await unit.organisations.save(
            replace(before, **wanted.model_dump(exclude_unset=True), updated_at=rooms.clock.now())
        )
    return await overview(rooms, caller)
