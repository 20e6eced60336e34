"""Places the calls of the set, some at a time, and brings back what the far end recorded and what the platform says."""

import asyncio
import contextlib
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.conversation.replies import FIRST_MESSAGE, STYLES
from bench.conversation.script import Case, save
from bench.conversation.wire import Recording
from bench.world import PEER_CORE, PLATFORM_CORE, Process, platform, process
from trunkline.base.errors import Invalid, TrunklineError
from trunkline.cli.client import ApiClient
from trunkline.testing.ports import free_port

HERE = Path(__file__).parent
BOTH_CORES = f"{PLATFORM_CORE},{PEER_CORE}"
ANSWER_SECONDS = 20.0
LONGEST_CALL_SECONDS = 240.0
END_SECONDS = 20.0
DISTURBED_MS = 60.0
"""A far end that was late by more had a hole in its own sound: the machine had something else to do."""
APART_SECONDS = 0.7
"""The first calls begin one after the other, so that not all speak at once."""


class CallFailed(Exception):
    """A call of the set did not take place as planned; the text says what happened."""


@dataclass(frozen=True, slots=True)
class Played:
    """A call that took place: the far end's recording, the platform's transcript, how late the far end was at worst."""

    case: Case
    recording: Recording
    messages: list[dict[str, Any]]
    late_ms: float


@dataclass(slots=True)
class FarEndProcess:
    """The process that plays the calls' sound."""

    process: Process
    _ports: dict[str, asyncio.Future[int]] = field(default_factory=dict)
    _over: dict[str, asyncio.Future[float]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Hears what it says, until it ends."""
        assert self.process.child.stdout is not None
        while line := await self.process.child.stdout.readline():
            found = json.loads(line)
            if "port" in found:
                self._ports.pop(found["case"]).set_result(found["port"])
            elif not (over := self._over.pop(found["case"])).done():
                over.set_result(found["late_ms"])
        gone = CallFailed("the far end's process ended early")
        for port in self._ports.values():
            port.set_exception(gone)
        for over in self._over.values():
            over.set_exception(gone)

    async def open(self, case: Path, out: Path) -> tuple[int, asyncio.Future[float]]:
        """The port on which a case will be played, and what comes when it was."""
        loop = asyncio.get_running_loop()
        port: asyncio.Future[int] = loop.create_future()
        over: asyncio.Future[float] = loop.create_future()
        self._ports[str(case)], self._over[str(case)] = port, over
        await self.process.tell(json.dumps({"case": str(case), "out": str(out)}))
        return await port, over

    async def drop(self, case: Path) -> None:
        """Gives a case up."""
        self._over.pop(str(case), None)
        await self.process.tell(json.dumps({"drop": str(case)}))


@dataclass(frozen=True, slots=True)
class Exchange:
    """All that a call needs."""

    api: ApiClient
    far_end: FarEndProcess
    number_id: str
    folder: Path

    async def play(self, case: Case) -> Played:
        """One call from the request to its transcript. Raises CallFailed."""
        plan, out = self.folder / f"{case.name}.npz", self.folder / f"{case.name}.wire.npz"
        save(case, plan)
        port, over = await self.far_end.open(plan, out)
        call_id = ""
        try:
            call_id = await self._placed(case, port)
            await self._until(call_id, "in-progress", ANSWER_SECONDS)
            late_ms = await asyncio.wait_for(asyncio.shield(over), LONGEST_CALL_SECONDS)
            call = await self._ended(call_id)
        except (TimeoutError, TrunklineError) as error:
            raise CallFailed(f"{case.name}: {await self._story(call_id)} {error}".strip()) from error
        finally:
            await self.far_end.drop(plan)
        (self.folder / f"{case.name}.transcript.json").write_text(json.dumps(call["messages"], indent=1))
        return Played(case, Recording.load(out), call["messages"], late_ms)

    async def _placed(self, case: Case, port: int) -> str:
        assistant = {"name": case.name, **_assistant(case.style)}
        order = {"destination": f"+316123{port:05d}", "number_id": self.number_id, "assistant": assistant}
        return str((await self.api.post("/calls/outbound", order))["call_id"])

    async def _until(self, call_id: str, status: str, seconds: float) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while True:
                call: dict[str, Any] = await self.api.get(f"/calls/{call_id}")
                if call["status"] == status:
                    return call
                if call["status"] in ("ended", "failed", "rejected"):
                    raise CallFailed(f"the call became {call['status']} ({call['end_reason']}): {call.get('error')}")
                await asyncio.sleep(0.1)

    async def _ended(self, call_id: str) -> dict[str, Any]:
        with contextlib.suppress(TrunklineError):
            await self.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        return await self._until(call_id, "ended", END_SECONDS)

    async def _story(self, call_id: str) -> str:
        if not call_id:
            return "the call was not placed."
        with contextlib.suppress(TrunklineError, OSError):
            call = await self.api.get(f"/calls/{call_id}")
            return f"the call stayed {call['status']} ({call['end_reason']})."
        return "the platform does not answer."


@asynccontextmanager
async def exchange(folder: Path) -> AsyncIterator[Exchange]:
    """The platform, SIPp and the far end, ready to call each other."""
    _check_tools()
    sip_port = free_port()
    sipp = [
        "sipp",
        "-sf",
        str(HERE / "uas.xml"),
        "-i",
        "127.0.0.1",
        "-p",
        str(sip_port),
        "-l",
        "200",
        "-nostdin",
        "-nr",
    ]
    async with process(PEER_CORE, sys.executable, "-m", "bench.conversation.far_end") as child:
        far_end = FarEndProcess(child)
        listening = asyncio.create_task(far_end.listen())
        async with (
            process(PEER_CORE, *sipp, quiet=True),
            platform("bench.conversation.platform", BOTH_CORES) as house,
        ):
            trunk = (await house.api.post("/sip-trunks", {"name": "Far end", "address": f"127.0.0.1:{sip_port}"}))[
                "trunk"
            ]
            number = {"phone_number": "+31850835037", "trunk_id": trunk["id"]}
            number_id = (await house.api.post("/numbers", number))["number"]["id"]
            await _check(house.api)
            yield Exchange(house.api, far_end, number_id, folder)
        listening.cancel()


def _check_tools() -> None:
    if absent := [tool for tool in ("sipp", "taskset", "setpriv") if shutil.which(tool) is None]:
        raise Invalid(f"{', '.join(absent)} not found; run: make setup-test")


async def _check(api: ApiClient) -> None:
    """Sees that the assistant's configuration is taken, so that a mistake is told once and not for each call."""
    for style in STYLES:
        await api.post("/assistants", {"name": style, **_assistant(style)})


def _assistant(style: str) -> dict[str, Any]:
    """Turn taking is at its defaults."""
    prompt = [{"role": "system", "content": style}]
    return {
        "first_message": FIRST_MESSAGE,
        "recording_enabled": True,
        "max_duration_seconds": 600,
        "silence_timeout_seconds": 600,
        "llm_config": {"provider": "local", "model": "scripted", "messages": prompt},
        "stt_config": {"provider": "local"},
        "tts_config": {"provider": "local"},
    }


async def _undisturbed(between: Exchange, case: Case) -> Played:
    """A call; one in which the far end itself stuttered says little, and is made once more."""
    first = await between.play(case)
    if first.late_ms <= DISTURBED_MS:
        return first
    return min(first, await between.play(case), key=lambda played: played.late_ms)


async def play_all(cases: Sequence[Case], folder: Path, at_once: int, until: float) -> tuple[list[Played], list[str]]:
    """Plays the cases, ``at_once`` of them at a time, and gives up what goes on at ``until`` (monotonic); also tells what
    went wrong."""
    played: list[Played] = []
    problems: list[str] = []
    room = asyncio.Semaphore(at_once)
    async with exchange(folder) as between:

        async def one(place: int, case: Case) -> None:
            async with room:
                if place < at_once:
                    await asyncio.sleep(place * APART_SECONDS)
                try:
                    async with asyncio.timeout(until - time.monotonic()):
                        played.append(await _undisturbed(between, case))
                except CallFailed as error:
                    problems.append(str(error))
                except TimeoutError:
                    problems.append(f"{case.name}: no time was left")

        await asyncio.gather(*(one(place, case) for place, case in enumerate(cases)))
    order = {case.name: place for place, case in enumerate(cases)}
    return sorted(played, key=lambda call: order[call.case.name]), problems
