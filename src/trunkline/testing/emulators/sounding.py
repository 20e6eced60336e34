"""What the emulators of voices share: exchanges that go wrong where they are told to, and sound in a wanted format."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from aiohttp import web

from trunkline.audio import wav
from trunkline.audio.g711 import pcm_to_alaw, pcm_to_ulaw
from trunkline.testing.emulators.house import Emulator, Fault, Moment, Trouble, cut, odd_pieces

Refuse = Callable[[int], web.Response]
"""The vendor's own form of a refusal with this status."""
STATUS = {Fault.UNAUTHORISED: 401, Fault.RATE_LIMITED: 429, Fault.OVERLOADED: 503, Fault.ERROR: 500}


class Gone(Exception):
    """The exchange ended early, as it was told to."""


class Exchange:
    """One request of an emulator, or one utterance on its socket."""

    def __init__(self, house: Emulator, connection: web.Request | web.StreamResponse) -> None:
        self._house = house
        self._connection = connection
        self._odd = False

    async def refused(self, moment: Moment, refuse: Refuse) -> web.Response | None:
        """The answer where it goes wrong before anything was answered; None where it goes on."""
        trouble = self._house.trouble(moment)
        if trouble is None:
            return None
        if trouble.fault in STATUS:
            return refuse(STATUS[trouble.fault])
        if trouble.fault is Fault.GARBAGE:
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        await self._common(trouble)
        return None

    async def early(self, refuse: Refuse) -> web.Response | None:
        """The answer to an HTTP request that goes wrong before its first sound; None where it goes on."""
        for moment in (Moment.CONNECT, Moment.FIRST):
            try:
                if (refused := await self.refused(moment, refuse)) is not None:
                    return refused
            except Gone:
                return refuse(500)
        return None

    async def hang(self, fault: Fault) -> None:
        """What a stream of bare sound has for words: nothing."""
        await self._house.hang()

    async def pieces(
        self,
        sound: AsyncGenerator[bytes, None],
        moments: tuple[Moment, ...],
        wrong: Callable[[Fault], Awaitable[object]],
    ) -> AsyncGenerator[bytes, None]:
        """The sound, until it goes wrong; ``wrong`` says what the vendor has its own words for. Raises Gone."""
        asked = list(moments)
        if Moment.FIRST in asked:
            await self._at(asked.pop(0), wrong)
        began = False
        async for piece in sound:
            if began and asked:
                await self._at(asked.pop(0), wrong)
            began = True
            for part in odd_pieces(piece) if self._odd else (piece,):
                yield part

    async def _at(self, moment: Moment, wrong: Callable[[Fault], Awaitable[object]]) -> None:
        trouble = self._house.trouble(moment)
        if trouble is None:
            return
        if trouble.fault in (Fault.GARBAGE, Fault.HALF_OPEN, *STATUS):
            await wrong(trouble.fault)
            if trouble.fault is not Fault.GARBAGE:
                raise Gone
            return
        await self._common(trouble)

    async def _common(self, trouble: Trouble) -> None:
        match trouble.fault:
            case Fault.DROP:
                cut(self._connection)
                raise Gone
            case Fault.SILENCE | Fault.HALF_OPEN:
                await self._house.hang()
            case Fault.SLOW:
                await asyncio.sleep(trouble.seconds)
            case Fault.ODD_CHUNKS:
                self._odd = True


class SpeechSocket:
    """One websocket of an emulator: its messages are read until it is told to be deaf; what it says is said by tasks."""

    def __init__(self, house: Emulator, request: web.Request) -> None:
        self.house = house
        self.request = request
        self.socket = web.WebSocketResponse()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader: asyncio.Task[None] | None = None
        self._deaf = False

    async def run(self, told: Callable[[dict[str, Any]], Awaitable[object]]) -> web.WebSocketResponse:
        """Serves it; ``told`` takes each message."""
        await self.socket.prepare(self.request)
        with counted(self.house):
            self._reader = asyncio.get_running_loop().create_task(self._read(told))
            try:
                await asyncio.wait([self._reader])
                if self._deaf:
                    await self.house.hang()
            finally:
                for task in [self._reader, *self._tasks]:
                    task.cancel()
                await asyncio.gather(self._reader, *self._tasks, return_exceptions=True)
        return self.socket

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Says something beside what is read."""
        task = asyncio.get_running_loop().create_task(self._said(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def send(self, message: dict[str, Any]) -> None:
        """Sends JSON."""
        await self.socket.send_str(orjson.dumps(message).decode())

    async def deafen(self) -> None:
        """From now on nothing is read, so that no ping is answered, and nothing said."""
        self._deaf = True
        if self._reader is not None:
            self._reader.cancel()
        await self.house.hang()

    async def _said(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (Gone, ConnectionError):
            return

    async def _read(self, told: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
        async for message in self.socket:
            if isinstance(message.data, str):
                said = orjson.loads(message.data)
                self.house.keep(self.request.path, self.request.headers, said)
                await told(said)


@contextmanager
def counted(house: Emulator) -> Iterator[None]:
    """One open stream more while it lasts."""
    house.open_streams += 1
    house.changed()
    try:
        yield
    finally:
        house.open_streams -= 1
        house.changed()


def encoded(pcm: bytes, encoding: str, rate_hz: int, *, header: bool = False) -> bytes:
    """PCM as ``pcm``, ``mulaw`` or ``alaw``; with ``header``, as a WAV file of PCM or µ-law."""
    data = {"mulaw": pcm_to_ulaw, "alaw": pcm_to_alaw}.get(encoding, bytes)(pcm)
    if not header:
        return data
    head = bytearray(wav.header(rate_hz, 1, len(data)))
    if encoding != "pcm":
        head[20:22] = (7 if encoding == "mulaw" else 6).to_bytes(2, "little")
        head[28:32] = rate_hz.to_bytes(4, "little")
        head[32:36] = b"\x01\x00\x08\x00"
    return bytes(head) + data


async def formatted(sound: AsyncGenerator[bytes, None], encoding: str, rate_hz: int) -> AsyncGenerator[bytes, None]:
    """Pieces of PCM as ``encoded`` gives them."""
    async for piece in sound:
        yield encoded(piece, encoding, rate_hz)


async def stream(
    request: web.Request, pieces: AsyncGenerator[bytes, None], content_type: str, headers: dict[str, str] | None = None
) -> web.StreamResponse:
    """An HTTP answer that is given piece by piece."""
    answer = web.StreamResponse(headers={"Content-Type": content_type, **(headers or {})})
    await answer.prepare(request)
    try:
        async for piece in pieces:
            await answer.write(piece)
    except (Gone, ConnectionError):
        return answer
    await answer.write_eof()
    return answer
