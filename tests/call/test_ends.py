"""However a phone leg goes wrong, the call ends for the documented reason and leaves nothing behind."""

import asyncio
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.peers import SippUas, deaf_port
from trunkline.testing.ports import free_port

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

ASSISTANT = {
    "name": "Reminder",
    "first_message": "Hello, this is a rather long first message that goes on and on until somebody hangs up.",
    "llm_config": {"provider": "local", "model": "scripted"},
    "stt_config": {"provider": "local"},
    "tts_config": {"provider": "local"},
}


def _held(house: Installation) -> int:
    assert house.process is not None
    return len(os.listdir(f"/proc/{house.process.pid}/fd"))


async def _legs(house: Installation) -> int:
    return int((await house.api.get("/health"))["checks"]["sip"]["live_legs"])


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        ("486", "Busy Here", "busy"),
        ("600", "Busy Everywhere", "busy"),
        ("603", "Decline", "declined"),
        ("404", "Not Found", "invalid_destination"),
        ("480", "Temporarily Unavailable", "no_answer"),
        ("503", "Service Unavailable", "trunk_error"),
    ],
)
async def test_a_final_refusal_has_its_end_reason(house: Installation, status: str, words: str, reason: str) -> None:
    with SippUas("uas_final", keys={"status": f"{status} {words}"}) as peer:
        call = await house.ended(await house.call(peer.start(), ASSISTANT))
    assert (call["status"], call["end_reason"]) == ("failed", reason)
    assert call["sip"]["status_code"] == int(status)
    assert call["duration_seconds"] == 0


async def test_a_party_that_never_picks_up_is_given_up(house: Installation) -> None:
    with SippUas("uas_ringing") as peer:
        call = await house.ended(await house.call(peer.start(), ASSISTANT, max_ring_seconds=5))
    assert (call["status"], call["end_reason"]) == ("failed", "no_answer")


async def test_a_trunk_that_answers_nothing_is_unreachable_after_ten_seconds(house: Installation) -> None:
    with deaf_port() as port:
        call = await house.ended(await house.call(port, ASSISTANT))
    assert (call["status"], call["end_reason"]) == ("failed", "trunk_unreachable")
    assert call["error"]


async def test_a_trunk_where_nobody_listens_is_unreachable(house: Installation) -> None:
    call = await house.ended(await house.call(free_port(), ASSISTANT))
    assert (call["status"], call["end_reason"]) == ("failed", "trunk_unreachable")


async def test_a_party_that_hangs_up_in_mid_word_ends_the_call(house: Installation) -> None:
    with SippUas("uas_bye") as peer:
        call = await house.ended(await house.call(peer.start(), ASSISTANT))
    assert (call["status"], call["end_reason"]) == ("ended", "user_hangup")
    spoken = [message for message in call["messages"] if message["role"] == "assistant"]
    assert all(message["interrupted"] for message in spoken)
    assert all(len(message["content"]) < len(ASSISTANT["first_message"]) for message in spoken)


async def test_a_cancelled_call_stops_ringing(house: Installation) -> None:
    with SippUas("uas_ringing") as peer:
        call_id = await house.call(peer.start(), ASSISTANT)
        await house.until(call_id, lambda call: call["status"] == "ringing")
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        assert await peer.ended() == 0
    assert (call["status"], call["end_reason"]) == ("ended", "cancelled")


async def test_ended_calls_leave_no_leg_no_file_and_no_slot(house: Installation, folder: Path) -> None:
    before = _held(house)
    with ExitStack() as stack:
        peers = [stack.enter_context(SippUas("uas_bye")) for _ in range(3)]
        calls = [await house.call(peer.start(), {**ASSISTANT, "recording_enabled": True}) for peer in peers]
        for call_id in calls:
            await house.ended(call_id)
    for _ in range(100):
        if await _legs(house) == 0 and _held(house) <= before:
            break
        await asyncio.sleep(0.1)
    health = await house.api.get("/health")
    assert health["checks"]["sip"]["live_legs"] == 0
    assert health["checks"]["workers"]["room"] == 100
    assert _held(house) <= before
