"""Calls that come in: recorded while they ring, with the number's own assistant, and what was decided about them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from trunkline.base import trace
from trunkline.base.clock import iso
from trunkline.base.errors import Forbidden, Invalid
from trunkline.base.ids import new_call_id
from trunkline.domain.assistant import AssistantSettings, TransientAssistant
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.domain.events import CallEnded, LiveEvent, SipFacts
from trunkline.domain.number import Number
from trunkline.domain.organisation import Organisation
from trunkline.domain.plan import ANONYMOUS, CallPlan, TrunkPlan
from trunkline.services import addresses, allowance, planning, schemas, spelling, templates
from trunkline.services.admission import Admitted
from trunkline.services.allowance import Standing
from trunkline.services.assistants import LOCAL, defaults
from trunkline.services.entitlement import Owner, entitled
from trunkline.services.journal import first_event, publish, steps_of
from trunkline.services.rooms import Rooms
from trunkline.services.validation import invalid
from trunkline.storage import ledger, placing
from trunkline.storage.assistants import Assistant
from trunkline.storage.calls import Call
from trunkline.storage.ledger import Entries
from trunkline.storage.plans import plan_to_json
from trunkline.storage.provider_keys import sealed_keys
from trunkline.storage.secrets import public
from trunkline.storage.steps import Steps
from trunkline.storage.vault import Vault

NO_ROOM = "this worker has no room for a call"


@dataclass(frozen=True, slots=True)
class Hold:
    """Which worker runs a call from its first moment on, and for how long it may be silent."""

    worker_id: str
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that was recorded and rings. ``plan`` runs on the number's own assistant; where it has none that can speak,
    ``problem`` says why, and the plan can only say a few words. ``full`` says that there was no room: it is over;
    ``broke`` that nobody pays for it."""

    plan: CallPlan
    owner: Owner
    stored: Assistant | None
    problem: str | None = None
    full: str | None = None
    broke: str | None = None

    @property
    def organisation(self) -> Organisation:
        """Whose number was called."""
        return self.owner.organisation

    @property
    def asks(self) -> bool:
        """Whether somebody is to be asked which assistant shall speak."""
        return self.plan.webhook_url is not None and "assistant-request" in self.plan.assistant.webhook_events


@dataclass(frozen=True, slots=True)
class Decided:
    """What a call runs on: its plan, and the assistant's name; ``problem`` where there is none to speak."""

    plan: CallPlan
    name: str | None
    problem: str | None = None


async def ring(rooms: Rooms, admitted: Admitted, caller: str, sip_call_id: str, hold: Hold, *, room: bool) -> Ringing:
    """Records an admitted call as ``ringing``, held by its worker from the start; ``room`` says whether that has room.

    Where it has none, or a limit of organisation, number or trunk is reached, the call is recorded as ``rejected`` with
    ``at_capacity``. ``caller`` is the user part of From. Raises Unavailable while the database is away.
    """
    number = admitted.number
    owner, stored, transfers = await rooms.database.brief(_known(number, rooms.vault), write=False)
    (base, keys), problem = await _base(rooms, owner, stored)
    plan = replace(_plan(admitted, owner.organisation, base, caller), transfer_trunk=transfers, keys=keys)
    plan = replace(plan, traceparent=trace.handed_on(plan.call_id, traced=rooms.spans.on))
    ringing = Ringing(plan, owner, stored, problem)
    name = stored.settings.name if stored is not None else None
    found, events = await rooms.database.brief(
        _ringing(rooms, admitted, Decided(plan, name, problem), sip_call_id, hold, room)
    )
    publish(rooms, events)
    return replace(ringing, full=found.full, broke=found.broke)


async def settle(rooms: Rooms, decided: Decided) -> bool:
    """Keeps what was decided with the call; False where that is over already."""
    return await rooms.database.brief(_settling(decided, rooms.vault.seal(plan_to_json(decided.plan))))


def _known(number: Number, vault: Vault) -> Steps[tuple[Owner, Assistant | None, TrunkPlan | None]]:
    organisation, stored = yield from placing.asker(number.org_id, number.assistant_id, vault)
    owner = Owner(organisation, (yield from sealed_keys(number.org_id)))
    return owner, stored, (yield from placing.transfer_trunk(number.org_id, number.transfer_trunk_id, vault))


def _settling(decided: Decided, sealed: str) -> Steps[bool]:
    call = yield from ledger.state(decided.plan.call_id)
    if call is None or call.is_over:
        return False
    changes = {**_spoken_by(decided), "plan_sealed": sealed}
    yield from ledger.write(call, Entries(changes))
    return True


def _ringing(
    rooms: Rooms, admitted: Admitted, first: Decided, sip_call_id: str, hold: Hold, room: bool
) -> Steps[tuple[Standing, list[LiveEvent]]]:
    plan, now = first.plan, rooms.clock.now()
    found = yield from _standing(rooms, admitted, room)
    call = Call(
        id=plan.call_id,
        org_id=plan.org_id,
        direction=plan.direction,
        status=CallStatus.RINGING,
        created_at=now,
        updated_at=now,
        caller_phone=None if plan.destination == ANONYMOUS else plan.destination,
        assistant_phone=plan.caller_id,
        number_id=plan.number_id,
        number_name=plan.number_name,
        trunk_id=admitted.trunk.id,
        sip=SipFacts(call_id=sip_call_id).as_json(),
        last_seq=1,
        **_spoken_by(first),
    )
    event = first_event(call)
    yield from placing.record(call, rooms.vault.seal(plan_to_json(plan)), event, now)
    state = yield from ledger.state(call.id)
    if state is None:
        return found, [event]
    lease = {"worker_id": hold.worker_id, "lease_until": now + timedelta(seconds=hold.lease_seconds)}
    if found.full is not None:
        end = CallEnded(now, EndReason.AT_CAPACITY, found.full)
        return found, [event, *(yield from steps_of(rooms.limits.tariff, state, end, **lease))]
    told = {"event": "status-update", "at": iso(now), "status": call.status.value, "end_reason": None, "error": None}
    outbox = [("status-update", told, now)] if call.tells_status else []
    yield from ledger.write(state, Entries(lease, outbox=outbox))
    return found, [event]


def _standing(rooms: Rooms, admitted: Admitted, room: bool) -> Steps[Standing]:
    """Which limit leaves no room for one more call, and whether it is paid for; nobody else takes its place until this is
    over."""
    number, trunk = admitted.number, admitted.trunk
    found = yield from allowance.looked_up(rooms, number.org_id)
    if not room:
        return replace(found, full=NO_ROOM)
    for whose, limit, live in (
        ("number", number.max_concurrent_calls, found.load.by_number[number.id]),
        ("trunk", trunk.max_concurrent_calls, found.load.by_trunk[trunk.id]),
    ):
        if limit is not None and live >= limit and found.full is None:
            found = replace(found, full=f"the {whose} has as many calls as it may have at once")
    return found


Able = tuple[TransientAssistant, dict[str, str]]
"""An assistant that can speak here, and the organisation's own keys that it needs, by vendor."""


async def _base(rooms: Rooms, owner: Owner, stored: Assistant | None) -> tuple[Able, str | None]:
    """The number's own assistant as it would speak, or a voice for a few words and why there is no more."""
    if stored is None:
        why = "the number has no assistant; attach one, or name one in reply to assistant-request"
        return _voice_alone(rooms, owner), why
    if not stored.settings.is_active:
        return _voice_alone(rooms, owner, stored.settings), "the number's assistant is not active"
    try:
        resolved = planning.resolved(stored.settings, None, None, {})
        return able(rooms, owner, await templates.resolved(rooms, stored.org_id, resolved)), None
    except Invalid as error:
        why = f"the number's assistant cannot speak: {error.message}"
        return _voice_alone(rooms, owner, stored.settings), why


def _voice_alone(rooms: Rooms, owner: Owner, stored: AssistantSettings | None = None) -> Able:
    """The plainest assistant of this installation, with the voice of ``stored`` where that can be had; events go where
    those of ``stored`` go. The local one is there for whoever calls, whatever the organisation may use."""
    plain: dict[str, Any] = {}
    if stored is not None:
        told = ("webhook_url", "webhook_secret", "webhook_events", "gdpr_mode")
        plain |= {name: value for name in told if (value := getattr(stored, name)) is not None}
    models = defaults(rooms.limits)
    voice = {"tts_config": stored.tts_config} if stored is not None and stored.tts_config is not None else {}
    for tried in ({**models, **voice}, models):
        with suppress(Invalid):
            return able(rooms, owner, TransientAssistant.model_validate(plain | tried))
    return TransientAssistant.model_validate(plain | LOCAL), {}


def able(rooms: Rooms, owner: Owner, assistant: TransientAssistant) -> Able:
    """The assistant, if it can speak here. Raises Invalid."""
    try:
        assistant, keys = entitled(rooms, owner, assistant)
    except Forbidden as error:
        raise Invalid(error.message, code=error.code, details=error.details) from None
    if wrong := [*addresses.problems(assistant, rooms.limits), *schemas.problems(assistant)]:
        raise invalid(wrong)
    return assistant, keys


def _plan(admitted: Admitted, organisation: Organisation, assistant: TransientAssistant, caller: str) -> CallPlan:
    number = admitted.number
    plan = CallPlan(
        call_id=new_call_id(Direction.INBOUND),
        org_id=number.org_id,
        direction=Direction.INBOUND,
        destination=spelling.caller(caller, number.phone_number) or ANONYMOUS,
        caller_id=number.phone_number,
        number_id=number.id,
        number_name=number.name,
        trunk=admitted.trunk.plan(),
        assistant=assistant,
        assistant_id=number.assistant_id,
        variables=planning.known(assistant, {}),
    )
    return addressed(plan, organisation, assistant)


def addressed(plan: CallPlan, organisation: Organisation, assistant: TransientAssistant) -> CallPlan:
    """The plan with another assistant, and so with the address and data that go with it."""
    url, secret = organisation.webhook_url, organisation.webhook_secret
    if assistant.webhook_url is not None:
        url, secret = assistant.webhook_url, None
        if assistant.webhook_secret is not None:
            secret = assistant.webhook_secret.get_secret_value()
    metadata = dict(assistant.metadata)
    return replace(plan, assistant=assistant, metadata=metadata, webhook_url=url, webhook_secret=secret)


def _spoken_by(decided: Decided) -> dict[str, Any]:
    """The columns of a call that tell who speaks on it."""
    plan, assistant = decided.plan, decided.plan.assistant
    return {
        "assistant_id": plan.assistant_id,
        "assistant_name": decided.name,
        "business_name": assistant.business_name,
        "metadata": dict(plan.metadata),
        "assistant_public": public(assistant) if decided.problem is None else {},
        "tells_status": plan.webhook_url is not None and "status-update" in assistant.webhook_events,
    }
