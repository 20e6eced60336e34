"""A small platform below the services: a real database, and plain stand-ins for the live side."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.storage import world
from trunkline.domain.access import Caller
from trunkline.domain.commands import Command
from trunkline.domain.events import LiveEvent, Usage
from trunkline.services import calls
from trunkline.services.rooms import Limits, Rooms
from trunkline.storage.blobs import DiskBlobs
from trunkline.storage.calls import Call
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.line import ScriptedCarrier
from trunkline.testing.models import ScriptedModels

A = Caller("org-a")
B = Caller("org-b")
DESTINATION = "+31612345678"


class SetClock:
    """A clock that stands still until somebody sleeps or sets it on."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> datetime:
        return world.NOW + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self._seconds += seconds


class Following:
    """One follower of one call, from when it is made until it is closed."""

    def __init__(self, call_id: str, all_followers: "list[Following]") -> None:
        self._call_id = call_id
        self._events: asyncio.Queue[LiveEvent] = asyncio.Queue()
        self._all = all_followers
        all_followers.append(self)

    def take(self, event: LiveEvent) -> None:
        """Hears of an event."""
        if event.call_id == self._call_id:
            self._events.put_nowait(event)

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        return self

    async def __anext__(self) -> LiveEvent:
        return await self._events.get()

    async def aclose(self) -> None:
        """Follows no more."""
        self._all.remove(self)


@dataclass
class OneProcess:
    """The live side in memory: who follows hears what is published; sessions take what is sent."""

    free: int = 10
    woken: list[str] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    orders: list[tuple[str, str, Command]] = field(default_factory=list)
    published: list[LiveEvent] = field(default_factory=list)
    uses: dict[str, Usage] = field(default_factory=dict)
    _followers: "list[Following]" = field(default_factory=list)

    async def wake(self, call_id: str) -> bool:
        self.woken.append(call_id)
        return self.free > 0

    async def send(self, call_id: str, command_id: str, command: Command) -> bool:
        if call_id not in self.sessions:
            return False
        self.orders.append((call_id, command_id, command))
        return True

    def used(self, call_id: str) -> Usage | None:
        return self.uses.get(call_id)

    def publish(self, event: LiveEvent) -> None:
        self.published.append(event)
        for follower in self._followers:
            follower.take(event)

    def follow(self, call_id: str) -> "Following":
        return Following(call_id, self._followers)

    def room(self) -> int:
        return self.free

    @property
    def followers(self) -> int:
        """How many follow now."""
        return len(self._followers)


@dataclass(frozen=True, slots=True)
class World:
    """The rooms, and the stand-ins in them."""

    rooms: Rooms
    clock: SetClock
    live: OneProcess
    trunk_id: str
    number_id: str
    assistant_id: str

    async def place(self, caller: Caller = A, **order: Any) -> str:
        """Places a call with the stored assistant unless told otherwise; returns its id."""
        asked = {"destination": DESTINATION, "assistant_id": self.assistant_id, **order}
        return (await calls.place(self.rooms, caller, calls.PlaceOrder(**asked))).call_id

    async def call(self, call_id: str) -> Call:
        """The stored call."""
        async with self.rooms.database.system(write=False) as unit:
            return await unit.calls.get(call_id)

    async def outbox(self, call_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Kind and payload of the call's outbox rows."""
        async with self.rooms.database.system(write=False) as unit:
            return [(row.kind, row.payload) for row in await unit.outbox.of_call(call_id)]

    async def change(self, noun: str, id: str, **changes: Any) -> None:
        """Writes fields of a trunk, number or organisation of ``org-a`` past all rules."""
        async with self.rooms.database.unit("org-a") as unit:
            repository = getattr(unit, noun)
            await repository.save(replace(await repository.get(id), **changes))


async def open_world(database: Database, vault: Vault, folder: Path, limits: Limits | None = None) -> World:
    """Two organisations; the first has a trunk, a number on it and an assistant."""
    await world.two_organisations(database)
    trunk = world.trunk()
    number = world.number(trunk_id=trunk.id)
    assistant = world.assistant(stt_config={"provider": "local"}, tts_config={"provider": "local"})
    async with database.unit("org-a") as unit:
        await unit.trunks.add(trunk)
        await unit.numbers.add(number)
        await unit.assistants.add(assistant)
    clock, live = SetClock(), OneProcess()
    rooms = Rooms(
        database=database,
        vault=vault,
        clock=clock,
        live=live,
        models=ScriptedModels(),
        carrier=ScriptedCarrier(),
        blobs=DiskBlobs(folder / "recordings"),
        limits=limits or Limits(public_url="https://calls.example.com/", signing_key=b"k" * 32),
    )
    return World(rooms, clock, live, trunk.id, number.id, assistant.id)
