"""Reaching foreign servers over HTTP: connections that obey the guard, bounded bodies, and failures as sentences."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver

from trunkline import __version__
from trunkline.base.depth import MAX_DEPTH, too_deep
from trunkline.webhooks.guard import AddressRefused, Guard, GuardedResolver

READ_BYTES = 1024 * 1024
KEEP_ALIVE_SECONDS = 4.0


def guarded_session(guard: Guard, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """An HTTP session that connects only to addresses that the guard allows, each name resolved once a connection."""
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(guard, resolver or aiohttp.ThreadedResolver()),
        use_dns_cache=False,
        limit=0,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent",),
        headers={
            "Content-Type": "application/json",
            "User-Agent": f"Trunkline/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        },
    )


async def bounded(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """The body up to READ_BYTES, and whether there was more."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > READ_BYTES:
            return bytes(body[:READ_BYTES]), True
    return bytes(body), False


def json_in(body: bytes) -> Any:
    """What a body says. Raises ValueError for what is no JSON, or nests too deep to be handed on."""
    value = orjson.loads(body)
    if too_deep(body, value):
        raise ValueError(f"nests deeper than {MAX_DEPTH} levels")
    return value


def refusal_in(failure: BaseException) -> str | None:
    """The guard's word where it is behind a failure: the connector wraps what the resolver raises."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, AddressRefused):
            return cause.message
        cause = cause.__cause__ or cause.__context__
    return None


_SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "the receiver's name could not be resolved"),
    (aiohttp.ClientConnectorCertificateError, "the receiver's certificate is not valid"),
    (aiohttp.ClientSSLError, "the TLS handshake with the receiver failed"),
    (aiohttp.ClientConnectorError, "the receiver could not be reached"),
    (aiohttp.ServerDisconnectedError, "the receiver closed the connection without an answer"),
    (aiohttp.ClientPayloadError, "the receiver's answer broke off"),
    (aiohttp.ClientResponseError, "the receiver's answer is not HTTP"),
    (aiohttp.ClientError, "the exchange with the receiver failed"),
    (OSError, "the connection to the receiver broke"),
)


def sentence(failure: BaseException) -> str:
    """What went wrong, without any part of the address."""
    for kind, words in _SENTENCES:
        if isinstance(failure, kind):
            return words
    return "the request could not be sent"
