"""What was used: one line for each call that was answered, and what lines come to."""

from dataclasses import dataclass
from datetime import datetime

PHONE, WEB = "phone", "web"


@dataclass(frozen=True, slots=True)
class UsageLog:
    """One answered call as it was charged: minutes are ``duration_sec`` / 60, credits are ``cost`` (US dollars).

    ``byok_*`` say whether the stage ran on the organisation's own key; ``phone_number`` is our number.
    """

    id: str
    org_id: str
    billed_org_id: str
    call_id: str
    duration_sec: int
    created_at: datetime
    call_type: str = PHONE
    byok_stt: bool = False
    byok_llm: bool = False
    byok_tts: bool = False
    phone_number: str | None = None
    assistant_id: str | None = None
    agent_name: str | None = None
    business_name: str | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class UsageFilters:
    """Which lines are meant; None means all. The dates are bounds of ``created_at``, both inclusive."""

    call_type: str | None = None
    assistant_id: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """What lines come to: calls, answered seconds, cost in US dollars."""

    calls: int
    seconds: int
    cost: float


def month_of(moment: datetime) -> datetime:
    """The beginning of the calendar month (UTC) that a moment is in."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
