"""OpenAI: the emulator as its SDK sees it, and what our adapter sends."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from pydantic import SecretStr

from tests.vendors.conformance_llm import ASKED, TOOLS, Emulated, emulated, parts_of, session_of, text_of
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import LlmConfig
from trunkline.providers.llm.openai import OpenAiLlm
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble
from trunkline.testing.emulators.openai_chat import Behaviour, OpenAiChatEmulator

pytestmark = pytest.mark.room
FUNCTION = {
    "type": "function",
    "function": {"name": TOOLS[0].name, "description": TOOLS[0].description, "parameters": TOOLS[0].parameters},
}
ASK: list[Any] = [{"role": "user", "content": "Get weather in Paris, in celsius."}]


@pytest.fixture
async def one() -> AsyncIterator[Emulated]:
    async with emulated("openai") as running:
        yield running


@pytest.fixture
async def client(one: Emulated) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=one.house.url, max_retries=0, timeout=2) as made:
        yield made


async def test_the_sdk_reads_a_stream(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="gpt-5.4",
        messages=[{"role": "user", "content": "My order is late."}],
        stream=True,
        stream_options={"include_usage": True},
        reasoning_effort="none",
        temperature=0.3,
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == "I understood: My order is late. What else can I do for you?"
    assert chunks[-2].choices[0].finish_reason == "stop"
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 10


async def test_the_sdk_uses_a_tool(client: openai.AsyncOpenAI) -> None:
    function: Any = FUNCTION
    async with client.chat.completions.stream(
        model="gpt-5.4-mini", messages=ASK, tools=[function], reasoning_effort="none"
    ) as stream:
        first = await stream.get_final_completion()
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    (call,) = list(message.tool_calls or [])
    assert call.function.arguments == '{"city":"Paris","unit":"celsius"}'
    later: list[Any] = [
        *ASK,
        message.model_dump(exclude_none=True, exclude={"parsed"}, mode="json"),
        {"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 21}'},
    ]
    for tool in later[1]["tool_calls"]:
        tool["function"].pop("parsed_arguments", None)
    second = await client.chat.completions.create(
        model="gpt-5.4-mini", messages=later, tools=[function], reasoning_effort="none"
    )
    assert second.choices[0].message.content == "Here is what I found: degrees 21."


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.UNAUTHORISED, openai.AuthenticationError),
        (Fault.RATE_LIMITED, openai.RateLimitError),
        (Fault.OVERLOADED, openai.InternalServerError),
        (Fault.ERROR, openai.InternalServerError),
        (Fault.DROP, openai.APIConnectionError),
    ],
)
async def test_the_sdk_knows_what_goes_wrong(
    one: Emulated, client: openai.AsyncOpenAI, fault: Fault, error: type[openai.APIError]
) -> None:
    one.house.misbehave(Trouble(fault, Moment.CONNECT))
    with pytest.raises(error):
        await client.chat.completions.create(model="gpt-4.1", messages=ASK)


async def test_the_sdk_knows_an_error_in_the_middle(one: Emulated, client: openai.AsyncOpenAI) -> None:
    one.house.misbehave(Trouble(Fault.ERROR, Moment.MIDDLE))
    stream = await client.chat.completions.create(model="gpt-4.1", messages=ASK, stream=True)
    with pytest.raises(openai.APIError, match="had an error"):
        _ = [chunk async for chunk in stream]


async def test_the_sdk_lists_the_models(client: openai.AsyncOpenAI) -> None:
    assert "gpt-5.4" in [model.id for model in (await client.models.list()).data]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"model": "gpt-5.4", "reasoning_effort": "minimal"}, "Unsupported value: 'minimal'"),
        ({"model": "gpt-5", "reasoning_effort": "none"}, "Unsupported value: 'none'"),
        ({"model": "gpt-5", "temperature": 0.5}, "'temperature'"),
        ({"model": "gpt-5.1", "reasoning_effort": "low", "temperature": 0.5}, "'temperature'"),
        ({"model": "gpt-5.4", "max_tokens": 5}, "'max_tokens'"),
        ({"model": "gpt-4.1", "reasoning_effort": "low"}, "reasoning_effort"),
        ({"model": "gpt-5.4", "reasoning_effort": "low", "tools": [FUNCTION]}, "Function tools with reasoning_effort"),
        ({"model": "gpt-4.1", "extra_body": {"speed": 2}}, "Unrecognized request argument supplied: speed"),
        ({"model": "gpt-4.1", "messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]}, "role 'tool'"),
    ],
)
async def test_the_emulator_refuses_what_openai_refuses(
    client: openai.AsyncOpenAI, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=why):
        await client.chat.completions.create(**{"messages": ASK, **more})


@pytest.mark.parametrize(
    ("model", "asked", "tools", "effort", "warm"),
    [
        (None, None, True, "none", True),
        (None, "high", True, "none", True),
        ("gpt-5.4-mini", "high", False, "high", False),
        ("gpt-5.2", None, False, "none", True),
        ("gpt-5.1", "minimal", True, "none", True),
        ("gpt-5.1", "low", True, "low", False),
        ("gpt-5", None, True, "minimal", False),
        ("gpt-5-nano-2025-08-07", "none", True, "minimal", False),
        ("gpt-5-mini", "medium", True, "medium", False),
        ("gpt-5-chat-latest", "low", True, None, True),
        ("gpt-4.1", "high", True, None, True),
        ("gpt-4o-mini", None, False, None, True),
        ("o4-mini", None, True, "low", False),
    ],
)
async def test_how_long_it_thinks(
    one: Emulated, model: str | None, asked: str | None, tools: bool, effort: str | None, warm: bool
) -> None:
    config = one.config(model=model, reasoning_effort=asked, temperature=0.3, max_completion_tokens=99)
    assert text_of(await parts_of(one.llm, config, ASKED, TOOLS if tools else ()))
    (body,) = one.chats()
    assert body.get("reasoning_effort") == effort
    assert body.get("temperature") == (0.3 if warm else None)
    assert body["model"] == (model or "gpt-5.4")
    assert body["max_completion_tokens"] == 99 + {"low": 1024, "medium": 4096, "high": 16384}.get(effort or "", 0)
    assert body["stream_options"] == {"include_usage": True}
    assert body["store"] is False


async def test_a_model_nobody_knows_is_asked_as_any(one: Emulated) -> None:
    """What it does not take is left out once it has said so, and from then on."""
    config = one.config(model="gpt-oss", reasoning_effort="low")
    for _ in range(2):
        assert text_of(await parts_of(one.llm, config))
    assert ["reasoning_effort" in body for body in one.chats()] == [True, False, False]


async def test_an_effort_that_is_lowered_is_told(one: Emulated, capsys: pytest.CaptureFixture[str]) -> None:
    config = one.config(reasoning_effort="high", tools=[{"type": "end_call"}])
    await parts_of(one.llm, config, ASKED, TOOLS)
    assert "does not think as long as asked" in capsys.readouterr().out


async def test_an_empty_purse_stays_empty() -> None:
    async with OpenAiChatEmulator(KEY) as server:
        server.behave(Behaviour(status=429, error="You exceeded your current quota.", error_code="insufficient_quota"))
        vendor = Vendor("openai", server.url)
        with pytest.raises(Upstream) as caught:
            await parts_of(OpenAiLlm(vendor, SecretStr(KEY)), LlmConfig(provider="openai"))
        await vendor.aclose()
    assert not caught.value.retryable


async def test_only_what_helped_is_remembered() -> None:
    """A server may repeat words of the request when it refuses it for something else."""
    async with OpenAiChatEmulator(KEY) as server:
        vendor = Vendor("openai", server.url)
        llm, config = OpenAiLlm(vendor, SecretStr(KEY)), LlmConfig(provider="openai", model="gpt-5-mini")
        server.behave(Behaviour(status=400, error="Invalid schema for function 'reasoning_effort'."))
        with pytest.raises(Upstream):
            await parts_of(llm, config)
        server.behave(Behaviour())
        assert text_of(await parts_of(llm, config))
        await vendor.aclose()
    chats = [one.body for one in server.requests if one.path.endswith("completions")]
    assert ["reasoning_effort" in body for body in chats] == [True, False, True]


async def test_connections_serve_one_reply_after_the_other() -> None:
    """What follows the last event of a stream comes a moment later: it is waited for."""
    async with OpenAiChatEmulator(KEY) as server:
        server.behave(Behaviour(chunk_delay_seconds=0.005))
        vendor = Vendor("openai", server.url)
        async with session_of(OpenAiLlm(vendor, SecretStr(KEY)), LlmConfig(provider="openai")) as session:
            for _ in range(6):
                assert text_of([part async for part in session.reply(ASKED, ())])
        await vendor.aclose()
    assert server.connections <= 2  # the first request may meet the one that opens a connection
