"""One soak from its beginning to its summary."""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rtp_peer import speech_frames
from bench.soak.leaks import Held, held, settled
from bench.soak.phone import Phones
from bench.soak.play import Lines, Player, Switchboard, assistant_of
from bench.soak.report import of_outcome, summary
from bench.soak.rules import Outcome
from bench.soak.scripts import KINDS, Script, draw
from bench.soak.services import Services, serving
from bench.soak.sound import Studio
from bench.speech import utterance
from bench.world import Platform, cpu_seconds, platform

TOLD_EVERY = 100
SPREAD_SECONDS = 0.05
OURS, INBOUND = "+31850835037", "+31850835039"

Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A soak: ``calls`` in waves of ``wave``, ``at_once`` of them together; after each wave everything must be idle."""

    calls: int
    at_once: int
    wave: int
    seed: int
    kinds: tuple[str, ...] = ()
    log: Path | None = None


@dataclass(slots=True)
class _Soak:
    plan: Plan
    tell: Tell
    house: Platform
    database: Path
    player: Player
    services: Services
    outcomes: list[Outcome]
    began: float

    async def wave(self, first: int, count: int) -> None:
        """Plays calls ``first`` and following, and waits for the last of them."""
        room = asyncio.Semaphore(self.plan.at_once)
        kinds = {name: KINDS[name] for name in self.plan.kinds or KINDS}

        async def one(number: int) -> None:
            async with room:
                await asyncio.sleep(SPREAD_SECONDS * (number % self.plan.at_once))
                self._played(await self.player.play(draw(number, self.plan.seed, kinds)))

        await asyncio.gather(*(one(number) for number in range(first, first + count)))

    def _played(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if outcome.wrong:
            self.tell({"wrong": of_outcome(outcome)})
        if len(self.outcomes) % TOLD_EVERY == 0:
            wrong = sum(bool(outcome.wrong) for outcome in self.outcomes)
            seconds = round(time.monotonic() - self.began, 1)
            self.tell({"calls": len(self.outcomes), "wrong_ends": wrong, "seconds": seconds})


async def soak(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Runs it; gives the summary."""
    async with _stage(plan, tell) as stage:
        began, cpu = time.monotonic(), cpu_seconds(stage.house.pid)
        fresh = await held(stage.house, stage.database)
        tell({"held": "before the first call", **fresh.as_json()})
        looks: list[tuple[int, Held]] = []
        left: list[str] = []
        for first in range(0, plan.calls, plan.wave):
            count = min(plan.wave, plan.calls - first)
            await stage.wave(first, count)
            now, left = await settled(stage.house, stage.database, fresh, looks[0][1] if looks else None)
            looks.append((first + count, now))
            tell({"held": f"after {first + count} calls", **now.as_json(), "left_over": left})
        found = summary(stage.outcomes, looks, left, Counter(stage.services.report_ids))
        seconds = time.monotonic() - began
        used = cpu_seconds(stage.house.pid) - cpu
    return {
        "seed": plan.seed,
        "at_once": plan.at_once,
        "seconds": round(seconds),
        "core_percent": round(100 * used / seconds),
        **found,
    }


@asynccontextmanager
async def _stage(plan: Plan, tell: Tell) -> AsyncIterator[_Soak]:
    """The platform, and all that is beside it."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trunkline-soak-")))
        await utterance(folder / "speech.wav")
        services = await stack.enter_async_context(serving())
        board, studio = Switchboard(), Studio(speech_frames(str(folder / "speech.wav")))
        _, phones = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Phones(board.invited), local_addr=("127.0.0.1", 0)
        )
        stack.push_async_callback(phones.aclose)
        data = folder / "data"
        house = await stack.enter_async_context(
            platform(
                "bench.soak.platform",
                TRUNKLINE_DATA_DIR=str(data),
                TRUNKLINE_ALLOW_INSECURE_WEBHOOKS="true",
                TRUNKLINE_ALLOW_PRIVATE_MODEL_URLS="true",
                TRUNKLINE_CONTROL_LIMIT_PER_MINUTE="1000000",
            )
        )
        ticking = asyncio.create_task(studio.run())
        stack.callback(ticking.cancel)
        player = Player(house.api, services, phones, studio, board, await _lines(house, services, phones.port))
        yield _Soak(plan, tell, house, data / "trunkline.db", player, services, [], time.monotonic())


async def _lines(house: Platform, services: Services, port: int) -> Lines:
    """A trunk to the telephones, a number to call from, and one to be called at."""
    way = {"name": "Soak", "address": f"127.0.0.1:{port}", "inbound_addresses": ["127.0.0.1"]}
    trunk = (await house.api.post("/sip-trunks", way))["trunk"]
    desk = (await house.api.post("/assistants", assistant_of(Script(0, "desk"), services)))["assistant"]
    ours = {"phone_number": OURS, "trunk_id": trunk["id"]}
    number = (await house.api.post("/numbers", ours))["number"]
    await house.api.post("/numbers", ours | {"phone_number": INBOUND, "assistant_id": desk["id"]})
    return Lines(number["id"], INBOUND, ("127.0.0.1", house.sip_port))
