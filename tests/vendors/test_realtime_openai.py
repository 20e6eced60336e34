"""OpenAI's realtime models: the shared checks, and the emulator as OpenAI's own SDK sees it."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any, cast

import orjson
import pytest
from aiohttp import web
from openai import AsyncOpenAI
from pydantic import SecretStr

from tests.vendors.conformance_realtime import WEATHER, Conformance, Faults, live_key
from trunkline.audio.frame import silence
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import LlmConfig, TurnDetection
from trunkline.ports.realtime import (
    Billed,
    PartyStarted,
    PartyStopped,
    PartyWords,
    RealtimeEvent,
    ReplyDone,
    ReplySound,
)
from trunkline.ports.replies import Spent
from trunkline.providers.realtime.conversation import Conversation
from trunkline.providers.realtime.dialect import Dialect, sound_format
from trunkline.providers.realtime.openai import DIALECT, OpenAiRealtime
from trunkline.providers.realtime.xai import DIALECT as XAI
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import KEY, Emulator, Fault, Moment, Trouble
from trunkline.testing.emulators.openai_realtime import add_openai_realtime
from trunkline.testing.emulators.speaking import speech


class OpenAiEmulator(Emulator):
    """OpenAI's realtime protocol alone."""

    vendor, base = "openai", "/v1"

    def routes(self, app: web.Application) -> None:
        """Adds it."""
        add_openai_realtime(app, self)


def sent(house: Emulator, kind: str) -> list[Mapping[str, Any]]:
    """The events of a type that a client sent."""
    return [one.body for one in house.received if one.body is not None and one.body["type"] == kind]


@pytest.mark.room
class TestOpenAi(Faults):
    """Against the emulator."""

    provider = "openai_realtime"
    emulator = OpenAiEmulator

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        cut = sent(house, "conversation.item.truncate")
        assert len(cut) == 1
        assert abs(cut[0]["audio_end_ms"] - played_seconds * 1000) <= 1


if live_key("openai"):

    @pytest.mark.live
    class TestOpenAiLive(Conformance):
        """Against OpenAI."""

        provider = "openai_realtime"


@pytest.mark.room
async def test_half_open_is_noticed_though_nothing_is_due() -> None:
    async with OpenAiEmulator() as house, TestOpenAi().talk(house) as talk:
        house.misbehave(Trouble(Fault.HALF_OPEN, Moment.FIRST))
        await talk.speak("Hello.", quiet_seconds=0.7)
        talk.session.push(silence(1.0, 8_000))
        assert (await talk.gone()).retryable


@pytest.mark.room
async def test_openais_sdk_talks_to_the_emulator() -> None:
    async with OpenAiEmulator() as house:
        client = AsyncOpenAI(api_key=KEY, websocket_base_url=house.url.replace("http", "ws"))
        events: list[Any] = []
        async with client.realtime.connect(model="gpt-realtime") as connection:
            await connection.session.update(
                session={
                    "type": "realtime",
                    "instructions": "Be brief.",
                    "audio": {
                        "input": {
                            "format": {"type": "audio/pcm", "rate": 24000},
                            "transcription": {"model": "gpt-4o-transcribe"},
                            "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
                        },
                        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"},
                    },
                    "tools": [{"type": "function", "name": WEATHER.name, "parameters": dict(WEATHER.parameters)}],
                }
            )
            pcm = await speech("What is the weather in London?", 24_000) + bytes(48_000)
            for at in range(0, len(pcm), 4_800):
                await connection.input_audio_buffer.append(audio=base64.b64encode(pcm[at : at + 4_800]).decode())
            await told_until(connection, events, "response.done")
            call = of_type(events, "response.function_call_arguments.done")[0]
            output = '{"forecast": "heavy thunder"}'
            item: Any = {"type": "function_call_output", "call_id": call.call_id, "output": output}
            await connection.conversation.item.create(item=item)
            await connection.response.create()
            await told_until(connection, events, "response.done")
        assert (call.name, orjson.loads(call.arguments)["city"].strip(".")) == ("weather", "London")
        heard = of_type(events, "conversation.item.input_audio_transcription.completed")
        assert "weather" in heard[0].transcript.lower()
        words = "".join(one.delta for one in of_type(events, "response.output_audio_transcript.delta"))
        assert "thunder" in words
        sound = b"".join(base64.b64decode(one.delta) for one in of_type(events, "response.output_audio.delta"))
        assert len(sound) > 48_000
        for done in of_type(events, "response.done"):
            assert (
                done.response.usage.total_tokens == done.response.usage.input_tokens + done.response.usage.output_tokens
            )
        kinds = [one.type for one in events]
        assert kinds.index("session.created") < kinds.index("session.updated")
        assert kinds.index("input_audio_buffer.speech_stopped") < kinds.index("input_audio_buffer.committed")


async def told_until(connection: Any, events: list[Any], kind: str) -> None:
    """Adds what comes to ``events``, to the first of a type; each has to be as the SDK knows it."""
    async with asyncio.timeout(20):
        async for event in connection:
            type(event).model_validate(event.model_dump(warnings=False))
            events.append(event)
            if event.type == kind:
                return


def of_type(events: list[Any], kind: str) -> list[Any]:
    """Those of a type."""
    return [one for one in events if one.type == kind]


@pytest.mark.room
async def test_the_emulator_refuses_what_openai_refuses() -> None:
    async with OpenAiEmulator() as house:
        client = AsyncOpenAI(api_key=KEY, websocket_base_url=house.url.replace("http", "ws"))
        async with client.realtime.connect(model="gpt-realtime") as connection:
            refusals: dict[str, dict[str, Any]] = {
                "missing_required_parameter": {"type": "session.update", "session": {"instructions": "x"}},
                "unknown_parameter": {"type": "session.update", "session": {"type": "realtime", "colour": "red"}},
                "invalid_value": {"type": "make.tea"},
                "response_cancel_not_active": {"type": "response.cancel"},
                "invalid_tool_call_id": {
                    "type": "conversation.item.create",
                    "item": {"type": "function_call_output", "call_id": "none", "output": ""},
                },
                "item_truncate_invalid_item_id": {
                    "type": "conversation.item.truncate",
                    "item_id": "none",
                    "content_index": 0,
                    "audio_end_ms": 10,
                },
            }
            for code, event in refusals.items():
                await connection.send(cast(Any, {**event, "event_id": f"mine_{code}"}))
                told: Any = await connection.recv()
                while told.type != "error":
                    told = await connection.recv()
                assert (told.error.code, told.error.event_id) == (code, f"mine_{code}")
            await connection.send_raw(b"no json")
            assert (await connection.recv()).type == "error"


@pytest.mark.room
async def test_an_item_is_not_cut_beyond_its_end() -> None:
    async with OpenAiEmulator() as house:
        client = AsyncOpenAI(api_key=KEY, websocket_base_url=house.url.replace("http", "ws"))
        async with client.realtime.connect(model="gpt-realtime") as connection:
            await connection.response.create()
            told: Any = await connection.recv()
            while told.type != "response.done":
                told = await connection.recv()
            item = told.response.output[0].id
            for end_ms, kind in ((600_000, "error"), (500, "conversation.item.truncated")):
                await connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=end_ms)
                answer: Any = await connection.recv()
                assert answer.type == kind
                if kind == "error":
                    assert "already shorter than 600000ms" in answer.error.message


@pytest.mark.room
async def test_options_reach_the_wire_as_openai_names_them() -> None:
    config = LlmConfig(
        provider="openai_realtime",
        model="gpt-realtime-2.1",
        voice="cedar",
        speed=2.0,
        max_completion_tokens=9000,
        reasoning_effort="low",
        turn_detection=TurnDetection(threshold=3, prefix_padding_ms=-5, silence_duration_ms=700, idle_timeout_ms=1),
    )
    async with OpenAiEmulator() as house:
        for rate_hz in (8_000, 16_000):
            vendor = Vendor("openai", house.url)
            session = await OpenAiRealtime(vendor, SecretStr(KEY)).open(config, "Be brief.", [WEATHER], rate_hz)
            await session.aclose()
            await vendor.aclose()
        narrow, wide = (one["session"] for one in sent(house, "session.update"))
        assert narrow["audio"]["input"]["format"] == narrow["audio"]["output"]["format"] == {"type": "audio/pcmu"}
        assert wide["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}
        assert narrow["audio"]["input"]["turn_detection"] == {
            "type": "server_vad",
            "threshold": 1.0,
            "prefix_padding_ms": 0,
            "silence_duration_ms": 700,
            "idle_timeout_ms": 5_000,
            "create_response": True,
            "interrupt_response": True,
        }
        assert (narrow["audio"]["output"]["voice"], narrow["audio"]["output"]["speed"]) == ("cedar", 1.5)
        assert (narrow["max_output_tokens"], narrow["reasoning"]) == (4096, {"effort": "low"})
        assert narrow["instructions"] == "Be brief."
        assert narrow["tools"] == [{"type": "function", **WEATHER.model_dump()}]
        assert house.received[0].path == "/v1/realtime?model=gpt-realtime-2.1"


@pytest.mark.room
async def test_a_session_that_expires_may_be_opened_anew() -> None:
    error = {"type": "invalid_request_error", "code": "session_expired", "message": "60 minutes are over"}
    conversation = Conversation(DIALECT, sound_format(DIALECT, 8_000), 8_000, lambda _: None, _failure)
    with pytest.raises(Upstream) as expired:
        list(conversation.take({"type": "error", "error": error}))
    assert expired.value.retryable
    assert list(conversation.take({"type": "ping", "timestamp": 1})) == []
    assert list(conversation.take({"type": "error", "error": {"code": "response_cancel_not_active"}})) == []


def rules(dialect: Dialect = DIALECT) -> tuple[Conversation, list[dict[str, Any]]]:
    """A conversation, and what it sends."""
    wire: list[dict[str, Any]] = []
    return Conversation(dialect, sound_format(dialect, 8_000), 8_000, wire.append, _failure), wire


def told(conversation: Conversation, kind: str, **fields: Any) -> list[RealtimeEvent]:
    """What an event means."""
    return list(conversation.take({"type": kind, **fields}))


@pytest.mark.unit
def test_words_of_a_silence_are_not_the_partys() -> None:
    conversation, _ = rules()
    told(conversation, "input_audio_buffer.timeout_triggered", item_id="one")
    assert conversation.due
    kind = "conversation.item.input_audio_transcription.completed"
    assert told(conversation, kind, item_id="one", transcript="Thank you for watching.") == []
    assert told(conversation, kind, item_id="two", transcript="Hello.") == [PartyWords("two", "Hello.", True)]


@pytest.mark.unit
def test_a_reply_that_is_asked_for_while_another_is_made_waits() -> None:
    conversation, wire = rules()
    told(conversation, "response.created", response={"id": "a"})
    conversation.ask()
    conversation.ask()
    assert wire == []
    details = {"cached_tokens": 3, "cached_tokens_details": {"text_tokens": 1, "audio_tokens": 2}, "audio_tokens": 5}
    usage = {"input_tokens": 9, "output_tokens": 4, "input_token_details": details}
    done = told(conversation, "response.done", response={"id": "a", "status": "completed", "usage": usage})
    assert done == [ReplyDone("a", "completed", Spent(9, 4, 3, 5, 0, 2))]
    assert wire == [{"type": "response.create"}]
    busy = {"type": "invalid_request_error", "code": "conversation_already_has_active_response"}
    told(conversation, "error", error=busy)
    told(conversation, "response.created", response={"id": "b"})
    told(conversation, "response.done", response={"id": "b", "status": "completed"})
    assert wire == [{"type": "response.create"}] * 2


@pytest.mark.unit
def test_a_reply_that_is_left_without_an_end_is_ended_and_billed_late() -> None:
    conversation, wire = rules(XAI)
    told(conversation, "response.created", response={"id": "a"})
    assert told(conversation, "input_audio_buffer.speech_started", item_id="x") == [PartyStarted()]
    assert wire == [{"type": "response.cancel"}]
    assert not conversation.due
    assert told(conversation, "response.output_audio.delta", response_id="a", item_id="i", delta="AAAA") == []
    stopped = told(conversation, "input_audio_buffer.speech_stopped", item_id="x")
    assert stopped == [ReplyDone("a", "cancelled"), PartyStopped()]
    late = told(
        conversation, "response.done", response={"id": "a", "status": "cancelled", "usage": {"input_tokens": 7}}
    )
    assert late == [Billed(Spent(prompt_tokens=7))]


@pytest.mark.unit
def test_words_that_xai_calls_complete_twice_are_final_once() -> None:
    conversation, _ = rules(XAI)
    kind = "conversation.item.input_audio_transcription.completed"
    assert told(conversation, kind, item_id="x", transcript="My car") == [PartyWords("x", "My car", False)]
    assert told(conversation, kind, item_id="x", transcript="My car broke") == [PartyWords("x", "My car broke", False)]
    told(conversation, "response.created", response={"id": "a"})
    sound = told(conversation, "response.output_audio.delta", response_id="a", item_id="i", delta="/////w==")
    assert [type(one) for one in sound] == [PartyWords, ReplySound]
    assert sound[0] == PartyWords("x", "My car broke", True)


@pytest.mark.unit
def test_a_reply_of_several_items_is_cut_where_it_was_heard() -> None:
    conversation, wire = rules()
    told(conversation, "response.created", response={"id": "a"})
    second = base64.b64encode(b"\xff" * 8_000).decode()
    for item in ("one", "two", "three"):
        told(conversation, "response.output_audio.delta", response_id="a", item_id=item, delta=second)
    conversation.truncate("a", 1.25, "what was heard")
    assert wire == [
        {"type": "conversation.item.truncate", "item_id": "two", "content_index": 0, "audio_end_ms": 250},
        {"type": "conversation.item.delete", "item_id": "three"},
    ]
    output = [{"type": "message", "id": "three"}, {"type": "message", "id": "four"}]
    told(conversation, "response.done", response={"id": "a", "status": "cancelled", "output": output})
    assert wire[2:] == [{"type": "conversation.item.delete", "item_id": "four"}]


def _failure(error: Mapping[str, Any]) -> Upstream:
    return Upstream(str(error["code"]), provider="openai", retryable=DIALECT.errors[error["code"]])
