"""A websocket of JSON messages for one call: sent in order by one task, read by one reader, and watched for silence."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import aiohttp
import orjson
from aiohttp import WSMsgType
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.providers.vendor import Vendor

Message = dict[str, Any]
T = TypeVar("T")

_MOST_WAITING = 250
"""Sound that waits behind so many messages (10 s) is dropped: the connection is not moving."""
_REFUSALS = frozenset({1007, 3000, 3003})
"""Close codes that the same session would meet again: unreadable content, bad request, forbidden."""
_POLICY = 1008
_REFUSING_WORDS = ("key", "permission", "denied", "not found", "not supported", "billing", "leaked")


class Connection:
    """One websocket, and its sending task. ``replace`` puts another one in its place."""

    def __init__(self, vendor: Vendor, key: SecretStr, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._vendor = vendor
        self._key = key
        self._socket = socket
        self._closed = False
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._deadline: float | None = None
        self._limit: asyncio.Timeout | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._crew = Crew(f"{vendor.name} realtime")
        self._crew.start(self._send_all())

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends a message after those before it."""
        if not self._closed:
            self._queue.put_nowait(orjson.dumps(message))

    def send_sound(self, message: Mapping[str, Any]) -> None:
        """As ``send``, but drops the message where the connection does not move."""
        if self._queue.qsize() < _MOST_WAITING:
            self.send(message)

    def expect(self, due: bool = True) -> None:
        """From now on a message is due within the vendor's limit of silence, or none is."""
        self._deadline = self._loop.time() + self._vendor.silence_seconds if due else None
        self._reschedule(self._deadline)

    @property
    def closed(self) -> bool:
        """Whether ``aclose`` was called."""
        return self._closed

    async def message(self) -> Message | None:
        """The next message; None when closed. Raises Upstream, also where what was due did not come."""
        while not self._closed:
            message = await self.receive()
            if message is not None:
                return message
            if not self._closed and self.overdue:
                raise self.silent()
        return None

    async def receive(self) -> Message | None:
        """The next message; None when what was due did not come, or when closed. Raises Upstream."""
        try:
            async with asyncio.timeout_at(self._deadline) as self._limit:
                received = await self._socket.receive()
        except TimeoutError:
            return None
        finally:
            self._limit = None
        return None if self._closed else self._read(received)

    @property
    def expecting(self) -> bool:
        """Whether a message is due."""
        return self._deadline is not None

    @property
    def overdue(self) -> bool:
        """Whether what was due did not come."""
        return self._deadline is not None and self._loop.time() >= self._deadline

    def silent(self) -> Upstream:
        """What an overdue connection failed of."""
        return self._vendor.failure(f"{self._vendor.name} fell silent", retryable=True)

    def unreadable(self) -> Upstream:
        """What a connection failed of that brought a message of no sense."""
        return self._vendor.failure(f"{self._vendor.name} sent what cannot be read", retryable=True)

    def understood(self, take: Callable[[Message], Iterable[T]], message: Message) -> list[T]:
        """What ``take`` makes of a message. Raises Upstream."""
        try:
            return list(take(message))
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = self.unreadable()
        raise problem

    def hold(self) -> None:
        """What is sent waits for ``replace``."""
        self._flowing.clear()

    async def replace(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Goes on with ``socket``."""
        old, self._socket = self._socket, socket
        self._flowing.set()
        if self._closed:
            await socket.close()
        await old.close()

    async def release(self) -> aiohttp.ClientWebSocketResponse:
        """Ends, and gives the open socket away."""
        self._closed = True
        await self._crew.aclose()
        return self._socket

    async def aclose(self) -> None:
        """Closes at once; what still waits is not sent. ``receive`` ends."""
        self._closed = True
        await self._crew.aclose()
        await self._socket.close()

    def _read(self, received: aiohttp.WSMessage) -> Message | None:
        if received.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            raise self._lost(received)
        try:
            message = orjson.loads(received.data)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict):
            raise self.unreadable()
        if self._deadline is not None:
            self.expect()
        return message

    def _lost(self, received: aiohttp.WSMessage) -> Upstream:
        code = received.data if received.type is WSMsgType.CLOSE else self._socket.close_code
        reason = str(received.extra or "") if received.type is WSMsgType.CLOSE else ""
        lower = reason.lower()
        refused = code in _REFUSALS or (code == _POLICY and any(word in lower for word in _REFUSING_WORDS))
        return self._vendor.failure(
            f"{self._vendor.name} {'refused the session' if refused else 'closed or lost the connection'} ({code})",
            retryable=not refused,
            key=self._key,
            vendor_message=reason,
        )

    def _reschedule(self, when: float | None) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(when)

    async def _send_all(self) -> None:
        while True:
            message = await self._queue.get()
            await self._flowing.wait()
            try:
                await self._socket.send_frame(message, WSMsgType.TEXT)
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0)  # the reader sees the loss, or another socket is put in its place
