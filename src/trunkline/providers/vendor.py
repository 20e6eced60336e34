"""A vendor as its adapters reach it: address, connections, and how its failures become ours. Keys never get into words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import aiohttp
import orjson
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.providers.llm.warmth import tracing

T = TypeVar("T")

SILENCE_SECONDS = 5.0
"""A connection that gives no byte for so long while one is due is given up."""
HEARTBEAT_SECONDS = 3.0
"""A websocket is pinged so often; without an answer within half of that it is given up: 4.5 s at most."""
LONGEST_MESSAGE_BYTES = 8 << 20
_LARGEST_ERROR_BYTES = 1 << 16
_REQUEST_IDS = ("x-request-id", "request-id", "dg-request-id", "x-goog-request-id", "mistral-correlation-id", "cf-ray")


class Vendor:
    """One vendor's address, and the connections of all calls to it. To be closed with ``aclose``."""

    def __init__(self, name: str, url: str, *, silence_seconds: float = SILENCE_SECONDS) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self.beside: Vendor | None = None
        """Another address of the same company, which one of its providers needs too."""
        self._silence_seconds = silence_seconds
        self._https: dict[str, aiohttp.ClientSession] = {}
        self._shared: dict[type, object] = {}

    def __repr__(self) -> str:
        return f"Vendor({self.name!r}, {self.url!r})"

    @property
    def silence_seconds(self) -> float:
        """How long it may say nothing while something is due."""
        return self._silence_seconds

    @property
    def socket_url(self) -> str:
        """The address for websockets."""
        return "ws" + self.url.removeprefix("http")

    @property
    def http(self) -> aiohttp.ClientSession:
        """The connections; made at the first use."""
        return self.connections("")

    def connections(self, purpose: str) -> aiohttp.ClientSession:
        """The connections of one purpose, which no other uses; made at the first use."""
        found = self._https.get(purpose)
        if found is None or found.closed:
            found = self._https[purpose] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._silence_seconds, sock_read=self._silence_seconds
                ),
                headers={"User-Agent": "trunkline"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing()],
            )
        return found

    def shared(self, kind: type[T], make: Callable[[], T]) -> T:
        """What all calls to this vendor share: one of a kind, made when it is first wanted."""
        if kind not in self._shared:
            self._shared[kind] = make()
        return cast(T, self._shared[kind])

    async def aclose(self) -> None:
        """Closes all connections."""
        https, self._https = self._https, {}
        for http in https.values():
            await http.close()

    def failure(
        self,
        message: str,
        *,
        retryable: bool,
        key: SecretStr | None = None,
        status: int | None = None,
        vendor_message: str = "",
        request_id: str = "",
    ) -> Upstream:
        """An Upstream of this vendor; ``key`` is cut out of the vendor's words."""
        return Upstream(
            message,
            provider=self.name,
            retryable=retryable,
            status=status,
            vendor_message=without_key(vendor_message, key)[:1000],
            request_id=request_id[:200],
        )

    async def refusal(self, answer: aiohttp.ClientResponse, key: SecretStr | None) -> Upstream:
        """Why an HTTP request failed, from its status and the vendor's words."""
        body = await answer.content.read(_LARGEST_ERROR_BYTES)
        return self.failure(
            f"{self.name} {meaning(answer.status)} ({answer.status})",
            retryable=retryable_status(answer.status),
            key=key,
            status=answer.status,
            vendor_message=body.decode(errors="replace").strip(),
            request_id=request_id(answer.headers),
        )

    async def told(self, answer: aiohttp.ClientResponse) -> dict[str, Any]:
        """The JSON object of an answer. Raises Upstream where there is none."""
        try:
            said = orjson.loads(await answer.read())
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise self.failure(f"{self.name} gave an answer that cannot be read", retryable=True)
        return said

    def unreachable(self, error: Exception, key: SecretStr | None = None) -> Upstream:
        """Why a connection failed or broke."""
        if isinstance(error, TimeoutError):
            return self.failure(f"{self.name} fell silent", retryable=True)
        if isinstance(error, aiohttp.WSServerHandshakeError):
            headers = dict(error.headers.items()) if error.headers is not None else {}
            return self.failure(
                f"{self.name} {meaning(error.status)} ({error.status})",
                retryable=retryable_status(error.status) or error.status < 400,
                key=key,
                status=error.status,
                vendor_message=headers.get("dg-error", "") or error.message,
                request_id=request_id(headers),
            )
        return self.failure(
            f"{self.name} could not be reached, or broke the connection",
            retryable=not isinstance(error, ValueError),  # an address or a key that cannot be sent
            key=key,
            vendor_message=type(error).__name__,
        )

    async def connect(
        self, url: str, headers: Mapping[str, str], key: SecretStr | None, *, protocols: tuple[str, ...] = ()
    ) -> aiohttp.ClientWebSocketResponse:
        """An open websocket, watched by pings. Raises Upstream."""
        try:
            async with asyncio.timeout(self._silence_seconds):
                return await self.http.ws_connect(
                    url,
                    headers=headers,
                    protocols=protocols,
                    heartbeat=HEARTBEAT_SECONDS,
                    compress=0,
                    max_msg_size=LONGEST_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            problem = self.unreachable(error, key)
        raise problem  # outside of the block: the error itself holds the headers of the request

    @asynccontextmanager
    async def requested(self, key: SecretStr | None) -> AsyncIterator[None]:
        """What goes wrong with the connection in this block is raised as Upstream."""
        try:
            yield
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self.unreachable(error, key) from None


def request_id(headers: Mapping[str, str]) -> str:
    """The vendor's own id of a request, where it gives one."""
    lower = {name.lower(): value for name, value in headers.items()}
    return next((lower[name] for name in _REQUEST_IDS if name in lower), "")


def retryable_status(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in (408, 409, 425, 429) or status >= 500


def without_key(text: str, key: SecretStr | None) -> str:
    """The vendor's words without the key, should it repeat it."""
    secret = key.get_secret_value() if key is not None else ""
    return text.replace(secret, "[key]") if secret else text


def meaning(status: int) -> str:
    """What a vendor says with an HTTP status, as the rest of a sentence that begins with its name."""
    if status in (401, 403):
        return "refused the key"
    if status == 402:
        return "wants to be paid first"
    if status == 429:
        return "had too many requests"
    return "failed" if status >= 500 else "refused the request"
