"""Killed at any moment: after the restart no call is live, and every report is delivered."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.databases import PostgresServer
from tests.installation import END_STATES, Installation, installation
from tests.peers import SippUas
from tests.webhooks.receiver import Receiver, receiving

pytestmark = [pytest.mark.call, pytest.mark.timeout(240)]

MOMENTS = (0.0, 0.05, 0.15, 0.6, 2.5)
"""Seconds after the first of the requests at which the platform is killed."""


def _reports(hook: Receiver) -> dict[str, set[str]]:
    """The ids of the reports that came, by call."""
    found: dict[str, set[str]] = {}
    for one in hook.seen:
        message = json.loads(one.body)["message"]
        if message["type"] == "end-of-call-report":
            found.setdefault(message["call"]["id"], set()).add(one.headers["webhook-id"])
    return found


async def _place(house: Installation, port: int, assistant: dict[str, Any], count: int) -> None:
    """Asks for calls until the platform is gone."""
    number = await house.number(port)
    order = {"destination": "+31612345678", "number_id": number, "assistant": assistant}
    await asyncio.gather(*(house.api.post("/calls/outbound", order) for _ in range(count)), return_exceptions=True)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_no_call_stays_live_and_no_report_is_lost(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    options = {}
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        options["database_url"] = server.url(server.create())
    async with receiving() as hook, installation(tmp_path, **options) as house:
        assistant = {
            "name": "A",
            "first_message": "Hello, this is a message of some length, during which the lights go out.",
            "recording_enabled": True,
            "webhook_url": hook.url(),
            "llm_config": {"provider": "local", "model": "scripted"},
            "stt_config": {"provider": "local"},
            "tts_config": {"provider": "local"},
        }
        with SippUas("uas_answer", calls=None) as peer:
            port = peer.start()
            await house.number(port)
            for moment in MOMENTS:
                placing = asyncio.create_task(_place(house, port, assistant, 4))
                await asyncio.sleep(moment)
                await house.kill()
                await placing
                await house.start()
            await _all_told(house, hook)
            calls = (await house.api.get("/calls?limit=1000"))["calls"]
            rung = {invite["Call-ID"] for invite in peer.requests("INVITE")}
    assert len(rung) <= len(calls), "a phone rang that no call tells of"


async def _all_told(house: Installation, hook: Receiver) -> None:
    async with asyncio.timeout(60):
        while True:
            calls = (await house.api.get("/calls?limit=1000"))["calls"]
            ended = {call["id"] for call in calls if call["status"] in END_STATES}
            reports = _reports(hook)
            if len(ended) == len(calls) and ended <= set(reports):
                break
            await asyncio.sleep(0.3)
    assert calls, "the kills left nothing to look at"
    assert all(call["end_reason"] for call in calls)
    assert all(len(ids) == 1 for ids in reports.values()), "a report came with two ids"
