"""Anthropic: the emulator as its SDK sees it, and what our adapter sends."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import orjson
import pytest

from tests.vendors.conformance_llm import (
    ASKED,
    TOOLS,
    WEATHER,
    Emulated,
    calls_of,
    emulated,
    parts_of,
    session_of,
    text_of,
)
from trunkline.base.errors import Upstream
from trunkline.ports.models import Calls, Delta, Spent, ToolCall, Turn
from trunkline.providers.llm.anthropic_reply import AnthropicReply, Thoughts
from trunkline.providers.llm.failing import Failing
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = pytest.mark.room
MODEL = "claude-haiku-4-5"
TOOL: Any = {"name": WEATHER.name, "description": WEATHER.description, "input_schema": WEATHER.parameters}
ASK: list[Any] = [{"role": "user", "content": "Get weather in Paris, in celsius."}]


@pytest.fixture
async def one() -> AsyncIterator[Emulated]:
    async with emulated("anthropic") as running:
        yield running


@pytest.fixture
async def client(one: Emulated) -> AsyncIterator[anthropic.AsyncAnthropic]:
    base = one.house.url.removesuffix("/v1")
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=base, max_retries=0, timeout=3) as made:
        yield made


async def test_the_sdk_reads_a_stream(client: anthropic.AsyncAnthropic) -> None:
    late: list[Any] = [{"role": "user", "content": "My order is late."}]
    async with client.messages.stream(model=MODEL, max_tokens=99, system="Be kind.", messages=late) as stream:
        said = "".join([text async for text in stream.text_stream])
        message = await stream.get_final_message()
    assert said == "I understood: My order is late. What else can I do for you?"
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 5
    assert message.usage.output_tokens > 5


async def test_the_sdk_uses_a_tool_and_reads_thoughts(client: anthropic.AsyncAnthropic) -> None:
    more: dict[str, Any] = {"model": MODEL, "max_tokens": 3000, "tools": [TOOL]}
    more["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    async with client.messages.stream(messages=ASK, **more) as stream:
        first = await stream.get_final_message()
    assert first.stop_reason == "tool_use"
    thought, _, used = first.content
    assert thought.type == "thinking"
    assert thought.signature
    assert used.type == "tool_use"
    assert used.input == {"city": "Paris", "unit": "celsius"}
    brought = {"type": "tool_result", "tool_use_id": used.id, "content": '{"degrees": 21}'}
    calling = [
        block.model_dump(include={"type", "thinking", "signature", "text", "id", "name", "input"})
        for block in first.content
    ]
    later = [*ASK, {"role": "assistant", "content": calling}, {"role": "user", "content": [brought]}]
    second = await client.messages.create(messages=later, **more)
    assert second.content[-1].type == "text"
    assert second.content[-1].text == "Here is what I found: degrees 21."
    later[1]["content"] = later[1]["content"][1:]
    with pytest.raises(anthropic.BadRequestError, match="Expected `thinking`"):
        await client.messages.create(messages=later, **more)


@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        (Fault.UNAUTHORISED, anthropic.AuthenticationError, "authentication_error"),
        (Fault.RATE_LIMITED, anthropic.RateLimitError, "rate_limit_error"),
        (Fault.OVERLOADED, anthropic.InternalServerError, "overloaded_error"),
        (Fault.ERROR, anthropic.InternalServerError, "api_error"),
        (Fault.DROP, anthropic.APIConnectionError, ""),
    ],
)
async def test_the_sdk_knows_what_goes_wrong(
    one: Emulated, client: anthropic.AsyncAnthropic, fault: Fault, error: type[anthropic.APIError], kind: str
) -> None:
    one.house.misbehave(Trouble(fault, Moment.CONNECT))
    with pytest.raises(error) as caught:
        await client.messages.create(model=MODEL, max_tokens=9, messages=ASK)
    assert kind in str(caught.value.body)


async def test_the_sdk_knows_an_error_in_the_middle(one: Emulated, client: anthropic.AsyncAnthropic) -> None:
    one.house.misbehave(Trouble(Fault.ERROR, Moment.MIDDLE))
    stream = await client.messages.create(model=MODEL, max_tokens=9, messages=ASK, stream=True)
    with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
        _ = [event async for event in stream]


async def test_the_sdk_lists_the_models(client: anthropic.AsyncAnthropic) -> None:
    assert MODEL in [model.id async for model in client.models.list()]


USED = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "get_weather", "input": {}}]}
BROUGHT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "1"}]}
SAID = {"role": "assistant", "content": "Hello."}
WARM = {"extra_body": {"temperature": 0.5}, "extra_headers": {"anthropic-version": "2023-06-01"}}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"messages": [SAID, *ASK]}, 'first message must use the "user" role'),
        ({"messages": [*ASK, SAID]}, "must end with a user message"),
        ({"messages": [*ASK, USED, *ASK]}, "without `tool_result` blocks immediately after: a"),
        ({"messages": [*ASK, BROUGHT]}, "unexpected `tool_use_id`"),
        ({"messages": [*ASK, USED, BROUGHT, USED, BROUGHT]}, "ids must be unique"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]}, "non-whitespace"),
        ({"extra_body": {"temperature": 0.5}}, "temperature: Extra inputs are not permitted"),
        ({"model": "claude-opus-5", **WARM}, "deprecated"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "greater than"),
        ({"extra_body": {"speed": 2}}, "Extra inputs are not permitted"),
    ],
)
async def test_the_emulator_refuses_what_anthropic_refuses(
    client: anthropic.AsyncAnthropic, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=why):
        await client.messages.create(**{"model": MODEL, "max_tokens": 100, "messages": ASK, **more})


@pytest.mark.parametrize(
    ("model", "asked", "thinking", "effort", "warm"),
    [
        (None, None, None, None, True),
        (None, "minimal", None, None, True),
        ("claude-sonnet-4-5-20250929", "low", {"type": "enabled", "budget_tokens": 1024}, None, False),
        ("claude-opus-4-6", None, {"type": "disabled"}, None, True),
        ("claude-opus-4-8", None, {"type": "disabled"}, None, False),
        ("claude-sonnet-5", "high", {"type": "adaptive"}, {"effort": "high"}, False),
    ],
)
async def test_how_long_it_thinks(
    one: Emulated, model: str | None, asked: str | None, thinking: object, effort: object, warm: bool
) -> None:
    config = one.config(model=model, reasoning_effort=asked, temperature=0.3, max_completion_tokens=50)
    assert text_of(await parts_of(one.llm, config, ASKED, TOOLS)).startswith("I understood")
    (body,) = one.chats()
    assert body.get("thinking") == thinking
    assert body.get("output_config") == effort
    assert body.get("temperature") == (0.3 if warm else None)
    version = one.house.received[-1].headers["anthropic-version"]
    assert version == ("2026-10-21" if model in ("claude-opus-4-8", "claude-sonnet-5") else "2023-06-01")
    assert body["max_tokens"] == 50 + {"low": 1024, "high": 16384}.get(asked or "", 0)


async def test_a_model_that_always_thinks_is_told_to_think_little(one: Emulated) -> None:
    config = one.config(model="claude-fable-5")
    for _ in range(2):
        assert text_of(await parts_of(one.llm, config))
    bodies = one.chats()
    assert [body.get("thinking") for body in bodies] == [{"type": "disabled"}, None, None]
    assert bodies[-1]["output_config"] == {"effort": "low"}


async def test_thoughts_are_given_back(one: Emulated) -> None:
    """Where they are not known, the model answers a result without thinking."""
    asked = (Turn("user", "Get weather in Paris, in celsius."),)
    config = one.config(reasoning_effort="low")
    async with session_of(one.llm, config) as session:
        (call,) = calls_of([part async for part in session.reply(asked, TOOLS)])
    later = (*asked, Turn("assistant", "", (call,)), Turn("tool", "2", (), call.id))
    assert text_of(await parts_of(one.llm, config, later, TOOLS)) == "Here is what I found: 2."
    calling = one.chats()[-1]["messages"][1]["content"]  # type: ignore[index]
    assert calling[0] == {
        "type": "thinking",
        "thinking": "The user wants an answer. I give one.",
        "signature": "ErUBCkYIARgCIkD-emulated",
    }
    foreign = ToolCall("call_1", "get_weather", {"city": "Rome"})
    other = (*asked, Turn("assistant", "", (foreign,)), Turn("tool", "3", (), "call_1"))
    assert text_of(await parts_of(one.llm, config, other, TOOLS)) == "Here is what I found: 3."
    assert "thinking" not in one.chats()[-1]


async def test_only_talks_are_cached(one: Emulated) -> None:
    await parts_of(one.llm, one.config(), ASKED)
    await parts_of(one.llm, one.config(), (*ASKED, Turn("assistant", "Oh."), Turn("user", "Yes.")))
    assert [body.get("cache_control") for body in one.chats()] == [None, {"type": "ephemeral"}]
    assert all(body["system"] == "You are a kind assistant on the phone." for body in one.chats())


def reply_of(*, may_be_silent: bool = False) -> AnthropicReply:
    return AnthropicReply(Failing("anthropic"), Thoughts(), "", may_be_silent=may_be_silent)


def test_what_nobody_knows_is_left_out() -> None:
    reply = reply_of()
    for event in (
        {"type": "message_start", "message": {"usage": {"input_tokens": 3, "cache_read_input_tokens": 40}}},
        {"type": "future", "index": 0},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "future"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "future_delta"}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "a", "name": "x", "input": {}},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"b": '}},
    ):
        assert reply.take(orjson.dumps(event)) == []
    said = {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "Hi."}}
    assert reply.take(orjson.dumps(said)) == [Delta("Hi.")]
    last = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 7}}
    assert reply.take(orjson.dumps(last)) == []
    calls, spent = reply.finish()
    assert isinstance(calls, Calls)
    assert "cut off" in calls.calls[0].problem
    assert spent == Spent(43, 7, 40)


@pytest.mark.parametrize(
    ("event", "retryable"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, True),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, True),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "x"}}, False),
        ({"type": "error", "error": {"type": "future_error", "message": "x"}}, True),
        ({"type": "message_delta", "delta": {"stop_reason": "refusal"}}, False),
        ({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, True),
        ({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, True),
        ({"type": "ping"}, True),
    ],
)
def test_replies_that_are_none(event: dict[str, object], retryable: bool) -> None:
    reply = reply_of()

    def read() -> None:
        reply.take(orjson.dumps(event))
        reply.finish()

    with pytest.raises(Upstream) as caught:
        read()
    assert caught.value.retryable is retryable


def test_after_its_tools_it_may_say_nothing() -> None:
    reply = reply_of(may_be_silent=True)
    reply.take(b'{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}')
    assert reply.finish() == [Spent(0, 1)]
