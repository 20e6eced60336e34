"""A vendor fails in the midst of whole calls: a few cells of the fault matrix, all at the same time, and realtime models
that fail on real phone lines."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from bench.faults.__main__ import run
from bench.faults.cells import Cell, Course, cells
from bench.faults.judging import Outcome, Verdict

from tests.installation import Installation, installation
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.emulators.vendors import EMULATORS
from trunkline.testing.person import HIGHEST_ERROR_RATE, Person, Talk, person

pytestmark = [pytest.mark.call, pytest.mark.timeout(200)]

FEW = (
    ("stt", "deepgram", "drop", "first", "fallback", Outcome.FALLBACK),
    ("stt", "elevenlabs", "silence", "first", "fallback", Outcome.FALLBACK),
    ("stt", "deepgram", "unauthorised", "connect", "alone", Outcome.UNANSWERED),
    ("llm", "anthropic", "overloaded", "connect", "fallback", Outcome.FALLBACK),
    ("llm", "openai", "drop", "middle", "once", Outcome.COMPLETED),
    ("llm", "google", "silence", "first", "fallback", Outcome.FALLBACK),
    ("tts", "elevenlabs", "half_open", "middle", "fallback", Outcome.FALLBACK),
    ("tts", "openai", "error", "first", "alone", Outcome.APOLOGY),
    ("tts", "xai", "drop", "first", "once", Outcome.COMPLETED),
    ("realtime", "openai_realtime", "drop", "first", "once", Outcome.COMPLETED),
    ("realtime", "xai_realtime", "drop", "middle", "once", Outcome.COMPLETED),
)
FIRST = "Hello, this is Bright Smile Dental. When would you like to come in?"
STANDS_BY = "xai_realtime"
TALK_SECONDS = 60.0


def test_no_call_is_lost_while_a_configured_provider_works() -> None:
    expected: dict[Cell, Outcome] = {}
    for *words, course, outcome in FEW:
        (cell,) = cells(words, [Course(course)])
        expected[cell] = Outcome(outcome)
    verdicts: list[Verdict] = asyncio.run(run(list(expected), len(expected)))
    assert {one.cell: (one.outcome, one.why) for one in verdicts} == {
        cell: (outcome, "") for cell, outcome in expected.items()
    }


# --- realtime models over real SIP and RTP: each vendor fails in one way for as long as its call lasts

TROUBLES: Mapping[str, Trouble] = {
    "openai": Trouble(Fault.DROP, Moment.MIDDLE),
    "google": Trouble(Fault.SILENCE, Moment.FIRST),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talks(folder: Path) -> AsyncIterator[Mapping[str, Talk]]:
    """A talk that each failing vendor began and the one that stands by took over, all at once."""
    async with AsyncExitStack() as stack:
        vendors = {name: await stack.enter_async_context(EMULATORS[name]()) for name in (*TROUBLES, "xai")}
        settings = {
            name.removeprefix("TRUNKLINE_").lower(): value
            for emulator in vendors.values()
            for name, value in emulator.environment().items()
        }
        house = await stack.enter_async_context(installation(folder, **settings))
        called = await stack.enter_async_context(person("visitor"))
        await house.number(called.port)
        for name, trouble in TROUBLES.items():
            vendors[name].misbehave(trouble)
        found = await asyncio.gather(
            *(_talk(house, called, name, f"+3161234130{index}") for index, name in enumerate(TROUBLES))
        )
        assert all(vendors[name].struck for name in TROUBLES)
        yield dict(zip(TROUBLES, found, strict=True))


async def _talk(house: Installation, called: Person, vendor: str, number: str) -> Talk:
    assistant: dict[str, Any] = {
        "name": "Reception",
        "first_message": FIRST,
        "max_duration_seconds": 40,
        "silence_timeout_seconds": 40,
        "llm_config": {
            "provider": f"{vendor}_realtime",
            "messages": [{"role": "system", "content": "You answer the phone of Bright Smile Dental."}],
            "tools": [{"type": "end_call"}],
            "fallbacks": [{"provider": STANDS_BY}],
        },
    }
    call_id = await house.call(called.port, assistant, destination=number)
    await house.ended(call_id, TALK_SECONDS)
    call = await house.until(call_id, lambda call: call["cost"] is not None)
    return Talk(call, await called.account(number))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("vendor", TROUBLES)
async def test_a_realtime_model_that_fails_on_the_phone_is_taken_over_from(
    talks: Mapping[str, Talk], vendor: str
) -> None:
    talk = talks[vendor]
    call = talk.call
    assert (call["status"], call["end_reason"], call["error"]) == ("ended", "assistant_ended", None), talk
    used = {one["provider"] for one in call["cost"]["stages"] if one["stage"] == "llm"}
    assert used == {f"{vendor}_realtime", STANDS_BY}
    assert talk.error_rates()["customer"] < HIGHEST_ERROR_RATE, talk
    assert call["messages"][0]["content"] == FIRST
    assert "I understood" in talk.of("assistant")


@pytest.mark.asyncio(loop_scope="module")
async def test_what_broke_off_on_the_phone_is_marked_and_gone_on_with(talks: Mapping[str, Talk]) -> None:
    talk = talks["openai"]
    spoken = [one for one in talk.call["messages"] if one["role"] == "assistant"]
    broken = [number for number, one in enumerate(spoken) if one["interrupted"]]
    assert broken, talk
    rest = spoken[broken[-1] + 1]
    assert not rest["interrupted"]
    assert not rest["content"].startswith(spoken[broken[-1]]["content"]), talk
