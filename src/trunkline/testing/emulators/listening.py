"""A websocket on which an emulated vendor listens: sound in, results out in order, and all that can go wrong with both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from trunkline.base.tasks import Crew
from trunkline.testing.emulators.hearing import Hearing
from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble, cut, odd_pieces

Refusal = Callable[[Fault], web.Response | None]
"""How the vendor refuses a connection for a fault; None where it lets it in and says so there."""
Complaint = Callable[[Fault], tuple[Mapping[str, Any] | None, int]]
"""The vendor's message about a fault (None: it has none), and the code that it closes with."""

_TOLD_AT_ONCE = (Fault.UNAUTHORISED, Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.ERROR)
_HEARING = web.AppKey("hearing", Hearing)


def share_hearing(app: web.Application) -> None:
    """Gives the server one recogniser for all its streams."""
    if _hear not in app.cleanup_ctx:
        app.cleanup_ctx.append(_hear)


def hearing_of(request: web.Request) -> Hearing:
    """The server's recogniser."""
    return request.app[_HEARING]


async def _hear(app: web.Application) -> AsyncIterator[None]:
    async with Hearing() as hearing:
        app[_HEARING] = hearing
        yield


class Listening:
    """One client's socket. ``tell`` sends a result, ``say`` anything else; both come in order and after what was late."""

    def __init__(self, house: Emulator, request: web.Request, complaint: Complaint) -> None:
        self.house = house
        self.request = request
        self.socket = web.WebSocketResponse(timeout=0.5, autoping=False, max_msg_size=16 << 20, compress=False)
        self.crew = Crew("listening")
        self._complaint = complaint
        self._outbox: asyncio.Queue[tuple[float, bytes | tuple[int, str]]] = asyncio.Queue()
        self._odd = False
        self._mute = False
        self._deaf = False
        self._told = False

    # --- in

    async def messages(self, idle_seconds: float = 3600.0) -> AsyncIterator[dict[str, Any] | bytes | str]:
        """What the client sends: sound, messages, and text that is no message. Ends with the connection. Raises
        TimeoutError when nothing comes for ``idle_seconds``."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            received = await self.socket.receive(max(0.001, idle_seconds - (loop.time() - last)))
            if received.type is WSMsgType.PING:
                if not self._deaf:
                    with suppress(ConnectionError):
                        await self.socket.pong(received.data)
                continue
            last = loop.time()
            if received.type is WSMsgType.BINARY:
                yield received.data
            elif received.type is WSMsgType.TEXT:
                yield self._message(received.data)
            elif received.type is not WSMsgType.PONG:
                return

    def _message(self, text: str) -> dict[str, Any] | str:
        try:
            message = orjson.loads(text)
        except ValueError:
            return text
        if not isinstance(message, dict):
            return text
        if not message.get("audio") and not message.get("audio_base_64") and message.get("type") != "audio_chunk":
            self.house.keep(self.request.path, body=message)
        return message

    # --- out

    def say(self, message: Mapping[str, Any]) -> None:
        """Sends what is no result."""
        self._put(orjson.dumps(message))

    def tell(self, message: Mapping[str, Any], *, last: bool = False) -> None:
        """Sends a result; ``last`` of its utterance or not. It may go wrong instead."""
        moment = Moment.MIDDLE if self._told else Moment.FIRST
        self._told = not last
        trouble = self.house.trouble(moment)
        if trouble is None:
            self.say(message)
        elif trouble.fault in _TOLD_AT_ONCE:
            self.complain(trouble.fault)
        else:
            self._strike(trouble, message)

    def begin(self, trouble: Trouble) -> None:
        """What goes wrong from the first message on, the client being let in."""
        self._odd = trouble.fault is Fault.ODD_CHUNKS
        self._mute = trouble.fault is Fault.SILENCE
        if trouble.fault in _TOLD_AT_ONCE:
            self.complain(trouble.fault)

    def complain(self, fault: Fault) -> None:
        """Sends the vendor's message about a fault, and closes."""
        message, code = self._complaint(fault)
        if message is not None:
            self.say(message)
        self.end(code, fault.value)

    def end(self, code: int, reason: str = "") -> None:
        """Closes after all that is to be sent."""
        self._put((code, reason))

    def _strike(self, trouble: Trouble, message: Mapping[str, Any]) -> None:
        match trouble.fault:
            case Fault.SLOW:
                self._put(orjson.dumps(message), trouble.seconds)
            case Fault.ODD_CHUNKS:
                self._odd = True
                self.say(message)
            case Fault.GARBAGE:
                self._put(orjson.dumps(message)[:-7])
            case Fault.DROP:
                cut(self.request)
            case _:
                self._mute = True
                self._deaf = trouble.fault is Fault.HALF_OPEN

    def _put(self, what: bytes | tuple[int, str], late_seconds: float = 0.0) -> None:
        self._outbox.put_nowait((asyncio.get_running_loop().time() + late_seconds, what))

    async def send_all(self) -> None:
        """Sends what there is, for as long as the socket lives."""
        loop = asyncio.get_running_loop()
        while True:
            due, what = await self._outbox.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._mute:
                continue
            with suppress(ConnectionError):
                if isinstance(what, tuple):
                    await self.socket.close(code=what[0], message=what[1].encode())
                elif self._odd:
                    self._send_fragments(what)
                else:
                    await self.socket.send_frame(what, WSMsgType.TEXT)

    def _send_fragments(self, data: bytes) -> None:
        """A message in frames of odd sizes (RFC 6455, 5.4), which aiohttp itself never makes."""
        pieces = odd_pieces(data)
        for index, piece in enumerate(pieces):
            head = (0x80 if index == len(pieces) - 1 else 0) | (0 if index else WSMsgType.TEXT.value)
            length = bytes([len(piece)]) if len(piece) < 126 else bytes([126]) + len(piece).to_bytes(2, "big")
            if self.request.transport is not None:
                self.request.transport.write(bytes([head]) + length + piece)


@asynccontextmanager
async def listening(
    house: Emulator, request: web.Request, refusal: Refusal, complaint: Complaint
) -> AsyncIterator[Listening | web.StreamResponse]:
    """A client's socket, open; or the response in its place."""
    house.keep(request.path_qs, request.headers)
    trouble = house.trouble(Moment.CONNECT)
    if trouble is not None and (response := await _refused(house, request, trouble, refusal)) is not None:
        yield response
        return
    stream = Listening(house, request, complaint)
    await stream.socket.prepare(request)
    house.open_streams += 1
    house.changed()
    try:
        stream.crew.start(stream.send_all())
        if trouble is not None:
            stream.begin(trouble)
        yield stream
    finally:
        house.open_streams -= 1
        house.changed()
        await stream.crew.aclose()
        with suppress(ConnectionError):
            await stream.socket.close()


async def _refused(
    house: Emulator, request: web.Request, trouble: Trouble, refusal: Refusal
) -> web.StreamResponse | None:
    match trouble.fault:
        case Fault.HALF_OPEN:
            await house.hang()
        case Fault.SLOW:
            await asyncio.sleep(trouble.seconds)
        case Fault.DROP:
            cut(request)
            return web.Response()
        case Fault.GARBAGE:
            return web.Response(text="<html>")
        case Fault.ODD_CHUNKS | Fault.SILENCE:
            return None
        case _:
            return refusal(trouble.fault)
    return None


def words_of(text: str, start: float, end: float) -> list[tuple[str, float, float]]:
    """Each word with where it likely begins and ends: by the length of its letters."""
    words = text.split()
    letters = sum(len(word) + 1 for word in words)
    spread: list[tuple[str, float, float]] = []
    at = start
    for word in words:
        until = at + (end - start) * (len(word) + 1) / letters
        spread.append((word, round(at, 3), round(until, 3)))
        at = until
    return spread
