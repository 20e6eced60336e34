"""A call is claimed once, in the pace of its trunk, and one that nobody runs comes to its end."""

import asyncio

import pytest

from tests.services.world import World
from tests.storage.world import later
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded
from trunkline.domain.plan import CallPlan
from trunkline.services import claims
from trunkline.services.journal import ServiceJournal

pytestmark = pytest.mark.room


async def test_of_twenty_claims_at_once_one_wins(home: World) -> None:
    call_id = await home.place()
    tries = [claims.claim(home.rooms, call_id, f"worker-{place}") for place in range(20)]
    won = [plan for plan in await asyncio.gather(*tries) if plan is not None]
    assert len(won) == 1
    assert won[0].call_id == call_id
    call = await home.call(call_id)
    assert (call.status, call.lease_until) == (CallStatus.DIALING, later(15))
    assert [event.data["status"] for event in home.live.published] == ["queued", "dialing"]


async def test_a_call_that_is_over_or_not_there_cannot_be_claimed(home: World) -> None:
    call_id = await home.place()
    await ServiceJournal(home.rooms).note(call_id, CallEnded(later(1), EndReason.CANCELLED))
    assert await claims.claim(home.rooms, call_id, "worker") is None
    assert await claims.claim(home.rooms, "call-outbound-none", "worker") is None


async def test_a_trunks_pace_is_kept_in_order_and_what_comes_too_late_fails(home: World) -> None:
    await home.change("trunks", home.trunk_id, calls_per_second=0.25)
    placed = [await home.place() for _ in range(4)]
    dialled = []
    for call_id in placed:
        if await claims.claim(home.rooms, call_id, "worker") is not None:
            dialled.append((call_id, home.clock.monotonic()))
    assert dialled == [(placed[0], 0.0), (placed[1], 4.0), (placed[2], 8.0)]
    late = await home.call(placed[3])
    assert (late.status, late.end_reason) == (CallStatus.FAILED, EndReason.AT_CAPACITY)
    assert late.error is not None
    assert "calls_per_second" in late.error


async def test_a_call_that_is_cancelled_while_it_waits_its_turn_is_not_dialled(home: World) -> None:
    await home.change("trunks", home.trunk_id, calls_per_second=0.5)
    first, second = await home.place(), await home.place()
    await claims.claim(home.rooms, first, "worker")

    class Cancelling(type(home.clock)):  # type: ignore[misc]
        async def sleep(self, seconds: float) -> None:
            await ServiceJournal(home.rooms).note(second, CallEnded(later(1), EndReason.CANCELLED))

    home.clock.__class__ = Cancelling
    assert await claims.claim(home.rooms, second, "worker") is None
    assert (await home.call(second)).end_reason is EndReason.CANCELLED


async def test_a_claim_that_is_tried_again_keeps_its_place(home: World) -> None:
    await home.change("trunks", home.trunk_id, calls_per_second=0.5)
    first, second, third = [await home.place() for _ in range(3)]
    await claims.claim(home.rooms, first, "worker")
    tries = [claims.claim(home.rooms, second, name) for name in ("one", "two")]
    assert sum(isinstance(plan, CallPlan) for plan in await asyncio.gather(*tries)) == 1
    assert await claims.claim(home.rooms, third, "worker") is not None
    assert home.clock.monotonic() == 4.0


async def test_a_lease_is_renewed_for_all_calls_of_a_worker_at_once(home: World) -> None:
    ids = [await home.place() for _ in range(3)]
    for call_id, worker in zip(ids, ("one", "one", "two"), strict=True):
        await claims.claim(home.rooms, call_id, worker)
    home.clock.advance(10)
    assert await claims.renew(home.rooms, "one") == 2
    home.clock.advance(10)
    assert await claims.expired(home.rooms) == [ids[2]]
    assert await claims.reap(home.rooms) == [ids[2]]
    lost = await home.call(ids[2])
    assert (lost.status, lost.end_reason) == (CallStatus.FAILED, EndReason.WORKER_LOST)
    assert (await home.call(ids[0])).status is CallStatus.DIALING
    assert await claims.reap(home.rooms) == []


async def test_a_call_that_no_worker_takes_within_ten_seconds_fails(home: World) -> None:
    home.live.free = 1
    call_id = await home.place()
    home.clock.advance(9)
    assert await claims.reap(home.rooms) == []
    home.clock.advance(2)
    assert await claims.unclaimed(home.rooms) == [call_id]
    assert await claims.reap(home.rooms) == [call_id]
    failed = await home.call(call_id)
    assert (failed.status, failed.end_reason) == (CallStatus.FAILED, EndReason.AT_CAPACITY)
    assert await claims.claim(home.rooms, call_id, "worker") is None
    assert [kind for kind, _ in await home.outbox(call_id)] == ["status-update", "call.ended"]
    assert home.live.published[-1].final


async def test_a_recording_that_was_whole_as_its_worker_died_belongs_to_the_call(home: World) -> None:
    ids = [await home.place() for _ in range(2)]
    for call_id in ids:
        await claims.claim(home.rooms, call_id, "one")
    writer = home.rooms.blobs.create(f"{ids[0]}.wav")
    writer.write(b"sound")
    writer.close()
    home.clock.advance(60)
    assert sorted(await claims.reap(home.rooms)) == sorted(ids)
    assert [(await home.call(call_id)).recording for call_id in ids] == [f"{ids[0]}.wav", None]
