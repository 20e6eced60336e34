"""The SIP messages of a call, as they are shown to who looks for a fault: its ladder."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from trunkline.base.clock import iso

MOST_MESSAGES = 100
"""Of a longer ladder the middle is left out: how a call began and how it ended is what faults are found by."""

RAW_CHARACTERS = 4096
RAW_TOTAL = 96 * 1024


@dataclass(frozen=True, slots=True)
class SignallingMessage:
    """One SIP message. ``leg`` counts from 1, the party's; ``status`` is None for a request, whose method is ``method``
    (a response has that of its request). ``raw`` is the message itself, secrets cut out."""

    at: datetime
    leg: int
    direction: str
    peer: str
    method: str
    status: int | None
    reason: str | None
    call_id: str
    cseq: int
    from_host: str | None
    to_host: str | None
    codecs: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)

    def as_json(self) -> dict[str, Any]:
        """The message as it is kept and shown."""
        return {
            "at": iso(self.at),
            "leg": self.leg,
            "direction": self.direction,
            "peer": self.peer,
            "method": self.method,
            "status": self.status,
            "reason": self.reason,
            "call_id": self.call_id,
            "cseq": self.cseq,
            "from_host": self.from_host,
            "to_host": self.to_host,
            "codecs": list(self.codecs),
            "raw": self.raw,
        }


@dataclass(frozen=True, slots=True)
class Ladder:
    """The messages of a call as they are kept, and how many were left out."""

    messages: tuple[dict[str, Any], ...] = ()
    omitted: int = 0


def of_leg(messages: Sequence[SignallingMessage], leg: int) -> tuple[SignallingMessage, ...]:
    """The messages as those of the call's leg number ``leg``."""
    return tuple(replace(message, leg=leg) for message in messages)


def bounded(messages: Sequence[SignallingMessage]) -> Ladder:
    """All messages in the order of their time, cut to what a call may keep."""
    ordered = sorted(messages, key=lambda message: message.at)
    omitted = max(0, len(ordered) - MOST_MESSAGES)
    if omitted:
        ordered = [*ordered[: MOST_MESSAGES // 2], *ordered[-MOST_MESSAGES // 2 :]]
    kept, room = [], RAW_TOTAL
    for message in ordered:
        raw = message.raw[: min(RAW_CHARACTERS, room)]
        room -= len(raw)
        kept.append({**message.as_json(), "raw": raw})
    return Ladder(tuple(kept), omitted)
