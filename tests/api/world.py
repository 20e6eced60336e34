"""The API over a real database, with plain stand-ins for the live side, and clients of two organisations."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import uvicorn
from fastapi import FastAPI

from tests.services.world import OneProcess, SetClock
from trunkline.api.app import ApiSettings, create_app
from trunkline.base.errors import Unavailable
from trunkline.domain.access import Caller
from trunkline.domain.audit import Author
from trunkline.domain.call import CallStatus
from trunkline.domain.events import CallEnded, Fact, StatusChanged
from trunkline.ports.models import Models
from trunkline.services import organisations
from trunkline.services.journal import ServiceJournal
from trunkline.services.rooms import Limits, Rooms
from trunkline.storage.blobs import DiskBlobs
from trunkline.storage.database import Database
from trunkline.storage.steps import Steps
from trunkline.storage.unit import SystemUnit, Unit
from trunkline.storage.vault import Vault
from trunkline.testing.line import ScriptedCarrier
from trunkline.testing.models import ScriptedModels

DESTINATION = "+31612345678"
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Api:
    """The application, the rooms behind it, and a client for each of two organisations."""

    app: FastAPI
    rooms: Rooms
    clock: SetClock
    live: OneProcess
    ours: httpx2.AsyncClient
    theirs: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    org_id: str
    key: str

    @property
    def caller(self) -> Caller:
        """Our organisation, as the platform itself acts for it."""
        return Caller(self.org_id)

    async def note(self, call_id: str, fact: Fact) -> None:
        """Lets something happen to a call, as its worker would note it."""
        await ServiceJournal(self.rooms).note(call_id, fact)

    async def answer(self, call_id: str) -> None:
        """Brings a queued call to its conversation."""
        async with self.rooms.unit(self.caller) as unit:
            await unit.calls.change(call_id, status=CallStatus.DIALING.value)
        await self.note(call_id, StatusChanged(self.clock.now(), CallStatus.IN_PROGRESS))
        self.live.sessions.add(call_id)

    async def end(self, call_id: str, **facts: Any) -> None:
        """Ends a call."""
        await self.note(call_id, CallEnded(self.clock.now(), **facts))
        self.live.sessions.discard(call_id)


class Away(Database):
    """A database that does not answer."""

    def __init__(self) -> None:
        """Opens nothing."""

    async def ping(self) -> float:
        raise _away()

    async def brief(self, steps: Steps[T], *, write: bool = True) -> T:
        raise _away()

    @asynccontextmanager
    async def unit(self, org_id: str, *, write: bool = True, author: Author | None = None) -> AsyncIterator[Unit]:
        raise _away()
        yield

    @asynccontextmanager
    async def system(self, *, write: bool = True, author: Author | None = None) -> AsyncIterator[SystemUnit]:
        raise _away()
        yield


def _away() -> Unavailable:
    return Unavailable("the database does not answer; try again", code="database_unavailable")


async def made(client: httpx2.AsyncClient, path: str, body: Json) -> Json:
    """The object that a POST made."""
    reply = await client.post(path, json=body)
    assert reply.status_code in (200, 201), reply.text
    found: Json = reply.json()
    return next(iter(found.values())) if len(found) == 1 else found


async def ready_to_call(client: httpx2.AsyncClient, number: str = "+31850835037") -> dict[str, str]:
    """A trunk, a number on it and an assistant; their ids."""
    trunk = await made(client, "/sip-trunks", {"name": "Way out", "address": "sip.example.com"})
    line = await made(client, "/numbers", {"phone_number": number, "trunk_id": trunk["id"]})
    assistant = await made(client, "/assistants", {"name": "Reminder"})
    return {"trunk": trunk["id"], "number": line["id"], "assistant": assistant["id"]}


async def placed(client: httpx2.AsyncClient, assistant_id: str) -> str:
    """The id of a call that was just placed."""
    return str((await made(client, "/calls/outbound", _order(assistant_id)))["call_id"])


def _order(assistant_id: str) -> Json:
    return {"destination": DESTINATION, "assistant_id": assistant_id}


@asynccontextmanager
async def opened(
    database: Database,
    vault: Vault,
    folder: Path,
    settings: ApiSettings | None = None,
    models: Models | None = None,
    **more: Any,
) -> AsyncIterator[Api]:
    """The API with two organisations; clients speak to it in memory. ``more`` are other rooms than the usual ones."""
    clock, live = SetClock(), OneProcess()
    rooms = Rooms(
        **{
            "database": database,
            "vault": vault,
            "clock": clock,
            "live": live,
            "models": models or ScriptedModels(),
            "carrier": ScriptedCarrier(),
            "blobs": DiskBlobs(folder / "recordings"),
            "limits": Limits(public_url="http://testserver", signing_key=b"k" * 32),
            **more,
        }
    )
    app = create_app(rooms, settings or ApiSettings(requests_per_minute=10_000, heartbeat_seconds=0.3))
    ours, our_key = await organisations.create(rooms, "Ours")
    _, their_key = await organisations.create(rooms, "Theirs")
    async with client(app, our_key) as a, client(app, their_key) as b, client(app, None) as c:
        yield Api(app, rooms, clock, live, a, b, c, ours.id, our_key)


async def until(true: Callable[[], bool]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def client(app: FastAPI, key: str | None) -> httpx2.AsyncClient:
    """A client in memory."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://testserver/api/v1", headers=headers)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application over a real socket; gives its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
    listening.listen()
    running = asyncio.ensure_future(server._serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
    app.state.closing.set()
    server.should_exit = True
    await running
    listening.close()
