"""Calls that come in, on both databases: who gets in, what is recorded while it rings, and who is to answer."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.services.world import World
from tests.storage import world as rows
from trunkline.base.errors import Invalid
from trunkline.base.ids import new_id
from trunkline.domain.assistant import EndCallTool, LlmConfig, TtsConfig
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.domain.template import ToolTemplate
from trunkline.domain.tools import TemplateTool
from trunkline.ports.carrier import Proof
from trunkline.services import answering, claims, inbound
from trunkline.services.admission import Address, Admitted, Asked, Turned, address_of, admit
from trunkline.services.inbound import Hold, Ringing
from trunkline.storage.plans import plan_from_json
from trunkline.testing.offer import ScriptedOffer

pytestmark = pytest.mark.room

HOLD = Hold("worker-1", 15.0)
NAMES: dict[str, str] = {"sip.example.com": "192.0.2.1", "test.example.com": "192.0.2.77"}


async def resolve(name: str) -> frozenset[Address]:
    return frozenset({ip_address(NAMES[name])}) if name in NAMES else frozenset()


async def number(home: World) -> str:
    async with home.rooms.database.unit("org-a", write=False) as unit:
        return (await unit.numbers.get(home.number_id)).phone_number


async def let_in(home: World, offer: ScriptedOffer | None = None, **trunk: Any) -> Admitted | Turned | Asked:
    """What becomes of a call to the number, once its trunk is set so."""
    await home.change("trunks", home.trunk_id, **{"inbound_addresses": ("192.0.2.1",), **trunk})
    called = await number(home)
    return await admit(home.rooms, replace(offer or ScriptedOffer(), called=called), resolve)


@pytest.mark.parametrize(
    ("addresses", "source", "welcome"),
    [
        (("192.0.2.1",), "192.0.2.1:5060", True),
        (("192.0.2.1",), "192.0.2.1:61234", True),
        (("192.0.2.1",), "192.0.2.2:5060", False),
        (("192.0.2.0/28",), "192.0.2.15:5060", True),
        (("192.0.2.0/28",), "192.0.2.16:5060", False),
        (("2001:db8::/32",), "[2001:db8::7]:5060", True),
        (("192.0.2.1",), "[::ffff:192.0.2.1]:5060", True),
        (("sip.example.com",), "192.0.2.1:5060", True),
        (("sip.example.com",), "192.0.2.2:5060", False),
        (("gone.example.com", "192.0.2.2"), "192.0.2.2:5060", True),
        ((), "192.0.2.1:5060", False),
        (("192.0.2.1",), None, False),
        (("192.0.2.1",), "nonsense", False),
    ],
)
async def test_a_call_comes_in_from_the_addresses_of_its_numbers_trunk(
    home: World, addresses: tuple[str, ...], source: str | None, welcome: bool
) -> None:
    found = await let_in(home, ScriptedOffer(source=source), inbound_addresses=addresses)
    assert isinstance(found, Admitted) is welcome
    if not welcome:
        assert isinstance(found, Turned)
        assert found.status == 403


async def test_a_trunk_that_registers_takes_calls_from_its_registrar(home: World) -> None:
    await home.change("trunks", home.trunk_id, host="test.example.com", register=True)
    offer = ScriptedOffer(source="192.0.2.77:5060", called="account-7", to=await number(home))
    found = await admit(home.rooms, offer, resolve)
    assert isinstance(found, Admitted)
    await home.change("trunks", home.trunk_id, register=False)
    assert isinstance(await admit(home.rooms, offer, resolve), Turned)


async def test_the_trunk_of_another_number_or_organisation_lets_nobody_in(home: World) -> None:
    other = rows.trunk(id=new_id(), org_id="org-b", name="B", inbound_addresses=("192.0.2.66",))
    second = rows.trunk(id=new_id(), name="second", inbound_addresses=("192.0.2.67",))
    async with home.rooms.database.unit("org-b") as unit:
        await unit.trunks.add(other)
    async with home.rooms.database.unit("org-a") as unit:
        await unit.trunks.add(second)
    for source in ("192.0.2.66:5060", "192.0.2.67:5060"):
        found = await let_in(home, ScriptedOffer(source=source))
        assert isinstance(found, Turned)
        assert found.status == 403


@pytest.mark.parametrize("noun", ["numbers", "trunks"])
async def test_what_is_not_active_or_not_attached_is_not_there(home: World, noun: str) -> None:
    which = {"numbers": home.number_id, "trunks": home.trunk_id}
    await home.change(noun, which[noun], is_active=False)
    assert await let_in(home) == Turned(404, "no active number of ours with an active trunk was called")
    await home.change(noun, which[noun], is_active=True)
    await home.change("numbers", home.number_id, trunk_id=None)
    assert isinstance(await let_in(home), Turned)


async def test_a_number_may_be_spelled_as_at_home_unless_two_are_spelled_so(home: World) -> None:
    await home.change("trunks", home.trunk_id, inbound_addresses=("192.0.2.1",))
    await home.change("numbers", home.number_id, phone_number="+31850835037")
    at_home = ScriptedOffer(called="0850835037")
    assert isinstance(await admit(home.rooms, at_home, resolve), Admitted)
    german = rows.number(id=new_id(), phone_number="+49850835037", trunk_id=home.trunk_id)
    async with home.rooms.database.unit("org-a") as unit:
        await unit.numbers.add(german)
    assert isinstance(await admit(home.rooms, at_home, resolve), Turned)
    await home.change("trunks", home.trunk_id, outbound_number="+31850000000")
    found = await admit(home.rooms, at_home, resolve)
    assert isinstance(found, Admitted)
    assert found.number.phone_number == "+31850835037"


@pytest.mark.parametrize("home_addresses", [("192.0.2.1",), ()])
async def test_another_organisation_cannot_take_calls_by_a_number_that_is_dialled_alike(
    home: World, home_addresses: tuple[str, ...]
) -> None:
    await home.change("trunks", home.trunk_id, inbound_addresses=home_addresses)
    await home.change("numbers", home.number_id, phone_number="+31850835037")
    trunk = rows.trunk(
        id=new_id(), org_id="org-b", inbound_addresses=("192.0.2.0/24",), outbound_number="+493012345678"
    )
    german = rows.number(id=new_id(), org_id="org-b", phone_number="+49850835037", trunk_id=trunk.id)
    async with home.rooms.database.unit("org-b") as unit:
        await unit.trunks.add(trunk)
        await unit.numbers.add(german)
    assert isinstance(await admit(home.rooms, ScriptedOffer(called="0850835037"), resolve), Turned)


@pytest.mark.parametrize(
    ("credentials", "proof", "outcome"),
    [
        (("ann", "s3cret"), Proof.GOOD, Admitted),
        (("ann", "s3cret"), Proof.STALE, Asked(stale=True)),
        (("ann", "guess"), Proof.GOOD, 403),
        (None, Proof.GOOD, Asked(stale=False)),
    ],
)
async def test_the_trunks_credentials_let_a_caller_in_from_anywhere(
    home: World, credentials: tuple[str, str] | None, proof: Proof, outcome: object
) -> None:
    offer = ScriptedOffer(source="203.0.113.9:5060", credentials=credentials, proof=proof)
    found = await let_in(home, offer, auth_username="ann", auth_password="s3cret")
    if outcome is Admitted:
        assert isinstance(found, Admitted)
        assert found.by == "digest"
    else:
        assert found == outcome or (isinstance(found, Turned) and found.status == outcome)


async def test_nobody_is_challenged_where_there_are_no_whole_credentials(home: World) -> None:
    found = await let_in(home, ScriptedOffer(source="203.0.113.9:5060"), auth_username="ann", auth_password=None)
    assert isinstance(found, Turned)


def test_an_address_is_read_from_a_transport_address() -> None:
    assert str(address_of("192.0.2.1:5060")) == "192.0.2.1"
    assert str(address_of("[fe80::1%eth0]:5060")) == "fe80::1"
    assert address_of("example.com:5060") is address_of("") is address_of(None) is None


# --- while it rings


async def rings(home: World, caller: str = "0612345678", *, room: bool = True, **trunk: Any) -> Ringing:
    """An admitted call, recorded."""
    found = await let_in(home, **trunk)
    assert isinstance(found, Admitted)
    return await inbound.ring(home.rooms, found, caller, "sip-1", HOLD, room=room)


async def assistant(home: World, **changes: Any) -> None:
    """Changes the stored assistant and attaches it to the number."""
    async with home.rooms.database.unit("org-a") as unit:
        stored = await unit.assistants.get(home.assistant_id)
        settings = stored.settings.model_copy(update=changes)
        await unit.assistants.save(replace(stored, settings=settings))
    await home.change("numbers", home.number_id, assistant_id=home.assistant_id)


async def test_a_call_is_recorded_as_ringing_and_held_by_its_worker_at_once(home: World) -> None:
    await assistant(home, webhook_url="https://hooks.example.com/a")
    ringing = await rings(home)
    call = await home.call(ringing.plan.call_id)
    assert (call.status, call.direction, call.worker_id) == (CallStatus.RINGING, Direction.INBOUND, "worker-1")
    assert (call.caller_phone, call.assistant_phone) == ("+31612345678", await number(home))
    assert (call.number_id, call.trunk_id, call.assistant_id) == (home.number_id, home.trunk_id, home.assistant_id)
    assert call.id.startswith("call-inbound-")
    assert (call.sip or {})["call_id"] == "sip-1"
    assert ringing.asks
    assert [(kind, payload["status"]) for kind, payload in await home.outbox(call.id)] == [("status-update", "ringing")]
    assert [(event.seq, event.data["status"]) for event in home.live.published] == [(1, "ringing")]
    home.clock.advance(16)
    assert await claims.reap(home.rooms) == [call.id]
    assert (await home.call(call.id)).end_reason is EndReason.WORKER_LOST


async def test_a_caller_that_hides_has_no_number(home: World) -> None:
    await assistant(home)
    assert (await home.call((await rings(home, "anonymous")).plan.call_id)).caller_phone is None


async def test_a_full_organisation_number_or_trunk_and_a_full_worker_reject(home: World) -> None:
    await assistant(home)
    await rings(home)
    for noun, id, room, whose in (
        ("organisations", "org-a", True, "the organisation"),
        ("numbers", home.number_id, True, "the number"),
        ("trunks", home.trunk_id, True, "the trunk"),
        ("trunks", home.trunk_id, False, "this worker"),
    ):
        await home.change(noun, id, max_concurrent_calls=1 if room else None)
        ringing = await rings(home, room=room)
        await home.change(noun, id, max_concurrent_calls=None)
        assert (ringing.full or "").startswith(whose)
        call = await home.call(ringing.plan.call_id)
        assert (call.status, call.end_reason, call.error) == (
            CallStatus.REJECTED,
            EndReason.AT_CAPACITY,
            ringing.full,
        )
        assert "call.ended" in [kind for kind, _ in await home.outbox(call.id)]


# --- who answers


async def test_the_numbers_own_assistant_answers_unless_it_cannot(home: World) -> None:
    assert "attach one" in str((await rings(home)).problem)
    await assistant(home, first_message="Hello.")
    own = answering.own(await rings(home))
    assert (own.problem, own.plan.assistant.first_message, own.plan.refusal) == (None, "Hello.", None)
    await assistant(home, first_message="Hello {{who}}.")
    assert "who" in str((await rings(home)).problem)
    await assistant(home, first_message="Hello.", is_active=False)
    assert "not active" in str((await rings(home)).problem)


async def test_a_reply_may_bring_what_the_stored_assistant_lacks(home: World) -> None:
    await assistant(home, first_message="Hello {{who}}.")
    decided = await answering.decide(home.rooms, await rings(home), {"variables": {"who": "Ann"}})
    assert (decided.problem, decided.plan.assistant.first_message) == (None, "Hello Ann.")
    assert decided.plan.variables["who"] == "Ann"


async def test_templates_are_in_their_places_whoever_is_to_answer(home: World) -> None:
    tool = TemplateTool(template_id="tool-1")
    missing = {"provider": "local", "tools": [{"template_id": "none"}]}
    await assistant(home, llm_config=LlmConfig(provider="local", tools=(tool,)))
    assert "there is no tool template tool-1" in str((await rings(home)).problem)
    async with home.rooms.database.unit("org-a") as unit:
        end = EndCallTool(type="end_call")
        await unit.tool_templates.add(ToolTemplate("tool-1", "org-a", "End", end, rows.NOW, rows.NOW))
    ringing = await rings(home)
    assert (ringing.problem, ringing.plan.assistant.llm_config.tools) == (None, (end,))
    decided = await answering.decide(home.rooms, ringing, {"first_message": "Hi."})
    assert decided.plan.assistant.llm_config.tools == (end,)
    with pytest.raises(Invalid, match="there is no tool template none"):
        await answering.decide(home.rooms, ringing, {"llm_config": missing})


async def test_what_was_decided_is_kept_with_the_call(home: World) -> None:
    await assistant(home)
    transient = {
        "name": "Guest",
        "llm_config": {"provider": "local"},
        "stt_config": {"provider": "local"},
        "tts_config": {"provider": "local"},
        "metadata": {"order": 7},
        "webhook_url": "https://hooks.example.com/guest",
        "webhook_secret": "shh",
    }
    ringing = await rings(home)
    decided = await answering.decide(home.rooms, ringing, {"assistant": transient})
    assert await inbound.settle(home.rooms, decided)
    call = await home.call(ringing.plan.call_id)
    assert (call.assistant_id, call.assistant_name, call.metadata) == (None, "Guest", {"order": 7})
    assert call.assistant_public["webhook_secret"] is None
    assert call.tells_status
    async with home.rooms.database.unit("org-a", write=False) as unit:
        plan = plan_from_json(home.rooms.vault.open(await unit.calls.plan_sealed(call.id)))
    assert (plan, plan.webhook_secret) == (decided.plan, "shh")


async def test_a_call_that_is_over_is_not_decided_any_more(home: World) -> None:
    await assistant(home)
    ringing = await rings(home)
    home.clock.advance(16)
    await claims.reap(home.rooms)
    assert not await inbound.settle(home.rooms, answering.own(ringing))


@pytest.mark.parametrize(
    "reply",
    [
        {"error": ""},
        {"error": "Closed.", "assistant_id": "x"},
        {"error": {"text": "Closed."}},
        {"assistant": {}},
        {"assistant": {"llm_config": {"provider": "local"}}, "assistant_override": {}},
        {"assistant_id": "unknown"},
        {"assistant_id": 7},
        {"assistant_override": "x"},
        {"assistant_id": None, "max_duration_seconds": 60},
        {"max_duration_seconds": 1},
        {"surprise": True},
        {"variables": {"a": 1}},
        {"variables": "x"},
        {"assistant_override": {"webhook_url": "http://10.0.0.1/"}},
        {"first_message": "Hello {{nobody}}."},
    ],
)
async def test_a_reply_that_makes_no_sense_is_refused(home: World, reply: dict[str, Any]) -> None:
    await assistant(home)
    with pytest.raises(Invalid):
        await answering.decide(home.rooms, await rings(home), reply)


async def test_the_assistant_of_another_organisation_cannot_be_named(home: World) -> None:
    foreign = rows.assistant(org_id="org-b")
    async with home.rooms.database.unit("org-b") as unit:
        await unit.assistants.add(foreign)
    await assistant(home)
    with pytest.raises(Invalid, match="no assistant with this id"):
        await answering.decide(home.rooms, await rings(home), {"assistant_id": foreign.id})


async def test_an_error_and_missing_credit_are_told_in_words(home: World) -> None:
    await assistant(home, tts_config=TtsConfig(provider="local", language="nl-NL"))
    ringing = await rings(home)
    decided = await answering.decide(home.rooms, ringing, {"error": " We are closed. "})
    assert decided.plan.refusal is not None
    assert (decided.plan.refusal.reason, decided.plan.refusal.words) == (
        EndReason.REJECTED_BY_WEBHOOK,
        "We are closed.",
    )
    broke = answering.without_credit(ringing)
    assert broke.plan.refusal is not None
    assert broke.plan.refusal.reason is EndReason.INSUFFICIENT_CREDITS
    assert broke.plan.refusal.words.startswith("Dit nummer")
    assert broke.problem is None
