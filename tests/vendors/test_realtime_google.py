"""Google's Gemini Live models: the shared checks, and the emulator as Google's own SDK sees it."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from google import genai
from google.genai import types
from pydantic import SecretStr

from tests.vendors.conformance_realtime import WEATHER, Conformance, Faults, live_key
from tests.vendors.tls import over_tls
from trunkline.domain.assistant import LlmConfig, TurnDetection
from trunkline.ports.realtime import (
    PartyStarted,
    PartyWords,
    RealtimeEvent,
    ReplyCalls,
    ReplyDone,
    ReplyStarted,
)
from trunkline.ports.replies import ToolCall, Turn
from trunkline.providers.realtime import google_setup
from trunkline.providers.realtime.google import GoogleRealtime
from trunkline.providers.realtime.google_conversation import GoogleConversation
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.gemini_live import add_gemini_live
from trunkline.testing.emulators.house import KEY, Emulator
from trunkline.testing.emulators.speaking import speech


class GoogleEmulator(Emulator):
    """Google's Live protocol alone."""

    vendor, base = "google", "/v1beta"

    def routes(self, app: web.Application) -> None:
        """Adds it."""
        add_gemini_live(app, self)


def sent(house: Emulator, kind: str) -> list[Mapping[str, Any]]:
    """The messages of a kind that a client sent."""
    return [one.body[kind] for one in house.received if one.body is not None and kind in one.body]


@pytest.mark.room
class TestGoogle(Faults):
    """Against the emulator."""

    provider = "google_realtime"
    emulator = GoogleEmulator

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        notes = [turn["parts"][0]["text"] for one in sent(house, "clientContent") for turn in one["turns"]]
        assert any("only this was heard of your last words: I understood: Say one two" in one for one in notes)


if live_key("google"):

    @pytest.mark.live
    class TestGoogleLive(Conformance):
        """Against Google."""

        provider = "google_realtime"


class ShortLivedEmulator(GoogleEmulator):
    """Its connections last three seconds."""

    def routes(self, app: web.Application) -> None:
        """Adds the protocol."""
        add_gemini_live(app, self, lasting_seconds=2.0)


@pytest.mark.room
async def test_a_session_outlives_its_connection() -> None:
    checks = TestGoogle()
    async with ShortLivedEmulator() as house, checks.talk(house) as talk:
        talk.session.add([Turn("user", "Goodbye.")])
        talk.session.respond()
        first = await talk.done()
        await house.until(lambda: len(sent(house, "setup")) >= 2)
        talk.session.add([Turn("user", "Say banana.")])
        talk.session.respond()
        second = await talk.done(2)
        assert (first.outcome, second.outcome) == ("completed", "completed")
        assert "banana" in talk.said(second.reply).lower()
        assert not talk.all(PartyStarted)
        setups = sent(house, "setup")
        assert setups[0]["sessionResumption"] == {}
        assert setups[1]["sessionResumption"]["handle"]
        assert house.open_streams == 1


@pytest.mark.room
async def test_a_party_that_is_silent_for_too_long_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_setup, "IDLE_MS", (300, 30_000))
    checks = TestGoogle()
    turns = TurnDetection(idle_timeout_ms=1)
    async with GoogleEmulator() as house, checks.talk(house, turn_detection=turns) as talk:
        talk.session.add([Turn("user", "Goodbye.")])
        talk.session.respond()
        await talk.done(2)
        texts = [turn["parts"][0]["text"] for one in sent(house, "clientContent") for turn in one["turns"]]
        assert any("has been silent" in text for text in texts)


@pytest.mark.room
async def test_googles_sdk_talks_to_the_emulator(tmp_path: Path) -> None:
    async with GoogleEmulator() as house, over_tls(house.port, tmp_path) as (port, authority), asyncio.timeout(30):
        trust = ssl.create_default_context(cafile=authority)
        options = types.HttpOptions(
            base_url=f"https://127.0.0.1:{port}", api_version="v1beta", async_client_args={"ssl": trust}
        )
        client = genai.Client(api_key=KEY, http_options=options)
        config = types.LiveConnectConfig(
            response_modalities=[types.Modality.AUDIO],
            system_instruction="Be brief.",
            input_audio_transcription=types.AudioTranscriptionConfig(),
            output_audio_transcription=types.AudioTranscriptionConfig(),
            tools=[
                types.Tool(
                    function_declarations=[
                        types.FunctionDeclaration(
                            name="weather",
                            description=WEATHER.description,
                            parameters=types.Schema.model_validate(WEATHER.parameters),
                        )
                    ]
                )
            ],
        )
        async with client.aio.live.connect(
            model="gemini-2.5-flash-native-audio-preview-12-2025", config=config
        ) as session:
            pcm = await speech("What is the weather in London?", 16_000) + bytes(48_000)
            for at in range(0, len(pcm), 3_200):
                blob = types.Blob(data=pcm[at : at + 3_200], mime_type="audio/pcm;rate=16000")
                await session.send_realtime_input(audio=blob)
            told = [message async for message in _until(session, lambda one: one.tool_call)]
            heard = "".join(_content(one).input_transcription.text for one in told if _has(one, "input_transcription"))
            assert "weather" in heard.lower()
            call = told[-1].tool_call.function_calls[0]
            assert (call.name, call.args["city"].strip(".")) == ("weather", "London")
            answer = types.FunctionResponse(id=call.id, name=call.name, response={"forecast": "heavy thunder"})
            await session.send_tool_response(function_responses=[answer])
            told = [message async for message in _until(session, lambda one: one.usage_metadata)]
            said = "".join(_content(one).output_transcription.text for one in told if _has(one, "output_transcription"))
            assert "thunder" in said
            assert sum(len(one.data or b"") for one in told) > 48_000
            usage = told[-1].usage_metadata
            assert usage.total_token_count == usage.prompt_token_count + usage.response_token_count
            turns = types.Content(role="user", parts=[types.Part(text="Say elephant.")])
            await session.send_client_content(turns=turns, turn_complete=True)
            told = [message async for message in _until(session, lambda one: _has(one, "generation_complete"))]
            said = "".join(_content(one).output_transcription.text for one in told if _has(one, "output_transcription"))
            assert "elephant" in said.lower()


async def _until(session: Any, last: Any) -> Any:
    while True:
        async for message in session.receive():
            yield message
            if last(message):
                return


def _content(message: Any) -> Any:
    return message.server_content


def _has(message: Any, name: str) -> bool:
    return message.server_content is not None and getattr(message.server_content, name) is not None


@pytest.mark.room
async def test_options_reach_the_wire_as_google_names_them() -> None:
    config = LlmConfig(
        provider="google_realtime",
        voice="Kore",
        speed=1.2,
        max_completion_tokens=200,
        temperature=0.3,
        turn_detection=TurnDetection(threshold=0.8, prefix_padding_ms=100, silence_duration_ms=700),
    )
    plain = LlmConfig(provider="google_realtime", model="gemini-3.8-live", reasoning_effort="high")
    async with GoogleEmulator() as house:
        for wanted in (config, plain):
            vendor = Vendor("google", house.url)
            session = await GoogleRealtime(vendor, SecretStr(KEY)).open(wanted, "Be brief.", [WEATHER], 8_000)
            session.push(bytes(640))
            await session.aclose()
            await vendor.aclose()
        first, second = sent(house, "setup")
        generation = first["generationConfig"]
        assert (generation["temperature"], generation["maxOutputTokens"]) == (0.3, 200)
        assert generation["speechConfig"] == {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}
        assert generation["thinkingConfig"] == {"thinkingBudget": 0}
        assert second["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "high"}
        assert first["realtimeInputConfig"]["automaticActivityDetection"] == {
            "prefixPaddingMs": 100,
            "silenceDurationMs": 700,
            "startOfSpeechSensitivity": "START_SENSITIVITY_LOW",
        }
        assert "realtimeInputConfig" not in second
        assert "1.2 times" in first["systemInstruction"]["parts"][0]["text"]
        assert first["tools"][0]["functionDeclarations"][0]["name"] == "weather"
        assert second["tools"][0]["functionDeclarations"][0]["behavior"] == "BLOCKING"
        assert KEY not in house.received[0].path


def _rules() -> tuple[GoogleConversation, list[dict[str, Any]]]:
    sent_messages: list[dict[str, Any]] = []
    return GoogleConversation(8_000, {"weather": "weather"}, True, sent_messages.append), sent_messages


def _take(conversation: GoogleConversation, **content: Any) -> list[RealtimeEvent]:
    return list(conversation.take({"serverContent": content}))


@pytest.mark.unit
def test_results_of_calls_that_the_vendor_gave_up_are_told_as_a_note() -> None:
    conversation, wire = _rules()
    call = {"id": "one", "name": "weather", "args": {"city": "London"}}
    told = list(conversation.take({"toolCall": {"functionCalls": [call]}}))
    assert [type(one) for one in told] == [ReplyStarted, ReplyCalls, ReplyDone]
    assert told[1] == ReplyCalls("reply_1", (ToolCall("one", "weather", {"city": "London"}),))
    list(conversation.take({"toolCallCancellation": {"ids": ["one"]}}))
    conversation.add([Turn("tool", "rain", tool_call_id="one")])
    assert [list(one) for one in wire] == [["clientContent"]]
    assert "rain" in wire[0]["clientContent"]["turns"][0]["parts"][0]["text"]


@pytest.mark.unit
def test_words_that_come_while_the_model_speaks_belong_to_the_turn_before() -> None:
    conversation, wire = _rules()
    told = _take(conversation, inputTranscription={"text": "My car"})
    assert told == [PartyStarted(), PartyWords("turn_1", "My car", False)]
    _take(conversation, outputTranscription={"text": "Yes."})
    assert _take(conversation, inputTranscription={"text": " is broken."}) == [
        PartyWords("turn_1", "My car is broken.", False)
    ]
    conversation.add([Turn("system", "It rains.")])
    assert not wire
    done = _take(conversation, generationComplete=True)
    assert done[0] == PartyWords("turn_1", "My car is broken.", True)
    assert not wire
    assert _take(conversation, turnComplete=True) == []
    assert len(wire) == 1
    assert not conversation.due


@pytest.mark.unit
def test_what_interrupts_the_vendors_own_playback_is_no_party() -> None:
    conversation, wire = _rules()
    _take(conversation, outputTranscription={"text": "Yes."}, generationComplete=True)
    conversation.add([Turn("user", "Say banana.")])
    conversation.ask()
    assert wire[-1]["clientContent"]["turnComplete"]
    assert _take(conversation, interrupted=True) == []
    assert _take(conversation, turnComplete=True) == []
    assert conversation.due


@pytest.mark.unit
def test_a_reply_that_has_not_begun_can_be_given_up() -> None:
    conversation, wire = _rules()
    conversation.add([Turn("user", "Say banana.")])
    conversation.ask()
    assert conversation.due
    conversation.cancel()
    assert wire[-1] == {"clientContent": {"turnComplete": False}}
    assert not conversation.due
    assert _take(conversation, interrupted=True) == []
    assert _take(conversation, turnComplete=True) == []
    assert _take(conversation, outputTranscription={"text": "Yes."})[0] == ReplyStarted("reply_1")
    assert PartyStarted() in _take(conversation, interrupted=True)
