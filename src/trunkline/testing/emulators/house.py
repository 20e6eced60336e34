"""What every vendor's emulator is built in: a server on loopback that wants a key and goes wrong where it is told to."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from trunkline.testing.emulators.brain import Answer
from trunkline.testing.ports import free_port

KEY = "emulated-key"
_FOREVER_SECONDS = 3600.0


class Fault(StrEnum):
    """What a vendor can do wrong. Not every moment of every protocol has each."""

    UNAUTHORISED = "unauthorised"
    """The key is refused, as the vendor refuses it."""
    RATE_LIMITED = "rate_limited"
    """429, or the vendor's form of it."""
    OVERLOADED = "overloaded"
    """500, 503 or 529."""
    ERROR = "error"
    """The vendor's own error message within the stream."""
    DROP = "drop"
    """The connection is cut without a word."""
    SILENCE = "silence"
    """Nothing comes any more; pings are answered."""
    HALF_OPEN = "half_open"
    """Nothing comes any more, and pings are not answered."""
    SLOW = "slow"
    """What comes, comes ``seconds`` late."""
    GARBAGE = "garbage"
    """What comes cannot be read."""
    ODD_CHUNKS = "odd_chunks"
    """All is well, but cut into pieces of odd sizes."""


class Moment(StrEnum):
    """When it goes wrong."""

    CONNECT = "connect"
    """When a request or a socket comes in."""
    FIRST = "first"
    """Before the first result (of an utterance, of a reply, of a sentence)."""
    MIDDLE = "middle"
    """After the first result."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault at one moment, for the next ``times`` occasions (None: from now on)."""

    fault: Fault
    moment: Moment = Moment.FIRST
    times: int | None = None
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Received:
    """A request, or a message on a socket, as it came."""

    path: str
    headers: dict[str, str] = field(repr=False)
    body: Any = None


class Emulator:
    """The house of one vendor's emulator: ``vendor`` names it, ``base`` is the path that its protocol begins with. It takes
    ``key`` and no other.

    ``routes`` adds the protocol to the application; whoever handles a request asks ``trouble(moment)`` what is to go wrong.
    ``POST /_trouble`` (a Trouble as JSON, or null to be well again) does what ``misbehave`` does, from outside.
    """

    vendor = ""
    base = ""
    host = "127.0.0.1"
    middlewares: tuple[Any, ...] = ()

    def __init__(self, key: str = KEY, port: int | None = None) -> None:
        self.key = key
        self.port = port or free_port()
        self.received: list[Received] = []
        self.open_streams = 0
        self.struck = 0
        self.scripted: deque[Answer] = deque()
        """What the model says next, in place of the brain's answers."""
        self._troubles: deque[tuple[Trouble, list[int]]] = deque()
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """What ``TRUNKLINE_<VENDOR>_URL`` is to be."""
        return f"http://{self.host}:{self.port}{self.base}"

    def routes(self, app: web.Application) -> None:
        """Adds the protocol."""
        raise TypeError(f"{type(self).__name__} has no protocol")

    # --- trouble

    def misbehave(self, *troubles: Trouble) -> None:
        """From now on these go wrong, and nothing else."""
        self._troubles = deque((trouble, [trouble.times or -1]) for trouble in troubles)

    def trouble(self, moment: Moment) -> Trouble | None:
        """What is to go wrong at this moment; each asking uses one time up."""
        for trouble, left in self._troubles:
            if trouble.moment is moment and left[0] != 0:
                left[0] -= 1
                self.struck += 1
                return trouble
        return None

    def troubled(self, moment: Moment) -> Trouble | None:
        """What is to go wrong at this moment; nothing is used up."""
        found = next((trouble for trouble, left in self._troubles if trouble.moment is moment and left[0]), None)
        self.struck += found is not None
        return found

    async def hang(self) -> None:
        """Says nothing for an hour."""
        await asyncio.sleep(_FOREVER_SECONDS)

    # --- what came in

    def keep(self, path: str, headers: Any = None, body: Any = None) -> None:
        """Remembers what came in."""
        self.received.append(Received(path, {str(k).lower(): str(v) for k, v in dict(headers or {}).items()}, body))
        self.changed()

    def changed(self) -> None:
        """Wakes those who wait in ``until``."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits until ``condition`` of ``received`` or ``open_streams`` holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self._changed.wait()

    # --- the server

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 << 20, middlewares=self.middlewares)
        app.router.add_post("/_trouble", self._told)
        self.routes(app)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host.strip("[]"), self.port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _told(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        if body is None:
            self.misbehave()
        else:
            fault, moment = Fault(body["fault"]), Moment(body.get("moment", "first"))
            self.misbehave(Trouble(fault, moment, body.get("times"), body.get("seconds", 2.0)))
        return web.json_response({"success": True})


async def listing_trouble(
    house: Emulator, request: web.Request, refuse: Callable[[Fault], web.Response]
) -> web.Response | None:
    """How something that costs nothing (a list, by which a key is tested) fails while requests do; None where it does not.
    It uses nothing up: calls ask for it to keep a connection open."""
    trouble = house.troubled(Moment.CONNECT)
    match trouble.fault if trouble is not None else Fault.ODD_CHUNKS:
        case Fault.ODD_CHUNKS:
            return None
        case Fault.SLOW:
            await asyncio.sleep(trouble.seconds if trouble is not None else 0.0)
            return None
        case Fault.SILENCE | Fault.HALF_OPEN:
            await house.hang()
        case Fault.DROP:
            cut(request)
            return web.Response()
        case Fault.GARBAGE:
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        case fault:
            return refuse(fault)
    return None


def cut(connection: web.Request | web.WebSocketResponse | web.StreamResponse) -> None:
    """Cuts a connection without a word (RST where there is unsent data, else FIN)."""
    request = connection if isinstance(connection, web.Request) else getattr(connection, "_req", None)
    transport = request.transport if request is not None else None
    if transport is not None:
        transport.abort()


def odd_pieces(data: bytes) -> list[bytes]:
    """``data`` in pieces of odd sizes: 1, 3, 7, 1, 3, 7 … bytes at first, then longer ones."""
    pieces: list[bytes] = []
    at, sizes = 0, (1, 3, 7, 1, 3, 7, 61, 257)
    while at < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[at : at + size])
        at += size
    return pieces
