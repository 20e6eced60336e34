"""What the work after a call reads and writes: the whole call with its plan, its analysis, and forgetting it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from trunkline.domain.access import Caller
from trunkline.domain.events import StageUsage
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Message
from trunkline.services import metering
from trunkline.services.call_object import call_object
from trunkline.services.costing import added
from trunkline.services.rooms import Rooms
from trunkline.storage.calls import Call
from trunkline.storage.plans import PlanBroken, plan_from_json, plan_salvaged, plan_to_json


@dataclass(frozen=True, slots=True)
class ClosedCall:
    """A call as it stands, with the plan it ran on and the object that clients see. ``public`` holds no secret.

    ``damage`` says that the plan could not be read whole: what it says of the receiver is true, the rest may be missing.
    """

    call: Call
    plan: CallPlan
    messages: tuple[Message, ...]
    public: dict[str, Any]
    damage: str | None = None


async def closing(rooms: Rooms, call_id: str) -> ClosedCall:
    """All that is known of a call, in whatever state it is. Raises NotFound, and SealBroken without the master key."""
    async with rooms.database.system(write=False) as unit:
        call = await unit.calls.get(call_id)
        sealed = await unit.calls.plan_sealed(call_id)
        messages = await unit.messages.of_call(call_id)
    plan, damage = plan_of(rooms, call, sealed)
    return ClosedCall(call, plan, messages, call_object(call, messages, rooms.limits, rooms.clock.now()), damage)


def plan_of(rooms: Rooms, call: Call, sealed: str) -> tuple[CallPlan, str | None]:
    """The plan that a call ran on, and what is the matter with it. Raises SealBroken without the master key."""
    text = rooms.vault.open(sealed)
    try:
        return plan_from_json(text), None
    except PlanBroken as error:
        return plan_salvaged(text, call.id, call.org_id), error.message


async def store_analysis(
    rooms: Rooms,
    call_id: str,
    summary: str | None,
    analysis_result: dict[str, Any] | None,
    used: Sequence[StageUsage] = (),
) -> None:
    """Keeps what a call came to; what it took to find out is added to its cost and charged, once. Raises NotFound."""
    async with rooms.database.system() as unit:
        call = await unit.calls.get(call_id, lock=True)
        cost = call.cost
        if cost is not None and call.analysis_result is None:
            before = cost["total"]
            for one in used:
                cost = added(cost, one, rooms.limits.tariff)
            await unit.run(metering.charge_more(call.org_id, call_id, before, cost["total"]))
        await unit.calls.change(
            call_id, summary=summary, analysis_result=analysis_result, cost=cost, updated_at=rooms.clock.now()
        )


async def notified(rooms: Rooms, call: Call) -> list[str]:
    """To whom the report of a call is e-mailed: those that its stored assistant names now."""
    if call.assistant_id is None:
        return []
    async with rooms.unit(Caller(call.org_id), write=False) as unit:
        assistant = await unit.assistants.find(call.assistant_id)
    if assistant is None:
        return []
    named = (assistant.settings.notification_email, *assistant.settings.notification_emails)
    return list({address.lower(): address for address in named if address}.values())


async def forget_keys(rooms: Rooms, closed: ClosedCall) -> None:
    """Takes the organisation's own keys for vendors out of a plan that runs no more."""
    if not closed.plan.keys or not closed.call.is_over or closed.damage is not None:
        return
    sealed = rooms.vault.seal(plan_to_json(replace(closed.plan, keys={})))
    async with rooms.database.system() as unit:
        await unit.calls.change(closed.call.id, plan_sealed=sealed)


async def forget_content(rooms: Rooms, call_id: str) -> None:
    """Removes what retention would remove in its time: what was said and typed on a call, what was made of it, the plan it
    ran on, and the bodies of its webhook deliveries. That the call was made stays. Raises NotFound."""
    async with rooms.database.system(write=False) as unit:
        call = await unit.calls.get(call_id)
    if call.recording is not None:
        await rooms.blobs.delete(call.recording)
    async with rooms.database.system() as unit:
        await unit.calls.get(call_id, lock=True)
        while await unit.retention.trim([call_id], whole=False):
            pass
        now = rooms.clock.now()
        await unit.retention.forget([call_id], rooms.vault.seal("{}"), now)
        await unit.calls.change(call_id, updated_at=now)
