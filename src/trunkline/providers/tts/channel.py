"""A websocket that is read all the time, so that pings are answered and its end is known at once."""

import asyncio
from collections.abc import Callable

import aiohttp
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.providers.vendor import Vendor

_LASTING_REFUSALS = frozenset({1002, 1003, 1007, 1008, 1009, 4000, 4001, 4003})
"""Close codes that say that what was asked is wrong: asking again gives the same (RFC 6455, 7.4.1)."""


class Channel:
    """One open websocket. ``ended`` is called when it is over, however that came."""

    def __init__(
        self,
        vendor: Vendor,
        key: SecretStr,
        socket: aiohttp.ClientWebSocketResponse,
        ended: Callable[["Channel"], None],
    ) -> None:
        self._vendor = vendor
        self._key = key
        self._socket = socket
        self._messages: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._over: Upstream | None = None
        self._closing: asyncio.Task[None] | None = None
        self._ended = ended
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="tts:read")

    @property
    def open(self) -> bool:
        """Whether it can still be used."""
        return self._over is None and not self._socket.closed

    async def send(self, *messages: str) -> None:
        """Sends these, in order. Raises Upstream."""
        if self._over is not None:
            if self._messages.qsize() > 1:  # it says why, and is read next
                return
            raise self._over
        try:
            for message in messages:
                await self._socket.send_str(message)
        except (aiohttp.ClientError, OSError) as error:
            self._over = self._vendor.unreachable(error, self._key)
            raise self._over from None

    async def message(self) -> str | bytes:
        """The next one. Raises Upstream where the connection is over, or says nothing for too long."""
        if self._over is not None and self._messages.empty():
            raise self._over
        try:
            async with asyncio.timeout(self._vendor.silence_seconds):
                message = await self._messages.get()
        except TimeoutError as error:
            raise self._vendor.unreachable(error, self._key) from None
        if message is None:
            raise self._over or self._vendor.failure("the connection was closed", retryable=True)
        return message

    async def aclose(self) -> None:
        """Closes it, within a second."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="tts:close")
        await asyncio.shield(self._closing)

    def broken_by(self, error: Upstream) -> bool:
        """Whether this is how the connection ended, and not something that the vendor said."""
        return error is self._over

    async def _close(self) -> None:
        await self._socket.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while (message := await self._socket.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                self._messages.put_nowait(message.data)
            self._over = self._why(message)
        finally:
            self._over = self._over or self._vendor.failure("the connection was closed", retryable=True)
            self._messages.put_nowait(None)
            self._ended(self)

    def _why(self, last: aiohttp.WSMessage) -> Upstream:
        if last.type is aiohttp.WSMsgType.ERROR and isinstance(last.data, Exception):
            return self._vendor.unreachable(last.data, self._key)
        code = self._socket.close_code
        reason = last.extra if isinstance(last.extra, str) else ""
        return self._vendor.failure(
            f"{self._vendor.name} closed the connection ({code})",
            retryable=code not in _LASTING_REFUSALS,
            key=self._key,
            status=code,
            vendor_message=reason,
        )
