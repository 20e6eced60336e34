"""Following a call: what was kept and what comes, nothing lost and nothing twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.services.world import A, World
from tests.storage.world import later
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, LiveEvent, MessageSpoken, PartialHeard, StatusChanged
from trunkline.domain.transcript import Message, Role
from trunkline.services import calls, claims
from trunkline.services.following import followed
from trunkline.services.journal import ServiceJournal

pytestmark = pytest.mark.room


async def test_a_follower_sees_what_was_and_what_comes_until_the_end(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    stream = await calls.follow(home.rooms, A, call_id, 0)
    journal = ServiceJournal(home.rooms)
    await journal.note(call_id, StatusChanged(later(1), CallStatus.IN_PROGRESS))
    seen = [await anext(stream) for _ in range(3)]

    async def talk() -> None:
        for second in range(2, 12):
            message = Message(Role.USER, f"word {second}", later(second))
            await journal.note(call_id, PartialHeard(later(second), Role.USER, "wo"))
            await journal.note(call_id, MessageSpoken(later(second), message))
        await journal.note(call_id, CallEnded(later(12), EndReason.USER_HANGUP))

    talking = asyncio.create_task(talk())
    seen += [event async for event in stream]
    await talking
    kept = [event.seq for event in seen if event.seq]
    assert kept == list(range(1, 15))
    assert [event.seq for event in seen].count(0) == 10
    assert seen[-1].final
    assert home.live.followers == 0


async def test_who_comes_back_goes_on_after_the_last_number(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    await ServiceJournal(home.rooms).note(call_id, CallEnded(later(3), EndReason.BUSY))
    for after, left in ((0, [1, 2, 3]), (2, [3]), (3, []), (99, [])):
        stream = await calls.follow(home.rooms, A, call_id, after)
        assert [event.seq async for event in stream] == left
    assert home.live.followers == 0


async def test_who_names_an_event_that_is_not_there_yet_gets_all_that_comes(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    stream = await calls.follow(home.rooms, A, call_id, 99)
    await ServiceJournal(home.rooms).note(call_id, StatusChanged(later(1), CallStatus.IN_PROGRESS))
    await ServiceJournal(home.rooms).note(call_id, CallEnded(later(3), EndReason.USER_HANGUP))
    assert [event.seq async for event in stream] == [3, 4]
    assert home.live.followers == 0


async def test_many_followers_each_see_everything_once_while_facts_come_in(home: World) -> None:
    call_id = await home.place()
    await claims.claim(home.rooms, call_id, "worker")
    journal = ServiceJournal(home.rooms)
    await journal.note(call_id, StatusChanged(later(1), CallStatus.IN_PROGRESS))

    async def follow(start: int) -> list[int]:
        for _ in range(start * 7):
            await asyncio.sleep(0)
        return [event.seq async for event in await calls.follow(home.rooms, A, call_id, 0)]

    async def talk() -> None:
        for second in range(2, 22):
            await journal.note(call_id, MessageSpoken(later(second), Message(Role.USER, str(second), later(second))))
        await journal.note(call_id, CallEnded(later(30), EndReason.USER_HANGUP))

    *all_seen, _ = await asyncio.gather(*(follow(start) for start in range(8)), talk())
    assert all(seen == list(range(1, 25)) for seen in all_seen)


def event(seq: int, *, final: bool = False) -> LiveEvent:
    return LiveEvent("call", seq, "status", {}, final)


async def test_events_that_the_live_side_lost_or_turned_around_are_read_from_what_was_kept() -> None:
    kept = [event(1), event(2), event(3), event(4), event(5, final=True)]

    async def live() -> AsyncIterator[LiveEvent]:
        for seq in (2, 4, 3, 0):
            yield event(seq)
        yield kept[4]

    reads: list[int] = []

    async def replay(seq: int) -> list[LiveEvent]:
        reads.append(seq)
        return kept[:1] if seq == 0 else kept[seq:4]

    seen = [one.seq async for one in followed(live, replay, 0)]
    assert seen == [1, 2, 3, 4, 0, 5]
    assert reads == [0, 2]


async def test_a_reader_that_was_too_slow_is_caught_up() -> None:
    kept = [event(1), event(2), event(3), event(4, final=True)]
    rounds = iter([[event(1)], [event(3)], []])

    async def live() -> AsyncIterator[LiveEvent]:
        for one in next(rounds):
            yield one

    reads: list[int] = []

    async def replay(seq: int) -> list[LiveEvent]:
        reads.append(seq)
        return [one for one in kept if seq < one.seq <= seq + 2] if reads[1:] else []

    assert [one.seq async for one in followed(live, replay, 0)] == [1, 2, 3, 4]
    assert reads == [0, 1, 3]


async def test_a_live_side_that_gives_nothing_any_more_ends_the_stream() -> None:
    async def live() -> AsyncIterator[LiveEvent]:
        for one in [event(1)]:
            yield one

    async def replay(seq: int) -> list[LiveEvent]:
        return []

    assert [one.seq async for one in followed(live, replay, 0)] == [1]
