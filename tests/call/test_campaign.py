"""Campaigns over real SIP: everybody is called, a pause is obeyed at once, and a killed platform calls nobody twice."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.call.test_ends import ASSISTANT
from tests.installation import Installation
from tests.peers import SippUas
from trunkline.base.clock import parse_iso

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]


async def _start(house: Installation, port: int, count: int, **settings: Any) -> str:
    """A campaign over the number that leads to a port; its id."""
    assistant = (await house.api.post("/assistants", ASSISTANT))["assistant"]["id"]
    leads = [{"phone_number": f"+3161234{place:04d}"} for place in range(count)]
    body = {"name": "Reminders", "assistant_id": assistant, "number_ids": [await house.number(port)], "leads": leads}
    made = await house.api.post("/campaigns", {**body, "status": "scheduled", **settings})
    return str(made["campaign"]["id"])


async def _until(
    house: Installation, campaign_id: str, name: str, at_least: int, seconds: float = 40
) -> dict[str, Any]:
    """The campaign as soon as one of its counters has come so far."""
    campaign: dict[str, Any] = {}
    async with asyncio.timeout(seconds):
        while campaign.get(name, -1) < at_least:
            await asyncio.sleep(0.1)
            campaign = (await house.api.get(f"/campaigns/{campaign_id}"))["campaign"]
    return campaign


async def _calls(house: Installation, campaign_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.api.get(f"/calls?campaign_id={campaign_id}"))["calls"]
    return found


async def test_a_campaign_is_paused_within_two_seconds_and_carried_through(house: Installation) -> None:
    with SippUas("uas_bye", calls=None) as peer:
        campaign_id = await _start(house, peer.start(), 6, max_concurrent_calls=2)
        await _until(house, campaign_id, "completed_leads", 1)
        paused = (await house.api.patch(f"/campaigns/{campaign_id}", {"status": "paused"}))["campaign"]
        async with asyncio.timeout(20):
            while (await house.api.get(f"/campaigns/{campaign_id}"))["campaign"]["calling_leads"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        placed = await _calls(house, campaign_id)
        assert len(placed) < 6
        limit = parse_iso(paused["updated_at"]).timestamp() + 2
        assert all(parse_iso(call["created_at"]).timestamp() <= limit for call in placed)
        await house.api.patch(f"/campaigns/{campaign_id}", {"status": "scheduled"})
        campaign = await _until(house, campaign_id, "completed_leads", 6)
        async with asyncio.timeout(5):
            while campaign["status"] != "completed":
                await asyncio.sleep(0.1)
                campaign = (await house.api.get(f"/campaigns/{campaign_id}"))["campaign"]
    calls = await _calls(house, campaign_id)
    leads = (await house.api.get(f"/campaigns/{campaign_id}/leads"))["leads"]
    assert {call["id"] for call in calls} == {lead["call_id"] for lead in leads}
    assert {call["lead_id"] for call in calls} == {lead["id"] for lead in leads}
    assert [(call["end_reason"], call["campaign_id"]) for call in calls] == [("user_hangup", campaign_id)] * 6


async def test_a_cancelled_campaign_stops_ringing(house: Installation) -> None:
    with SippUas("uas_ringing") as peer:
        campaign_id = await _start(house, peer.start(), 3, max_concurrent_calls=1)
        await _until(house, campaign_id, "calling_leads", 1)
        [call] = await _calls(house, campaign_id)
        await house.until(call["id"], lambda call: call["status"] == "ringing")
        await house.api.patch(f"/campaigns/{campaign_id}", {"status": "cancelled"})
        ended = await house.ended(call["id"], 10)
        assert await peer.ended() == 0
    assert ended["end_reason"] == "cancelled"
    campaign = await _until(house, campaign_id, "skipped_leads", 3, 10)
    assert (campaign["status"], campaign["total_leads"]) == ("cancelled", 3)


async def test_a_killed_platform_goes_on_and_calls_nobody_twice_for_one_attempt(house: Installation) -> None:
    with SippUas("uas_bye", calls=None) as peer:
        campaign_id = await _start(
            house, peer.start(), 6, max_concurrent_calls=2, max_attempts=2, retry_delay_minutes=0
        )
        await _until(house, campaign_id, "completed_leads", 1)
        await _until(house, campaign_id, "calling_leads", 1)
        await house.kill()
        await house.start()
        await _until(house, campaign_id, "completed_leads", 6)
    times = Counter(call["lead_id"] for call in await _calls(house, campaign_id) if call["end_reason"] != "at_capacity")
    leads = (await house.api.get(f"/campaigns/{campaign_id}/leads"))["leads"]
    assert times == {lead["id"]: lead["attempts"] for lead in leads}
    assert max(times.values()) <= 2
    assert (await house.api.get("/health"))["checks"]["workers"]["room"] == 100
