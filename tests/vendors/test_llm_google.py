"""Google: the emulator as its SDK sees it, and what our adapter sends."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

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
from trunkline.domain.assistant import FunctionSpec
from trunkline.ports.models import Delta, Spent, ToolCall, Turn
from trunkline.providers.llm.failing import Failing
from trunkline.providers.llm.google_reply import GoogleReply, Signatures
from trunkline.providers.llm.google_request import older_schema
from trunkline.providers.llm.server import server_of
from trunkline.testing.emulators.brain import Answer, BrainCall
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = [
    pytest.mark.room,
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]
MODEL = "gemini-3.5-flash-lite"
DECLARED = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name=WEATHER.name, description=WEATHER.description, parameters_json_schema=WEATHER.parameters
        )
    ]
)
WEATHER_ASKED = types.Content(role="user", parts=[types.Part(text="Get weather in Paris, in celsius.")])


@pytest.fixture
async def one() -> AsyncIterator[Emulated]:
    async with emulated("google") as running:
        yield running


def client_of(one: Emulated, key: str = KEY) -> genai.Client:
    options = types.HttpOptions(base_url=one.house.url.removesuffix("/v1beta"), timeout=3000)
    return genai.Client(api_key=key, http_options=options, vertexai=False)


async def test_the_sdk_reads_a_stream(one: Emulated) -> None:
    async with client_of(one).aio as client:
        config = types.GenerateContentConfig(
            system_instruction="Be kind.",
            temperature=0.4,
            thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.MINIMAL),
        )
        stream = await client.models.generate_content_stream(model=MODEL, contents="My order is late.", config=config)
        chunks = [chunk async for chunk in stream]
    said = "".join(chunk.text or "" for chunk in chunks)
    assert said == "I understood: My order is late. What else can I do for you?"
    assert chunks[-1].candidates is not None
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    usage = chunks[-1].usage_metadata
    assert usage is not None
    assert usage.total_token_count == (usage.prompt_token_count or 0) + (usage.candidates_token_count or 0)


async def test_the_sdk_uses_a_tool(one: Emulated) -> None:
    async with client_of(one).aio as client:
        config = types.GenerateContentConfig(
            tools=[DECLARED], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
        )
        first = await client.models.generate_content(model=MODEL, contents=[WEATHER_ASKED], config=config)
        (call,) = list(first.function_calls or [])
        assert call.args == {"city": "Paris", "unit": "celsius"}
        assert first.candidates is not None
        asked = first.candidates[0].content
        assert asked is not None
        assert asked.parts is not None
        assert asked.parts[-1].thought_signature
        response = types.FunctionResponse(id=call.id, name=call.name, response={"degrees": 21})
        brought = types.Content(role="user", parts=[types.Part(function_response=response)])
        contents: Any = [WEATHER_ASKED, asked, brought]
        second = await client.models.generate_content(model=MODEL, contents=contents, config=config)
        assert second.text == "Here is what I found: degrees 21."
        for part in asked.parts:
            part.thought_signature = None
        with pytest.raises(errors.ClientError, match="missing a thought_signature"):
            await client.models.generate_content(model=MODEL, contents=contents, config=config)


@pytest.mark.parametrize(
    ("fault", "kind", "code", "status"),
    [
        (Fault.UNAUTHORISED, errors.ClientError, 400, "INVALID_ARGUMENT"),
        (Fault.RATE_LIMITED, errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        (Fault.OVERLOADED, errors.ServerError, 503, "UNAVAILABLE"),
        (Fault.ERROR, errors.ServerError, 500, "INTERNAL"),
    ],
)
async def test_the_sdk_knows_what_goes_wrong(
    one: Emulated, fault: Fault, kind: type[errors.APIError], code: int, status: str
) -> None:
    one.house.misbehave(Trouble(fault, Moment.CONNECT))
    async with client_of(one).aio as client:
        with pytest.raises(kind) as caught:
            await client.models.generate_content(model=MODEL, contents="Hi.")
    assert (caught.value.code, caught.value.status) == (code, status)


async def test_the_sdk_knows_an_error_in_the_middle(one: Emulated) -> None:
    one.house.misbehave(Trouble(Fault.ERROR, Moment.MIDDLE))
    async with client_of(one).aio as client:
        stream = await client.models.generate_content_stream(model=MODEL, contents="Hi.")
        with pytest.raises(errors.APIError, match="overloaded"):
            _ = [chunk async for chunk in stream]


CALLED = types.Content(role="model", parts=[types.Part(function_call=types.FunctionCall(name="get_weather", args={}))])
SAID = types.Content(role="model", parts=[types.Part(text="Hello.")])


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        ([SAID], "start with a user role"),
        ([WEATHER_ASKED, CALLED], "function response turn comes immediately after"),
        ([WEATHER_ASKED, SAID, CALLED], "function call turn comes immediately after a user turn"),
        ([WEATHER_ASKED, CALLED, WEATHER_ASKED], "function response turn comes immediately after"),
    ],
)
async def test_the_emulator_refuses_what_google_refuses(one: Emulated, contents: list[Any], why: str) -> None:
    async with client_of(one).aio as client:
        with pytest.raises(errors.ClientError, match=why):
            await client.models.generate_content(model="gemini-2.5-flash", contents=contents)


@pytest.mark.parametrize(
    ("model", "asked", "thinking"),
    [
        (None, None, {"thinkingLevel": "minimal"}),
        ("gemini-3.5-flash", "none", {"thinkingLevel": "minimal"}),
        ("gemini-3.5-flash", "high", {"thinkingLevel": "high"}),
        ("gemini-3.7-flash", None, {"thinkingLevel": "low"}),
        ("gemini-3.1-pro-preview", "minimal", {"thinkingLevel": "low"}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "high"}),
        ("gemini-2.5-flash", None, {"thinkingBudget": 0}),
        ("gemini-2.5-flash-lite", "low", {"thinkingBudget": 1024}),
        ("models/gemini-2.5-pro", None, {"thinkingBudget": 128}),
        ("gemini-2.0-flash", "high", None),
    ],
)
async def test_how_long_it_thinks(
    one: Emulated, model: str | None, asked: str | None, thinking: dict[str, int | str] | None
) -> None:
    config = one.config(model=model, reasoning_effort=asked, max_completion_tokens=50)
    assert text_of(await parts_of(one.llm, config, ASKED, TOOLS))
    (body,) = one.chats()
    generation = body["generationConfig"]
    assert isinstance(generation, dict)
    room = {"low": 1024, 1024: 1024, 128: 128, "high": 16384}.get(next(iter((thinking or {"": ""}).values())), 0)
    assert generation["maxOutputTokens"] == 50 + room
    assert generation.get("thinkingConfig") == thinking


async def test_a_level_that_is_refused_is_left_out(one: Emulated) -> None:
    config = one.config(model="gemini-4-flash")
    assert text_of(await parts_of(one.llm, config))
    assert text_of(await parts_of(one.llm, config))
    assert ["thinkingConfig" in str(body) for body in one.chats()] == [True, False, False]


async def test_a_models_name_stays_a_name(one: Emulated) -> None:
    with pytest.raises(Upstream, match="404"):
        await parts_of(one.llm, one.config(model="../models/gemini-2.5-flash?x=1#"))
    name = "/v1beta/models/../models/gemini-2.5-flash?x=1#"
    assert {asked.path for asked in one.house.received} <= {name, f"{name}:streamGenerateContent"}
    assert len(one.house.received) > 0


async def test_signatures_are_given_back(one: Emulated) -> None:
    """Those of calls that were made elsewhere are replaced by the sign that stands for none."""
    foreign = ToolCall("call_of_another", "get_weather", {"city": "Rome"})
    begun = (Turn("user", "Weather?"), Turn("assistant", "", (foreign,)), Turn("tool", "1", (), foreign.id))
    asked = (*begun, Turn("assistant", "Rain."), Turn("user", "Get weather in Paris, in celsius."))
    (call,) = calls_of(await parts_of(one.llm, one.config(), asked, TOOLS))
    later = (*asked, Turn("assistant", "", (call,)), Turn("tool", "2", (), call.id))
    assert text_of(await parts_of(one.llm, one.config(), later, TOOLS)) == "Here is what I found: result 2."
    contents = one.chats()[-1]["contents"]
    assert isinstance(contents, list)
    calling = [part for content in contents for part in content["parts"] if "functionCall" in part]
    assert calling[0]["thoughtSignature"] == "skip_thought_signature_validator"
    assert "id" not in calling[0]["functionCall"]
    assert len(calling[1]["thoughtSignature"]) > 40
    assert calling[1]["functionCall"]["id"] == "fc-1-0" == call.id
    assert contents[-1]["parts"][0]["functionResponse"] == {
        "id": "fc-1-0",
        "name": "get_weather",
        "response": {"result": 2},
    }


async def test_signatures_outlive_a_session(one: Emulated) -> None:
    asked = (Turn("user", "Get weather in Paris, in celsius."),)
    async with session_of(one.llm, one.config()) as session:
        (call,) = calls_of([part async for part in session.reply(asked, TOOLS)])
    later = (*asked, Turn("assistant", "", (call,)), Turn("tool", "2", (), call.id))
    assert text_of(await parts_of(one.llm, one.config(), later, TOOLS))
    assert "skip_thought" not in str(one.chats()[-1])


async def test_names_that_google_does_not_take(one: Emulated) -> None:
    odd = FunctionSpec(name="3d-print", description="Prints.")
    one.house.scripted.append(Answer("", (BrainCall("_3d-print"),)))
    (call,) = calls_of(await parts_of(one.llm, one.config(), ASKED, (odd,)))
    assert call.name == "3d-print"
    later = (*ASKED, Turn("assistant", "", (call,)), Turn("tool", "2", (), call.id))
    assert text_of(await parts_of(one.llm, one.config(), later, (odd,)))


async def test_a_model_that_takes_only_the_older_form_of_schemas(one: Emulated) -> None:
    server_of(one.vendor).unknown(MODEL).add("parametersJsonSchema")
    (call,) = calls_of(
        await parts_of(one.llm, one.config(), (Turn("user", "Get weather in Paris, in celsius."),), TOOLS)
    )
    assert call.arguments == {"city": "Paris", "unit": "celsius"}
    assert "parametersJsonSchema" not in str(one.chats()[-1])


def test_the_older_form_of_a_schema() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "a": {"type": ["integer", "null"], "exclusiveMinimum": 0},
            "b": {"const": "x"},
            "c": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "d": {"type": "array", "items": {"type": "object", "properties": {"e": {"enum": [1, 2]}}}},
        },
        "required": ["a"],
    }
    assert older_schema(schema) == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "nullable": True},
            "b": {"enum": ["x"], "type": "string"},
            "c": {"anyOf": [{"type": "string"}]},
            "d": {
                "type": "array",
                "items": {"type": "object", "properties": {"e": {"enum": ["1", "2"], "type": "string"}}},
            },
        },
        "required": ["a"],
    }


def reply_of(*, may_be_silent: bool = False) -> GoogleReply:
    return GoogleReply(Failing("google"), Signatures(), {}, "", may_be_silent=may_be_silent)


def test_thoughts_and_what_nobody_knows_are_left_out() -> None:
    reply = reply_of()
    parts = b'[{"text": "hm", "thought": true}, {"future": 1}, {"text": "Yes."}, {"text": ""}]'
    chunk = b'{"candidates": [{"content": {"parts": %b}, "finishReason": "STOP"}], "future": {}}' % parts
    assert reply.take(chunk) == [Delta("Yes.")]
    assert reply.take(b'{"usageMetadata": {"promptTokenCount": 9, "thoughtsTokenCount": 2}}') == []
    assert reply.finish() == [Spent(9, 2)]


@pytest.mark.parametrize(
    ("chunk", "retryable"),
    [
        (b'{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}', False),
        (b'{"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}', True),
        (b'{"candidates": [{"finishReason": "UNEXPECTED_TOOL_CALL"}]}', True),
        (b'{"candidates": [{"finishReason": "SAFETY"}]}', False),
        (b'{"candidates": [{"finishReason": "STOP"}]}', True),
        (b'{"candidates": [{"finishReason": "MAX_TOKENS"}]}', True),
        (b'{"candidates": []}', True),
        (b'{"error": {"code": 503, "message": "away", "status": "UNAVAILABLE"}}', True),
        (b'{"error": {"code": 400, "message": "odd", "status": "INVALID_ARGUMENT"}}', False),
        (b'[{"error": {}}]', True),
    ],
)
def test_replies_that_are_none(chunk: bytes, retryable: bool) -> None:
    reply = reply_of()

    def read() -> None:
        reply.take(chunk)
        reply.finish()

    with pytest.raises(Upstream) as caught:
        read()
    assert caught.value.retryable is retryable


def test_after_its_tools_it_may_say_nothing() -> None:
    reply = reply_of(may_be_silent=True)
    reply.take(b'{"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]}')
    assert reply.finish() == [Spent()]
