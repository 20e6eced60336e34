"""The organisation as replies show it."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Asked, Moment, Shown, moment
from trunkline.domain.access import Caller
from trunkline.services.organisations import Overview


class OrganisationQuery(Asked):
    """What to show along with the organisation."""

    include_children: bool = Field(False, description="Show the organisations below it.")


class Child(Shown):
    """An organisation below another."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    created_at: Moment = Field(description="When it was made.")


class OrganisationShown(Shown):
    """The organisation that the key belongs to, or the child that it acts for."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    email: str | None = Field(description="Where the operator reaches it.")
    minutes_balance: float | None = Field(description="Minutes left; null: not metered.")
    credits_balance: float | None = Field(description="Credit left; null: not metered.")
    monthly_usage_minutes: float = Field(description="Answered minutes of this calendar month (UTC).")
    active_numbers: int = Field(description="How many active numbers it has.")
    active_agents: int = Field(description="How many active assistants it has.")
    active_calls: int = Field(description="How many calls are going on.")
    has_local_models_access: bool = Field(
        description="Whether its assistants may use the providers `local`; the operator decides."
    )
    parent_org_id: str | None = Field(
        description="The parent's id, for the parent that acts for this child; null for everybody else."
    )
    webhook_url: str | None = Field(description="Where events go when the assistant has no address.")
    webhook_secret: None = Field(description="Never shown; see `webhook_secret_set`.")
    webhook_secret_set: bool = Field(description="Whether there is a secret.")
    max_concurrent_calls: int | None = Field(description="The most calls at once; null: no limit of its own.")
    guaranteed_concurrent_calls: int | None = Field(
        description="How many calls at once it is sure to get, together with its children; null: none."
    )
    monthly_minutes_limit: float | None = Field(
        description="The most answered minutes in a calendar month (UTC); null: no limit."
    )
    content_retention_days: int = Field(description="For how many days what was said on a call is kept.")
    metadata_retention_days: int = Field(description="For how many days a call is kept.")
    children: list[Child] | None = Field(None, description="Only with `include_children`.")
    created_at: Moment = Field(description="When it was made.")


class CreatedOrganisationShown(OrganisationShown):
    """A child that was just made."""

    api_key: str = Field(description="Its first key; shown this once.")


def shown(overview: Overview, caller: Caller, *, children: bool = False) -> dict[str, Any]:
    """An organisation as a reply shows it; a child cannot see that it has a parent."""
    organisation = overview.organisation
    body = {
        "id": organisation.id,
        "name": organisation.name,
        "email": organisation.email,
        "minutes_balance": _rounded(organisation.minutes_balance),
        "credits_balance": _rounded(organisation.credits_balance),
        "monthly_usage_minutes": round(overview.monthly_usage_minutes, 2),
        "active_numbers": overview.active_numbers,
        "active_agents": overview.active_agents,
        "active_calls": overview.active_calls,
        "has_local_models_access": organisation.has_local_models_access,
        "parent_org_id": organisation.parent_org_id if caller.acts_for_child else None,
        "webhook_url": organisation.webhook_url,
        "webhook_secret": None,
        "webhook_secret_set": organisation.webhook_secret is not None,
        "max_concurrent_calls": organisation.max_concurrent_calls,
        "guaranteed_concurrent_calls": organisation.guaranteed_concurrent_calls,
        "monthly_minutes_limit": organisation.monthly_minutes_limit,
        "content_retention_days": organisation.content_retention_days,
        "metadata_retention_days": organisation.metadata_retention_days,
        "created_at": moment(organisation.created_at),
    }
    below = [
        {"id": child.id, "name": child.name, "created_at": moment(child.created_at)} for child in overview.children
    ]
    return body | ({"children": below} if children else {})


def _rounded(balance: float | None) -> float | None:
    return None if balance is None else round(balance, 6)
