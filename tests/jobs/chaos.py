"""Receivers that go wrong in every way, and a clock that skips the waiting, also for the processes that tests kill.

``python -m tests.jobs.chaos DATABASE_URL FOLDER VAULT_KEY`` is such a process: it does what the outbox asks for until it is
killed. Its first line is ``ready``.
"""

import asyncio
import hashlib
import json
import random
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.jobs.world import World, make_world
from trunkline.base.clock import SystemClock
from trunkline.jobs.settings import RETRY_SECONDS
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

PASSING = ("fails", "hangs", "garbage", "resets", "later", "drips", "mixed", "well")
"""Ways to go wrong (or right) that pass once the receivers are well again."""
FINAL = ("redirects", "gone")
"""Ways that end a delivery at once."""
SKIPPED = "skipped-seconds"
TIMES = {"retry_seconds": RETRY_SECONDS, "jitter": 0.2, "claim_seconds": 3.0, "poll_seconds": 0.1}


class SkippingClock(SystemClock):
    """The machine's clock, set on by what stands in a file, so that all processes of a test skip the same time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / SKIPPED

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.skipped)

    @property
    def skipped(self) -> float:
        """How much was skipped so far."""
        return float(self._file.read_text()) if self._file.exists() else 0.0

    def skip(self, seconds: float) -> None:
        """Lets time pass at once."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(self.skipped + seconds))
        fresh.replace(self._file)


@dataclass(frozen=True, slots=True)
class Told:
    """One request that arrived whole."""

    way: str
    webhook_id: str
    body_hash: str
    call_id: str
    state: str
    accepted: bool


@dataclass
class Receivers:
    """One server with a path for each way to go wrong. Once it is ``well`` all but the final ones accept."""

    chance: random.Random
    port: int = 0
    well: bool = False
    told: list[Told] = field(default_factory=list)

    def url(self, way: str) -> str:
        return f"http://127.0.0.1:{self.port}/{way}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            body = await reader.readexactly(int(headers["content-length"]))
            way = lines[0].split(" ")[1].strip("/")
            if await self._answer(way, headers["webhook-id"], body, writer):
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, way: str, webhook_id: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """True where the connection is to stay open until the sender has had enough."""
        at = way
        if way == "mixed":
            way = self.chance.choice(("fails", "resets", "later", "garbage", "well"))
        accepted = way == "well" or (self.well and way not in FINAL)
        message = json.loads(body)["message"]
        state = message["call"]["status"] if message["type"] == "status-update" else message["type"]
        digest = hashlib.sha256(body).hexdigest()
        self.told.append(Told(at, webhook_id, digest, message["call"]["id"], state, accepted))
        if accepted:
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        elif way != "hangs":
            await getattr(self, f"_{way}")(writer)
        return way == "hangs" and not accepted

    async def _fails(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Down\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndown")
        await writer.drain()

    async def _garbage(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff this is no HTTP \r\n\r\n")
        await writer.drain()

    async def _resets(self, writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(1, 13, linger)  # SOL_SOCKET, SO_LINGER: close sends RST
        writer.transport.abort()

    async def _redirects(self, writer: asyncio.StreamWriter) -> None:
        """Away: what is sent there has no second chance, and must not be followed."""
        to = self.url("well").encode()
        writer.write(b"HTTP/1.1 307 Away\r\nLocation: " + to + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async def _later(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 429 Slow down\r\nRetry-After: 90\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async def _gone(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async def _drips(self, writer: asyncio.StreamWriter) -> None:
        """A byte now and then, for ever."""
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.2)


@asynccontextmanager
async def receivers(seed: int) -> AsyncIterator[Receivers]:
    """A running server."""
    found = Receivers(random.Random(seed))
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()


def skipping(world: World, folder: Path) -> SkippingClock:
    """Puts the skipping clock into a world."""
    clock = SkippingClock(folder)
    world.rooms = replace(world.rooms, clock=clock)
    return clock


async def main(url: str, folder: Path, key: str) -> None:
    vault = Vault([key])
    world = make_world(await Database.open(url, folder, vault), url, folder, vault)
    skipping(world, folder)
    async with world.jobs(patience_seconds=1.0, **TIMES):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
