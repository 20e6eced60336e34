"""The bodies of webhooks: one ``message`` object, built from plain facts of a call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, SecretStr

from trunkline.base.clock import iso
from trunkline.domain.call import CallStatus, Direction
from trunkline.domain.plan import ANONYMOUS, CallPlan
from trunkline.ports.models import ToolCall

CALL_TYPES = {
    Direction.INBOUND: "inbound_phone_call",
    Direction.OUTBOUND: "outbound_phone_call",
    Direction.WEB: "web_call",
}
REPORT_FIELDS = (
    "duration_seconds",
    "summary",
    "messages",
    "analysis",
    "recording_url",
    "end_reason",
    "started_at",
    "ended_at",
    "latency",
    "cost",
)


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What every message says of its call. ``assistant`` is the resolved configuration without secrets."""

    id: str
    direction: Direction
    status: str
    number_id: str | None = None
    number: str | None = None
    number_name: str | None = None
    customer: str | None = None
    assistant: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def status_update(call: CallFacts, at: datetime, end_reason: str | None = None, error: str | None = None) -> bytes:
    """The body that tells of a new state; ``end_reason`` once ended, ``error`` when something broke."""
    more = {name: value for name, value in (("end_reason", end_reason), ("error", error)) if value is not None}
    return _body("status-update", call, at, more)


def end_of_call_report(call: CallFacts, at: datetime, report: Mapping[str, Any]) -> bytes:
    """The body that sums a call up; ``report`` holds the REPORT_FIELDS, None for what there is not."""
    return _body("end-of-call-report", call, at, {name: report.get(name) for name in REPORT_FIELDS})


def tool_calls(plan: CallPlan, at: datetime, calls: Sequence[ToolCall]) -> bytes:
    """The body that asks a server to run tools of a live call."""
    listed = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    return _body("tool-calls", facts_of(plan, CallStatus.IN_PROGRESS), at, {"tool_call_list": listed})


def assistant_request(plan: CallPlan, at: datetime, *, known: bool) -> bytes:
    """The body that asks which assistant shall speak on a call that rings; ``known``: the plan's own is one that can."""
    facts = facts_of(plan, CallStatus.RINGING)
    return _body("assistant-request", facts if known else replace(facts, assistant={}), at, {})


def sample_body(event: str, call: CallFacts, at: datetime, more: Mapping[str, Any]) -> bytes:
    """The body of a sample of an event, of a call that never was: ``test`` in it is true."""
    return _body(event, call, at, {**more, "test": True})


def facts_of(plan: CallPlan, status: str) -> CallFacts:
    """The facts of a call as its plan knows them."""
    phone = plan.direction is not Direction.WEB
    return CallFacts(
        id=plan.call_id,
        direction=plan.direction,
        status=status,
        number_id=plan.number_id if phone else None,
        number=plan.caller_id if phone else None,
        number_name=plan.number_name if phone else None,
        customer=plan.destination if phone and plan.destination != ANONYMOUS else None,
        assistant=_without_secrets(plan.assistant),
        metadata=plan.metadata,
    )


def _body(kind: str, call: CallFacts, at: datetime, more: Mapping[str, Any]) -> bytes:
    message = {
        "type": kind,
        "timestamp": iso(at),
        "call": {"id": call.id, "type": CALL_TYPES[call.direction], "status": call.status},
        "phone_number": {"id": call.number_id, "number": call.number, "name": call.number_name},
        "customer": {"number": call.customer},
        "assistant": call.assistant,
        "metadata": call.metadata,
        **more,
    }
    return json.dumps({"message": message}, separators=(",", ":")).encode()


def _without_secrets(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _without_secrets(value.model_dump(mode="python", by_alias=True))
    if isinstance(value, SecretStr):
        return None
    if isinstance(value, Mapping):
        return {str(name): _without_secrets(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(item) for item in value]
    return value
