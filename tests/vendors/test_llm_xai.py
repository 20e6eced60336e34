"""xAI: the emulator as OpenAI's SDK sees it, which xAI recommends, and what our adapter sends."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.vendors.conformance_llm import ASKED, TOOLS, Emulated, emulated, parts_of, text_of
from trunkline.ports.models import Spent
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = pytest.mark.room
ASK: list[Any] = [{"role": "user", "content": "My order is late."}]


@pytest.fixture
async def one() -> AsyncIterator[Emulated]:
    async with emulated("xai") as running:
        yield running


@pytest.fixture
async def client(one: Emulated) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=one.house.url, max_retries=0, timeout=2) as made:
        yield made


async def test_the_sdk_reads_a_stream(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="grok-4.3", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == "I understood: My order is late. What else can I do for you?"
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens
    assert usage.total_tokens > usage.prompt_tokens + usage.completion_tokens


async def test_the_sdk_knows_a_rate_limit(one: Emulated, client: openai.AsyncOpenAI) -> None:
    one.house.misbehave(Trouble(Fault.RATE_LIMITED, Moment.CONNECT))
    with pytest.raises(openai.RateLimitError):
        await client.chat.completions.create(model="grok-4.3", messages=ASK)


async def test_a_wrong_key_is_a_bad_request(one: Emulated) -> None:
    async with openai.AsyncOpenAI(api_key="xai-wrong-one", base_url=one.house.url, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="grok-4.3", messages=ASK)
    assert "Incorrect API key provided: xa***ne" in str(caught.value.body)


async def test_an_effort_is_refused_by_models_that_take_none(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="grok-4-1-fast-non-reasoning", messages=ASK, reasoning_effort="low")
    assert "does not support parameter reasoningEffort" in str(caught.value.body)


@pytest.mark.parametrize(
    ("model", "asked", "effort"),
    [
        (None, None, "none"),
        ("grok-4.3", "minimal", "none"),
        ("grok-4.3", "high", "high"),
        ("grok-4-1-fast-non-reasoning", "high", None),
        ("grok-3-mini", None, "low"),
        ("grok-4", "low", None),
    ],
)
async def test_how_long_it_thinks(one: Emulated, model: str | None, asked: str | None, effort: str | None) -> None:
    assert text_of(await parts_of(one.llm, one.config(model=model, reasoning_effort=asked), ASKED, TOOLS))
    (body,) = one.chats()
    assert body.get("reasoning_effort") == effort
    assert body["model"] == (model or "grok-4.3")
    assert "store" not in body


async def test_a_model_that_refuses_an_effort_is_asked_without(one: Emulated) -> None:
    config = one.config(model="grok-9", reasoning_effort="low")
    for _ in range(2):
        assert text_of(await parts_of(one.llm, config))
    assert ["reasoning_effort" in body for body in one.chats()] == [True, False, False]


async def test_thoughts_are_paid_but_not_spoken(one: Emulated) -> None:
    plain = (await parts_of(one.llm, one.config()))[-1]
    parts = await parts_of(one.llm, one.config(reasoning_effort="high"))
    assert text_of(parts) == "I understood: My order is late. What else can I do for you?"
    assert isinstance(plain, Spent)
    assert isinstance(parts[-1], Spent)
    assert parts[-1].completion_tokens > plain.completion_tokens
