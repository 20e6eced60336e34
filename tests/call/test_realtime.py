"""Whole calls with realtime models: real SIP and RTP on one side, each vendor's protocol with real words on the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.installation import Installation, installation
from tests.peers import BaresipPeer
from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator
from trunkline.testing.person import HIGHEST_ERROR_RATE, Person, Talk, person
from trunkline.testing.recogniser import transcribe

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

RATE = 8_000
AT_ONCE = 4
"""More calls at once would only make each other slow."""
TALK_SECONDS = 90.0
FIRST = "Hello, this is Bright Smile Dental. When would you like to come in?"
VENDORS = {"openai_realtime": "openai", "xai_realtime": "xai", "google_realtime": "google"}
FORCES = "xai_realtime"
"""Whose models can be made to speak given words."""
every_vendor = pytest.mark.parametrize("provider", VENDORS)


@dataclass(frozen=True, slots=True)
class Stage:
    """A platform that reaches only emulators, a person who takes calls, and how many calls there are at once."""

    house: Installation
    vendors: Mapping[str, VendorEmulator]
    person: Person
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    registering: asyncio.Lock = field(default_factory=asyncio.Lock)

    def was_told(self, provider: str, words: str) -> list[str]:
        """The messages to a vendor that hold these words."""
        bodies = [json.dumps(one.body, default=str) for one in self.vendors[VENDORS[provider]].received]
        return [body for body in bodies if words in body]


def assistant(provider: str, **settings: Any) -> dict[str, Any]:
    """An assistant on a realtime model."""
    return {
        "name": "Reception",
        "business_name": "Bright Smile",
        "first_message": FIRST,
        "max_duration_seconds": 80,
        "silence_timeout_seconds": 60,
        "llm_config": {
            "provider": provider,
            "messages": [{"role": "system", "content": "You answer the phone of Bright Smile Dental."}],
            "tools": [{"type": "end_call"}],
        },
        **settings,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """The three vendors emulated in this process, and a platform that knows them by its settings alone."""
    async with AsyncExitStack() as stack:
        vendors = {name: await stack.enter_async_context(EMULATORS[name]()) for name in VENDORS.values()}
        settings = {
            name.removeprefix("TRUNKLINE_").lower(): value
            for emulator in vendors.values()
            for name, value in emulator.environment().items()
        }
        house = await stack.enter_async_context(installation(folder, **settings))
        called = await stack.enter_async_context(person("visitor"))
        await house.number(called.port)
        yield Stage(house, vendors, called)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call that is over, and what the phone heard of it."""

    call: dict[str, Any]
    heard: str

    def said(self, role: str) -> list[str]:
        """The turns of one role."""
        return [one["content"] for one in self.call["messages"] if one["role"] == role]


Act = Callable[[Stage, str, BaresipPeer], Awaitable[None]]


async def controlled(stage: Stage, provider: str, act: Act, **settings: Any) -> Outcome:
    """A call to a phone whose owner says nothing, in which ``act`` is done once the first words were said."""
    async with stage.room:
        with BaresipPeer(tone=silence(1, RATE)) as phone:
            port = phone.start()
            async with stage.registering:
                await stage.house.number(port)
            call_id = await stage.house.call(port, assistant(provider, **settings))
            await stage.house.until(call_id, lambda call: bool(_of(call, "assistant")), 40)
            await act(stage, call_id, phone)
            call = await stage.house.ended(call_id, 40)
            await asyncio.sleep(0.5)
            pcm = b"".join(decode(part.read_bytes()).pcm for part in sorted(phone.folder.glob("*-dec.wav")))
        heard = await asyncio.to_thread(transcribe, to_float(resample(pcm, RATE, 16_000)))
    return Outcome(call, heard.lower())


def _of(call: dict[str, Any], role: str) -> list[str]:
    return [one["content"] for one in call["messages"] if one["role"] == role]


async def _order(stage: Stage, call_id: str, **order: Any) -> None:
    await stage.house.api.post(f"/calls/{call_id}/control", order)


async def _hangs_up(phone: BaresipPeer) -> None:
    phone.order("hangup")


# --- what is done in each call


async def _inject(stage: Stage, call_id: str, phone: BaresipPeer) -> None:
    fact = f"The caller's file number is {call_id[-6:]}."
    await _order(stage, call_id, type="inject-context", content=fact, trigger_response=True)
    await stage.house.until(call_id, lambda call: len(_of(call, "assistant")) == 2, 30)
    await _hangs_up(phone)


async def _say(stage: Stage, call_id: str, phone: BaresipPeer) -> None:
    await _order(stage, call_id, type="say", content=f"We close early on Friday, number {call_id[-6:]}.")
    await stage.house.until(call_id, lambda call: len(_of(call, "assistant")) == 2, 30)
    await _hangs_up(phone)


async def _end(stage: Stage, call_id: str, _phone: BaresipPeer) -> None:
    await _order(stage, call_id, type="end-call", message="Thank you for your time, goodbye.")


async def _transfer(stage: Stage, call_id: str, _phone: BaresipPeer) -> None:
    with BaresipPeer(user="agent", tone=silence(1, RATE)) as agent:
        target = f"sip:agent@127.0.0.1:{agent.start()}"
        order = {"destination": target, "mode": "blind", "message": "One moment, I connect you with my colleague."}
        await _order(stage, call_id, type="transfer", **order)
        await agent.happened("CALL_ESTABLISHED", seconds=40)


# --- the tests


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(stage: Stage) -> AsyncIterator[Mapping[tuple[str, str], "asyncio.Task[Outcome]"]]:
    """All calls of this module, begun at once."""
    acts: Mapping[str, Act] = {"inject": _inject, "say": _say, "end": _end, "transfer": _transfer}
    begun = {
        (provider, name): asyncio.create_task(controlled(stage, provider, act))
        for name, act in acts.items()
        for provider in VENDORS
    }
    yield begun
    for task in begun.values():
        task.cancel()
    await asyncio.gather(*begun.values(), return_exceptions=True)


Calls = Mapping[tuple[str, str], "asyncio.Task[Outcome]"]


@every_vendor
async def test_context_is_taken_in_and_answered(stage: Stage, calls: Calls, provider: str) -> None:
    outcome = await calls[provider, "inject"]
    (fact,) = outcome.said("system")
    assert len(stage.was_told(provider, fact)) >= 2, "as a turn, and among the instructions"
    assert len(outcome.said("assistant")) == 2
    assert outcome.call["end_reason"] == "user_hangup"
    assert "dental" in outcome.heard or "smile" in outcome.heard


@every_vendor
async def test_words_are_said_and_known_to_the_model(stage: Stage, calls: Calls, provider: str) -> None:
    outcome = await calls[provider, "say"]
    words = outcome.said("assistant")[1]
    assert words.startswith("We close early on Friday")
    assert "friday" in outcome.heard
    told = stage.was_told(provider, words)
    assert told
    assert any("force_message" in one for one in told) is (provider == FORCES)


@every_vendor
async def test_the_call_is_ended_after_the_last_words(calls: Calls, provider: str) -> None:
    outcome = await calls[provider, "end"]
    assert (outcome.call["status"], outcome.call["end_reason"]) == ("ended", "api_ended")
    assert outcome.said("assistant")[-1] == "Thank you for your time, goodbye."
    assert "goodbye" in outcome.heard.replace(" ", "").replace("-", "")


@every_vendor
async def test_the_party_is_told_and_handed_over(calls: Calls, provider: str) -> None:
    outcome = await calls[provider, "transfer"]
    assert (outcome.call["status"], outcome.call["end_reason"]) == ("transferred", "transferred")
    assert outcome.said("assistant")[-1] == "One moment, I connect you with my colleague."
    assert "colleague" in outcome.heard


async def _talk(stage: Stage, provider: str, number: str) -> Talk:
    """A talk with the person."""
    call_id = await stage.house.call(stage.person.port, assistant(provider), destination=number)
    await stage.house.ended(call_id, TALK_SECONDS)
    call = await stage.house.until(call_id, lambda call: call["cost"] is not None)
    return Talk(call, await stage.person.account(number))


async def test_every_vendors_model_holds_a_talk_with_real_words_both_ways(stage: Stage, calls: Calls) -> None:
    await asyncio.gather(*calls.values(), return_exceptions=True)
    numbers = {provider: f"+3161234120{index}" for index, provider in enumerate(VENDORS)}
    talks = await asyncio.gather(*(_talk(stage, provider, number) for provider, number in numbers.items()))
    for provider, talk in zip(VENDORS, talks, strict=True):
        call = talk.call
        assert (call["status"], call["end_reason"]) == ("ended", "assistant_ended"), (provider, talk)
        assert max(talk.error_rates().values()) < HIGHEST_ERROR_RATE, talk
        assert call["messages"][0]["content"] == FIRST
        assert "I understood" in talk.of("assistant")
        begun = [one["started_at"] for one in call["messages"] if one["role"] != "system"]
        assert begun == sorted(begun), talk
        (model,) = [one for one in call["cost"]["stages"] if one["stage"] == "llm"]
        assert model["provider"] == provider
        assert model["usage"]["seconds"] > 5
        assert model["usage"]["prompt_tokens"] > 0
        told = stage.was_told(provider, FIRST)
        assert told
        assert any("force_message" in one for one in told) is (provider == FORCES)
    for vendor in stage.vendors.values():
        await vendor.until(lambda vendor=vendor: vendor.open_streams == 0)  # type: ignore[misc]
    log = stage.house.log.read_text()
    assert not [vendor.vendor for vendor in stage.vendors.values() if vendor.key in log]
    assert "Traceback" not in log, log[-4000:]
