"""A websocket on which an emulated vendor talks: messages in order, and everything that can go wrong with it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Literal

import orjson
from aiohttp import WSMsgType, web

from trunkline.base.tasks import Crew
from trunkline.testing.emulators.hearing import Hearing
from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble, cut

_HTTP = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503}


class Ears:
    """The recogniser that all talks of one server share; loaded for the first of them."""

    def __init__(self) -> None:
        self._hearing: Hearing | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> Hearing:
        """The recogniser."""
        async with self._lock:
            if self._hearing is None:
                self._hearing = await Hearing().__aenter__()
            return self._hearing

    async def aclose(self, _app: web.Application) -> None:
        """Ends it."""
        if self._hearing is not None:
            await self._hearing.__aexit__(None, None, None)


EARS = web.AppKey("ears", Ears)


def add_ears(app: web.Application) -> Ears:
    """The server's ears."""
    if EARS not in app:
        app[EARS] = Ears()
        app.on_cleanup.append(app[EARS].aclose)
    return app[EARS]


class Unwell(Exception):
    """What is to be told of in the vendor's own words: the fault's kind is ``fault``."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class TalkSocket:
    """One client's socket. Use as ``async with``; ``open`` first."""

    def __init__(self, house: Emulator, request: web.Request, frames: WSMsgType = WSMsgType.TEXT) -> None:
        self._frames: Literal[WSMsgType.TEXT, WSMsgType.BINARY] = (
            WSMsgType.BINARY if frames is WSMsgType.BINARY else WSMsgType.TEXT
        )
        self.house = house
        self.request = request
        self.socket = web.WebSocketResponse(autoping=False, max_msg_size=16 << 20, compress=False)
        self.crew = Crew("talk")
        self.odd = False
        self._queue: asyncio.Queue[bytes | asyncio.Event] = asyncio.Queue()
        self._mute = False
        self._deaf = False

    async def open(self) -> web.StreamResponse | None:
        """Takes the client in. A response instead is why not."""
        trouble = self.house.trouble(Moment.CONNECT)
        if trouble is not None and trouble.fault in _HTTP:
            return web.Response(status=_HTTP[trouble.fault], text=f"emulated {trouble.fault.value}")
        await self.socket.prepare(self.request)
        self.house.open_streams += 1
        self.house.changed()
        self.crew.start(self._send_all())
        if trouble is not None:
            await self.strike(trouble)
        return None

    async def aclose(self) -> None:
        """Lets the client go."""
        self.house.open_streams -= 1
        self.house.changed()
        await self.crew.aclose()
        with suppress(ConnectionError):
            await self.socket.close()

    def emit(self, message: Mapping[str, Any]) -> None:
        """Sends a message after those before it."""
        self._queue.put_nowait(orjson.dumps(message))

    async def flush(self) -> None:
        """Waits until all was sent."""
        sent = asyncio.Event()
        self._queue.put_nowait(sent)
        await sent.wait()

    async def end(self, code: int, reason: str) -> None:
        """Closes with the vendor's own code and reason, after what was emitted."""
        await self.flush()
        await self.socket.close(code=code, message=reason.encode())

    async def messages(self) -> AsyncIterator[Any]:
        """What the client sends, parsed; None for what is no JSON. Ends with the connection."""
        while True:
            received = await self.socket.receive()
            if received.type is WSMsgType.PING and not self._deaf:
                with suppress(ConnectionError):
                    await self.socket.pong(received.data)
            elif received.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                try:
                    yield orjson.loads(received.data)
                except orjson.JSONDecodeError:
                    yield None
            elif received.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return

    async def moment(self, moment: Moment) -> None:
        """Goes wrong where it is to. Raises Unwell for what the vendor tells in its own words."""
        trouble = self.house.trouble(moment)
        if trouble is not None:
            await self.strike(trouble)

    async def strike(self, trouble: Trouble) -> None:
        """Goes wrong now."""
        match trouble.fault:
            case Fault.SLOW:
                await asyncio.sleep(trouble.seconds)
            case Fault.ODD_CHUNKS:
                self.odd = True
            case Fault.DROP:
                await self.flush()
                cut(self.request)
            case Fault.GARBAGE:
                self._queue.put_nowait(b'{"type": ')
            case Fault.SILENCE | Fault.HALF_OPEN:
                await self.flush()
                self._mute = True
                self._deaf = trouble.fault is Fault.HALF_OPEN
            case _:
                raise Unwell(trouble.fault)

    async def _send_all(self) -> None:
        while True:
            message = await self._queue.get()
            if isinstance(message, asyncio.Event):
                message.set()
            elif not self._mute:
                with suppress(ConnectionError):
                    await self.socket.send_frame(message, self._frames)
