"""Campaigns as replies show them."""

from typing import Any, Literal

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Shown, moment
from trunkline.api.schemas.leads import LeadWarning, warning
from trunkline.domain.campaign import LeadStatus
from trunkline.services.campaigns import Counted, Created


class CampaignShown(Shown):
    """A campaign: one assistant calls many."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    assistant_id: str | None = Field(description="Who speaks; null when that assistant was removed.")
    agent_id: str | None = Field(description="The same as `assistant_id`.", json_schema_extra={"deprecated": True})
    number_ids: list[str] = Field(description="The numbers that its calls show; none: any that can call out.")
    status: Literal["draft", "scheduled", "paused", "completed", "cancelled"] = Field(
        description="`scheduled`: it calls, within its hours."
    )
    pause_reason: str | None = Field(description="Why the platform paused it; null where a client did.")
    system_message_template: str | None = Field(description="In place of the assistant's system messages.")
    schedule_start_time: str | None = Field(description="From when on it calls, `HH:MM:SS`.")
    schedule_end_time: str | None = Field(description="Until when it calls, `HH:MM:SS`, exclusive.")
    timezone: str = Field(description="Whose clock counts: a zone of the IANA database, or `callee`.")
    days_of_week: list[int] = Field(description="On which days: 1 Monday to 7 Sunday.")
    max_concurrent_calls: int | None = Field(description="The most calls of it at once.")
    calls_per_minute: int | None = Field(description="The most calls that it places in a minute.")
    max_attempts: int = Field(description="How often a lead is called at most.")
    retry_delay_minutes: int = Field(description="How long after a call that is to be repeated the next one comes.")
    retry_on: list[str] = Field(description="After which end reasons a lead is called again.")
    total_leads: int = Field(description="All its leads.")
    completed_leads: int = Field(description="Those that were reached.")
    failed_leads: int = Field(description="Those whose call failed.")
    no_answer_leads: int = Field(description="Those that were not reached.")
    skipped_leads: int = Field(description="Those that were passed over; each has its `error`.")
    pending_leads: int = Field(description="Those that are to be called, for the first time or again.")
    calling_leads: int = Field(description="Those that are being called now.")
    created_at: Moment = Field(description="When it was made.")
    updated_at: Moment = Field(description="When it, or its list of leads, was last changed.")


class CampaignReply(Shown):
    """One campaign."""

    campaign: CampaignShown = Field(description="The campaign.")


class NewCampaignReply(Shown):
    """A new campaign."""

    campaign: CampaignShown = Field(description="The campaign.")
    warnings: list[LeadWarning] = Field(description="What is to be known of its leads.")
    errors: list[str] = Field(description="With `skip_invalid`: what was wrong with the leads that were left out.")


class CampaignsReply(Shown):
    """A page of campaigns, newest first."""

    campaigns: list[CampaignShown] = Field(description="The campaigns.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(counted: Counted) -> dict[str, Any]:
    """A campaign as a reply shows it."""
    campaign, counts = counted.campaign, counted.counts
    return {
        "id": campaign.id,
        "name": campaign.name,
        "assistant_id": campaign.assistant_id,
        "agent_id": campaign.assistant_id,
        "number_ids": list(campaign.number_ids),
        "status": campaign.status.value,
        "pause_reason": campaign.pause_reason,
        "system_message_template": campaign.system_message_template,
        "schedule_start_time": campaign.schedule_start_time,
        "schedule_end_time": campaign.schedule_end_time,
        "timezone": campaign.timezone,
        "days_of_week": list(campaign.days_of_week),
        "max_concurrent_calls": campaign.max_concurrent_calls,
        "calls_per_minute": campaign.calls_per_minute,
        "max_attempts": campaign.max_attempts,
        "retry_delay_minutes": campaign.retry_delay_minutes,
        "retry_on": list(campaign.retry_on),
        "total_leads": counts.total(),
        **{f"{status}_leads": counts[status] for status in LeadStatus},
        "created_at": moment(campaign.created_at),
        "updated_at": moment(campaign.updated_at),
    }


def shown_new(created: Created) -> dict[str, Any]:
    """The reply to a new campaign."""
    warnings = [warning(one) for one in created.warnings]
    return {"campaign": shown(created.counted), "warnings": warnings, "errors": list(created.errors)}
