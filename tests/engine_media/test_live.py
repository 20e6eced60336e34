"""Orders in and events out within one process."""

import asyncio
import gc

import pytest

from trunkline.domain.commands import Command, Mute
from trunkline.domain.events import LiveEvent
from trunkline.engine.live import FOLLOWER_EVENTS, LocalLive

pytestmark = pytest.mark.unit


def event(seq: int, final: bool = False, call_id: str = "call-1") -> LiveEvent:
    return LiveEvent(call_id, seq, "status", {}, final)


async def test_a_follower_hears_from_the_moment_it_subscribed_until_the_final_event() -> None:
    live = LocalLive(lambda: 1)
    live.publish(event(1))
    follower = live.follow("call-1")
    for seq in (2, 3):
        live.publish(event(seq))
    live.publish(event(9, call_id="call-2"))
    live.publish(event(4, final=True))
    live.publish(event(5))
    assert [heard.seq async for heard in follower] == [2, 3, 4]
    assert [heard.seq async for heard in follower] == []


async def test_a_slow_follower_is_dropped_and_the_others_go_on() -> None:
    live = LocalLive(lambda: 1)
    slow, quick = live.follow("call-1"), live.follow("call-1")
    seen = 0
    for seq in range(FOLLOWER_EVENTS + 10):
        live.publish(event(seq))
        assert (await anext(quick)).seq == seq
        seen += 1
    live.publish(event(seen, final=True))
    assert len([heard async for heard in slow]) == FOLLOWER_EVENTS
    assert [heard.final async for heard in quick] == [True]


async def test_a_follower_that_leaves_or_is_forgotten_is_not_kept() -> None:
    live = LocalLive(lambda: 1)
    gone = live.follow("call-1")
    await gone.aclose()
    live.publish(event(1))
    assert [heard async for heard in gone] == []
    forgotten = live.follow("call-1")
    del forgotten
    gc.collect()
    live.publish(event(2))


async def test_a_wake_up_needs_room_and_a_dialler_and_orders_go_to_their_owner() -> None:
    room = 0
    sent: list[tuple[str, str, Command]] = []
    live = LocalLive(lambda: room)
    assert not await live.wake("call-1")
    assert not await live.send("call-1", "c1", Mute())

    def order(call_id: str, command_id: str, command: Command) -> bool:
        sent.append((call_id, command_id, command))
        return True

    woken: list[str] = []

    def dial(call_id: str) -> bool:
        woken.append(call_id)
        return True

    live.attach(dial, order)
    assert not await live.wake("call-1")
    room = 3
    assert live.room() == 3
    assert await live.wake("call-1")
    assert await live.send("call-1", "c1", Mute())
    assert (woken, sent) == (["call-1"], [("call-1", "c1", Mute())])


async def test_a_waiting_follower_wakes_when_something_happens() -> None:
    live = LocalLive(lambda: 1)
    follower = live.follow("call-1")
    waiting = asyncio.create_task(anext(follower))
    await asyncio.sleep(0)
    live.publish(event(1))
    assert (await waiting).seq == 1
