"""The cost of a call is written with its end, in the same transaction, on both databases."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.test_costing import CATALOGUE
from tests.services.world import A, World
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, StageUsage, StatusChanged, Usage
from trunkline.services import calls, claims, control
from trunkline.services.costing import tariff
from trunkline.services.journal import ServiceJournal

pytestmark = pytest.mark.room
STAGES = (
    StageUsage("stt", "ear", "quick", seconds=60.0),
    StageUsage("llm", "mind", "big", own_key=True, prompt_tokens=1000, completion_tokens=100),
    StageUsage("tts", "nobody", "x", characters=100),
)


@pytest.fixture
def home(home: World) -> World:
    """The world, with prices and a fee."""
    limits = replace(home.rooms.limits, tariff=tariff(CATALOGUE, {}, fee_per_minute=0.06))
    return replace(home, rooms=replace(home.rooms, limits=limits))


async def ended(home: World, usage: Usage, *, seconds: float = 120, **order: Any) -> dict[str, Any]:
    call_id = await home.place(**order)
    await claims.claim(home.rooms, call_id, "worker-1", 3600)
    journal = ServiceJournal(home.rooms)
    await journal.note(call_id, StatusChanged(home.clock.now(), CallStatus.IN_PROGRESS))
    home.clock.advance(seconds)
    assert (await calls.get(home.rooms, A, call_id))["cost"] is None
    await journal.note(call_id, CallEnded(home.clock.now(), EndReason.USER_HANGUP, usage=usage))
    return await calls.get(home.rooms, A, call_id)


async def test_a_call_that_ended_tells_what_it_cost(home: World) -> None:
    call = await ended(home, Usage(stages=STAGES))
    cost = call["cost"]
    assert (cost["total"], cost["platform_fee"], cost["unpriced"]) == (0.126, 0.12, ["tts nobody/x"])
    assert [stage["usd"] for stage in cost["stages"]] == [0.006, 0.0028, None]
    assert [stage["own_key"] for stage in cost["stages"]] == [False, True, False]
    listed = await calls.list_(home.rooms, A, calls.CallFilters(), 10, 0)
    assert [one["cost"] for one in listed.items] == [cost]


async def test_totals_alone_are_reckoned_by_the_assistant_of_the_call(home: World) -> None:
    usage = Usage(stt_seconds=30.0, llm_prompt_tokens=10, llm_completion_tokens=5, tts_characters=100)
    cost = (await ended(home, usage))["cost"]
    assert [(stage["stage"], stage["provider"]) for stage in cost["stages"]] == [
        ("stt", "local"),
        ("llm", "local"),
        ("tts", "local"),
    ]
    assert cost["stages"][1]["usd"] == 0


async def test_a_call_that_was_never_answered_costs_no_fee(home: World) -> None:
    call_id = await home.place()
    await control.cancel_queued(home.rooms, A, call_id, "command")
    cost = (await calls.get(home.rooms, A, call_id))["cost"]
    assert cost == {"currency": "USD", "total": 0, "platform_fee": 0, "stages": [], "unpriced": []}


async def test_a_call_whose_worker_was_lost_costs_its_fee(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker-1", 15)
    await ServiceJournal(home.rooms).note(call_id, StatusChanged(home.clock.now(), CallStatus.IN_PROGRESS))
    home.clock.advance(60)
    assert await claims.reap(home.rooms) == [call_id]
    assert (await calls.get(home.rooms, A, call_id))["cost"]["total"] == 0.015, "nobody held it after its lease of 15 s"
