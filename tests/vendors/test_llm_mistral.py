"""Mistral: the emulator as its SDK sees it, and what our adapter sends."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import HTTPValidationError, SDKError

from tests.vendors.conformance_llm import ASKED, TOOLS, Emulated, emulated, parts_of, text_of
from trunkline.ports.models import ToolCall, Turn
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = pytest.mark.room
FUNCTION: Any = {
    "type": "function",
    "function": {"name": TOOLS[0].name, "description": TOOLS[0].description, "parameters": TOOLS[0].parameters},
}
ASK: list[Any] = [{"role": "user", "content": "Get weather in Paris, in celsius."}]
MODEL = "mistral-medium-latest"


@pytest.fixture
async def one() -> AsyncIterator[Emulated]:
    async with emulated("mistral") as running:
        yield running


@pytest.fixture
async def client(one: Emulated) -> AsyncIterator[Mistral]:
    async with Mistral(api_key=KEY, server_url=one.house.url.removesuffix("/v1"), timeout_ms=2000) as made:
        yield made


async def test_the_sdk_reads_a_stream(client: Mistral) -> None:
    late: list[Any] = [{"role": "user", "content": "My order is late."}]
    stream = await client.chat.stream_async(model=MODEL, messages=late, max_tokens=50)
    chunks = [event.data async for event in stream]
    said = "".join(str(chunk.choices[0].delta.content or "") for chunk in chunks)
    assert said == "I understood: My order is late. What else can I do for you?"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens


async def test_the_sdk_reads_thoughts(client: Mistral) -> None:
    stream = await client.chat.stream_async(model="mistral-small-latest", messages=ASK, reasoning_effort="high")
    kinds = [
        chunk.type
        async for event in stream
        for chunk in (event.data.choices[0].delta.content or ())
        if not isinstance(chunk, str)
    ]
    assert kinds[0] == "thinking"
    assert set(kinds[1:]) == {"text"}


async def test_the_sdk_uses_a_tool(client: Mistral) -> None:
    first = await client.chat.complete_async(model=MODEL, messages=ASK, tools=[FUNCTION])
    message = first.choices[0].message
    assert message is not None
    (call,) = list(message.tool_calls or [])
    assert re.fullmatch("[a-zA-Z0-9]{9}", call.id or "")
    later: list[Any] = [*ASK, message, {"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 21}'}]
    second = await client.chat.complete_async(model=MODEL, messages=later, tools=[FUNCTION])
    assert second.choices[0].message is not None
    assert second.choices[0].message.content == "Here is what I found: degrees 21."


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.UNAUTHORISED, 401), (Fault.RATE_LIMITED, 429), (Fault.OVERLOADED, 503)]
)
async def test_the_sdk_knows_what_goes_wrong(one: Emulated, client: Mistral, fault: Fault, status: int) -> None:
    one.house.misbehave(Trouble(fault, Moment.CONNECT))
    with pytest.raises(SDKError) as caught:
        await client.chat.complete_async(model=MODEL, messages=ASK)
    assert caught.value.status_code == status


async def test_the_sdk_knows_a_field_that_is_too_much(client: Mistral, one: Emulated) -> None:
    async with one.vendor.http.post(
        one.house.url + "/chat/completions",
        json={"model": MODEL, "messages": ASK, "stream_options": {}},
        headers={"Authorization": f"Bearer {KEY}"},
    ) as answer:
        assert answer.status == 422
        assert (await answer.json())["message"]["detail"][0]["loc"] == ["body", "stream_options"]
    with pytest.raises(HTTPValidationError):
        await client.chat.complete_async(
            model=MODEL, messages=ASK, service_tier=None, prompt_cache_key=None, n=1, top_k=5
        )


CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "x", "arguments": "{}"}}
CALLED = {"role": "assistant", "tool_calls": [CALL]}
BROUGHT = {"role": "tool", "content": "1", "tool_call_id": "abcdefghi"}


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([*ASK, {"role": "assistant", "content": "Hi."}], "Expected last role User or Tool"),
        (
            [*ASK, {"role": "assistant", "content": "Hi."}, {"role": "system", "content": "x"}],
            "Unexpected role 'system'",
        ),
        ([*ASK, CALLED, *ASK], "Not the same number"),
        ([*ASK, CALLED, BROUGHT, *ASK], "Unexpected role 'user' after role 'tool'"),
        ([*ASK, CALLED, {**BROUGHT, "tool_call_id": "ihgfedcba"}], "Unexpected tool call id"),
        ([*ASK, {"role": "assistant", "tool_calls": [{**CALL, "id": "call_1"}]}, BROUGHT], "with a length of 9"),
    ],
)
async def test_the_emulator_refuses_what_mistral_refuses(client: Mistral, messages: list[Any], why: str) -> None:
    with pytest.raises(SDKError, match=why):
        await client.chat.complete_async(model=MODEL, messages=messages)


@pytest.mark.parametrize(
    ("model", "asked", "effort"),
    [
        (None, None, None),
        (None, "none", "none"),
        (None, "high", "high"),
        ("mistral-small-latest", "medium", "none"),
        ("mistral-large-latest", "high", None),
        ("ministral-3b-latest", "high", None),
    ],
)
async def test_how_long_it_thinks(one: Emulated, model: str | None, asked: str | None, effort: str | None) -> None:
    parts = await parts_of(one.llm, one.config(model=model, reasoning_effort=asked), ASKED, TOOLS)
    assert text_of(parts) == "I understood: My order is late. What else can I do for you?"
    (body,) = one.chats()
    assert body.get("reasoning_effort") == effort
    assert body["model"] == (model or MODEL)
    assert "stream_options" not in body


async def test_the_history_in_the_order_that_it_takes(one: Emulated) -> None:
    call = ToolCall("call_1", "get_weather", {"city": "Rome"})
    history = (
        Turn("system", "Be kind."),
        Turn("assistant", "Hello."),
        Turn("user", "Weather?"),
        Turn("assistant", "", (call,)),
        Turn("tool", '{"forecast": "rain"}', (), "call_1"),
        Turn("system", "The line is bad."),
        Turn("user", "Hello?"),
    )
    await parts_of(one.llm, one.config(), history)
    messages = one.chats()[0]["messages"]
    assert isinstance(messages, list)
    roles = " ".join(message["role"] for message in messages)
    assert roles == "system user assistant user assistant tool assistant user"
    assert messages[5]["tool_call_id"] == messages[4]["tool_calls"][0]["id"]
    assert "The line is bad." in messages[-1]["content"]
    assert messages[-1]["content"].endswith("Hello?")
