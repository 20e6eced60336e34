"""What an answered call takes off the credit of whoever pays for it, and the line that it leaves in the log of use.

Both are written in the transaction that ends the call, so that a call is charged exactly once, whatever crashes. Minutes
are the answered seconds divided by 60, not rounded; credits are the ``total`` of the call's cost, in US dollars: what
ran on the organisation's own keys is not in it. Who was not answered, or was refused with a few words, is not charged.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.base.ids import new_id
from trunkline.domain.call import CallStatus, Direction
from trunkline.domain.events import StageUsage
from trunkline.domain.usage import PHONE, WEB, UsageLog
from trunkline.storage import organisations, usage
from trunkline.storage.ledger import CallState
from trunkline.storage.steps import Steps

SECONDS = 60
_REALTIME = "realtime"


def charge(call: CallState, changes: Mapping[str, Any], stages: Sequence[StageUsage]) -> Steps[None]:
    """Charges a call that has just ended, whose ``changes`` are what is written of its end."""
    if call.answered_at is None or call.status is CallStatus.REJECTED:
        return
    billed = yield from usage.billed(call.id)
    seconds, cost = changes["duration_seconds"], changes["cost"]["total"]
    log = UsageLog(
        id=new_id(),
        org_id=call.org_id,
        billed_org_id=billed.payer_id,
        call_id=call.id,
        duration_sec=seconds,
        created_at=changes["ended_at"],
        call_type=WEB if call.direction is Direction.WEB else PHONE,
        byok_stt=_on_own_key(stages, "stt"),
        byok_llm=_on_own_key(stages, "llm"),
        byok_tts=_on_own_key(stages, "tts"),
        phone_number=billed.assistant_phone,
        assistant_id=billed.assistant_id,
        agent_name=billed.assistant_name,
        business_name=billed.business_name,
        cost=cost,
    )
    yield from usage.added(log)
    yield from organisations.charged(billed.payer_id, seconds / SECONDS, cost)


def charge_more(org_id: str, call_id: str, before: float, after: float) -> Steps[None]:
    """Charges what a call has come to cost since it ended: its total was ``before`` and is ``after``."""
    if after != before:
        yield from usage.cost_set(org_id, call_id, after)
        yield from organisations.charged((yield from organisations.payer(org_id)), 0.0, after - before)


def _on_own_key(stages: Sequence[StageUsage], stage: str) -> bool:
    """Whether all of a stage ran on the organisation's own key; a realtime model is all three stages at once."""
    parts = [used for used in stages if used.stage == stage] or [used for used in stages if used.stage == _REALTIME]
    return bool(parts) and all(used.own_key for used in parts)
