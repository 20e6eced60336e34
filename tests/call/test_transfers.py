"""Calls that are handed over, with three real phones on real SIP: ours, the party's and the agent's."""

import asyncio
import io
import wave
from typing import Any

import numpy as np
import pytest

from tests.installation import Installation
from tests.peers import BaresipPeer, SippUas
from tests.providers.prompts import prompt
from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.testing.recogniser import transcribe

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

DESK = "+31850000001"
RATE = 8_000
LOCAL = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
ASSISTANT = {
    "name": "Reception",
    "business_name": "Bright Smile",
    "recording_enabled": True,
    "silence_timeout_seconds": 600,
    "llm_config": {"provider": "local", "model": "scripted"},
    **LOCAL,
}
PARTY_HZ, AGENT_HZ = 500.0, 900.0


def tone(frequency_hz: float, seconds: float = 20.0) -> bytes:
    """A steady tone."""
    moments = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * frequency_hz * moments) * 6000).astype("<i2").tobytes()


def loudness(pcm: bytes, frequency_hz: float) -> float:
    """Seconds of a sound in which that frequency has nearly all of the energy."""
    frames = np.frombuffer(pcm, "<i2")[: len(pcm) // 3200 * 1600].astype(np.float64).reshape(-1, 1600)
    power = np.abs(np.fft.rfft(frames * np.hanning(1600), axis=1)) ** 2
    near = np.abs(np.fft.rfftfreq(1600, 1 / RATE) - frequency_hz) < 15
    total = power.sum(axis=1)
    clear = (power[:, near].sum(axis=1) > 0.9 * total) & (total > 1e9)
    return float(clear.sum() * 0.2)


async def way(house: Installation, party_port: int, agent_port: int) -> None:
    """A number that calls the party's phone, and hands over to the agent's through a trunk of its own."""

    async def trunk(port: int) -> str:
        body = {"name": f"peer {port}", "address": f"127.0.0.1:{port}", "allow_sip_uri": True}
        return str((await house.api.post("/sip-trunks", body))["trunk"]["id"])

    line = {
        "phone_number": f"+3185083{6000 + len(house.numbers):04d}",
        "trunk_id": await trunk(party_port),
        "transfer_trunk_id": await trunk(agent_port),
    }
    house.numbers[party_port] = (await house.api.post("/numbers", line))["number"]["id"]


async def transferring(
    house: Installation, party_port: int, agent_port: int, mode: str = "warm", destination: str = DESK
) -> str:
    """A call in progress that was told to hand the party over."""
    await way(house, party_port, agent_port)
    call_id = await house.call(party_port, ASSISTANT, variables={"customer_name": "Anna"})
    await house.until(call_id, lambda call: call["status"] == "in-progress")
    await asyncio.sleep(0.5)
    order = {"type": "transfer", "destination": destination, "mode": mode, "message": "One moment, please."}
    await house.api.post(f"/calls/{call_id}/control", order)
    return call_id


def noted(call: dict[str, Any], words: str) -> bool:
    return any(words in said["content"] for said in call["messages"] if said["role"] == "system")


async def until_noted(house: Installation, call_id: str, words: str, seconds: float = 40) -> dict[str, Any]:
    return await house.until(call_id, lambda call: noted(call, words), seconds)


async def nothing_left(house: Installation, seconds: float = 8.0) -> None:
    """No leg of ours is up any more."""
    async with asyncio.timeout(seconds):
        while (await house.api.get("/health"))["checks"]["sip"]["live_legs"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def hangs_up(phone: BaresipPeer) -> None:
    phone.order("hangup")


async def test_a_party_is_sent_on_by_refer_and_calls_the_agent_itself(house: Installation) -> None:
    with BaresipPeer(tone=tone(PARTY_HZ)) as party, BaresipPeer(user="agent", tone=tone(AGENT_HZ)) as agent:
        agent_port = agent.start()
        call_id = await transferring(house, party.start(), agent_port, "blind", f"sip:agent@127.0.0.1:{agent_port}")
        call = await house.ended(call_id)
        await agent.happened("CALL_ESTABLISHED")
    assert (call["status"], call["end_reason"]) == ("transferred", "transferred")
    await nothing_left(house)


async def test_where_the_trunk_refuses_refer_the_two_are_joined_by_us(house: Installation) -> None:
    """The party's phone sends back what it hears: the agent hears its own tone only when both directions work."""
    refuses = SippUas("uas_refer_refused", keys={"status": "405 Method Not Allowed"})
    with refuses as party, BaresipPeer(user=DESK, tone=silence(4, RATE) + tone(AGENT_HZ)) as agent:
        call_id = await transferring(house, party.start(), agent.start(), "blind")
        await until_noted(house, call_id, "was handed over")
        await asyncio.sleep(9)
        assert (await house.api.get(f"/calls/{call_id}"))["status"] == "transferring"
        await hangs_up(agent)
        call = await house.ended(call_id)
        assert await party.ended() == 0
        await asyncio.sleep(0.5)
        heard = decode(agent.heard.read_bytes())
    assert (call["status"], call["end_reason"]) == ("transferred", "transferred")
    assert loudness(heard.pcm, AGENT_HZ) > 3.0
    await nothing_left(house)


async def test_a_warm_hand_over_is_taken_by_key_1_and_recorded_to_its_end(house: Installation) -> None:
    with BaresipPeer(tone=tone(PARTY_HZ, 59)) as party, BaresipPeer(user=DESK, tone=silence(1, RATE)) as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await until_noted(house, call_id, "Said to the agent: This is the assistant of Bright Smile. I have Anna")
        agent.order("sndcode", "1")
        await until_noted(house, call_id, "was handed over")
        await asyncio.sleep(6)
        await hangs_up(party)
        call = await house.ended(call_id)
        await agent.happened("CALL_CLOSED")
        await asyncio.sleep(0.5)
        told, music = decode(agent.heard.read_bytes()), decode(party.heard.read_bytes())
        sound = await house.api.download(f"/calls/{call_id}/recording")
    assert (call["status"], call["end_reason"]) == ("transferred", "transferred")
    assert "bright smile" in transcribe(to_float(resample(told.pcm[: 12 * RATE * 2], RATE, 16_000))).lower()
    assert loudness(told.pcm, PARTY_HZ) > 4.0
    assert np.sqrt(np.mean(np.frombuffer(music.pcm, "<i2").astype(float) ** 2)) > 100
    with wave.open(io.BytesIO(sound)) as found:
        both = np.frombuffer(found.readframes(found.getnframes()), "<i2").reshape(-1, 2)
    tail = both[-5 * RATE :]
    assert loudness(np.ascontiguousarray(tail[:, 0]).tobytes(), PARTY_HZ) > 3.5
    assert loudness(np.ascontiguousarray(tail[:, 1]).tobytes(), PARTY_HZ) == 0.0
    await nothing_left(house)


async def test_a_warm_hand_over_is_taken_by_anything_that_is_said(house: Installation) -> None:
    speech = silence(0.4, RATE) + prompt("hello") + silence(24, RATE) + prompt("conf-extended") + silence(3, RATE)
    with (
        BaresipPeer(tone=silence(10, RATE) + tone(PARTY_HZ, 49)) as party,
        BaresipPeer(user=DESK, tone=speech + tone(AGENT_HZ)) as agent,
    ):
        call_id = await transferring(house, party.start(), agent.start())
        call = await until_noted(house, call_id, "was handed over", 50)
        await asyncio.sleep(8)
        await hangs_up(agent)
        call = await house.ended(call_id)
        await party.happened("CALL_CLOSED")
        await asyncio.sleep(0.5)
        heard = decode(party.heard.read_bytes())
        sound = await house.api.download(f"/calls/{call_id}/recording")
    assert (call["status"], call["end_reason"]) == ("transferred", "transferred")
    assert loudness(heard.pcm, AGENT_HZ) > 3.0
    with wave.open(io.BytesIO(sound)) as found:
        both = np.frombuffer(found.readframes(found.getnframes()), "<i2").reshape(-1, 2)
    assert loudness(np.ascontiguousarray(both[-4 * RATE :, 1]).tobytes(), AGENT_HZ) > 2.5
    assert loudness(np.ascontiguousarray(both[-4 * RATE :, 0]).tobytes(), PARTY_HZ) > 2.5
    await nothing_left(house)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("486 Busy Here", "the line was busy"),
        ("603 Decline", "the call was declined"),
        ("404 Not Found", "the number could not be reached"),
    ],
)
async def test_a_second_leg_that_fails_brings_the_party_back(house: Installation, status: str, why: str) -> None:
    with SippUas("uas_answer") as party, SippUas("uas_final", keys={"status": status}) as agent:
        call_id = await transferring(house, party.start(), agent.start())
        call = await until_noted(house, call_id, f"The transfer failed: {why}. The customer is still on the line.")
        call = await house.until(call_id, lambda call: call["status"] == "in-progress")
        assert await agent.ended() == 0
        assert f"{DESK}@" in agent.request("INVITE")["uri"]
        assert "+3185083" in agent.request("INVITE")["From"]
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        assert await party.ended() == 0
    assert call["end_reason"] == "api_ended"
    after = call["messages"][
        [said["content"].startswith("The transfer failed") for said in call["messages"]].index(True) :
    ]
    assert any(said["role"] == "assistant" for said in after), "the assistant did not go on talking"
    await nothing_left(house)


async def test_nobody_answers_within_30_seconds(house: Installation) -> None:
    with SippUas("uas_answer") as party, SippUas("uas_ringing") as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await until_noted(house, call_id, "The transfer failed: nobody answered.", 45)
        assert await agent.ended() == 0
        assert list(agent.requests("CANCEL"))
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
        assert await party.ended() == 0
    await nothing_left(house)


async def test_a_voicemail_at_the_agents_phone_brings_the_party_back(house: Installation) -> None:
    greeting = silence(0.5, RATE) + prompt("vm-nobodyavail") + silence(0.3, RATE) + prompt("vm-intro")
    with SippUas("uas_answer") as party, BaresipPeer(user=DESK, tone=greeting + silence(30, RATE)) as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await until_noted(house, call_id, "The transfer failed: a voicemail answered.")
        await agent.happened("CALL_CLOSED")
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        assert await party.ended() == 0
    assert not noted(call, "was handed over")
    await nothing_left(house)


async def test_a_party_who_hangs_up_while_it_rings_ends_the_second_leg(house: Installation) -> None:
    with BaresipPeer(tone=silence(30, RATE)) as party, SippUas("uas_ringing") as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await until_noted(house, call_id, f"Calling {DESK}")
        await asyncio.sleep(1)
        await hangs_up(party)
        call = await house.ended(call_id)
        assert await agent.ended() == 0
        assert list(agent.requests("CANCEL"))
    assert call["end_reason"] == "user_hangup"
    await nothing_left(house)


@pytest.mark.parametrize("step", ["briefing", "bridged"])
async def test_a_party_who_hangs_up_later_ends_both_legs(house: Installation, step: str) -> None:
    with BaresipPeer(tone=silence(30, RATE)) as party, BaresipPeer(user=DESK, tone=silence(30, RATE)) as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await agent.happened("CALL_ESTABLISHED", seconds=10)
        await asyncio.sleep(4)
        if step == "bridged":
            agent.order("sndcode", "1")
            await until_noted(house, call_id, "was handed over")
        await hangs_up(party)
        call = await house.ended(call_id)
        await agent.happened("CALL_CLOSED")
    assert call["end_reason"] == ("user_hangup" if step == "briefing" else "transferred")
    await nothing_left(house)


async def test_keys_pass_through_the_bridge(house: Installation) -> None:
    with BaresipPeer(tone=silence(30, RATE)) as party, BaresipPeer(user=DESK, tone=silence(30, RATE)) as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await agent.happened("CALL_ESTABLISHED", seconds=10)
        await asyncio.sleep(4)
        agent.order("sndcode", "1")
        await until_noted(house, call_id, "was handed over")
        party.order("sndcode", "7")
        await agent.happened("CALL_DTMF_START")
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        await party.happened("CALL_CLOSED")
        await agent.happened("CALL_CLOSED")
    assert call["end_reason"] == "api_ended"
    await nothing_left(house)
