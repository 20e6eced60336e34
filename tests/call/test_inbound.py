"""Calls that come in, on the composed platform: who gets in, who answers, and what is left of it."""

import asyncio
import io
import json
import wave
from typing import Any

import numpy as np
import pytest

from tests.installation import Installation
from tests.peers import BaresipPeer
from tests.providers.prompts import prompt, texts
from tests.webhooks.receiver import Receiver
from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.testing.recogniser import transcribe, word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

LOCAL = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
SCRIPTED = {"llm_config": {"provider": "local", "model": "scripted"}, **LOCAL}
FIRST = "Good afternoon, this is the courier desk. Your parcel will be at your door tomorrow morning."
HUMAN = "vm-nobodyavail"
NUMBERS = iter(f"+3185083{n:04d}" for n in range(1000, 2000))


class Reception:
    """An organisation's number with its trunk and assistant, for one test."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.phone = next(NUMBERS)
        self.assistant_id: str | None = None
        self.trunk_id = self.number_id = ""

    async def open(
        self, assistant: dict[str, Any] | None, trunk: dict[str, Any] | None = None, **number: Any
    ) -> "Reception":
        """Registers it; ``assistant`` None leaves the number without one."""
        api = self.house.api
        way = {"name": "in", "address": "127.0.0.1:5999", "inbound_addresses": ["127.0.0.1"], **(trunk or {})}
        self.trunk_id = (await api.post("/sip-trunks", way))["trunk"]["id"]
        if assistant is not None:
            made = await api.post("/assistants", {"name": "Desk", **SCRIPTED, **assistant})
            self.assistant_id = made["assistant"]["id"]
        line = {
            "phone_number": self.phone,
            "name": "Desk",
            "trunk_id": self.trunk_id,
            "assistant_id": self.assistant_id,
        }
        self.number_id = (await api.post("/numbers", {**line, **number}))["number"]["id"]
        return self

    @property
    def sip(self) -> str:
        """Where the platform takes calls."""
        return self.house.environment["TRUNKLINE_SIP_LISTEN"]

    async def calls(self) -> list[dict[str, Any]]:
        """The calls of this number, newest first."""
        found: list[dict[str, Any]] = (
            await self.house.api.get(f"/calls?direction=inbound&number_id={self.number_id}")
        )["calls"]
        return found

    async def call(self, seconds: float = 10) -> str:
        """The id of the call to this number, once there is one."""
        async with asyncio.timeout(seconds):
            while not (found := await self.calls()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return str(found[0]["id"])

    async def ended(self, seconds: float = 30) -> dict[str, Any]:
        """The call to this number, once it has ended."""
        return await self.house.ended(await self.call(), seconds)


def heard(pcm: bytes, rate: int) -> str:
    """What the independent recogniser hears from the first loud moment to the last."""
    samples = to_float(resample(pcm, rate, 16_000))
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return transcribe(samples[max(0, loud[0] - 4_800) : loud[-1] + 4_800]) if len(loud) else ""


async def test_a_caller_and_the_assistant_hear_each_other(house: Installation, hook: Receiver) -> None:
    assistant = {"first_message": FIRST, "recording_enabled": True, "webhook_url": hook.url()}
    desk = await Reception(house).open(assistant)
    person = silence(9, 8_000) + prompt(HUMAN)
    with BaresipPeer(tone=person + silence(30, 8_000)) as phone:
        phone.start()
        phone.order("dial", f"sip:{desk.phone}@{desk.sip}")
        call_id = await desk.call()
        await house.until(call_id, lambda call: any(said["role"] == "user" for said in call["messages"]))
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        await asyncio.sleep(0.5)
        ours = decode(phone.heard.read_bytes())
    assert (call["direction"], call["status"], call["end_reason"]) == ("inbound", "ended", "api_ended")
    assert (call["assistant_phone"], call["caller_phone"]) == (desk.phone, "+31612345678")
    assert (call["assistant_id"], call["sip"]["codec"]) == (desk.assistant_id, "pcmu")
    spoken = " ".join(said["content"] for said in call["messages"] if said["role"] == "assistant")
    assert spoken.startswith(FIRST)
    assert word_error_rate(spoken, heard(ours.pcm, ours.sample_rate_hz)) < 0.15
    understood = " ".join(said["content"] for said in call["messages"] if said["role"] == "user")
    assert word_error_rate(texts()[HUMAN], understood) < 0.35
    with wave.open(io.BytesIO(await house.api.download(f"/calls/{call_id}/recording"))) as found:
        both = np.frombuffer(found.readframes(found.getnframes()), "<i2").reshape(-1, 2)
        rate = found.getframerate()
    assert word_error_rate(spoken, heard(np.ascontiguousarray(both[:, 1]).tobytes(), rate)) < 0.15
    assert word_error_rate(texts()[HUMAN], heard(np.ascontiguousarray(both[:, 0]).tobytes(), rate)) < 0.15
    told = [json.loads(one.body)["message"] for one in await hook.wait(5, 20)]
    assert [(one["type"], one["call"]["status"]) for one in told] == [
        ("assistant-request", "ringing"),
        ("status-update", "ringing"),
        ("status-update", "in-progress"),
        ("status-update", "ended"),
        ("end-of-call-report", "ended"),
    ]
    assert told[0]["call"]["type"] == "inbound_phone_call"
    assert (told[0]["customer"]["number"], told[0]["phone_number"]["number"]) == ("+31612345678", desk.phone)
