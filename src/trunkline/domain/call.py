"""What a call is: its states, the one table of allowed transitions, and every reason for its end."""

from enum import StrEnum

from trunkline.base.errors import Conflict


class CallStatus(StrEnum):
    """Where a call stands; the last four are end states, left never."""

    QUEUED = "queued"
    DIALING = "dialing"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    TRANSFERRING = "transferring"
    ENDED = "ended"
    FAILED = "failed"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"


class Direction(StrEnum):
    """Who called whom."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    WEB = "web"


class EndReason(StrEnum):
    """Why a call ended; exactly one for each call in an end state."""

    USER_HANGUP = "user_hangup"
    ASSISTANT_ENDED = "assistant_ended"
    API_ENDED = "api_ended"
    SILENCE_TIMEOUT = "silence_timeout"
    MAX_DURATION = "max_duration"
    VOICEMAIL_DETECTED = "voicemail_detected"
    VOICEMAIL_MESSAGE_LEFT = "voicemail_message_left"
    TRANSFERRED = "transferred"
    CONSENT_DECLINED = "consent_declined"
    CONSENT_TIMEOUT = "consent_timeout"
    CANCELLED = "cancelled"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    INVALID_DESTINATION = "invalid_destination"
    TRUNK_UNREACHABLE = "trunk_unreachable"
    TRUNK_AUTH_FAILED = "trunk_auth_failed"
    TRUNK_ERROR = "trunk_error"
    MEDIA_TIMEOUT = "media_timeout"
    PROVIDER_ERROR = "provider_error"
    WORKER_LOST = "worker_lost"
    INTERNAL_ERROR = "internal_error"
    REJECTED_BY_WEBHOOK = "rejected_by_webhook"
    NO_ASSISTANT = "no_assistant"
    AT_CAPACITY = "at_capacity"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    BLOCKED = "blocked"


END_STATES = frozenset({CallStatus.ENDED, CallStatus.FAILED, CallStatus.REJECTED, CallStatus.TRANSFERRED})
LIVE_STATES = frozenset(CallStatus) - END_STATES

TRANSITIONS: dict[CallStatus, frozenset[CallStatus]] = {
    CallStatus.QUEUED: frozenset({CallStatus.DIALING, CallStatus.FAILED, CallStatus.ENDED}),
    CallStatus.DIALING: frozenset({CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.FAILED, CallStatus.ENDED}),
    CallStatus.RINGING: frozenset({CallStatus.IN_PROGRESS, CallStatus.FAILED, CallStatus.ENDED, CallStatus.REJECTED}),
    CallStatus.IN_PROGRESS: frozenset(
        {CallStatus.TRANSFERRING, CallStatus.ENDED, CallStatus.FAILED, CallStatus.REJECTED}
    ),
    CallStatus.TRANSFERRING: frozenset(
        {CallStatus.IN_PROGRESS, CallStatus.TRANSFERRED, CallStatus.ENDED, CallStatus.FAILED}
    ),
    CallStatus.ENDED: frozenset(),
    CallStatus.FAILED: frozenset(),
    CallStatus.REJECTED: frozenset(),
    CallStatus.TRANSFERRED: frozenset(),
}

_ENDED = {
    EndReason.USER_HANGUP,
    EndReason.ASSISTANT_ENDED,
    EndReason.API_ENDED,
    EndReason.SILENCE_TIMEOUT,
    EndReason.MAX_DURATION,
    EndReason.VOICEMAIL_DETECTED,
    EndReason.VOICEMAIL_MESSAGE_LEFT,
    EndReason.CONSENT_DECLINED,
    EndReason.CONSENT_TIMEOUT,
    EndReason.CANCELLED,
}
_REJECTED = {EndReason.REJECTED_BY_WEBHOOK, EndReason.NO_ASSISTANT}
_REJECTED_INBOUND = {EndReason.AT_CAPACITY, EndReason.BLOCKED}


def end_status(reason: EndReason, direction: Direction, *, answered: bool = False) -> CallStatus:
    """The end state that belongs to ``reason``; ``answered`` matters only for ``insufficient_credits``."""
    if reason is EndReason.TRANSFERRED:
        return CallStatus.TRANSFERRED
    if reason is EndReason.INSUFFICIENT_CREDITS and not answered:
        return CallStatus.FAILED if direction is Direction.OUTBOUND else CallStatus.REJECTED
    if reason is EndReason.INSUFFICIENT_CREDITS:
        return CallStatus.ENDED
    if reason in _ENDED:
        return CallStatus.ENDED
    if reason in _REJECTED or (reason in _REJECTED_INBOUND and direction is Direction.INBOUND):
        return CallStatus.REJECTED
    return CallStatus.FAILED


def check_transition(old: CallStatus, new: CallStatus) -> None:
    """Raises Conflict (``call_transition``) when the table does not allow ``old`` → ``new``."""
    if new not in TRANSITIONS[old]:
        raise Conflict(f"a call that is {old} cannot become {new}", code="call_transition")
