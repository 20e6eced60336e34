"""xAI's realtime models: the shared checks, and the emulator as an independent client sees it."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from livekit import rtc
from livekit.agents import llm
from livekit.plugins import xai
from pydantic import SecretStr

from tests.vendors.conformance_realtime import WEATHER, Conformance, Faults, live_key
from tests.vendors.test_realtime_openai import sent
from trunkline.domain.assistant import LlmConfig, TurnDetection
from trunkline.providers.realtime.xai import XaiRealtime
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import KEY, Emulator
from trunkline.testing.emulators.speaking import speech
from trunkline.testing.emulators.xai_realtime import add_xai_realtime


class XaiEmulator(Emulator):
    """xAI's realtime protocol alone."""

    vendor, base = "xai", "/v1"

    def routes(self, app: web.Application) -> None:
        """Adds it."""
        add_xai_realtime(app, self)


@pytest.mark.room
class TestXai(Faults):
    """Against the emulator."""

    provider = "xai_realtime"
    emulator = XaiEmulator
    says = True

    def check_truncated(self, house: Emulator, played_seconds: float) -> None:
        assert len(sent(house, "conversation.item.delete")) == 1
        heard = [
            one["item"] for one in sent(house, "conversation.item.create") if one["item"].get("role") == "assistant"
        ]
        assert [one["content"][0]["text"] for one in heard] == ["I understood: Say one two"]


if live_key("xai"):

    @pytest.mark.live
    class TestXaiLive(Conformance):
        """Against xAI."""

        provider = "xai_realtime"
        says = True


async def spoken(generation: llm.GenerationCreatedEvent) -> tuple[str, float]:
    """The words and the seconds of sound of a reply."""
    words, seconds = "", 0.0
    async for message in generation.message_stream:
        async for text in message.text_stream:
            words += text
        async for frame in message.audio_stream:
            seconds += frame.duration
    return words, seconds


@pytest.mark.room
async def test_livekits_plugin_talks_to_the_emulator() -> None:
    generations: asyncio.Queue[llm.GenerationCreatedEvent] = asyncio.Queue()
    heard: list[Any] = []
    problems: list[Any] = []
    async with XaiEmulator() as house, aiohttp.ClientSession() as http, asyncio.timeout(30):
        model = xai.realtime.RealtimeModel(api_key=KEY, base_url=f"{house.url}/realtime", http_session=http)
        session = model.session()
        session.on("generation_created", generations.put_nowait)
        session.on("input_audio_transcription_completed", heard.append)
        session.on("error", problems.append)
        await session.update_instructions("Be brief.")
        pcm = await speech("My car needs new brakes.", 24_000) + bytes(72_000)
        for at in range(0, len(pcm), 4_800):
            piece = pcm[at : at + 4_800]
            session.push_audio(rtc.AudioFrame(piece, 24_000, 1, len(piece) // 2))
        words, seconds = await spoken(await generations.get())
        assert "brakes" in words.lower()
        assert seconds > 1
        assert "brakes" in heard[-1].transcript.lower()
        words, seconds = await spoken(await session.say("Please hold the line."))
        assert words == "Please hold the line."
        assert seconds > 0.5
        await session.aclose()
        await model.aclose()
        assert not problems
        await house.until(lambda: house.open_streams == 0)


@pytest.mark.room
async def test_options_reach_the_wire_as_xai_names_them() -> None:
    config = LlmConfig(
        provider="xai_realtime",
        voice="leo",
        speed=0.5,
        reasoning_effort="high",
        turn_detection=TurnDetection(threshold=1, silence_duration_ms=99_000),
    )
    async with XaiEmulator() as house:
        for rate_hz, wanted in ((8_000, config), (16_000, LlmConfig(provider="xai_realtime"))):
            vendor = Vendor("xai", house.url)
            session = await XaiRealtime(vendor, SecretStr(KEY)).open(wanted, "Be brief.", [WEATHER], rate_hz)
            await session.aclose()
            await vendor.aclose()
        first, second = (one["session"] for one in sent(house, "session.update"))
        assert (first["voice"], second["voice"]) == ("leo", "ara")
        assert first["audio"]["output"] == {"format": {"type": "audio/pcmu"}, "speed": 0.7}
        assert second["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 16_000}
        assert (first["reasoning"], second["reasoning"]) == ({"effort": "high"}, {"effort": "none"})
        assert (first["turn_detection"]["threshold"], first["turn_detection"]["silence_duration_ms"]) == (0.9, 10_000)
        standard = second["turn_detection"]
        assert (standard["threshold"], standard["prefix_padding_ms"], standard["silence_duration_ms"]) == (
            0.5,
            300,
            200,
        )
        assert "type" not in first
        assert house.received[0].path == "/v1/realtime?model=grok-realtime-v1"
