"""Leads as requests send them and replies show them."""

from typing import Any, Literal

from pydantic import Field

from trunkline.api.schemas.base import Asked, Moment, Pagination, Paging, Shown, moment
from trunkline.domain.campaign import Lead, LeadStatus
from trunkline.services.leads import AT_ONCE, Added, LeadSettings, Warned

Status = Literal["pending", "calling", "completed", "failed", "no_answer", "skipped"]


class LeadQuery(Paging):
    """Which leads a list shows."""

    status: Status | None = Field(None, description="Only those that stand so.")


class ImportQuery(Asked):
    """How a file is taken."""

    skip_invalid: bool = Field(False, description="As in the body; for files that are sent as `text/csv`.")


class NewLeads(Asked):
    """One lead (`phone_number`, `name`, `variables`), or many (`leads`), or a spreadsheet (`csv`): exactly one of these."""

    phone_number: str | None = Field(None, max_length=32, description="E.164: one lead.")
    name: str | None = Field(None, max_length=200, description="Who that is; fills `{{name}}`.")
    variables: dict[str, str] = Field(
        {}, description="Fills `{{...}}` in all that the assistant says and is told; 16 KiB."
    )
    leads: list[LeadSettings] | None = Field(None, max_length=AT_ONCE, description="Many leads, in their order.")
    csv: str | None = Field(
        None,
        description="The text of a CSV file. Its first line names the columns: `phone_number` (or `phone`, `number`), "
        "`name`, and every other is a variable.",
    )
    skip_invalid: bool = Field(False, description="Whether leads that are wrong are left out; else they refuse it all.")


class LeadShown(Shown):
    """Somebody whom a campaign calls."""

    id: str = Field(description="Its id.")
    campaign_id: str = Field(description="The campaign.")
    phone_number: str = Field(description="E.164.")
    name: str | None = Field(description="Who that is.")
    variables: dict[str, str] = Field(description="What fills `{{...}}`.")
    status: Status = Field(description="`pending`: to be called, for the first time or again.")
    error: str | None = Field(description="Why it was passed over, or how its latest call ended.")
    call_id: str | None = Field(description="Its latest call.")
    attempts: int = Field(description="How often it was called.")
    next_attempt_at: Moment | None = Field(description="Not to be called before; null: in its turn.")
    last_attempt_at: Moment | None = Field(description="When it was last called.")
    created_at: Moment = Field(description="When it was added.")
    updated_at: Moment = Field(description="When it last changed.")


class LeadsReply(Shown):
    """A page of leads, in their order."""

    leads: list[LeadShown] = Field(description="The leads.")
    pagination: Pagination = Field(description="Which part this is.")


class LeadWarning(Shown):
    """What is to be known of a lead that was taken."""

    lead: str = Field(description="Its id.")
    row: int = Field(description="Where it stood: its place in `leads` from 0, or its line in the file from 1.")
    phone_number: str = Field(description="Its number.")
    missing: list[str] = Field(description="The variables that it lacks; without them it is passed over.")
    message: str = Field(description="What is the matter.")


class AddedReply(Shown):
    """The leads that were added."""

    lead: LeadShown | None = Field(description="The lead, where one was sent.")
    added: int = Field(description="How many were added.")
    skipped: int = Field(description="How many of them are passed over, because the campaign has their number already.")
    warnings: list[LeadWarning] = Field(description="What is to be known of them.")
    errors: list[str] = Field(description="With `skip_invalid`: what was wrong with those that were left out.")


def shown(lead: Lead) -> dict[str, Any]:
    """A lead as a reply shows it."""
    return {
        "id": lead.id,
        "campaign_id": lead.campaign_id,
        "phone_number": lead.phone_number,
        "name": lead.name,
        "variables": lead.variables,
        "status": lead.status.value,
        "error": lead.error,
        "call_id": lead.call_id,
        "attempts": lead.attempts,
        "next_attempt_at": moment(lead.next_attempt_at),
        "last_attempt_at": moment(lead.last_attempt_at),
        "created_at": moment(lead.created_at),
        "updated_at": moment(lead.updated_at),
    }


def warning(warned: Warned) -> dict[str, Any]:
    """A warning as a reply shows it."""
    return {
        "lead": warned.lead_id,
        "row": warned.row,
        "phone_number": warned.phone_number,
        "missing": list(warned.missing),
        "message": warned.message,
    }


def shown_added(added: Added, *, single: bool) -> dict[str, Any]:
    """The reply to leads that were added."""
    return {
        "lead": shown(added.leads[0]) if single else None,
        "added": len(added.leads),
        "skipped": sum(lead.status is LeadStatus.SKIPPED for lead in added.leads),
        "warnings": [warning(one) for one in added.warnings],
        "errors": list(added.errors),
    }
