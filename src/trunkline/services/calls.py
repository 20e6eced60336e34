"""Calls: placed, shown, followed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from trunkline.base import trace
from trunkline.base.errors import Invalid, NotFound
from trunkline.base.ids import new_call_id
from trunkline.domain.access import Caller
from trunkline.domain.assistant import AssistantSettings, TransientAssistant
from trunkline.domain.call import CallStatus, Direction
from trunkline.domain.events import LiveEvent
from trunkline.domain.organisation import Organisation
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Message
from trunkline.services import (
    addresses,
    allowance,
    destinations,
    do_not_call,
    planning,
    recordings,
    scheduling,
    schemas,
    templates,
)
from trunkline.services.aftercall import ClosedCall, closing, forget_content, store_analysis
from trunkline.services.call_object import call_object
from trunkline.services.entitlement import Owner, entitled
from trunkline.services.following import Replay, followed
from trunkline.services.journal import first_event, publish
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import invalid
from trunkline.storage import placing
from trunkline.storage.assistants import Assistant
from trunkline.storage.calls import Call, CallFilters, one
from trunkline.storage.messages import of_call
from trunkline.storage.plans import plan_to_json
from trunkline.storage.provider_keys import sealed_keys
from trunkline.storage.secrets import public
from trunkline.storage.steps import Steps
from trunkline.storage.vault import Vault

__all__ = [
    "CallFilters",
    "ClosedCall",
    "PlaceOrder",
    "Placed",
    "closing",
    "events_after",
    "follow",
    "forget_content",
    "get",
    "list_",
    "place",
    "recording",
    "store_analysis",
]

METADATA_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What a client asks for: exactly one of ``assistant_id`` (with or without an override) and ``assistant``.

    With ``scheduled_at`` the call waits until then.
    ``call_id`` is the id that the call gets where it was settled beforehand; a second call with it is a Conflict.
    """

    destination: str
    number_id: str | None = None
    assistant_id: str | None = None
    assistant: TransientAssistant | None = None
    assistant_override: dict[str, Any] | None = None
    first_message: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    max_ring_seconds: int = 45
    scheduled_at: datetime | None = None
    call_id: str | None = None
    campaign_id: str | None = None
    lead_id: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """What the client is told."""

    call_id: str
    status: str


async def place(
    rooms: Rooms, caller: Caller, order: PlaceOrder, along: Callable[[str], Steps[None]] | None = None
) -> Placed:
    """Records a call and wakes a worker for it; the row is committed before anything rings. ``along`` gives what is
    written in the same transaction, from the call's id.

    An ``assistant_id`` or ``number_id`` that this organisation does not have is NotFound. Raises Invalid for what does
    not make sense and for models without a key, Forbidden for local models that the organisation may not use and for a
    destination that must not be called (``do_not_call``),
    PaymentRequired without credit, and Unavailable (``at_capacity``) where no worker or limit has room.
    """
    _check_order(order)
    owner, base, name = await _asked_for(rooms, caller, order)
    organisation = owner.organisation
    assistant = planning.resolved(base, order.assistant_override, order.first_message, order.variables)
    assistant = await templates.resolved(rooms, caller.org_id, assistant)
    assistant, keys = entitled(rooms, owner, assistant)
    if wrong := [*addresses.problems(assistant, rooms.limits), *schemas.problems(assistant)]:
        raise invalid(wrong)
    until = scheduling.waits_until(order.scheduled_at, rooms.clock.now())
    if until is None and rooms.live.room() <= 0:
        raise planning.at_capacity("no worker has room for a call")
    call_id = order.call_id or new_call_id(Direction.OUTBOUND)
    draft = replace(_plan(call_id, organisation, order, assistant), keys=keys)
    draft = replace(draft, traceparent=trace.handed_on(call_id, traced=rooms.spans.on))
    event = await rooms.database.brief(_placing(rooms, draft, order, assistant.name or name, until, along))
    publish(rooms, [event])
    if until is not None:
        return Placed(call_id, CallStatus.QUEUED.value)
    await rooms.live.wake(call_id)
    return Placed(call_id, CallStatus.DIALING.value)


def promised(rooms: Rooms, order: PlaceOrder) -> str:
    """The status that ``place`` tells the client of."""
    waits = order.scheduled_at is not None and order.scheduled_at > rooms.clock.now()
    return (CallStatus.QUEUED if waits else CallStatus.DIALING).value


def _placing(
    rooms: Rooms,
    draft: CallPlan,
    order: PlaceOrder,
    name: str | None,
    until: datetime | None,
    along: Callable[[str], Steps[None]] | None,
) -> Steps[LiveEvent]:
    yield from do_not_call.checking(draft.org_id, draft.destination)
    if until is None:
        load = yield from allowance.granted(rooms, draft.org_id)
        plan = yield from planning.routed(rooms.vault, load, draft, order.number_id)
    else:
        yield from allowance.paid_for(rooms, draft.org_id, until)
        way = yield from planning.possible(draft.org_id, draft.destination, order.number_id)
        plan = planning.named(draft, way) if way else draft
    now = rooms.clock.now()
    call = replace(
        _row(plan, name, now),
        campaign_id=order.campaign_id,
        lead_id=order.lead_id,
        scheduled_at=order.scheduled_at,
        waits_until=until,
    )
    event = first_event(call)
    yield from placing.record(call, rooms.vault.seal(plan_to_json(plan)), event, now)
    if along is not None:
        yield from along(call.id)
    return event


async def get(rooms: Rooms, caller: Caller, call_id: str) -> dict[str, Any]:
    """The call object. Raises NotFound."""
    call, messages = await rooms.database.brief(_whole(caller.org_id, call_id), write=False)
    return call_object(call, messages, rooms.limits, rooms.clock.now())


def _whole(org_id: str, call_id: str) -> Steps[tuple[Call, tuple[Message, ...]]]:
    call = yield from one(org_id, call_id)
    return call, (yield from of_call(call_id))


async def list_(rooms: Rooms, caller: Caller, filters: CallFilters, limit: int, offset: int) -> Page[dict[str, Any]]:
    """A page of call objects, newest first."""
    now = rooms.clock.now()
    async with rooms.unit(caller, write=False) as unit:
        calls, total = await unit.calls.list_(filters, limit, offset, rooms.database.call_counts, now)
        messages = await unit.messages.of_calls([call.id for call in calls])
    return Page([call_object(call, messages[call.id], rooms.limits, now) for call in calls], total)


async def events_after(rooms: Rooms, caller: Caller, call_id: str, seq: int) -> list[LiveEvent]:
    """The kept events of a call after number ``seq``. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        await unit.calls.get(call_id)
        return await unit.events.after(call_id, seq)


async def follow(rooms: Rooms, caller: Caller, call_id: str, after_seq: int) -> AsyncIterator[LiveEvent]:
    """The events of a call after number ``after_seq``, those kept and then those to come, until the final one.

    Raises NotFound here, before the first event is asked for.
    """
    async with rooms.unit(caller, write=False) as unit:
        call = await unit.calls.get(call_id)

    # A client that names an event that is not there yet gets all that comes.
    after_seq = min(after_seq, call.last_seq)

    async def replay(seq: int) -> list[LiveEvent]:
        return await events_after(rooms, caller, call_id, seq)

    return _kept(replay, after_seq) if call.is_over else followed(lambda: rooms.live.follow(call_id), replay, after_seq)


async def recording(
    rooms: Rooms, caller: Caller | None, call_id: str, expires: int | None = None, signature: str | None = None
) -> tuple[str, int]:
    """The blob's name and size of a call's recording, for its organisation or for a signed address."""
    return await recordings.find(rooms, caller, call_id, expires, signature)


async def _kept(replay: Replay, after_seq: int) -> AsyncIterator[LiveEvent]:
    for event in await replay(after_seq):
        yield event


def _check_order(order: PlaceOrder) -> None:
    destinations.check(order.destination)
    if order.assistant is not None and order.assistant_id is not None:
        problem = "give either assistant or assistant_id; to change a stored assistant, use assistant_override"
        raise Invalid(problem, details=["assistant: cannot stand beside assistant_id"])
    if order.assistant_override is not None and order.assistant_id is None:
        problem = "assistant_override changes a stored assistant; give its assistant_id"
        raise Invalid(problem, details=["assistant_override: needs assistant_id"])
    if order.assistant is None and order.assistant_id is None:
        problem = "say who speaks: give assistant_id or assistant"
        raise Invalid(problem, details=["assistant_id: is required, unless assistant is given"])
    if len(orjson.dumps(order.metadata)) > METADATA_BYTES:
        raise Invalid("the metadata is larger than 16 KiB", details=["metadata: is larger than 16 KiB"])


async def _asked_for(
    rooms: Rooms, caller: Caller, order: PlaceOrder
) -> tuple[Owner, AssistantSettings | TransientAssistant, str | None]:
    owner, stored = await rooms.database.brief(_asking(caller.org_id, order.assistant_id, rooms.vault), write=False)
    if order.assistant is not None:
        return owner, order.assistant, order.assistant.name
    if stored is None:
        raise NotFound(f"there is no assistant {order.assistant_id}")
    settings = stored.settings
    if not settings.is_active:
        problem = "the assistant is not active; set is_active, or call with another"
        raise Invalid(problem, code="assistant_inactive", details=["assistant_id: is not active"])
    return owner, settings, settings.name


def _asking(org_id: str, assistant_id: str | None, vault: Vault) -> Steps[tuple[Owner, Assistant | None]]:
    organisation, stored = yield from placing.asker(org_id, assistant_id, vault)
    return Owner(organisation, (yield from sealed_keys(org_id))), stored


def _plan(call_id: str, organisation: Organisation, order: PlaceOrder, assistant: TransientAssistant) -> CallPlan:
    webhook_url, webhook_secret = _webhook(assistant, organisation)
    return CallPlan(
        call_id=call_id,
        org_id=organisation.id,
        direction=Direction.OUTBOUND,
        destination=order.destination,
        caller_id="",
        number_id=None,
        number_name=None,
        trunk=None,
        assistant=assistant,
        assistant_id=order.assistant_id,
        max_ring_seconds=order.max_ring_seconds,
        variables=planning.known(assistant, order.variables),
        metadata={**assistant.metadata, **order.metadata},
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
    )


def _webhook(assistant: TransientAssistant, organisation: Organisation) -> tuple[str | None, str | None]:
    if assistant.webhook_url is None:
        return organisation.webhook_url, organisation.webhook_secret
    secret = assistant.webhook_secret
    return assistant.webhook_url, secret.get_secret_value() if secret else None


def _row(plan: CallPlan, name: str | None, now: datetime) -> Call:
    return Call(
        id=plan.call_id,
        org_id=plan.org_id,
        direction=plan.direction,
        status=CallStatus.QUEUED,
        created_at=now,
        updated_at=now,
        caller_phone=plan.destination,
        assistant_phone=plan.caller_id or None,
        number_id=plan.number_id,
        number_name=plan.number_name,
        trunk_id=plan.trunk.id if plan.trunk else None,
        assistant_id=plan.assistant_id,
        assistant_name=name,
        business_name=plan.assistant.business_name,
        metadata=dict(plan.metadata),
        assistant_public=public(plan.assistant),
        last_seq=1,
        tells_status=plan.webhook_url is not None and "status-update" in plan.assistant.webhook_events,
    )
