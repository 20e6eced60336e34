"""Websockets of recognisers: their messages, their closing, and what a vendor says first."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.providers.vendor import Vendor, retryable_status

_CLOSE_SECONDS = 1.0
_FINAL_CLOSE_CODES = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003})


async def next_message(
    socket: aiohttp.ClientWebSocketResponse, vendor: Vendor, key: SecretStr | None
) -> dict[str, Any]:
    """The vendor's next message. Raises Upstream where the socket is closed or broken, or the message is no JSON object."""
    message = await socket.receive()
    if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        try:
            content = orjson.loads(message.data)
        except ValueError:
            raise unreadable(vendor) from None
        if not isinstance(content, dict):
            raise unreadable(vendor)
        return content
    if message.type is aiohttp.WSMsgType.ERROR and isinstance(message.data, Exception):
        raise vendor.unreachable(message.data, key)
    raise closed(socket, vendor, key, str(message.extra or ""))


async def shut(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Closes a socket within a second, whatever the vendor still sends."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await socket.close()


def unreadable(vendor: Vendor) -> Upstream:
    """The vendor sent what is not of its protocol."""
    return vendor.failure(f"{vendor.name} sent what cannot be read", retryable=True)


def closed(socket: aiohttp.ClientWebSocketResponse, vendor: Vendor, key: SecretStr | None, reason: str) -> Upstream:
    """The vendor closed the socket, or lost it (RFC 6455, 7.4.1; codes from 4400 on speak as HTTP does)."""
    code = socket.close_code or 1006
    failure = socket.exception()
    if code == 1006 and isinstance(failure, Exception):
        return vendor.unreachable(failure, key)
    retryable = retryable_status(code - 4000) if 4400 <= code < 4500 else code not in _FINAL_CLOSE_CODES
    return vendor.failure(
        f"{vendor.name} closed the connection ({code})", retryable=retryable, key=key, vendor_message=reason
    )


async def greeted(
    socket: aiohttp.ClientWebSocketResponse,
    vendor: Vendor,
    key: SecretStr,
    accept: Callable[[dict[str, Any]], bool],
) -> None:
    """Reads until ``accept`` is content with a message (it raises Upstream for a refusal). A socket on which that does
    not come about is closed."""
    try:
        async with asyncio.timeout(vendor.silence_seconds):
            while not _accepted(await next_message(socket, vendor, key), vendor, accept):
                continue
    except TimeoutError as error:
        await shut(socket)
        raise vendor.unreachable(error, key) from None
    except BaseException:
        await shut(socket)
        raise


async def settled(
    socket: aiohttp.ClientWebSocketResponse,
    vendor: Vendor,
    key: SecretStr,
    settings: dict[str, Any],
    accept: Callable[[dict[str, Any]], bool],
) -> None:
    """Sends the settings of a session and reads until they are accepted, as ``greeted`` does."""
    try:
        async with vendor.requested(key):
            await socket.send_str(orjson.dumps(settings).decode())
    except BaseException:
        await shut(socket)
        raise
    await greeted(socket, vendor, key, accept)


def _accepted(message: dict[str, Any], vendor: Vendor, accept: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return accept(message)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise unreadable(vendor) from None


def wire_rate(rate_hz: int, known: Iterable[int]) -> int:
    """The rate at which a vendor is given a line's sound: the line's own where it takes that, else 16 kHz."""
    return rate_hz if rate_hz in known else 16_000
