"""Every vendor of language models, emulated, keeps to what all of them have to do."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from pydantic import SecretStr

from tests.vendors.conformance_llm import (
    ASKED,
    HISTORIES,
    HOUSES,
    SYSTEM,
    TOOLS,
    Emulated,
    calls_of,
    emulated,
    it_can_be_cut_off,
    it_talks,
    it_uses_a_tool,
    parts_of,
    session_of,
    text_of,
)
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import AnalysisPlan, FunctionSpec, SttConfig, TtsConfig
from trunkline.jobs.asking_model import Model, for_analysis, json_in, judging_turns, summary_turns
from trunkline.ports.models import Delta, Spent, Turn
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.testing.emulators.brain import Answer, BrainCall
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = pytest.mark.room


@pytest.fixture(params=sorted(HOUSES))
async def one(request: pytest.FixtureRequest) -> AsyncIterator[Emulated]:
    async with emulated(request.param) as running:
        yield running


@pytest.fixture(params=sorted(HOUSES))
async def hasty(request: pytest.FixtureRequest) -> AsyncIterator[Emulated]:
    """A vendor that is given up soon."""
    async with emulated(request.param, silence_seconds=0.7) as running:
        yield running


async def test_it_talks(one: Emulated) -> None:
    await it_talks(one.llm, one.config())
    assert text_of(await parts_of(one.llm, one.config())).startswith("I understood: My order is late.")


async def test_it_uses_a_tool(one: Emulated) -> None:
    assert await it_uses_a_tool(one.llm, one.config()) == "Here is what I found: forecast sunny, degrees 21."


async def test_several_calls_at_once(one: Emulated) -> None:
    calls = (BrainCall("get_weather", {"city": "Rome", "unit": "celsius"}), BrainCall("end_call"))
    one.house.scripted.append(Answer("", calls))
    made = calls_of(await parts_of(one.llm, one.config(), ASKED, TOOLS))
    assert [(call.name, call.arguments, call.problem) for call in made] == [
        ("get_weather", {"city": "Rome", "unit": "celsius"}, ""),
        ("end_call", {}, ""),
    ]
    assert len({call.id for call in made}) == 2


@pytest.mark.parametrize("name", list(HISTORIES))
async def test_every_history_is_taken(one: Emulated, name: str) -> None:
    said = text_of(await parts_of(one.llm, one.config(), HISTORIES[name], TOOLS))
    assert said
    if HISTORIES[name][-1].role == "tool" and "rain" in HISTORIES[name][-1].content:
        assert "rain" in said


async def test_tools_with_the_least_of_a_schema(one: Emulated) -> None:
    tools = (FunctionSpec(name="ring", parameters={}), FunctionSpec(name="knock", parameters={"type": "object"}))
    (call,) = calls_of(await parts_of(one.llm, one.config(), (Turn("user", "Please knock."),), tools))
    assert (call.name, call.arguments) == ("knock", {})


async def test_the_catalogue_has_it(one: Emulated) -> None:
    name = one.house.vendor
    settings = ProviderSettings(urls={name: one.house.url}, keys={name: SecretStr(KEY)})
    async with Catalogue(settings) as models:
        models.check(one.config(), SttConfig(provider="local"), TtsConfig(provider="local"), own=())
        assert text_of(await parts_of(models.llm(name), one.config()))
        with pytest.raises(Upstream):
            await parts_of(models.llm(name, SecretStr("an organisations own")), one.config())


async def test_a_reply_begins_before_it_has_ended(hasty: Emulated) -> None:
    hasty.house.misbehave(Trouble(Fault.SILENCE, Moment.MIDDLE))
    words: list[str] = []

    async def hear() -> None:
        async with session_of(hasty.llm, hasty.config()) as session:
            async for part in session.reply(ASKED, ()):
                assert isinstance(part, Delta)
                words.append(part.text)

    with pytest.raises(Upstream) as caught:
        await hear()
    assert words == ["I "]
    assert caught.value.retryable


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize(
    ("fault", "retryable"),
    [
        (Fault.RATE_LIMITED, True),
        (Fault.OVERLOADED, True),
        (Fault.ERROR, True),
        (Fault.DROP, True),
        (Fault.SILENCE, True),
        (Fault.HALF_OPEN, True),
        (Fault.GARBAGE, None),
    ],
)
async def test_what_goes_wrong_is_an_upstream(
    hasty: Emulated, fault: Fault, moment: Moment, retryable: bool | None
) -> None:
    hasty.house.misbehave(Trouble(fault, moment))
    async with asyncio.timeout(5):
        with pytest.raises(Upstream) as caught:
            await parts_of(hasty.llm, hasty.config())
    assert caught.value.provider == hasty.house.vendor
    assert retryable is None or caught.value.retryable is retryable
    await hasty.house.until(lambda: not hasty.house.open_streams)


@pytest.mark.parametrize("moment", [Moment.CONNECT, Moment.FIRST])
async def test_a_key_that_is_not_taken_any_more(one: Emulated, moment: Moment) -> None:
    one.house.misbehave(Trouble(Fault.UNAUTHORISED, moment))
    with pytest.raises(Upstream) as caught:
        await parts_of(one.llm, one.config())
    assert not caught.value.retryable


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.ODD_CHUNKS])
async def test_what_is_only_odd_goes_well(one: Emulated, fault: Fault, moment: Moment) -> None:
    one.house.misbehave(Trouble(fault, moment, seconds=0.1))
    parts = await parts_of(one.llm, one.config(), (Turn("user", "Get weather in Köln, in celsius."),), TOOLS)
    (call,) = calls_of(parts)
    assert call.arguments == {"city": "Köln", "unit": "celsius"}


@pytest.mark.parametrize("moment", [Moment.CONNECT, Moment.FIRST])
async def test_after_one_failure_the_next_try_succeeds(one: Emulated, moment: Moment) -> None:
    one.house.misbehave(Trouble(Fault.OVERLOADED, moment, times=1))
    with pytest.raises(Upstream):
        await parts_of(one.llm, one.config())
    assert text_of(await parts_of(one.llm, one.config()))


@pytest.mark.parametrize("name", sorted(HOUSES))
async def test_a_wrong_key_is_final_and_told_to_nobody(name: str) -> None:
    async with emulated(name, key="sk-secret-of-somebody") as other:
        with pytest.raises(Upstream) as caught:
            await parts_of(other.llm, other.config())
    error = caught.value
    assert not error.retryable
    assert error.status in (400, 401)
    assert f" refused the {'key' if error.status == 401 else 'request'} ({error.status})" in error.message
    assert "secret" not in f"{error} {error!r} {error.vendor_message} {error.__cause__!r} {error.request_id}"


async def test_a_vendor_that_is_away(one: Emulated) -> None:
    await one.house.__aexit__(None, None, None)
    with pytest.raises(Upstream) as caught:
        await parts_of(one.llm, one.config())
    assert caught.value.retryable


async def test_a_reply_that_is_not_wanted_any_more(one: Emulated) -> None:
    one.house.scripted.append(Answer("word " * 2000))
    await it_can_be_cut_off(one.llm, one.config())
    await one.house.until(lambda: not one.house.open_streams)


async def test_a_cancelled_wait_leaves_nothing(one: Emulated) -> None:
    one.house.misbehave(Trouble(Fault.SILENCE, Moment.FIRST))
    async with session_of(one.llm, one.config()) as session:

        async def ask() -> None:
            async for _ in session.reply(ASKED, ()):
                raise AssertionError("nothing was to come")

        asking = asyncio.create_task(ask())
        await one.house.until(lambda: one.house.open_streams == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await one.house.until(lambda: not one.house.open_streams)


async def test_a_connection_is_there_before_it_is_needed(one: Emulated) -> None:
    async with session_of(one.llm, one.config()):
        await one.house.until(lambda: bool(one.house.received))
        assert one.house.received[0].path.startswith(f"{one.house.base}/models")


async def test_what_was_read_from_the_cache_is_told(one: Emulated) -> None:
    long = Turn("system", "Be kind. " * 600)
    history: Sequence[Turn] = (long, Turn("assistant", "Hello."), Turn("user", "Hi."))
    first = (await parts_of(one.llm, one.config(), history))[-1]
    second = (await parts_of(one.llm, one.config(), (*history, Turn("assistant", "Yes?"), Turn("user", "Hm."))))[-1]
    assert isinstance(first, Spent)
    assert isinstance(second, Spent)
    assert first.cached_tokens == 0
    if one.house.vendor == "mistral":  # its figures do not tell
        assert second.cached_tokens == 0
        return
    assert 1024 <= second.cached_tokens <= first.prompt_tokens < second.prompt_tokens


async def test_the_temperature_and_the_longest_reply_are_sent(one: Emulated) -> None:
    await parts_of(one.llm, one.config(temperature=2, max_completion_tokens=77))
    (body,) = one.chats()
    told = body.get("generationConfig", body)
    assert isinstance(told, dict)
    assert 77 in (told.get(name) for name in ("max_tokens", "max_completion_tokens", "maxOutputTokens"))
    warmest = {"mistral": 1.5, "anthropic": 1.0}.get(one.house.vendor, 2.0)
    assert told["temperature"] == warmest


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high"])
async def test_every_effort_is_taken(one: Emulated, effort: str) -> None:
    config = one.config(reasoning_effort=effort)
    assert await it_uses_a_tool(one.llm, config) == "Here is what I found: forecast sunny, degrees 21."


async def test_it_analyses_a_call(one: Emulated) -> None:
    values = {"transcript": "user: I come on Friday.", "ended_reason": "user-ended-call"}
    async with session_of(one.llm, for_analysis(one.config(reasoning_effort="high"))) as session:
        model = Model(session)
        assert "I come on Friday." in await model.answer(summary_turns(values))
        verdict = json_in(await model.answer(judging_turns(AnalysisPlan(), values)))
    assert verdict["passed"] is True


async def test_a_model_that_is_not_there(one: Emulated) -> None:
    with pytest.raises(Upstream) as caught:
        await parts_of(one.llm, one.config(model="no-such-model"), (SYSTEM, Turn("user", "Hi.")))
    assert not caught.value.retryable
    assert "no-such-model" in caught.value.vendor_message


@pytest.mark.parametrize("name", sorted(HOUSES))
@pytest.mark.parametrize("key", ["two\nlines", "späte"])
async def test_a_key_that_cannot_be_sent(name: str, key: str) -> None:
    async with emulated(name, key=key) as other:
        with pytest.raises(Upstream) as caught:
            await parts_of(other.llm, other.config())
        assert not caught.value.retryable
        assert key not in f"{caught.value} {caught.value.vendor_message}"
        assert other.house.received == []
