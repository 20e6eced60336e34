"""Placing a call: what is refused and how, what is recorded, and what is woken."""

import asyncio
from typing import Any

import pytest

from tests.services.world import DESTINATION, A, B, World
from tests.storage import world
from trunkline.base.errors import Invalid, NotFound, PaymentRequired, TrunklineError, Unavailable
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import CallStatus
from trunkline.domain.plan import CallPlan
from trunkline.services import calls, trunks
from trunkline.storage.plans import plan_from_json

pytestmark = pytest.mark.room

TRANSIENT = TransientAssistant.model_validate(
    {
        "llm_config": {"provider": "local", "messages": [{"content": "You help {{name}}."}]},
        "stt_config": {"provider": "local"},
        "tts_config": {"provider": "local"},
    }
)


async def test_a_call_is_recorded_with_its_plan_before_a_worker_is_woken(home: World) -> None:
    placed = await calls.place(
        home.rooms,
        A,
        calls.PlaceOrder(DESTINATION, assistant_id=home.assistant_id, metadata={"order": 7}, max_ring_seconds=20),
    )
    assert placed.status == "dialing"
    assert placed.call_id.startswith("call-outbound-")
    assert home.live.woken == [placed.call_id]
    stored = await home.call(placed.call_id)
    assert (stored.status, stored.worker_id) == (CallStatus.QUEUED, None)
    async with home.rooms.database.system() as unit:
        sealed = await unit.calls.plan_sealed(placed.call_id)
    assert "trunk-password" not in sealed
    plan = plan_from_json(home.rooms.vault.open(sealed))
    assert (plan.destination, plan.caller_id, plan.max_ring_seconds) == (DESTINATION, "+31850835037", 20)
    assert plan.trunk is not None
    assert plan.trunk.auth_password == "trunk-password"
    assert (plan.webhook_url, plan.webhook_secret) == ("https://example.com/hook", "assistant-secret")
    assert plan.metadata == {"order": 7}
    assert plan.transfer_trunk is None


async def test_second_legs_go_over_the_trunk_that_the_number_has_for_them(home: World) -> None:
    desk = await trunks.create(home.rooms, A, trunks.TrunkSettings(name="Desk", address="desk.example.com"))
    await home.change("numbers", home.number_id, transfer_trunk_id=desk.id)
    plan = await _plan(home)
    assert plan.trunk is not None
    assert plan.transfer_trunk is not None
    assert (plan.trunk.id, plan.transfer_trunk.id) == (home.trunk_id, desk.id)
    await home.change("trunks", desk.id, is_active=False)
    assert (await _plan(home)).transfer_trunk is None


async def _plan(home: World) -> CallPlan:
    call_id = await home.place()
    async with home.rooms.database.system(write=False) as unit:
        return plan_from_json(home.rooms.vault.open(await unit.calls.plan_sealed(call_id)))


async def test_the_call_object_has_every_field_and_no_secret(home: World) -> None:
    call_id = await home.place()
    shown = await calls.get(home.rooms, A, call_id)
    assert set(shown) == {
        *("id", "direction", "status", "end_reason", "error", "caller_phone", "assistant_phone", "phone_number"),
        *("number_id", "agent_id", "assistant_id", "agent_name", "assistant_name", "business_name", "started_at"),
        *("ended_at", "duration_seconds", "summary", "analysis_result", "messages", "recording_url", "room_name"),
        *("metadata", "scheduled_at", "campaign_id", "lead_id", "assistant", "latency", "cost", "sip"),
        *("created_at", "updated_at"),
    }
    assert (shown["status"], shown["direction"], shown["caller_phone"]) == ("queued", "outbound", DESTINATION)
    assert shown["phone_number"] == shown["assistant_phone"] == "+31850835037"
    assert shown["agent_name"] == shown["assistant_name"] == "Anna"
    assert shown["agent_id"] == home.assistant_id
    assert shown["created_at"] == "2026-11-22T10:00:00.000Z"
    assert "secret" not in str(shown).replace("webhook_secret", "").replace("'secret': None", "")


async def test_another_organisation_sees_neither_the_call_nor_its_parts(home: World) -> None:
    call_id = await home.place()
    with pytest.raises(NotFound):
        await calls.get(home.rooms, B, call_id)
    with pytest.raises(NotFound):
        await calls.events_after(home.rooms, B, call_id, 0)
    with pytest.raises(NotFound):
        await calls.follow(home.rooms, B, call_id, 0)
    assert (await calls.list_(home.rooms, B, calls.CallFilters(), 10, 0)).total == 0
    for own in ("assistant_id", "number_id"):
        with pytest.raises(NotFound):
            await home.place(B, **{own: getattr(home, own)})


async def test_a_transient_assistant_is_filled_from_the_variables(home: World) -> None:
    call_id = await home.place(assistant_id=None, assistant=TRANSIENT, variables={"name": "Zoë"}, first_message="Hi.")
    closed = await calls.closing(home.rooms, call_id)
    assert closed.plan.assistant.llm_config.messages[0].content == "You help Zoë."
    assert closed.plan.assistant.first_message == "Hi."
    assert closed.call.assistant_id is None


async def test_the_business_and_the_assistants_name_need_no_variable(home: World) -> None:
    llm = {"provider": "local", "messages": [{"content": "You are {{agent_name}} of {{business_name}}."}]}
    stages = {"llm_config": llm, "stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
    assistant = TransientAssistant.model_validate({"name": "Ann", "business_name": "Bright Smile", **stages})
    plans = []
    for given in ({}, {"business_name": "Other", "who": "Bob"}):
        call_id = await home.place(assistant_id=None, assistant=assistant, variables=given)
        plans.append((await calls.closing(home.rooms, call_id)).plan)
    told = [plan.assistant.llm_config.messages[0].content for plan in plans]
    assert told == ["You are Ann of Bright Smile.", "You are Ann of Other."]
    assert [plan.variables for plan in plans] == [
        {"business_name": "Bright Smile"},
        {"business_name": "Other", "who": "Bob"},
    ]


async def test_a_schema_that_is_none_is_refused(home: World) -> None:
    override = {"analysis_plan": {"structured_data_plan": {"enabled": True, "schema": {"type": "thing"}}}}
    with pytest.raises(Invalid) as refused:
        await home.place(assistant_override=override)
    assert refused.value.details[0].startswith("analysis_plan.structured_data_plan.schema: is no valid JSON Schema")


async def test_an_override_merges_into_the_stored_assistant(home: World) -> None:
    override = {"llm_config": {"messages": [{"content": "Be brief."}]}, "webhook_url": None, "max_duration_seconds": 60}
    closed = await calls.closing(home.rooms, await home.place(assistant_override=override))
    assistant = closed.plan.assistant
    assert assistant.llm_config.messages[0].content == "Be brief."
    assert assistant.llm_config.provider == "local"
    assert len(assistant.llm_config.tools) == 2
    assert (assistant.max_duration_seconds, assistant.webhook_url, closed.plan.webhook_url) == (60, None, None)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no number at all": ({"destination": "hello"}, "invalid_request", "destination"),
    "a number without its country": ({"destination": "0612345678"}, "invalid_request", "destination"),
    "a number that is too short": ({"destination": "+3161"}, "invalid_request", "destination"),
    "a SIP URI where the trunk allows none": ({"destination": "sip:a@example.com"}, "no_number_available", ""),
    "no mode": ({"assistant_id": None}, "invalid_request", "assistant_id"),
    "two modes": ({"assistant": TRANSIENT}, "invalid_request", "assistant"),
    "an override of nothing": (
        {"assistant_id": None, "assistant_override": {}},
        "invalid_request",
        "assistant_override",
    ),
    "an override that fits nothing": (
        {"assistant_override": {"voice": 1}},
        "invalid_request",
        "assistant_override.voice",
    ),
    "an unknown provider": ({"assistant_override": {"llm_config": {"provider": "x"}}}, "invalid_request", "llm_config"),
    "no ears": ({"assistant_override": {"stt_config": None}}, "invalid_request", "stt_config"),
    "an unfilled variable": ({"first_message": "Hi {{who}}"}, "missing_variables", "variables.who"),
    "too much metadata": ({"metadata": {"x": "y" * 17_000}}, "invalid_request", "metadata"),
    "an unknown number": ({"number_id": "none"}, "not_found", ""),
    "an unknown assistant": ({"assistant_id": "none"}, "not_found", ""),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_makes_no_sense_is_refused_and_leaves_nothing(home: World, what: str) -> None:
    order, code, field = REFUSED[what]
    with pytest.raises(TrunklineError) as refused:
        await home.place(**order)
    assert refused.value.code == code
    assert not field or refused.value.details[0].startswith(f"{field}")
    assert (await calls.list_(home.rooms, A, calls.CallFilters(), 10, 0)).total == 0
    assert home.live.woken == []


UNUSABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "number_inactive": ("numbers", {"is_active": False}),
    "number_has_no_trunk": ("numbers", {"trunk_id": None}),
    "trunk_inactive": ("trunks", {"is_active": False}),
}


@pytest.mark.parametrize("code", UNUSABLE)
async def test_a_named_number_that_cannot_call_out_is_refused_by_name(home: World, code: str) -> None:
    noun, changes = UNUSABLE[code]
    await home.change(noun, home.number_id if noun == "numbers" else home.trunk_id, **changes)
    with pytest.raises(Invalid) as refused:
        await home.place(number_id=home.number_id)
    assert refused.value.code == code
    with pytest.raises(Invalid) as unchosen:
        await home.place()
    assert unchosen.value.code == "no_number_available"


async def test_a_sip_uri_goes_where_the_trunk_allows_it(home: World) -> None:
    with pytest.raises(Invalid, match="allow_sip_uri"):
        await home.place(destination="sip:desk@example.com", number_id=home.number_id)
    await home.change("trunks", home.trunk_id, allow_sip_uri=True)
    for number_id in (None, home.number_id):
        call = await home.call(await home.place(destination="sip:desk@example.com", number_id=number_id))
        assert call.caller_phone == "sip:desk@example.com"


async def test_an_inactive_assistant_does_not_call(home: World) -> None:
    async with home.rooms.unit(A) as unit:
        resting = world.assistant(is_active=False)
        await unit.assistants.add(resting)
    with pytest.raises(Invalid) as refused:
        await home.place(assistant_id=resting.id)
    assert refused.value.code == "assistant_inactive"


@pytest.mark.parametrize("balances", [{"minutes_balance": 0}, {"credits_balance": -1.5}])
async def test_a_metered_organisation_without_credit_does_not_call(home: World, balances: dict[str, float]) -> None:
    await home.change("organisations", "org-a", **balances)
    with pytest.raises(PaymentRequired) as refused:
        await home.place()
    assert refused.value.code == "insufficient_credits"
    await home.change("organisations", "org-a", **dict.fromkeys(balances, 1.0))
    await home.place()


async def test_without_a_worker_with_room_there_is_no_call(home: World) -> None:
    home.live.free = 0
    with pytest.raises(Unavailable) as refused:
        await home.place()
    assert (refused.value.code, refused.value.retry_after_seconds) == ("at_capacity", 5)


LIMITED = {"organisations": "org-a", "numbers": "number_id", "trunks": "trunk_id"}


@pytest.mark.parametrize("noun", LIMITED)
async def test_calls_placed_at_once_never_pass_a_limit(home: World, noun: str) -> None:
    id = "org-a" if noun == "organisations" else getattr(home, LIMITED[noun])
    await home.change(noun, id, max_concurrent_calls=3)
    tries = [home.place(number_id=home.number_id) for _ in range(12)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 3
    assert all(isinstance(o, str) or (isinstance(o, Unavailable) and o.code == "at_capacity") for o in outcomes)
    async with home.rooms.unit(A, write=False) as unit:
        assert (await unit.calls.load()).total == 3


async def test_a_number_of_the_destinations_country_is_chosen_then_the_one_that_rested_longest(home: World) -> None:
    async with home.rooms.unit(A) as unit:
        for phone_number in ("+442079460000", "+442079460001"):
            await unit.numbers.add(world.number(phone_number=phone_number, trunk_id=home.trunk_id))

    async def shown(destination: str) -> str | None:
        home.clock.advance(1)
        return (await home.call(await home.place(destination=destination))).assistant_phone

    british = [await shown("+442079460999") for _ in range(4)]
    assert set(british[:2]) == {"+442079460000", "+442079460001"}
    assert british[2:] == british[:2]
    assert await shown(DESTINATION) == "+31850835037"
    assert await shown("+4930123456") == british[0]


async def test_a_full_number_is_passed_over_in_the_choice(home: World) -> None:
    await home.change("numbers", home.number_id, max_concurrent_calls=1)
    await home.place()
    with pytest.raises(Invalid) as refused:
        await home.place()
    assert refused.value.code == "no_number_available"


async def test_calls_are_listed_newest_first_and_filtered(home: World) -> None:
    ids = []
    for _ in range(3):
        home.clock.advance(60)
        ids.append(await home.place())

    async def listed(limit: int = 10, offset: int = 0, **filters: Any) -> tuple[list[str], int]:
        page = await calls.list_(home.rooms, A, calls.CallFilters(**filters), limit, offset)
        return [item["id"] for item in page.items], page.total

    assert await listed() == (ids[::-1], 3)
    assert await listed(limit=1, offset=1) == ([ids[1]], 3)
    assert await listed(status="ended") == ([], 0)
    assert await listed(direction="outbound", number_id=home.number_id, assistant_id=home.assistant_id) == (
        ids[::-1],
        3,
    )
    assert await listed(start_date=world.later(90), end_date=world.later(150)) == ([ids[1]], 1)
    assert await listed(end_reason="busy") == ([], 0)
