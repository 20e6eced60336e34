"""The call object, as the API and the reports show it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.base.clock import iso
from trunkline.domain.transcript import Message
from trunkline.services.recordings import address
from trunkline.services.rooms import Limits
from trunkline.storage.calls import Call


def call_object(call: Call, messages: Sequence[Message], limits: Limits, now: datetime) -> dict[str, Any]:
    """All fields of a call, ready for JSON; those that only later features fill are null."""
    return {
        "id": call.id,
        "direction": call.direction.value,
        "status": call.status.value,
        "end_reason": call.end_reason.value if call.end_reason else None,
        "error": call.error,
        "caller_phone": call.caller_phone,
        "assistant_phone": call.assistant_phone,
        "phone_number": call.assistant_phone,
        "number_id": call.number_id,
        "agent_id": call.assistant_id,
        "assistant_id": call.assistant_id,
        "agent_name": call.assistant_name,
        "assistant_name": call.assistant_name,
        "business_name": call.business_name,
        "started_at": _iso(call.answered_at),
        "ended_at": _iso(call.ended_at),
        "duration_seconds": call.duration_seconds,
        "summary": call.summary,
        "analysis_result": call.analysis_result,
        "messages": [message.as_json() for message in messages],
        "recording_url": address(limits, call.id, now.timestamp()) if call.recording else None,
        "room_name": None,
        "metadata": call.metadata,
        "scheduled_at": _iso(call.scheduled_at),
        "campaign_id": call.campaign_id,
        "lead_id": call.lead_id,
        "assistant": call.assistant_public,
        "latency": call.latency,
        "cost": call.cost,
        "sip": call.sip,
        "created_at": iso(call.created_at),
        "updated_at": iso(call.updated_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
