"""A call for later over real SIP: dialled at its time, cancelled before it, and dialled once after a restart."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import blocks
from tests.installation import installation
from tests.peers import SippUas
from trunkline.base.clock import iso, parse_iso

pytestmark = [pytest.mark.call, pytest.mark.timeout(120)]

ASSISTANT = {
    "name": "Reminder",
    "first_message": "Hello, you wanted to be reminded.",
    "llm_config": {"provider": "local", "model": "scripted"},
    "stt_config": {"provider": "local"},
    "tts_config": {"provider": "local"},
}


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def shown(url: str, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the commands of the manual print."""
    (commands,) = blocks("docs/scheduled-calls.md", "sh")
    told = commands.partition("\n")[2].replace("\ncurl", "\necho; curl")
    shell = await asyncio.create_subprocess_exec(
        "bash", "-ec", told, env={**os.environ, "URL": f"{url}/api/v1", "KEY": key}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await shell.communicate()
    assert shell.returncode == 0
    placed, listed = (json.loads(line) for line in out.decode().splitlines() if line)
    return placed, listed


async def test_each_rings_once_at_its_time_whatever_happens_before(tmp_path: Path) -> None:
    async with installation(tmp_path) as house:
        with SippUas("uas_final", keys={"status": "486 Busy Here"}, calls=None) as peer:
            port = peer.start()
            number = await house.number(port)
            order = {"destination": "+31612345678", "number_id": number, "assistant": ASSISTANT}
            soon, after = _in(2.0), _in(5.0)
            placed = [
                await house.api.post("/calls/outbound", {**order, "scheduled_at": iso(moment)})
                for moment in (soon, after, after)
            ]
            assert {reply["status"] for reply in placed} == {"queued"}
            first, second, third = (reply["call_id"] for reply in placed)
            waiting = (await house.api.get("/calls?status=queued"))["calls"]
            assert {call["id"] for call in waiting} == {first, second, third}
            assert (await house.api.get("/organizations"))["active_calls"] == 0

            await house.api.post(f"/calls/{third}/control", {"type": "end-call"})
            call = await house.ended(first)
            assert (call["end_reason"], call["sip"]["status_code"]) == ("busy", 486)
            dialled = parse_iso(call["ended_at"]) - soon
            assert timedelta(0) <= dialled < timedelta(seconds=3)

            placed_too, listed = await shown(house.url, house.key)
            assert placed_too["status"] == "queued"
            assert placed_too["call_id"] in {call["id"] for call in listed["calls"]}

            await house.kill()
            await house.start()
            call = await house.ended(second)
            assert call["end_reason"] == "busy"
            assert parse_iso(call["ended_at"]) >= parse_iso(iso(after))
            assert (await house.ended(third))["end_reason"] == "cancelled"
            assert len({invite["Call-ID"] for invite in peer.requests("INVITE")}) == 2
