"""How many calls at once: limits of an organisation and its parent, and guarantees that others leave room for."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from tests.services.world import A, B, World
from tests.storage import world
from trunkline.base.errors import Invalid, NotFound, Unavailable
from trunkline.domain.access import Caller
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import CallEnded, StatusChanged
from trunkline.services import accounts, claims
from trunkline.services.allowance import full
from trunkline.services.journal import ServiceJournal
from trunkline.storage.calls import LIVE, Load
from trunkline.storage.capacity import Capacity, Standing

pytestmark = pytest.mark.room
CHILD = Caller("org-child")
ASSISTANTS = {"org-b": "assistant-b", "org-child": "assistant-child"}


@pytest.fixture
async def home(home: World) -> World:
    """Three organisations that can place calls: ``org-a`` with its child, and ``org-b``; the installation takes ten."""
    home.live.free = 1000
    async with home.rooms.database.system() as unit:
        await unit.organisations.add(world.organisation("org-child", parent_org_id="org-a"))
    for place, (org_id, assistant_id) in enumerate(ASSISTANTS.items()):
        trunk = world.trunk(org_id)
        made = world.assistant(org_id, stt_config={"provider": "local"}, tts_config={"provider": "local"})
        async with home.rooms.database.unit(org_id) as unit:
            await unit.trunks.add(trunk)
            await unit.numbers.add(world.number(org_id, f"+3185083509{place}", trunk_id=trunk.id))
            await unit.assistants.add(replace(made, id=assistant_id))
    return replace(home, rooms=replace(home.rooms, limits=replace(home.rooms.limits, max_calls=10)))


async def _place(home: World, caller: Caller) -> str:
    assistant = ASSISTANTS.get(caller.org_id, home.assistant_id)
    return await home.place(caller, assistant_id=assistant)


async def _placed(home: World, caller: Caller, tries: int) -> list[str]:
    """The calls that were placed of so many tries at once; the others found no room."""
    found = await asyncio.gather(*(_place(home, caller) for _ in range(tries)), return_exceptions=True)
    for one in found:
        assert isinstance(one, str) or (isinstance(one, Unavailable) and one.code == "at_capacity"), one
    return [one for one in found if isinstance(one, str)]


async def _live(home: World) -> int:
    async with home.rooms.database.system(write=False) as unit:
        return await unit.calls._count(*LIVE)


async def test_fifty_placings_at_once_never_pass_the_limit(home: World) -> None:
    await accounts.set_limits(home.rooms, "org-a", max_concurrent_calls=7)
    assert len(await _placed(home, A, 50)) == 7
    assert await _live(home) == 7


async def test_a_parent_and_its_child_share_the_parents_limit(home: World) -> None:
    await accounts.set_limits(home.rooms, "org-a", max_concurrent_calls=6)
    await accounts.set_limits(home.rooms, "org-child", max_concurrent_calls=2)
    children, own = await asyncio.gather(_placed(home, CHILD, 25), _placed(home, A, 25))
    assert len(children) <= 2
    assert len(children) + len(own) == 6
    await accounts.set_limits(home.rooms, "org-child", max_concurrent_calls=None)
    with pytest.raises(Unavailable, match="the account has as many"):
        await _place(home, CHILD)
    await ServiceJournal(home.rooms).note(own[0], CallEnded(home.clock.now(), EndReason.NO_ANSWER))
    await _place(home, CHILD)
    with pytest.raises(Unavailable):
        await _place(home, A)


async def test_an_operator_limits_a_child_while_it_places_calls(home: World) -> None:
    early = Caller("org-0")  # its row comes before its parent's
    async with home.rooms.database.system() as unit:
        await unit.organisations.add(world.organisation("org-0", parent_org_id="org-a"))
    made = world.assistant("org-0", stt_config={"provider": "local"}, tts_config={"provider": "local"})
    async with home.rooms.database.unit("org-0") as unit:
        trunk = world.trunk("org-0")
        await unit.trunks.add(trunk)
        await unit.numbers.add(world.number("org-0", "+31850835080", trunk_id=trunk.id))
        await unit.assistants.add(replace(made, id="assistant-0"))
    for _ in range(5):
        await asyncio.gather(
            *(home.place(early, assistant_id="assistant-0") for _ in range(10)),
            *(accounts.set_limits(home.rooms, "org-0", max_concurrent_calls=100 + place) for place in range(5)),
        )
    assert await _live(home) == 50


async def test_an_operator_changes_a_child_while_its_calls_are_charged(home: World) -> None:
    await accounts.set_credit(home.rooms, "org-a", minutes=1000)
    ids = [await _place(home, CHILD) for _ in range(40)]
    journal = ServiceJournal(home.rooms)
    for call_id in ids:
        await claims.claim(home.rooms, call_id, "worker-1", 3600)
        await journal.note(call_id, StatusChanged(home.clock.now(), CallStatus.IN_PROGRESS))
    home.clock.advance(60)
    for some in (ids[:20], ids[20:]):
        await asyncio.gather(
            *(journal.note(call_id, CallEnded(home.clock.now(), EndReason.USER_HANGUP)) for call_id in some),
            *(accounts.set_limits(home.rooms, "org-child", max_concurrent_calls=place) for place in range(10)),
            *(accounts.allow_local_models(home.rooms, "org-a", bool(place % 2)) for place in range(10)),
        )
    assert (await accounts.get(home.rooms, "org-a")).minutes_balance == pytest.approx(960)


async def test_others_leave_room_for_what_is_guaranteed(home: World) -> None:
    await accounts.set_limits(home.rooms, "org-a", guaranteed_concurrent_calls=4)
    assert len(await _placed(home, B, 30)) == 6
    with pytest.raises(Unavailable, match="guaranteed to others"):
        await _place(home, B)
    assert len(await _placed(home, CHILD, 3)) == 3
    assert len(await _placed(home, A, 3)) == 1
    assert await _live(home) == 10


async def test_fifty_placings_of_several_at_once_keep_the_guarantees(home: World) -> None:
    await accounts.set_limits(home.rooms, "org-a", guaranteed_concurrent_calls=3)
    await accounts.set_limits(home.rooms, "org-b", guaranteed_concurrent_calls=5)
    of_a, of_child, of_b = await asyncio.gather(_placed(home, A, 17), _placed(home, CHILD, 17), _placed(home, B, 16))
    assert len(of_a) + len(of_child) >= 3
    assert len(of_b) >= 5
    assert await _live(home) == 10


async def test_a_guarantee_is_honoured_also_where_others_were_first(home: World) -> None:
    assert len(await _placed(home, B, 30)) == 30  # without a guarantee only the workers' room counts
    await accounts.set_limits(home.rooms, "org-a", guaranteed_concurrent_calls=1)
    await _place(home, A)
    with pytest.raises(Unavailable):
        await _place(home, A)


async def test_guarantees_that_cannot_be_kept_are_refused(home: World) -> None:
    rooms = home.rooms
    await accounts.set_limits(rooms, "org-a", guaranteed_concurrent_calls=6)
    with pytest.raises(Invalid, match="at most 4 can be guaranteed here"):
        await accounts.set_limits(rooms, "org-b", guaranteed_concurrent_calls=5)
    await accounts.set_limits(rooms, "org-b", guaranteed_concurrent_calls=4)
    await accounts.set_limits(rooms, "org-a", guaranteed_concurrent_calls=5)
    with pytest.raises(Invalid, match="more than the 3 that"):
        await accounts.set_limits(rooms, "org-a", max_concurrent_calls=3)
    with pytest.raises(Invalid, match="guaranteed to its parent"):
        await accounts.set_limits(rooms, "org-child", guaranteed_concurrent_calls=1)
    with pytest.raises(Invalid, match="0 or more"):
        await accounts.set_limits(rooms, "org-b", max_concurrent_calls=-1)
    with pytest.raises(NotFound):
        await accounts.set_limits(rooms, "org-x", max_concurrent_calls=1)
    removed = await accounts.set_limits(rooms, "org-a", guaranteed_concurrent_calls=None)
    assert removed.guaranteed_concurrent_calls is None


async def test_two_guarantees_given_at_once_do_not_both_find_room(home: World) -> None:
    given = await asyncio.gather(
        *(accounts.set_limits(home.rooms, org_id, guaranteed_concurrent_calls=6) for org_id in ("org-a", "org-b")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in given) == ["Invalid", "Organisation"]


@pytest.mark.parametrize(
    ("live", "mine", "why"),
    [
        ({"b": 3}, "b", None),
        ({"b": 4}, "b", "the room that is left is guaranteed to others"),
        ({"b": 4, "a": 5}, "a", None),
        ({"b": 4, "a": 6}, "a", "the room that is left is guaranteed to others"),
        ({"b": 3, "a": 6}, "a", None),
        ({"b": 3, "a": 7}, "b", "the room that is left is guaranteed to others"),
        ({}, "a", None),
    ],
)
def test_what_is_left_beside_a_guarantee_of_six(live: dict[str, int], mine: str, why: str | None) -> None:
    standing = Standing(mine, None, None, None, None, 6 if mine == "a" else None, None)
    taken = Capacity(standing, standing, Load(0, Counter(), Counter()), live, {"a": 6})
    assert full(taken, 10) == why
