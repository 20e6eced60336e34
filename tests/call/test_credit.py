"""Credit on whole calls: one that runs out of it in the middle, and a caller who is told that there is none."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.call.test_inbound import Reception, heard
from tests.installation import Installation
from tests.peers import BaresipPeer, SippUas
from trunkline.app.compose import open_rooms
from trunkline.app.settings import Settings
from trunkline.audio.wav import decode
from trunkline.engine.wording import CREDIT_WORDS
from trunkline.services import accounts
from trunkline.testing.recogniser import word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]
ASSISTANT = {
    "name": "Reminder",
    "first_message": "Hello, I have a question for you.",
    "llm_config": {"provider": "local", "model": "scripted"},
    "stt_config": {"provider": "local"},
    "tts_config": {"provider": "local"},
    "max_duration_seconds": 120,
    "silence_timeout_seconds": 100,
}


async def _credit(house: Installation, folder: Path, **amounts: float | None) -> None:
    """What the operator's command does, beside the running platform."""
    org_id = (await house.api.get("/organizations"))["id"]
    async with open_rooms(Settings(data_dir=folder / "data")) as rooms:
        await accounts.set_credit(rooms, org_id, **amounts)


async def _left(house: Installation) -> dict[str, Any]:
    found: dict[str, Any] = await house.api.get("/organizations")
    return found


async def test_a_call_that_runs_out_of_credit_says_its_last_words_and_ends(house: Installation, folder: Path) -> None:
    await _credit(house, folder, minutes=0.15)
    try:
        with SippUas("uas_answer") as peer:
            call = await house.ended(await house.call(peer.start(), ASSISTANT), 40)
            assert await peer.ended() == 0
        assert (call["status"], call["end_reason"]) == ("ended", "insufficient_credits")
        assert call["messages"][-1]["content"] == CREDIT_WORDS["en"]
        assert not call["messages"][-1]["interrupted"]
        assert 5 <= call["duration_seconds"] <= 25
        left = (await _left(house))["minutes_balance"]
        assert left == pytest.approx(0.15 - call["duration_seconds"] / 60, abs=1e-5)
        (log,) = [one for one in (await house.api.get("/usage"))["logs"] if one["call_id"] == call["id"]]
        assert log["duration_sec"] == call["duration_seconds"]
    finally:
        await _credit(house, folder, minutes=None)


async def test_a_caller_is_told_that_there_is_no_credit(house: Installation, folder: Path) -> None:
    desk = await Reception(house).open({"first_message": "Desk here."})
    await _credit(house, folder, minutes=0)
    try:
        with BaresipPeer() as phone:
            phone.start()
            phone.order("dial", f"sip:{desk.phone}@{desk.sip}")
            call = await desk.ended()
            await asyncio.sleep(0.5)
            ours = decode(phone.heard.read_bytes())
        assert word_error_rate(call["messages"][0]["content"], heard(ours.pcm, ours.sample_rate_hz)) < 0.2
        assert (call["status"], call["end_reason"]) == ("rejected", "insufficient_credits")
        assert [said["role"] for said in call["messages"]] == ["assistant"]
        assert call["duration_seconds"] == 0
        assert (await _left(house))["minutes_balance"] == 0
        assert call["id"] not in [log["call_id"] for log in (await house.api.get("/usage"))["logs"]]
    finally:
        await _credit(house, folder, minutes=None)
