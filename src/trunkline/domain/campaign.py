"""What a campaign is: its states and those of its leads, what the end of a call means for a lead, and when to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from trunkline.base.errors import Conflict
from trunkline.domain.call import EndReason

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
CALLEE = "callee"
"""In place of a campaign's time zone: each number's own."""


class CampaignStatus(StrEnum):
    """Where a campaign stands; ``cancelled`` is left never."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class LeadStatus(StrEnum):
    """Where a lead stands; only one that is pending is called."""

    PENDING = "pending"
    CALLING = "calling"
    COMPLETED = "completed"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    SKIPPED = "skipped"


_C, _L = CampaignStatus, LeadStatus
TRANSITIONS: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    _C.DRAFT: frozenset({_C.SCHEDULED, _C.CANCELLED}),
    _C.SCHEDULED: frozenset({_C.PAUSED, _C.COMPLETED, _C.CANCELLED}),
    _C.PAUSED: frozenset({_C.SCHEDULED, _C.CANCELLED}),
    # Leads may be added to a campaign that was through; scheduling it again has them called.
    _C.COMPLETED: frozenset({_C.SCHEDULED, _C.CANCELLED}),
    _C.CANCELLED: frozenset(),
}
SET_BY_CLIENTS = frozenset({_C.SCHEDULED, _C.PAUSED, _C.CANCELLED})
LEAD_TRANSITIONS: Mapping[LeadStatus, frozenset[LeadStatus]] = {
    _L.PENDING: frozenset({_L.CALLING, _L.SKIPPED}),
    _L.CALLING: frozenset({_L.PENDING, _L.COMPLETED, _L.FAILED, _L.NO_ANSWER, _L.SKIPPED}),
    _L.COMPLETED: frozenset(),
    _L.FAILED: frozenset(),
    _L.NO_ANSWER: frozenset(),
    _L.SKIPPED: frozenset(),
}

_R = EndReason
OUTCOMES: Mapping[EndReason, LeadStatus] = {
    _R.USER_HANGUP: _L.COMPLETED,
    _R.ASSISTANT_ENDED: _L.COMPLETED,
    _R.API_ENDED: _L.COMPLETED,
    _R.SILENCE_TIMEOUT: _L.COMPLETED,
    _R.MAX_DURATION: _L.COMPLETED,
    _R.VOICEMAIL_MESSAGE_LEFT: _L.COMPLETED,
    _R.TRANSFERRED: _L.COMPLETED,
    _R.CONSENT_DECLINED: _L.COMPLETED,
    _R.CONSENT_TIMEOUT: _L.COMPLETED,
    _R.NO_ANSWER: _L.NO_ANSWER,
    _R.BUSY: _L.NO_ANSWER,
    _R.DECLINED: _L.NO_ANSWER,
    _R.VOICEMAIL_DETECTED: _L.NO_ANSWER,
    _R.CANCELLED: _L.SKIPPED,
    _R.BLOCKED: _L.SKIPPED,
    _R.INVALID_DESTINATION: _L.FAILED,
    _R.TRUNK_UNREACHABLE: _L.FAILED,
    _R.TRUNK_AUTH_FAILED: _L.FAILED,
    _R.TRUNK_ERROR: _L.FAILED,
    _R.MEDIA_TIMEOUT: _L.FAILED,
    _R.PROVIDER_ERROR: _L.FAILED,
    _R.WORKER_LOST: _L.FAILED,
    _R.INTERNAL_ERROR: _L.FAILED,
    _R.INSUFFICIENT_CREDITS: _L.FAILED,
    _R.REJECTED_BY_WEBHOOK: _L.FAILED,
    _R.NO_ASSISTANT: _L.FAILED,
}
"""What a call leaves a lead as. ``at_capacity`` is not among them: it was never dialled, so it was no attempt."""

FAILED = "failed"
"""In ``retry_on``: every reason that leaves a lead failed."""
RETRYABLE = frozenset(
    {reason for reason, status in OUTCOMES.items() if status in (_L.NO_ANSWER, _L.FAILED)} | {_R.SILENCE_TIMEOUT}
) - {_R.REJECTED_BY_WEBHOOK, _R.NO_ASSISTANT}
_OURS = frozenset({_R.WORKER_LOST, _R.INTERNAL_ERROR})
"""Our own failures: the phone may have rung, so they count, but they are always worth another attempt."""

GIVEN_BACK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign. Times of day are ``HH:MM:SS``; ``days_of_week`` has 1 (Monday) to 7; ``next_call_at`` is the pace of
    ``calls_per_minute``; ``resumed_at`` is when it was scheduled last; ``pause_reason`` says why the platform paused it."""

    id: str
    org_id: str
    name: str
    created_at: datetime
    updated_at: datetime
    assistant_id: str | None = None
    number_ids: tuple[str, ...] = ()
    status: CampaignStatus = CampaignStatus.DRAFT
    pause_reason: str | None = None
    system_message_template: str | None = None
    schedule_start_time: str | None = None
    schedule_end_time: str | None = None
    timezone: str = "UTC"
    days_of_week: tuple[int, ...] = EVERY_DAY
    max_concurrent_calls: int | None = None
    calls_per_minute: int | None = None
    max_attempts: int = 1
    retry_delay_minutes: int = 60
    retry_on: tuple[str, ...] = ()
    next_call_at: datetime | None = None
    resumed_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """True when no lead of it will be called again unless it is scheduled anew."""
        return self.status in (CampaignStatus.COMPLETED, CampaignStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody to be called; ``position`` is its place in the order. ``call_id`` is its latest call's."""

    id: str
    org_id: str
    campaign_id: str
    position: int
    phone_number: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    status: LeadStatus = LeadStatus.PENDING
    error: str | None = None
    call_id: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None

    @property
    def values(self) -> dict[str, str]:
        """What ``{{...}}`` may name: the number, the name where there is one, and the lead's own variables."""
        return {"phone_number": self.phone_number, **({"name": self.name} if self.name else {}), **self.variables}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a lead: its status, when it is called again (pending ones), and whether the attempt counts."""

    status: LeadStatus
    retry_at: datetime | None = None
    counts: bool = True


def outcome(campaign: Campaign, attempts: int, reason: EndReason, now: datetime) -> Outcome:
    """What the end of attempt number ``attempts`` means.

    A call that was never dialled (``at_capacity``) is given back. One that our side broke may have rung: it counts, and
    is tried again whatever ``retry_on`` says, as long as there are attempts left.
    """
    stopped = campaign.status is CampaignStatus.CANCELLED
    if reason is EndReason.AT_CAPACITY:
        if stopped:
            return Outcome(LeadStatus.SKIPPED, counts=False)
        return Outcome(LeadStatus.PENDING, now + timedelta(seconds=GIVEN_BACK_SECONDS), counts=False)
    status = OUTCOMES[reason]
    if stopped or attempts >= campaign.max_attempts or not _retried(reason, status, campaign.retry_on):
        return Outcome(status)
    return Outcome(LeadStatus.PENDING, now + timedelta(minutes=campaign.retry_delay_minutes))


def _retried(reason: EndReason, status: LeadStatus, retry_on: Sequence[str]) -> bool:
    return reason in _OURS or reason.value in retry_on or (status is LeadStatus.FAILED and FAILED in retry_on)


@dataclass(frozen=True, slots=True)
class Breaker:
    """How many failures stop a campaign: so many one after the other, or so many of the last ones."""

    in_a_row: int = 10
    of_last: int = 30
    failed_of_last: int = 21


def tripped(reasons: Sequence[EndReason], breaker: Breaker = Breaker()) -> str | None:
    """Why a campaign must be paused, from how its latest calls ended, the newest first; None where it may go on.

    What our own restart broke and what somebody cancelled says nothing about the numbers, the trunk or the models.
    """
    silent = (EndReason.AT_CAPACITY, EndReason.WORKER_LOST, EndReason.CANCELLED)
    known = [reason for reason in reasons if reason not in silent]
    failed = [OUTCOMES[reason] is LeadStatus.FAILED for reason in known]
    row, last = failed[: breaker.in_a_row], failed[: breaker.of_last]
    if len(row) == breaker.in_a_row and all(row):
        return f"the last {breaker.in_a_row} calls failed, the latest with {known[0]}"
    if len(last) == breaker.of_last and sum(last) >= breaker.failed_of_last:
        return f"{sum(last)} of the last {breaker.of_last} calls failed, the latest with {known[failed.index(True)]}"
    return None


def check_transition(old: CampaignStatus, new: CampaignStatus) -> None:
    """Raises Conflict (``campaign_transition``) when the table does not allow ``old`` → ``new``."""
    if new is not old and new not in TRANSITIONS[old]:
        allowed = ", ".join(sorted(TRANSITIONS[old] & SET_BY_CLIENTS)) or "nothing else"
        raise Conflict(
            f"a campaign that is {old} cannot become {new}; it can become {allowed}",
            code="campaign_transition",
            title="Campaign state",
        )
