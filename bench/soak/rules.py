"""Which ends are right for a call, from its script and from what really happened at the far end."""

from dataclasses import dataclass, field

from bench.soak.scripts import Script

STATUS = {
    "user_hangup": "ended", "assistant_ended": "ended", "api_ended": "ended", "silence_timeout": "ended",
    "max_duration": "ended", "voicemail_detected": "ended", "voicemail_message_left": "ended", "cancelled": "ended",
    "consent_declined": "ended", "consent_timeout": "ended", "transferred": "transferred", "no_answer": "failed",
    "busy": "failed", "declined": "failed", "invalid_destination": "failed", "trunk_unreachable": "failed",
    "trunk_auth_failed": "failed", "trunk_error": "failed", "media_timeout": "failed", "provider_error": "failed",
    "worker_lost": "failed", "internal_error": "failed", "rejected_by_webhook": "rejected", "no_assistant": "rejected",
}  # fmt: skip
"""The end state of each reason for a phone call, as the specification has it."""

LONGEST_SECONDS = 30.0
"""So long after the fact a call must have its end state."""
NOTICED_SECONDS = 2.0
"""So long after the far end's switch has told of a success the call must have become transferred."""
HEARD_SECONDS = 1.5
FEWEST_PACKETS = 25


@dataclass(slots=True)
class Deeds:
    """What the far end did and saw."""

    invited: bool = False
    answered: bool = False
    up_seconds: float = 0.0
    hung_up_first: bool = False
    handed_over: bool = False
    """The far end's switch said that a hand-over worked, or its party left during one that it had accepted."""
    bridged: bool = False
    """The party that it was to be handed over to took the call: picked up, or after a briefing pressed 1."""
    handed_over_seconds: float = 0.0
    """How long before the end either of these was."""
    leg_gone: bool = True
    unconfirmed: int = 0
    packets: int = 0
    late_packets: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """What became of one call."""

    script: Script
    deeds: Deeds
    call_id: str = ""
    status: str = ""
    reason: str = ""
    error: str | None = None
    end_seconds: float = 0.0
    """From the end of the leg to the report."""
    reports: int = 0
    wrong: list[str] = field(default_factory=list)


def allowed(script: Script, deeds: Deeds) -> set[str]:
    """The reasons that are right."""
    reasons = set(script.ends) - {"transferred"}
    if deeds.handed_over or deeds.bridged:
        reasons.add("transferred")
    settled = (deeds.handed_over or deeds.bridged) and deeds.handed_over_seconds > NOTICED_SECONDS
    if deeds.hung_up_first and not script.must and not settled:
        reasons.add("user_hangup")
    return reasons


def judge(outcome: Outcome) -> list[str]:
    """What is wrong with the end of a call; nothing where all is well."""
    deeds = outcome.deeds
    right = allowed(outcome.script, deeds)
    told = f"ended {outcome.reason or 'never'}, right is {' or '.join(sorted(right)) or 'no end by our side'}"
    checks = (
        (outcome.reason in right, told),
        (STATUS.get(outcome.reason) == outcome.status, f"{outcome.reason} with the status {outcome.status}"),
        (outcome.reports == 1, f"{outcome.reports} different reports"),
        (deeds.leg_gone, "the leg was not hung up"),
        (not deeds.unconfirmed, f"{deeds.unconfirmed} requests of the far end were not answered"),
        (not deeds.late_packets, f"{deeds.late_packets} packets after the end"),
        (outcome.end_seconds <= LONGEST_SECONDS, f"its end was told {outcome.end_seconds:.0f} s after the fact"),
        (_was_heard(outcome), f"only {deeds.packets} packets of sound came"),
    )
    return [*deeds.problems, *(wrong for good, wrong in checks if not good)]


def _was_heard(outcome: Outcome) -> bool:
    script, deeds = outcome.script, outcome.deeds
    speaks = script.voice == "plain" and deeds.answered and deeds.up_seconds > HEARD_SECONDS
    return not speaks or deeds.packets >= FEWEST_PACKETS
