"""Slow receivers and long queues hold up nobody but themselves."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web

from tests.jobs.world import World
from tests.webhooks.receiver import Receiver
from trunkline.base.ids import new_id
from trunkline.jobs.lanes import Lanes
from trunkline.storage.deliveries import Delivery, Due

ONLY_REPORT = ["end-of-call-report"]


async def backlog(world: World, org_id: str, url: str, count: int) -> str:
    """A call of an organisation with this many deliveries that are long due; its id."""
    call_id = await world.place(url, org_id=org_id, webhook_events=["assistant-request"])
    now = world.rooms.clock.now()
    due = now - timedelta(hours=1)
    async with world.rooms.database.unit(org_id) as unit:
        await unit.deliveries.add_all(
            [
                Delivery(
                    id=new_id(),
                    org_id=org_id,
                    call_id=call_id,
                    position=place,
                    event="status-update",
                    url=url,
                    body='{"message":{}}',
                    created_at=due,
                    next_attempt_at=due,
                    failing_since=due,
                )
                for place in range(1, count + 1)
            ]
        )
    return call_id


@pytest.mark.room
async def test_hundreds_of_deliveries_to_a_receiver_that_hangs_delay_no_other(world: World, receiver: Receiver) -> None:
    hanging: Counter[str] = Counter()
    most: Counter[str] = Counter()
    release = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        hanging[request.path] += 1
        most[request.path] = max(most[request.path], hanging[request.path])
        try:
            await release.wait()
        finally:
            hanging[request.path] -= 1
        return web.Response(status=204)

    receiver.paths["/hangs"] = hang
    stuck = await backlog(world, "org-slow", receiver.url("/hangs"), 600)
    async with world.jobs(retry_seconds=(600.0,), deliveries_at_once=64):
        await receiver.wait(4)
        neighbours = [await backlog(world, "org-quick", receiver.url("/quick"), 40)]
        neighbours.append(await backlog(world, "org-slow", receiver.url("/other-address"), 40))
        neighbours.append(await world.ended(receiver.url("/report"), webhook_events=ONLY_REPORT))

        async def told() -> bool:
            found = [delivery for call_id in neighbours for delivery in await world.deliveries(call_id)]
            return len(found) == 81 and all(delivery.status == "delivered" for delivery in found)

        await world.until(told)
        assert hanging["/hangs"] > 0
        assert most["/hangs"] <= 4
        assert {delivery.status for delivery in await world.deliveries(stuck)} == {"pending"}
        release.set()


@pytest.mark.room
async def test_many_organisations_that_hang_delay_no_other(world: World, receiver: Receiver) -> None:
    async def hang(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    receiver.answer = hang
    receiver.paths["/quick"] = _accept
    for number in range(12):
        await backlog(world, f"org-{number}", receiver.url(f"/hangs-{number}"), 30)
    async with world.jobs(retry_seconds=(600.0,), deliveries_at_once=64):
        await receiver.wait(12)
        quick = await backlog(world, "org-quick", receiver.url("/quick"), 60)

        async def told() -> bool:
            return all(delivery.status == "delivered" for delivery in await world.deliveries(quick))

        await world.until(told)


@pytest.mark.room
async def test_a_receiver_that_answers_gets_its_whole_queue(world: World, receiver: Receiver) -> None:
    async with world.jobs():
        queue = await backlog(world, "org-quick", receiver.url(), 200)

        async def told() -> bool:
            return all(delivery.status == "delivered" for delivery in await world.deliveries(queue))

        await world.until(told, 40)
    assert len({seen.headers["webhook-id"] for seen in receiver.seen}) == len(receiver.seen) == 200


async def _accept(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


def due(org_id: str, url: str, count: int = 1) -> list[Due]:
    return [Due(new_id(), org_id, f"{org_id} {url}") for _ in range(count)]


@pytest.mark.unit
def test_a_window_grows_with_prompt_answers_and_shrinks_with_slow_ones() -> None:
    lanes = Lanes(256, 32, 128)
    sizes = []
    for _ in range(6):
        places = lanes.places(due("a", "url", 100))
        sizes.append(len(places))
        for place in places:
            lanes.leave(place, 0.1)
    assert sizes == [4, 8, 16, 32, 32, 32]
    for _ in range(5):
        places = lanes.places(due("a", "url", 100))
        for place in places:
            lanes.leave(place, 10.0)
    assert len(lanes.places(due("a", "url", 100))) == 1
    assert lanes.full() == (["a url"], [])


@pytest.mark.unit
def test_an_organisation_with_many_addresses_is_bounded_too() -> None:
    lanes = Lanes(256, 32, 128)
    places = lanes.places([one for number in range(100) for one in due("a", f"url-{number}")])
    assert len(places) == 32
    assert lanes.full() == ([], ["a"])
    assert len(lanes.places(due("b", "url"))) == 1


@pytest.mark.unit
def test_slow_lanes_take_half_of_the_room_at_most() -> None:
    lanes = Lanes(20, 4, 20)
    for place in lanes.places([one for number in range(20) for one in due(f"org-{number}", "url")]):
        lanes.leave(place, 10.0)
    slow = lanes.places([one for number in range(20) for one in due(f"org-{number}", "url")])
    assert len(slow) == 10
    assert len(lanes.full()[0]) == 20
    assert len(lanes.places(due("new", "url", 9))) == 4
    for place in slow:
        lanes.leave(place, 0.1)
    assert lanes.room == 16


@pytest.mark.unit
def test_what_was_never_asked_says_nothing_of_the_receiver() -> None:
    lanes = Lanes(256, 32, 128)
    for place in lanes.places(due("a", "url", 4)):
        lanes.leave(place, None)
    assert len(lanes.places(due("a", "url", 100))) == 4


@pytest.mark.unit
def test_addresses_that_come_once_are_forgotten() -> None:
    lanes = Lanes(256, 32, 128)
    for number in range(5000):
        [place] = lanes.places(due("a", f"url-{number}"))
        lanes.leave(place, 0.1)
    assert len(lanes._lanes) < 1100
