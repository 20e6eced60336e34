"""The openai_compatible adapter against the emulated server: replies, tools, usage, and every way to fail."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Calls, Delta, ReplyPart, Spent, ToolCall, Turn
from trunkline.providers.llm.openai_compatible import OpenAiCompatibleLlm
from trunkline.testing.emulators.openai_chat import MODEL, Behaviour, EmulatedCall, OpenAiChatEmulator

pytestmark = pytest.mark.room

KEY = "sk-test-1234567890"
CONFIG = LlmConfig(provider="openai_compatible", model=MODEL, max_completion_tokens=50)
HISTORY = (Turn("system", "You are brief."), Turn("user", "Hello?"))
WEATHER = FunctionSpec(name="weather", description="Tells the weather.")


@pytest.fixture
async def server() -> AsyncIterator[OpenAiChatEmulator]:
    async with OpenAiChatEmulator(KEY) as emulator:
        yield emulator


@pytest.fixture
async def llm(server: OpenAiChatEmulator) -> AsyncIterator[OpenAiCompatibleLlm]:
    provider = OpenAiCompatibleLlm(server.url, SecretStr(KEY), allow_private=False)
    yield provider
    await provider.aclose()


async def parts_of(
    llm: OpenAiCompatibleLlm,
    history: tuple[Turn, ...] = HISTORY,
    tools: tuple[FunctionSpec, ...] = (),
    config: LlmConfig = CONFIG,
) -> list[ReplyPart]:
    session = await llm.open(config, {})
    try:
        return [part async for part in session.reply(history, tools)]
    finally:
        await session.aclose()


def text_of(parts: list[ReplyPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta))


def chats(server: OpenAiChatEmulator) -> list[dict[str, object]]:
    return [request.body for request in server.requests if request.path.endswith("/chat/completions")]


async def test_a_reply_is_streamed_and_its_cost_comes_last(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    parts = await parts_of(llm)
    assert text_of(parts) == "Hello. How can I help?"
    assert len(parts) > 3
    assert parts[-1] == Spent(12, 7)
    (body,) = chats(server)
    assert body["model"] == MODEL
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["max_completion_tokens"] == 50
    assert body["messages"] == [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Hello?"}]
    assert "tools" not in body


async def test_tools_are_offered_and_their_calls_and_results_are_told(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    call = ToolCall("call_9", "weather", {"city": "Oslo"})
    history = (*HISTORY, Turn("assistant", "", (call,)), Turn("tool", '{"sky": "grey"}', (), "call_9"))
    await parts_of(llm, history, (WEATHER,))
    (body,) = chats(server)
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Tells the weather.",
                "parameters": {"type": "object", "properties": {}},
            },
        }
    ]
    messages = body["messages"]
    assert isinstance(messages, list)
    assert messages[2:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_9", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
            ],
        },
        {"role": "tool", "content": '{"sky": "grey"}', "tool_call_id": "call_9"},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"city": "Oslo", "days": [1, 2]}', {"city": "Oslo", "days": [1, 2]}),
        ("", {}),
        ("{}", {}),
        ('{"city": "Malmö"}', {"city": "Malmö"}),
    ],
)
async def test_arguments_split_over_chunks_are_put_together(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm, given: str, expected: dict[str, object]
) -> None:
    server.behave(Behaviour(text="", calls=(EmulatedCall("weather", given, "a"), EmulatedCall("weather", given, "b"))))
    parts = await parts_of(llm, tools=(WEATHER,))
    assert parts == [Calls((ToolCall("a", "weather", expected), ToolCall("b", "weather", expected))), Spent(12, 7)]


@pytest.mark.parametrize(
    ("given", "finish", "why"),
    [
        ('{"city": ', "", "not valid JSON"),
        ('{"city": "Os', "length", "cut off"),
        ("[1]", "", "JSON object"),
    ],
)
async def test_arguments_that_cannot_be_read_come_with_what_the_model_is_told(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm, given: str, finish: str, why: str
) -> None:
    server.behave(Behaviour(text="", calls=(EmulatedCall("weather", given),), finish_reason=finish))
    calls = (await parts_of(llm, tools=(WEATHER,)))[0]
    assert isinstance(calls, Calls)
    assert calls.calls[0].arguments == {}
    assert why in calls.calls[0].problem


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(bytes_per_write=1),
        Behaviour(bytes_per_write=7, newline="\r\n"),
        Behaviour(newline="\r", comments=True),
        Behaviour(null_choices=True),
        Behaviour(chunk_delay_seconds=0.002),
        Behaviour(finish_reason="length"),
    ],
)
async def test_odd_streams_are_read_all_the_same(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm, behaviour: Behaviour
) -> None:
    server.behave(behaviour)
    parts = await parts_of(llm)
    assert text_of(parts) == "Hello. How can I help?"
    assert parts[-1] == Spent(12, 7)


async def test_a_server_without_usage_costs_nothing(server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm) -> None:
    server.behave(Behaviour(usage=None))
    assert (await parts_of(llm))[-1] == Spent()


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (408, True),
        (409, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
async def test_a_refusal_is_an_upstream_with_the_vendors_own_words(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm, status: int, retryable: bool
) -> None:
    server.behave(Behaviour(status=status, error=f"no luck with {KEY}", headers={"Retry-After": "3"}))
    with pytest.raises(Upstream) as caught:
        await parts_of(llm)
    assert (caught.value.retryable, caught.value.status) == (retryable, status)
    assert caught.value.vendor_message == "no luck with [key]"
    assert caught.value.request_id == "req_emulated"
    assert KEY not in repr(caught.value) + str(caught.value) + caught.value.message


async def test_a_wrong_key_never_stands_in_the_error(server: OpenAiChatEmulator) -> None:
    llm = OpenAiCompatibleLlm(server.url, SecretStr("sk-wrong-key-000"), allow_private=False)
    try:
        with pytest.raises(Upstream) as caught:
            await parts_of(llm)
    finally:
        await llm.aclose()
    assert caught.value.status == 401
    assert not caught.value.retryable
    assert "wrong-key" not in caught.value.vendor_message
    assert "wrong-key" not in repr(llm)


@pytest.mark.parametrize(
    ("behaviour", "retryable"),
    [
        (Behaviour(stop_after=3, then="error", error="overloaded"), True),
        (Behaviour(stop_after=3, then="garbage"), True),
        (Behaviour(stop_after=3, then="drop"), True),
        (Behaviour(stop_after=3, then="end"), True),
        (Behaviour(content_type="text/html"), False),
        (Behaviour(text="", finish_reason="content_filter"), False),
        (Behaviour(text=""), True),
    ],
)
async def test_a_stream_that_goes_wrong_is_an_upstream(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm, behaviour: Behaviour, retryable: bool
) -> None:
    server.behave(behaviour)
    with pytest.raises(Upstream) as caught:
        await parts_of(llm)
    assert caught.value.retryable is retryable


@pytest.mark.parametrize("behaviour", [Behaviour(first_byte_delay_seconds=60), Behaviour(stop_after=2, then="silence")])
async def test_a_socket_that_falls_silent_is_given_up(server: OpenAiChatEmulator, behaviour: Behaviour) -> None:
    server.behave(behaviour)
    llm = OpenAiCompatibleLlm(server.url, SecretStr(KEY), silence_seconds=0.2)
    try:
        with pytest.raises(Upstream) as caught:
            await parts_of(llm)
    finally:
        await llm.aclose()
    assert caught.value.retryable


async def test_closing_the_iterator_ends_the_request_at_the_server(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    server.behave(Behaviour(stop_after=3, then="silence"))
    session = await llm.open(CONFIG, {})
    reply = session.reply(HISTORY, ())
    assert isinstance(await anext(reply), Delta)
    assert server.streaming == 1
    await reply.aclose()
    await _until_nothing_streams(server)
    await session.aclose()


async def test_cancelling_the_task_ends_the_request_at_the_server(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    server.behave(Behaviour(stop_after=2, then="silence"))
    task = asyncio.create_task(parts_of(llm))
    await server.until(lambda: server.streaming == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _until_nothing_streams(server)


async def _until_nothing_streams(server: OpenAiChatEmulator) -> None:
    async with asyncio.timeout(2):
        await server.until(lambda: server.streaming == 0)


async def test_a_parameter_that_the_server_does_not_know_is_left_out_from_then_on(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    server.behave(Behaviour(refuse_parameters=("temperature", "stream_options", "max_completion_tokens")))
    assert text_of(await parts_of(llm)) == "Hello. How can I help?"
    tried = len(chats(server))
    assert tried == 4
    await parts_of(llm)
    assert len(chats(server)) == tried + 1
    last = chats(server)[-1]
    assert not {"temperature", "stream_options", "max_completion_tokens"} & set(last)
    assert last["max_tokens"] == 50


async def test_the_connection_is_opened_before_the_first_request(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    session = await llm.open(CONFIG, {})
    async with asyncio.timeout(2):
        await server.until(lambda: bool(server.requests))
    assert server.requests[0].path == "/v1/models"
    await session.aclose()


async def test_the_first_reply_comes_over_the_connection_that_was_opened_while_it_rang(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    session = await llm.open(CONFIG, {})
    async with asyncio.timeout(2):
        await server.until(lambda: bool(server.requests))
        await asyncio.sleep(0.05)
    for _ in range(2):
        assert [part async for part in session.reply(HISTORY, ())]
    await session.aclose()
    assert [request.path for request in server.requests] == ["/v1/models", *["/v1/chat/completions"] * 2]
    assert server.connections == 1


async def test_a_server_that_closes_unused_connections_is_met_by_an_open_one_once_that_is_known() -> None:
    async with OpenAiChatEmulator(KEY, keep_alive_seconds=3.0) as server:
        llm = OpenAiCompatibleLlm(server.url, SecretStr(KEY))
        session = await llm.open(CONFIG, {})
        await asyncio.sleep(4.5)
        assert [part async for part in session.reply(HISTORY, ())]
        assert server.connections == 2
        knocks = len(server.requests) - len(chats(server))
        await asyncio.sleep(4.5)
        assert len(server.requests) - len(chats(server)) > knocks
        assert [part async for part in session.reply(HISTORY, ())]
        assert server.connections == 2
        await session.aclose()
        known = len(server.requests)
        await asyncio.sleep(3.0)
        assert len(server.requests) == known
        await llm.aclose()


async def test_nobody_at_the_address_is_an_upstream_that_may_be_tried_again() -> None:
    llm = OpenAiCompatibleLlm("http://127.0.0.1:1/v1", None, allow_private=False)
    try:
        with pytest.raises(Upstream) as caught:
            await parts_of(llm)
    finally:
        await llm.aclose()
    assert caught.value.retryable


async def test_no_address_at_all_is_said_plainly() -> None:
    llm = OpenAiCompatibleLlm(None, None)
    with pytest.raises(Upstream, match="base_url is required"):
        await llm.open(CONFIG, {})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/v1",
        "http://localhost:9/v1",
        "http://10.0.0.8/v1",
        "http://192.168.1.1/v1",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:8000/v1",
        "http://[::ffff:127.0.0.1]/v1",
        "http://[fd00::1]/v1",
        "http://2130706433/v1",
        "http://0x7f000001/v1",
        "http://127.1/v1",
        "http://0.0.0.0/v1",
        "http://metadata.google.internal/v1",
        "http://user:pass@example.com/v1",
        "file:///etc/passwd",
        "not a url",
    ],
)
async def test_a_tenants_address_that_is_not_public_is_refused(url: str) -> None:
    llm = OpenAiCompatibleLlm("http://model.example/v1", SecretStr(KEY), allow_private=False)
    with pytest.raises(Upstream, match="refused") as caught:
        await llm.open(LlmConfig(provider="openai_compatible", model="m", base_url=url), {})
    assert not caught.value.retryable


async def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(
    server: OpenAiChatEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.url.split(":")[2].split("/")[0])

    async def inside(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside, raising=False)
    llm = OpenAiCompatibleLlm(None, SecretStr(KEY), allow_private=False)
    config = LlmConfig(provider="openai_compatible", model="m", base_url=f"http://rebound.example:{port}/v1")
    try:
        with pytest.raises(Upstream, match="not public") as caught:
            await parts_of(llm, config=config)
    finally:
        await llm.aclose()
    assert not caught.value.retryable
    assert not server.requests


async def test_the_platforms_key_never_goes_to_a_tenants_own_address(server: OpenAiChatEmulator) -> None:
    async with OpenAiChatEmulator() as foreign:
        llm = OpenAiCompatibleLlm(server.url, SecretStr(KEY), allow_private=True)
        config = LlmConfig(provider="openai_compatible", model=MODEL, base_url=foreign.url)
        try:
            assert text_of(await parts_of(llm, config=config)) == "Hello. How can I help?"
        finally:
            await llm.aclose()
        assert foreign.requests
        assert not any("Authorization" in request.headers for request in foreign.requests)


async def test_the_operators_address_in_the_config_is_the_operators_address(
    server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm
) -> None:
    config = LlmConfig(provider="openai_compatible", model=MODEL, base_url=server.url + "/")
    assert text_of(await parts_of(llm, config=config)) == "Hello. How can I help?"


async def test_redirects_are_not_followed(server: OpenAiChatEmulator, llm: OpenAiCompatibleLlm) -> None:
    async with OpenAiChatEmulator() as elsewhere:
        server.behave(Behaviour(status=307, headers={"Location": elsewhere.url + "/chat/completions"}))
        with pytest.raises(Upstream, match="not followed"):
            await parts_of(llm)
        assert not elsewhere.requests
