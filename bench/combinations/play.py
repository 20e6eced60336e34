"""The calls of the run: real SIP and RTP, the platform in a process of its own, and emulators in the vendors' places."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import aiohttp

from bench.combinations.cells import Combination
from bench.combinations.judging import FIRST, Verdict, judged
from bench.world import Platform, platform
from trunkline.app.compose import open_rooms
from trunkline.app.settings import Settings
from trunkline.base.errors import TrunklineError
from trunkline.cli.client import ApiClient
from trunkline.services import organisations
from trunkline.services.rooms import Rooms
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator
from trunkline.testing.person import Person, Talk, person

BOTH_CORES = "0,1"
CALL_SECONDS = 75.0
REPORT_SECONDS = 20.0
QUIET_SECONDS = 10.0
"""So long after its last call a vendor may have something open."""
APART_SECONDS = 0.7
"""Calls do not all begin in the same moment."""
CALLS_A_ROUND = 51
TRIES = 2
END_STATES = frozenset({"ended", "failed", "rejected", "transferred"})
PROMPT = (
    "You are on the phone for Bright Smile Dental. When the caller says when to come, say: I understood, and repeat it, and"
    " ask what else you can do. When the caller says goodbye, say goodbye and call end_call."
)


@dataclass(slots=True)
class Stage:
    """What all calls share: the platform, the person who is called, and the vendors."""

    house: Platform
    rooms: Rooms
    person: Person
    vendors: Mapping[str, VendorEmulator]
    placed: int = 0

    async def call(self, who: Combination) -> Talk:
        """One call, from the request to its cost. Raises TimeoutError, TrunklineError and aiohttp.ClientError.

        An organisation makes it which never made another: what a voice has said for others is said anew.
        """
        self.placed += 1
        ending = f"{self.placed:04d}"
        number = f"+3161235{ending}"
        _, key = await organisations.create(self.rooms, f"Bright Smile {ending}")
        async with ApiClient(self.house.url, key) as api:
            trunk = await api.post("/sip-trunks", {"name": "Person", "address": f"127.0.0.1:{self.person.port}"})
            line = {"phone_number": f"+3185083{ending}", "trunk_id": trunk["trunk"]["id"]}
            line_id = (await api.post("/numbers", line))["number"]["id"]
            order = {"destination": number, "number_id": line_id, "assistant": assistant(who)}
            call_id = str((await api.post("/calls/outbound", order))["call_id"])
            await _until(api, call_id, lambda call: call["status"] in END_STATES, CALL_SECONDS)
            call = await _until(api, call_id, lambda call: call["cost"] is not None, REPORT_SECONDS)
        return Talk(call, await self.person.account(number) if call["started_at"] else [])

    async def still_open(self) -> dict[str, int]:
        """How many streams vendors have open though no call goes on, after a while."""
        for vendor in self.vendors.values():
            try:
                await vendor.until(lambda vendor=vendor: vendor.open_streams == 0, QUIET_SECONDS)  # type: ignore[misc]
            except TimeoutError:
                continue
        return {name: vendor.open_streams for name, vendor in self.vendors.items() if vendor.open_streams}


async def _until(api: ApiClient, call_id: str, so: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while not so(call := await api.get(f"/calls/{call_id}")):  # noqa: ASYNC110
            await asyncio.sleep(0.25)
    return call


def assistant(who: Combination) -> dict[str, Any]:
    """The assistant of a combination."""
    model = {
        "provider": who.llm,
        "messages": [{"role": "system", "content": PROMPT}],
        "tools": [{"type": "end_call"}],
    }
    made = {"name": str(who), "first_message": FIRST, "max_duration_seconds": 70, "llm_config": model}
    if who.is_realtime:
        return made
    return made | {"stt_config": {"provider": who.stt, "language": "en"}, "tts_config": {"provider": who.tts}}


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Starts everything: a platform that knows its vendors by its settings alone."""
    async with AsyncExitStack() as stack:
        vendors = {name: await stack.enter_async_context(EMULATORS[name]()) for name in EMULATORS}
        settings = {name: value for one in vendors.values() for name, value in one.environment().items()}
        house = await stack.enter_async_context(platform("trunkline.app.process", BOTH_CORES, speaks=False, **settings))
        called = await stack.enter_async_context(person("visitor"))
        rooms = await stack.enter_async_context(open_rooms(Settings(data_dir=house.folder)))
        yield Stage(house, rooms, called, vendors)


class Calls(Protocol):
    """Makes the calls of a run."""

    async def call(self, who: Combination) -> Talk:
        """One call, from the request to its cost. Raises TimeoutError, TrunklineError and aiohttp.ClientError."""

    async def still_open(self) -> dict[str, int]:
        """How many streams vendors have open though no call goes on."""


async def play(
    stage: Calls, wanted: Sequence[Combination], at_once: int, tell: Callable[[Verdict], object]
) -> list[Verdict]:
    """Plays all combinations, so many at once, and tells each verdict. What only a recogniser misheard is called once more
    at the end. After each round of calls all vendors must be quiet."""
    verdicts: dict[Combination, Verdict] = {}
    for tried in range(1, TRIES + 1):
        due = list(wanted) if tried == 1 else [who for who in wanted if verdicts[who].misheard]
        for first in range(0, len(due), CALLS_A_ROUND):
            for one in await _round(stage, due[first : first + CALLS_A_ROUND], at_once):
                verdicts[one.combination] = replace(one, tries=tried)
                tell(verdicts[one.combination])
    return [verdicts[who] for who in wanted]


async def _round(stage: Calls, wanted: Sequence[Combination], at_once: int) -> list[Verdict]:
    places = asyncio.Semaphore(at_once)

    async def one(number: int, who: Combination) -> Verdict:
        if number < at_once:
            await asyncio.sleep(number * APART_SECONDS)
        async with places:
            return await _tried(stage, who)

    verdicts = await asyncio.gather(*(one(number, who) for number, who in enumerate(wanted)))
    left = await stage.still_open()
    return [closed(verdict, left) for verdict in verdicts]


async def _tried(stage: Calls, who: Combination) -> Verdict:
    try:
        return judged(who, await stage.call(who))
    except TimeoutError:
        return Verdict(who, ("it hung",))
    except (TrunklineError, aiohttp.ClientError) as error:
        return Verdict(who, (str(error) or type(error).__name__,))


def closed(verdict: Verdict, left: Mapping[str, int]) -> Verdict:
    """The verdict with what the vendors of the call have left open."""
    own = [f"{name} has {left[name]} streams open" for name in sorted(verdict.combination.vendors & set(left))]
    return replace(verdict, problems=(*verdict.problems, *own), misheard=verdict.misheard and not own)
