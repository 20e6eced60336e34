"""Organisations: made by the operator or by a parent, read and changed by themselves and by their parent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, EmailStr, Field, Strict

from trunkline.base.errors import Forbidden, NotFound
from trunkline.base.ids import hash_api_key, new_id
from trunkline.domain.access import Caller
from trunkline.domain.organisation import Organisation
from trunkline.domain.usage import month_of
from trunkline.services.addresses import webhook_problem
from trunkline.services.keys import SCOPES, new_key
from trunkline.services.rooms import Rooms
from trunkline.services.validation import checked, invalid
from trunkline.storage.organisations import is_child


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
    max_concurrent_calls: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="The most calls at once; null: no limit of its own. A parent sets it for a child, at most its own.",
    )
    monthly_minutes_limit: Annotated[float, Strict()] | None = Field(
        None,
        ge=0,
        le=1e9,
        description="The most answered minutes in a calendar month (UTC); null: no limit. A parent sets it for a child.",
    )
    content_retention_days: Literal[30, 90, 180, 365] = Field(
        365,
        description="For how long what was said on a call is kept after its end: transcript, recording, analysis, bodies of "
        "webhooks. At most `metadata_retention_days`.",
    )
    metadata_retention_days: int = Field(
        730, ge=30, le=730, description="For how long a call itself is kept after its end."
    )


class NewOrganisation(OrganisationChanges):
    """What a child organisation is made of."""

    name: str = Field(min_length=1, max_length=200, description="Its name.")


class NotToActFor(NotFound):
    """A request acts for an organisation that is neither the caller's own nor a child of it, whether there is such a one
    or not."""


GIVEN_BY_PARENT = ("max_concurrent_calls", "monthly_minutes_limit")


@dataclass(frozen=True, slots=True)
class Overview:
    """An organisation with what it has now."""

    organisation: Organisation
    active_numbers: int
    active_agents: int
    active_calls: int
    monthly_usage_minutes: float
    children: Sequence[Organisation] = ()


async def create(rooms: Rooms, name: str, email: str | None = None) -> tuple[Organisation, str]:
    """A new organisation and the text of its first key, which is shown this once. Raises Invalid."""
    given = {"name": name} if email is None else {"name": name, "email": email}
    wanted = checked(OrganisationChanges, given)
    now = rooms.clock.now()
    organisation = Organisation(id=new_id(), name=wanted.name, email=wanted.email, created_at=now, updated_at=now)
    key, text = new_key(organisation.id, "First key", now)
    async with rooms.system() as unit:
        await unit.organisations.add(organisation)
        await unit.keys.add(key, hash_api_key(text))
    return organisation, text


async def acting(rooms: Rooms, caller: Caller, org_id: str) -> Caller:
    """The caller acting for a child of its organisation, or for its organisation itself. Raises NotToActFor."""
    if org_id == caller.org_id:
        return caller
    if "\0" in org_id or not await rooms.database.brief(is_child(caller.org_id, org_id), write=False):
        raise NotToActFor(
            "X-Organization-Id names neither your own organisation nor a child of it; correct it, or leave it out."
        )
    return replace(caller, org_id=org_id, home_org_id=caller.org_id)


async def create_child(rooms: Rooms, caller: Caller, given: dict[str, Any]) -> tuple[Overview, str]:
    """A child of the caller's organisation, and the text of its first key, which is shown this once and has the scopes of
    the caller's. What the child may use of local models it has from its parent.

    Raises Invalid, and Forbidden (``children_not_allowed``) for a child, which has no children of its own.
    """
    wanted = checked(NewOrganisation, given)
    _check_address(rooms, wanted)
    now = rooms.clock.now()
    scopes = SCOPES if caller.key_id is None else tuple(scope for scope in SCOPES if scope in caller.scopes)
    async with rooms.unit(caller) as unit:
        parent = await unit.organisations.get(caller.org_id, lock=True)
        if parent.parent_org_id is not None:
            raise Forbidden(
                "An organisation that is a child of another can have no children; make them with its parent's key.",
                code="children_not_allowed",
                title="Children not allowed",
            )
        _check_limits(parent, wanted)
        _check_retention(wanted.content_retention_days, wanted.metadata_retention_days)
        child = Organisation(
            id=new_id(),
            created_at=now,
            updated_at=now,
            parent_org_id=parent.id,
            has_local_models_access=parent.has_local_models_access,
            **wanted.model_dump(exclude_unset=True),
        )
        await unit.children.add(child)
        await unit.audit.note("created", "organization", child.id)
        key, text = new_key(child.id, "First key", now, scopes)
        await unit.of_child(child.id).keys.add(key, hash_api_key(text))
    return await overview(rooms, replace(caller, org_id=child.id, home_org_id=caller.home)), text


async def overview(rooms: Rooms, caller: Caller, *, children: bool = False) -> Overview:
    """The caller's organisation, with how much of everything it has, and the organisations below it where they are asked
    for."""
    month = month_of(rooms.clock.now())
    async with rooms.unit(caller, write=False) as unit:
        return Overview(
            organisation=await unit.organisations.get(caller.org_id),
            active_numbers=await unit.numbers.count_active(),
            active_agents=await unit.assistants.count_active(),
            active_calls=(await unit.calls.load()).total,
            monthly_usage_minutes=await unit.usage.minutes_since(month),
            children=await unit.children.all() if children else (),
        )


async def update(rooms: Rooms, caller: Caller, changes: dict[str, Any]) -> Overview:
    """Changes what is given. Raises Invalid, and Forbidden (``limit_not_yours``) for what only a parent may give its
    child."""
    wanted = checked(OrganisationChanges, changes)
    _check_address(rooms, wanted)
    limits = [name for name in GIVEN_BY_PARENT if name in wanted.model_fields_set]
    if limits and not caller.acts_for_child:
        raise Forbidden(
            "The limits of an organisation are set by its parent, acting for it with X-Organization-Id, or by the operator.",
            code="limit_not_yours",
            title="Limit not yours",
            details=[f"{name}: is not yours to set" for name in limits],
        )
    if limits:
        async with rooms.database.unit(caller.home, write=False) as above:
            _check_limits(await above.organisations.get(caller.home), wanted)
    async with rooms.unit(caller) as unit:
        before = await unit.organisations.get(caller.org_id, lock=True)
        after = replace(before, **wanted.model_dump(exclude_unset=True), updated_at=rooms.clock.now())
        _check_retention(after.content_retention_days, after.metadata_retention_days)
        await unit.organisations.save(after)
    return await overview(rooms, caller)


def _check_retention(content_days: int, metadata_days: int) -> None:
    if content_days > metadata_days:
        problem = f"content_retention_days: must be at most metadata_retention_days, {metadata_days}"
        raise invalid([f"{problem}; what was said on a call goes with it at the latest"])


def _check_address(rooms: Rooms, wanted: OrganisationChanges) -> None:
    if wanted.webhook_url is not None and (wrong := webhook_problem(wanted.webhook_url, rooms.limits)):
        raise invalid([f"webhook_url: {wrong}"])


def _check_limits(parent: Organisation, wanted: OrganisationChanges) -> None:
    """Null is always fine: the parent's own limit then stands alone."""
    asked, most = wanted.max_concurrent_calls, parent.max_concurrent_calls
    if asked is not None and most is not None and asked > most:
        raise invalid([f"max_concurrent_calls: must be at most {most}, which is the parent's own"])
