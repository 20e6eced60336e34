"""The log of use as requests ask for it and replies show it."""

from typing import Any, Literal

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Paging, Shown, moment, paged
from trunkline.domain.usage import UsageLog
from trunkline.services.usage import UsagePage

CallType = Literal["phone", "web"]
_DIGITS = 6


class UsageQuery(Paging):
    """Which lines to list; everything given must fit."""

    start_date: str | None = Field(
        None, description="Charged at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."
    )
    end_date: str | None = Field(
        None, description="Charged at or before: ISO 8601 with an offset, or a date (its end in UTC)."
    )
    call_type: CallType | None = Field(None, description="By phone or in a browser.")
    assistant_id: str | None = Field(None, description="The stored assistant.")
    agent_id: str | None = Field(
        None, description="Older name of `assistant_id`.", json_schema_extra={"deprecated": True}
    )
    include_children: bool = Field(False, description="Also what the organisations below this one used.")


class UsageLogShown(Shown):
    """One call that was answered, as it was charged when it ended."""

    id: str = Field(description="Its id.")
    org_id: str = Field(description="The organisation whose call it was.")
    call_id: str = Field(description="The call, which may have been deleted since.")
    duration_sec: int = Field(description="The answered part in seconds; 1/60 of it was taken off the minutes.")
    byok_stt: bool = Field(description="Whether hearing ran on the organisation's own key.")
    byok_llm: bool = Field(description="Whether thinking ran on the organisation's own key.")
    byok_tts: bool = Field(description="Whether speaking ran on the organisation's own key.")
    call_type: CallType = Field(description="By phone or in a browser.")
    phone_number: str | None = Field(description="Our number.")
    assistant_id: str | None = Field(description="The stored assistant; null where it was sent with the call.")
    agent_id: str | None = Field(description="The same as `assistant_id`.", json_schema_extra={"deprecated": True})
    agent_name: str | None = Field(description="The assistant's name.")
    business_name: str | None = Field(description="For whom it spoke.")
    cost: float | None = Field(description="US dollars, which were taken off the credits; own keys are not in it.")
    created_at: Moment = Field(description="When the call ended.")


class UsageSummaryShown(Shown):
    """What all lines come to that the filters let through, on whatever page."""

    total_calls: int = Field(description="How many calls.")
    total_duration_seconds: int = Field(description="Their answered seconds.")
    total_duration_minutes: float = Field(description="The same in minutes.")
    total_cost: float = Field(description="Their cost in US dollars.")


class UsageReply(Shown):
    """A page of lines, newest first, and the sums of all."""

    logs: list[UsageLogShown] = Field(description="The page.")
    pagination: Pagination = Field(description="Which page this is.")
    summary: UsageSummaryShown = Field(description="The sums.")


def shown(found: UsagePage, query: UsageQuery) -> dict[str, Any]:
    """A page as a reply shows it."""
    summary = found.summary
    sums = {
        "total_calls": summary.calls,
        "total_duration_seconds": summary.seconds,
        "total_duration_minutes": round(summary.seconds / 60, _DIGITS),
        "total_cost": round(summary.cost, _DIGITS),
    }
    return {**paged("logs", [_log(log) for log in found.page.items], found.page.total, query), "summary": sums}


def _log(log: UsageLog) -> dict[str, Any]:
    names = (name for name in UsageLogShown.model_fields if name not in ("agent_id", "created_at"))
    return {
        **{name: getattr(log, name) for name in names},
        "agent_id": log.assistant_id,
        "created_at": moment(log.created_at),
    }
