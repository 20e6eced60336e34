"""The emulated chat completions server as the vendor's own SDK sees it."""

from collections.abc import AsyncIterator

import openai
import pytest

from trunkline.testing.emulators.openai_chat import MODEL, Behaviour, EmulatedCall, OpenAiChatEmulator

pytestmark = pytest.mark.room

KEY = "sk-test-1234567890"


@pytest.fixture
async def server() -> AsyncIterator[OpenAiChatEmulator]:
    async with OpenAiChatEmulator(KEY) as emulator:
        yield emulator


@pytest.fixture
async def client(server: OpenAiChatEmulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=server.url, max_retries=0, timeout=5) as sdk:
        yield sdk


async def test_the_sdk_reads_a_whole_reply(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello?"}])
    assert reply.choices[0].message.content == "Hello. How can I help?"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == 19


@pytest.mark.parametrize(
    "behaviour", [Behaviour(), Behaviour(bytes_per_write=3), Behaviour(newline="\r\n", comments=True)]
)
async def test_the_sdk_reads_a_stream(
    server: OpenAiChatEmulator, client: openai.AsyncOpenAI, behaviour: Behaviour
) -> None:
    server.behave(behaviour)
    stream = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Hello?"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    words = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert words == "Hello. How can I help?"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 7
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"


async def test_the_sdk_puts_tool_calls_together(server: OpenAiChatEmulator, client: openai.AsyncOpenAI) -> None:
    server.behave(Behaviour(text="", calls=(EmulatedCall("weather", '{"city": "Oslo"}', "call_7"),)))
    async with client.chat.completions.stream(model=MODEL, messages=[{"role": "user", "content": "Sun?"}]) as stream:
        reply = await stream.get_final_completion()
    calls = reply.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].id == "call_7"
    assert calls[0].function.arguments == '{"city": "Oslo"}'
    assert reply.choices[0].finish_reason == "tool_calls"


async def test_the_sdk_knows_a_wrong_key(server: OpenAiChatEmulator) -> None:
    async with openai.AsyncOpenAI(api_key="sk-wrong", base_url=server.url, max_retries=0) as sdk:
        with pytest.raises(openai.AuthenticationError) as caught:
            await sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello?"}])
    assert caught.value.request_id == "req_emulated"
    assert caught.value.code == "invalid_api_key"


async def test_the_sdk_knows_a_rate_limit(server: OpenAiChatEmulator, client: openai.AsyncOpenAI) -> None:
    server.behave(Behaviour(status=429, error="slow down", headers={"Retry-After": "2"}))
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello?"}])
    assert caught.value.response.headers["retry-after"] == "2"


async def test_the_sdk_knows_an_error_in_the_middle(server: OpenAiChatEmulator, client: openai.AsyncOpenAI) -> None:
    server.behave(Behaviour(stop_after=2, then="error", error="overloaded"))
    stream = await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hello?"}], stream=True
    )
    with pytest.raises(openai.APIError, match="overloaded"):
        _ = [chunk async for chunk in stream]
