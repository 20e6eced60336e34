"""What receivers are told: a delivery made from the stored call, addressed as its plan says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trunkline.base.clock import parse_iso
from trunkline.base.ids import new_id
from trunkline.domain.call import Direction
from trunkline.domain.plan import CallPlan
from trunkline.services.aftercall import ClosedCall
from trunkline.storage.calls import Call
from trunkline.storage.deliveries import Delivery
from trunkline.webhooks.envelope import CallFacts, end_of_call_report, status_update

STATUS_UPDATE = "status-update"
REPORT = "end-of-call-report"


def status_letter(
    call: Call, plan: CallPlan, position: int, payload: Mapping[str, Any], now: datetime
) -> Delivery | None:
    """The delivery that tells of a new state, None when nobody is to be told."""
    body = status_update(
        _facts(call, payload["status"]), parse_iso(payload["at"]), payload.get("end_reason"), payload.get("error")
    )
    return _letter(call, plan, position, STATUS_UPDATE, body, now)


def report_letter(closed: ClosedCall, position: int, now: datetime) -> Delivery | None:
    """The delivery of the end-of-call report, None when nobody is to be told."""
    return _letter(closed.call, closed.plan, position, REPORT, report_body(closed, now), now)


def report_body(closed: ClosedCall, at: datetime) -> bytes:
    """The body of the report as the call stands now: the recording's address is good for its time from now."""
    report = {**closed.public, "analysis": closed.public["analysis_result"]}
    return end_of_call_report(_facts(closed.call, closed.call.status), at, report)


def _letter(call: Call, plan: CallPlan, position: int, event: str, body: bytes, now: datetime) -> Delivery | None:
    if plan.webhook_url is None or event not in plan.assistant.webhook_events:
        return None
    return Delivery(
        id=new_id(),
        org_id=call.org_id,
        call_id=call.id,
        position=position,
        event=event,
        url=plan.webhook_url,
        body=body.decode(),
        created_at=now,
        next_attempt_at=now,
    )


def _facts(call: Call, status: str) -> CallFacts:
    phone = call.direction is not Direction.WEB
    return CallFacts(
        id=call.id,
        direction=call.direction,
        status=status,
        number_id=call.number_id if phone else None,
        number=call.assistant_phone if phone else None,
        number_name=call.number_name if phone else None,
        customer=call.caller_phone if phone else None,
        assistant=call.assistant_public,
        metadata=call.metadata,
    )
