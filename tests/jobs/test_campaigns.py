"""Campaigns call all their leads, within their limits and hours, and do at once what they are told."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.campaign_world import CALLER, CampaignWorld, Fate, Fates, HurriedClock, make_campaign_world, numbers
from trunkline.base.errors import Conflict
from trunkline.domain.call import EndReason
from trunkline.domain.campaign import CampaignStatus, LeadStatus
from trunkline.domain.plan import CallPlan
from trunkline.engine.live import LocalLive
from trunkline.services import assistants, campaigns, do_not_call, leads, outreach
from trunkline.services.leads import REPEATED
from trunkline.services.outreach import Came
from trunkline.services.rooms import Rooms
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = pytest.mark.room
FACTOR = 600.0


@pytest.fixture
async def world(database: Database, vault: Vault, tmp_path: Path) -> CampaignWorld:
    """A world in which a minute takes a tenth of a second."""
    return await make_campaign_world(database, vault, tmp_path, factor=FACTOR)


def always(fate: Fate) -> Fates:
    """Every call goes like this."""
    return lambda _plan, _attempt: fate


async def test_everybody_is_called_once_and_the_campaign_is_completed(world: CampaignWorld) -> None:
    campaign = await world.campaign(numbers(25), max_concurrent_calls=4)
    async with world.process():
        counted = await world.until_status(CampaignStatus.COMPLETED, campaign)
    assert counted.counts == {LeadStatus.COMPLETED: 25}
    assert len(world.runner.rang) == 25
    assert world.runner.most[campaign.id] > 1
    await world.check(campaign)


async def test_a_draft_calls_nobody_and_a_campaign_without_leads_waits_for_them(world: CampaignWorld) -> None:
    draft = await world.campaign(numbers(3), status="draft")
    empty = await world.campaign([])
    async with world.process():
        await asyncio.sleep(0.5)
        assert world.runner.rang == []
        assert (await world.now(empty)).campaign.status is CampaignStatus.SCHEDULED
        await world.set(draft, status="scheduled")
        await world.until_status(CampaignStatus.COMPLETED, draft)
    assert len(world.runner.rang) == 3


async def test_who_was_not_reached_is_called_again_and_keeps_his_last_word(world: CampaignWorld) -> None:
    def fates(plan: CallPlan, attempt: int) -> Fate:
        reasons = {
            "+31610000000": [EndReason.BUSY, EndReason.NO_ANSWER, EndReason.USER_HANGUP],
            "+31610000001": [EndReason.NO_ANSWER, EndReason.NO_ANSWER, EndReason.BUSY],
            "+31610000002": [EndReason.DECLINED],
            "+31610000003": [EndReason.INVALID_DESTINATION],
            "+31610000004": [
                EndReason.AT_CAPACITY,
                EndReason.AT_CAPACITY,
                EndReason.AT_CAPACITY,
                EndReason.USER_HANGUP,
            ],
        }
        return Fate(reasons[plan.destination][attempt - 1], 5, answered=False)

    world.runner.fates = fates
    campaign = await world.campaign(numbers(5), max_attempts=3, retry_delay_minutes=3)
    async with world.process():
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    stands = [(lead.status, lead.attempts, lead.error) for lead in await world.leads(campaign)]
    assert stands == [
        (LeadStatus.COMPLETED, 3, None),
        (LeadStatus.NO_ANSWER, 3, "busy"),
        (LeadStatus.NO_ANSWER, 1, "declined"),
        (LeadStatus.FAILED, 1, "invalid_destination"),
        (LeadStatus.COMPLETED, 1, None),
    ]
    await world.check(campaign)


async def test_the_pace_is_never_exceeded(world: CampaignWorld) -> None:
    world.runner.max_calls = 100
    campaign = await world.campaign(numbers(40), calls_per_minute=10, max_concurrent_calls=None)
    async with world.process():
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    calls = await world.calls(campaign)
    assert calls[-1].created_at - calls[0].created_at >= timedelta(minutes=3.9)
    await world.check(campaign)


async def test_nobody_is_called_outside_the_hours_of_his_own_place(world: CampaignWorld) -> None:
    world.rooms = replace(world.rooms, clock=HurriedClock(7200, datetime(2026, 11, 20, 3, 0, tzinfo=UTC)))
    world.runner.clock = world.rooms.clock
    called = ["+31612345678", "+12125551234", "+81312345678", "+18005551234"]
    hours = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "days_of_week": [1, 2, 3, 4, 5]}
    campaign = await world.campaign(called, timezone="callee", **hours)
    async with world.process():
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    begun = {call.caller_phone: call.created_at for call in await world.calls(campaign)}
    friday = datetime(2026, 11, 20, tzinfo=UTC)
    late = timedelta(hours=2)
    opens = {"+31612345678": 8, "+12125551234": 14, "+81312345678": 3}
    for number, hour in opens.items():
        assert timedelta() <= begun[number] - (friday + timedelta(hours=hour)) < late, number
    # The freephone number may be anywhere from Guam's side of America to the Caribbean: the hours that all share are few.
    await world.check(campaign)


async def test_a_pause_places_no_more_calls_and_a_resumption_goes_on(world: CampaignWorld) -> None:
    campaign = await world.campaign(numbers(200), max_concurrent_calls=5)
    async with world.process():
        await world.until(lambda counted: counted.counts[LeadStatus.COMPLETED] > 5, campaign)
        paused = await world.set(campaign, status="paused")
        at_pause = len(await world.calls(campaign))
        await world.until(lambda counted: counted.counts[LeadStatus.CALLING] == 0, campaign)
        await asyncio.sleep(0.5)
        assert len(await world.calls(campaign)) == at_pause < 200
        assert paused.campaign.pause_reason is None
        await world.set(campaign, status="scheduled")
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    await world.check(campaign)
    assert len(await world.calls(campaign)) == 200


async def test_a_cancelled_campaign_hangs_up_what_rings_and_leaves_who_talks(world: CampaignWorld) -> None:
    def fates(plan: CallPlan, _attempt: int) -> Fate:
        return Fate(answered=plan.destination.endswith("0"), holds=True)

    world.runner.fates = fates
    campaign = await world.campaign(numbers(30), max_concurrent_calls=10)
    async with world.process():
        await world.until(lambda counted: counted.counts[LeadStatus.CALLING] == 10, campaign)
        began = time.monotonic()
        await world.set(campaign, status="cancelled")
        counted = await world.until(lambda counted: counted.counts[LeadStatus.CALLING] == 1, campaign)
        assert time.monotonic() - began < 15
        assert counted.counts == {LeadStatus.CALLING: 1, LeadStatus.SKIPPED: 29}
        talking = next(lead for lead in await world.leads(campaign) if lead.status is LeadStatus.CALLING)
        world.runner.orders[str(talking.call_id)].set_result("hang up")
        counted = await world.until(lambda counted: not counted.counts[LeadStatus.CALLING], campaign)
    assert counted.counts == {LeadStatus.COMPLETED: 1, LeadStatus.SKIPPED: 29}
    errors = {lead.error for lead in await world.leads(campaign) if lead.status is LeadStatus.SKIPPED}
    assert errors == {"cancelled", "the campaign was cancelled"}
    with pytest.raises(Conflict, match="cannot become scheduled"):
        await world.set(campaign, status="scheduled")


async def test_too_many_failures_pause_it_until_somebody_resumes_it(world: CampaignWorld) -> None:
    world.runner.fates = always(Fate(EndReason.TRUNK_UNREACHABLE, 5, answered=False))
    campaign = await world.campaign(numbers(60), max_concurrent_calls=2)
    async with world.process():
        counted = await world.until_status(CampaignStatus.PAUSED, campaign)
        assert counted.campaign.pause_reason == "the last 10 calls failed, the latest with trunk_unreachable"
        assert 10 <= counted.counts[LeadStatus.FAILED] + counted.counts[LeadStatus.CALLING] <= 14
        world.runner.fates = always(Fate())
        resumed = await world.set(campaign, status="scheduled")
        assert resumed.campaign.pause_reason is None
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    await world.check(campaign)


async def test_who_cannot_be_called_is_passed_over_with_the_reason(world: CampaignWorld) -> None:
    await do_not_call.add(world.rooms, CALLER, do_not_call.NewEntries(phone_number="+31610000001"))
    given = [
        {"phone_number": "+31610000000", "name": "Ada", "variables": {"time": "ten"}},
        {"phone_number": "+31610000001", "name": "Bob", "variables": {"time": "ten"}},
        {"phone_number": "+31610000002", "variables": {"time": "ten"}},
        {"phone_number": "+31610000000", "name": "Ada again", "variables": {"time": "ten"}},
    ]
    campaign = await world.campaign(given, system_message_template="Remind {{name}} of {{time}}.")
    async with world.process():
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    stands = [(lead.status, (lead.error or "").partition(":")[0]) for lead in await world.leads(campaign)]
    assert stands == [
        (LeadStatus.COMPLETED, ""),
        (LeadStatus.SKIPPED, "do_not_call"),
        (LeadStatus.SKIPPED, "missing_variables"),
        (LeadStatus.SKIPPED, REPEATED),
    ]
    assert "name" in str((await world.leads(campaign))[2].error)
    [call] = await world.calls(campaign)
    said = call.assistant_public["llm_config"]["messages"]
    assert said == [{"role": "system", "content": "Remind Ada of ten."}]
    assert call.metadata == {"campaign_id": campaign.id, "lead_id": (await world.leads(campaign))[0].id}


async def test_what_befalls_every_lead_pauses_the_campaign_and_costs_none(world: CampaignWorld) -> None:
    campaign = await world.campaign(numbers(3), number_ids=[world.number_id])
    async with world.rooms.unit(CALLER) as unit:
        await unit.numbers.save(replace(await unit.numbers.get(world.number_id), is_active=False))
    async with world.process():
        counted = await world.until_status(CampaignStatus.PAUSED, campaign)
        assert "number" in str(counted.campaign.pause_reason)
        assert counted.counts == {LeadStatus.PENDING: 3}
        async with world.rooms.unit(CALLER) as unit:
            await unit.numbers.save(replace(await unit.numbers.get(world.number_id), is_active=True))
        await world.set(campaign, status="scheduled")
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    other = await world.campaign(numbers(3, 50))
    await assistants.update(world.rooms, CALLER, world.assistant_id, {"is_active": False})
    async with world.process():
        counted = await world.until_status(CampaignStatus.PAUSED, other)
    assert str(counted.campaign.pause_reason).startswith("assistant_inactive: ")
    assert counted.counts == {LeadStatus.PENDING: 3}


async def test_after_a_change_no_call_is_made_of_what_the_campaign_was_before(world: CampaignWorld) -> None:
    """A process that looked just before may be about to call twenty leads."""
    rooms = replace(world.rooms, live=LocalLive(lambda: 5))
    given = [{"phone_number": number, "name": "Ada"} for number in numbers(2)]
    for change in (
        {"system_message_template": "Be kind to {{name}}."},
        {"number_ids": [world.number_id]},
        {"assistant_id": None, "status": "paused"},
    ):
        campaign = await world.campaign(given, system_message_template="Be brief.")
        seen = await outreach.look(rooms, campaign.org_id, campaign.id)
        assert seen is not None
        await world.set(campaign, **change)
        assert await outreach.call(rooms, seen, seen.leads[0]) is Came.NOT_NOW
        await outreach.pause(rooms, seen.campaign, "what is mended by now")
        assert (await world.now(campaign)).campaign.pause_reason is None
        assert (await world.now(campaign)).counts == {LeadStatus.PENDING: 2}
    assert await outreach.look(rooms, campaign.org_id, campaign.id) is None
    lacking = await world.campaign(given, system_message_template="Be brief about {{topic}}.")
    seen = await outreach.look(rooms, lacking.org_id, lacking.id)
    assert seen is not None
    await world.set(lacking, system_message_template="Be brief.")
    assert await outreach.call(rooms, seen, seen.leads[0]) is Came.NOT_NOW
    assert (await world.now(lacking)).counts == {LeadStatus.PENDING: 2}


async def test_campaigns_share_what_room_there_is(world: CampaignWorld) -> None:
    world.runner.max_calls = 3
    shares = [await world.campaign(numbers(30, place * 1000), max_concurrent_calls=None) for place in range(3)]
    async with world.process():
        for campaign in shares:
            await world.until_status(CampaignStatus.COMPLETED, campaign)
    served = [number[8] for _, number in world.runner.rang[:45]]
    for place in range(3):
        assert 8 <= served.count(str(place)) <= 22, served


async def test_campaigns_that_only_wait_are_not_read_each_time_that_a_call_moves_on(
    world: CampaignWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()

    def counted(name: str, work: Callable[[Rooms], Awaitable[Any]]) -> Callable[[Rooms], Awaitable[Any]]:
        async def counting(rooms: Rooms) -> Any:
            asked[name] += 1
            return await work(rooms)

        return counting

    for name in ("running", "settle"):
        monkeypatch.setattr(outreach, name, counted(name, getattr(outreach, name)))
    today = world.rooms.clock.now().isoweekday()
    await world.campaign(numbers(1), days_of_week=[(today + 2) % 7 + 1])
    async with world.process(poll_seconds=60.0) as process, asyncio.timeout(30):
        while asked["settle"] < 5:
            process.campaigns.ring()
            await asyncio.sleep(0.01)
    assert asked["running"] == 1
    assert world.runner.rang == []


async def test_two_processes_call_nobody_twice(world: CampaignWorld) -> None:
    campaign = await world.campaign(numbers(60), max_concurrent_calls=6)
    world.runner.max_calls = 6
    async with world.process(), world.process(worker_id="worker-2"):
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    await world.check(campaign)
    assert len(world.runner.rang) == 60


async def test_leads_that_come_later_are_called_too(world: CampaignWorld) -> None:
    campaign = await world.campaign(numbers(2))
    async with world.process():
        await world.until_status(CampaignStatus.COMPLETED, campaign)
        from_list = leads.listed([{"phone_number": "+31619999999"}])
        await campaigns.add_leads(world.rooms, CALLER, campaign.id, from_list, skip_invalid=False)
        await asyncio.sleep(0.3)
        assert (await world.now(campaign)).counts[LeadStatus.PENDING] == 1
        await world.set(campaign, status="scheduled")
        await world.until_status(CampaignStatus.COMPLETED, campaign)
    assert [number for _, number in world.runner.rang][-1] == "+31619999999"
