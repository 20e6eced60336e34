"""Real calls that a voicemail or a person answers: Debian's baresip plays a recorded greeting, a beep and what follows."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.installation import Installation
from tests.peers import BaresipPeer
from tests.providers.prompts import prompt
from trunkline.audio import tones
from trunkline.audio.beep import BeepDetector
from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.testing.recogniser import transcribe, word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

LOCAL = {"provider": "local"}
SCRIPTED = {"llm_config": {"provider": "local", "model": "scripted"}, "stt_config": LOCAL, "tts_config": LOCAL}
FIRST = "Good afternoon, this is Tina from Smile Dental."
MESSAGE = "This is Smile Dental. Please call us back about your appointment on Monday. Thank you, and goodbye."
RATE_HZ = 8_000
QUIET = silence(1.0, RATE_HZ)
EARLY = silence(0.6, RATE_HZ)
LOUD = 0.02


def assistant(**more: Any) -> dict[str, Any]:
    """An assistant that notices voicemail and leaves a message."""
    settings = {"name": "Tina", "first_message": FIRST, "voicemail_detection": True, "voicemail_message": MESSAGE}
    return {**settings, **SCRIPTED, **more}


def greeting(gap_seconds: float = 0.8) -> bytes:
    """Nobody is available; leave your message after the tone; the tone."""
    parts = (prompt("vm-nobodyavail"), silence(0.3, RATE_HZ), prompt("vm-intro"), silence(gap_seconds, RATE_HZ))
    return EARLY + b"".join(parts) + tones.beep(1000.0, 0.5, RATE_HZ)


def sound(folder: Path, side: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """One side of what the phone kept: what it sent (``enc``) or heard (``dec``), at 8 kHz."""
    wav = decode(next(folder.glob(f"*-{side}.wav")).read_bytes())
    return to_float(resample(wav.pcm, wav.sample_rate_hz, RATE_HZ))


def beep_ended(sent: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """When the last 1000 Hz beep in a sound was over."""
    pcm = (sent * 32767).astype("<i2").tobytes() + QUIET
    found = BeepDetector(RATE_HZ).hear(pcm, len(pcm) / 2 / RATE_HZ)
    return [tone.at for tone in found if tone.over and abs(tone.frequency_hz - 1000) < 20][-1]


def loud_from(heard: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """When our first sound came."""
    return float(np.flatnonzero(np.abs(heard) > LOUD)[0]) / RATE_HZ


def lag(sent: np.ndarray[Any, np.dtype[np.float32]], heard: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """By how much later the phone began to keep what it heard: both end with the call."""
    return (len(sent) - len(heard)) / RATE_HZ


def understood(heard: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    """What an independent recogniser makes of our words."""
    wide = to_float(resample((heard * 32767).astype("<i2").tobytes(), RATE_HZ, 16_000))
    loud = np.flatnonzero(np.abs(wide) > LOUD)
    return transcribe(wide[max(0, loud[0] - 4_800) : loud[-1] + 4_800])


def content(call: dict[str, Any], role: str) -> list[str]:
    return [said["content"] for said in call["messages"] if said["role"] == role]


async def test_the_message_starts_after_the_beep_and_is_heard_whole(house: Installation) -> None:
    with BaresipPeer(tone=greeting() + silence(60, RATE_HZ)) as phone:
        call = await house.ended(await house.call(phone.start(), assistant()), 60)
        await asyncio.sleep(0.5)
        sent, heard = sound(phone.folder, "enc"), sound(phone.folder, "dec")
    assert (call["status"], call["end_reason"]) == ("ended", "voicemail_message_left")
    wait = loud_from(heard) + lag(sent, heard) - beep_ended(sent)
    assert 0.0 < wait < 1.2, f"our first sound came {wait:.2f} s after the beep"
    assert word_error_rate(MESSAGE, understood(heard)) < 0.2
    assert content(call, "assistant") == [MESSAGE]
    assert content(call, "system") == ["A voicemail answered the call."]


async def test_a_beep_that_comes_late_starts_the_message_anew(house: Installation) -> None:
    with BaresipPeer(tone=greeting(gap_seconds=2.6) + silence(60, RATE_HZ)) as phone:
        call = await house.ended(await house.call(phone.start(), assistant()), 60)
        await asyncio.sleep(0.5)
        sent, heard = sound(phone.folder, "enc"), sound(phone.folder, "dec")
    assert call["end_reason"] == "voicemail_message_left"
    after = heard[round((beep_ended(sent) - lag(sent, heard)) * RATE_HZ) :]
    assert word_error_rate(MESSAGE, understood(after)) < 0.25
    assert content(call, "assistant")[-1] == MESSAGE


async def test_without_a_message_a_voicemail_is_hung_up_on_in_silence(house: Installation) -> None:
    with BaresipPeer(tone=greeting() + silence(60, RATE_HZ)) as phone:
        call = await house.ended(await house.call(phone.start(), assistant(voicemail_message=None)), 40)
        await asyncio.sleep(0.5)
        heard = sound(phone.folder, "dec")
    assert (call["status"], call["end_reason"]) == ("ended", "voicemail_detected")
    assert np.abs(heard).max() < LOUD
    assert content(call, "assistant") == []


async def test_a_number_that_is_not_in_service_ends_the_call(house: Installation) -> None:
    tone = QUIET + tones.intercept(RATE_HZ) + prompt("ss-noservice") + silence(60, RATE_HZ)
    with BaresipPeer(tone=tone) as phone:
        call = await house.ended(await house.call(phone.start(), assistant()), 40)
    assert (call["status"], call["end_reason"]) == ("failed", "invalid_destination")
    assert "announcement" in call["error"]


async def test_a_person_is_spoken_to_within_two_seconds(house: Installation) -> None:
    hello = QUIET + prompt("hello") + silence(60, RATE_HZ)
    with BaresipPeer(tone=hello) as phone:
        call_id = await house.call(phone.start(), assistant())
        await house.until(call_id, lambda call: bool(content(call, "assistant")), 30)
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        await asyncio.sleep(0.5)
        sent, heard = sound(phone.folder, "enc"), sound(phone.folder, "dec")
    assert call["end_reason"] == "api_ended"
    said = np.flatnonzero(np.abs(sent) > LOUD)
    held = loud_from(heard) + lag(sent, heard) - float(said[-1]) / RATE_HZ
    assert held < 2.0, f"held for {held:.2f} s"
    assert content(call, "assistant")[0] == FIRST
    assert content(call, "system") == []
