"""Deliveries, from the outbox to a receiver that behaves badly."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.jobs.world import ORG, SECRET, World
from tests.webhooks.receiver import Receiver, Seen, reply
from trunkline.domain.access import Caller
from trunkline.jobs.deliveries import Verdict, verdict
from trunkline.jobs.settings import RETRY_SECONDS, JobSettings
from trunkline.services import deliveries
from trunkline.services.aftercall import forget_content
from trunkline.webhooks.sender import Attempt

pytestmark = pytest.mark.room
TYPES = ["status-update", "status-update", "status-update", "end-of-call-report"]


def message(seen: Seen) -> dict[str, object]:
    found: dict[str, object] = json.loads(seen.body)["message"]
    return found


def states(receiver: Receiver) -> list[object]:
    told = [message(seen) for seen in receiver.seen]
    return [one["call"]["status"] if one["type"] == "status-update" else one["type"] for one in told]  # type: ignore[index]


async def test_a_call_is_told_of_from_ringing_to_its_report_in_order(world: World, receiver: Receiver) -> None:
    async with world.jobs() as jobs:
        call_id = await world.place(receiver.url())
        assert jobs.dialler.offer(call_id)
        deliveries = await world.until_told(call_id, 4)
    assert [delivery.status for delivery in deliveries] == ["delivered"] * 4
    assert [delivery.event for delivery in deliveries] == TYPES
    assert states(receiver) == ["ringing", "in-progress", "ended", "end-of-call-report"]
    for seen, delivery in zip(receiver.seen, deliveries, strict=True):
        assert seen.headers["webhook-id"] == delivery.id
        assert Webhook(SECRET.encode()).verify(seen.body, seen.headers)
    report = message(receiver.seen[3])
    assert report["end_reason"] == "user_hangup"
    assert report["summary"] == "They agreed on Monday."
    assert [said["content"] for said in report["messages"]] == ["Hello, can you make it on Monday?", "Yes, at ten."]  # type: ignore[attr-defined]
    assert report["customer"] == {"number": "+31612345678"}
    assert report["phone_number"] == {"id": None, "number": "+31850835037", "name": "Main line"}
    assert report["metadata"] == {"order": 7}
    assert {"duration_seconds", "analysis", "recording_url", "started_at", "ended_at", "latency", "cost"} <= set(report)
    assert message(receiver.seen[2])["end_reason"] == "user_hangup"
    assert "end_reason" not in message(receiver.seen[0])


async def test_a_receiver_hears_only_what_it_asked_for(world: World, receiver: Receiver) -> None:
    async with world.jobs():
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
        silent = await world.ended(receiver.url(), webhook_events=["tool-calls"])
        await world.until_told(call_id, 1)
    assert states(receiver) == ["end-of-call-report"]
    assert await world.deliveries(silent) == []


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id(world: World, receiver: Receiver) -> None:
    async def moody(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503 if len(receiver.seen) < 3 else 204, text="not now")

    receiver.answer = moody
    async with world.jobs():
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "delivered"
    assert [attempt["status_code"] for attempt in delivery.attempts] == [503, 503, 204]
    assert delivery.attempts[0]["reply"] == "not now"
    assert {seen.headers["webhook-id"] for seen in receiver.seen} == {delivery.id}
    assert len({seen.body for seen in receiver.seen}) == 1
    assert delivery.next_attempt_at is None


async def test_a_delivery_that_fails_too_often_is_dead(world: World, receiver: Receiver) -> None:
    receiver.answer = reply(500)
    async with world.jobs():
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "dead"
    assert len(delivery.attempts) == 4


async def test_sent_again_a_dead_delivery_has_all_its_tries_anew(world: World, receiver: Receiver) -> None:
    receiver.answer = reply(500)
    async with world.jobs():
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
        [dead] = await world.until_told(call_id, 1)
        await deliveries.redeliver(world.rooms, Caller(ORG), dead.id)
        [again] = await world.until_told(call_id, 1)
        assert (again.status, len(again.attempts)) == ("dead", 8)
        receiver.answer = reply(204)
        await deliveries.redeliver(world.rooms, Caller(ORG), dead.id)
        [delivered] = await world.until_told(call_id, 1)
    assert (delivered.status, len(delivered.attempts)) == ("delivered", 9)
    assert {(seen.headers["webhook-id"], seen.body) for seen in receiver.seen} == {(dead.id, receiver.seen[0].body)}


async def test_gone_is_final(world: World, receiver: Receiver) -> None:
    receiver.answer = reply(410)
    async with world.jobs():
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "dead"
    assert len(receiver.seen) == 1


async def test_a_refused_address_is_dead_and_says_why(world: World, receiver: Receiver) -> None:
    async with world.jobs():
        call_id = await world.ended("ftp://example.com/", webhook_events=["end-of-call-report"])
        [delivery] = await world.until_told(call_id, 1)
    assert delivery.status == "dead"
    assert delivery.attempts[0]["error"] == "the webhook address must be a full https URL with a host"


async def test_a_later_delivery_waits_for_an_earlier_one_that_fails(world: World, receiver: Receiver) -> None:
    async def first_fails(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=500 if len(receiver.seen) < 3 else 200)

    receiver.answer = first_fails
    async with world.jobs():
        call_id = await world.ended(receiver.url())
        await world.until_told(call_id, 4)
    assert states(receiver) == ["ringing", "ringing", "ringing", "in-progress", "ended", "end-of-call-report"]


async def test_a_delivery_that_fails_for_long_is_overtaken(world: World, receiver: Receiver) -> None:
    async def ringing_fails(request: web.Request) -> web.StreamResponse:
        told = (await request.json())["message"]
        return web.Response(status=500 if told["call"]["status"] == "ringing" else 200)

    receiver.answer = ringing_fails
    async with world.jobs(retry_seconds=(600.0,), overtake_seconds=0.5):
        call_id = await world.ended(receiver.url())

        async def overtaken() -> bool:
            found = await world.deliveries(call_id)
            return [one.status for one in found] == ["pending", "delivered", "delivered", "delivered"]

        await world.until(overtaken)
    assert states(receiver) == ["ringing", "in-progress", "ended", "end-of-call-report"]


async def test_a_dead_delivery_lets_the_next_one_go(world: World, receiver: Receiver) -> None:
    async def ringing_is_gone(request: web.Request) -> web.StreamResponse:
        told = (await request.json())["message"]
        return web.Response(status=410 if told["call"]["status"] == "ringing" else 200)

    receiver.answer = ringing_is_gone
    async with world.jobs():
        call_id = await world.ended(receiver.url())
        deliveries = await world.until_told(call_id, 4)
    assert [delivery.status for delivery in deliveries] == ["dead", "delivered", "delivered", "delivered"]


async def test_a_receiver_that_hangs_holds_up_no_other_call(world: World, receiver: Receiver) -> None:
    release = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.Response()

    receiver.paths["/slow"] = slow
    only_report = ["end-of-call-report"]
    async with world.jobs(deliveries_per_address=2, deliveries_at_once=4):
        slow_ones = [await world.ended(receiver.url("/slow"), webhook_events=only_report) for _ in range(4)]
        await receiver.wait(2)
        quick = await world.ended(receiver.url("/quick"), webhook_events=only_report)
        await world.until_told(quick, 1)
        assert sum(seen.path == "/slow" for seen in receiver.seen) == 2
        release.set()
        for call_id in slow_ones:
            await world.until_told(call_id, 1)


async def test_rounds_that_overlap_try_a_delivery_once(world: World, receiver: Receiver) -> None:
    """As the rounds of two workers do."""
    async with world.jobs() as jobs:
        calls = [await world.ended(receiver.url(), webhook_events=["end-of-call-report"]) for _ in range(5)]
        rounds = [jobs._courier.round() for _ in range(4)] + [jobs._pump.round() for _ in range(4)]
        await asyncio.gather(*rounds)
        for call_id in calls:
            await world.until_told(call_id, 1)
    assert len(receiver.seen) == 5


async def test_private_content_is_kept_until_it_was_told_and_then_forgotten(world: World, receiver: Receiver) -> None:
    receiver.answer = reply(503)
    async with world.jobs(retry_seconds=(0.3, 0.3, 0.3, 0.3)):
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"], gdpr_mode=True)
        await receiver.wait(1)
        assert (await world.call(call_id)).summary == "They agreed on Monday."
        receiver.answer = reply(200)

        async def forgotten() -> bool:
            return (await world.call(call_id)).summary is None

        await world.until(forgotten)
        [delivery] = await world.deliveries(call_id)
    assert delivery.status == "delivered"
    assert delivery.body is None
    assert b"Yes, at ten." in receiver.seen[-1].body


async def test_a_reply_that_comes_after_its_content_was_deleted_is_not_kept(world: World, receiver: Receiver) -> None:
    deleted = asyncio.Event()

    async def echo(request: web.Request) -> web.StreamResponse:
        await deleted.wait()
        return web.Response(body=await request.read())

    receiver.answer = echo
    async with world.jobs():
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])
        await receiver.wait(1)
        await forget_content(world.rooms, call_id)
        deleted.set()
        [delivery] = await world.until_told(call_id, 1)
    assert (delivery.status, delivery.body) == ("delivered", None)
    assert [attempt["reply"] for attempt in delivery.attempts] == [None]


async def test_private_content_that_nobody_is_told_of_is_forgotten_too(world: World) -> None:
    async with world.jobs():
        call_id = await world.ended(gdpr_mode=True)

        async def forgotten() -> bool:
            call = await world.call(call_id)
            async with world.rooms.database.system(write=False) as unit:
                rows = await unit.outbox.of_call(call_id)
                messages = await unit.messages.of_call(call_id)
            return call.summary is None and not messages and all(row.taken_at for row in rows)

        await world.until(forgotten)


NOW = datetime(2026, 11, 22, tzinfo=UTC)
SETTINGS = JobSettings("worker", "sqlite://")


def attempt(status: int | None = None, error: str | None = None, retry_after: float | None = None) -> Attempt:
    return Attempt(NOW, 1.0, status_code=status, error=error, retry_after_seconds=retry_after)


def test_ten_tries_back_off_from_five_seconds_to_six_hours() -> None:
    waits = [verdict(attempt(500), tries, SETTINGS).wait_seconds for tries in range(1, 10)]
    assert waits == list(RETRY_SECONDS)
    assert (waits[0], waits[-1]) == (5, 6 * 3600)
    assert verdict(attempt(500), 10, SETTINGS) == Verdict("dead")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 599])
def test_passing_trouble_is_tried_again(status: int) -> None:
    assert verdict(attempt(status), 1, SETTINGS).status == "pending"


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 410, 422])
def test_a_clear_no_is_final(status: int) -> None:
    assert verdict(attempt(status), 1, SETTINGS) == Verdict("dead")


def test_network_trouble_is_tried_again_and_a_refused_address_is_not() -> None:
    assert verdict(attempt(error="the receiver could not be reached"), 1, SETTINGS).status == "pending"
    assert verdict(replace(attempt(error="no"), refused=True), 1, SETTINGS).status == "dead"


def test_retry_after_is_obeyed_within_reason() -> None:
    assert verdict(attempt(429, retry_after=77), 1, SETTINGS, 0.8).wait_seconds == 77
    assert verdict(attempt(429, retry_after=1), 1, SETTINGS, 0.8).wait_seconds == 4
    assert verdict(attempt(503, retry_after=10**8), 1, SETTINGS).wait_seconds == 6 * 3600


async def test_retry_after_moves_the_next_attempt(world: World, receiver: Receiver) -> None:
    receiver.answer = reply(429, headers={"Retry-After": "100"})
    async with world.jobs(retry_seconds=(1.0, 200.0)):
        call_id = await world.ended(receiver.url(), webhook_events=["end-of-call-report"])

        async def tried() -> bool:
            found = await world.deliveries(call_id)
            return bool(found and found[0].attempts)

        await world.until(tried)
        [delivery] = await world.deliveries(call_id)
    assert delivery.next_attempt_at is not None
    assert (delivery.next_attempt_at - world.rooms.clock.now()).total_seconds() > 90
