"""``GET /metrics``: the figures of the platform, for whoever on this machine collects them."""

import ipaddress
import re
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"}
)
_FORWARDED_FAMILY = "x-forwarded"
_PORT = re.compile(r":[0-9]+$")

Read = Callable[[], Awaitable[bytes]]


def guarded(read: Read) -> Callable[[Request], Awaitable[Response]]:
    """The page beside the API: only for clients on this machine, and not for those that a proxy on it speaks for."""

    async def page(request: Request) -> Response:
        request.state.route = PATH
        if not _is_local(request):
            return PlainTextResponse("Not Found", status_code=404)
        return Response(await read(), media_type=CONTENT_TYPE)

    return page


def own_port(read: Read) -> Starlette:
    """The page on a port of its own, for whoever can reach that."""

    async def page(_: Request) -> Response:
        return Response(await read(), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route(PATH, page)])


def _is_local(request: Request) -> bool:
    """Also by the name that it was asked under: a proxy, or a browser's page from elsewhere, has another."""
    named = _PORT.sub("", request.headers.get("host", "")).strip("[]").lower()
    if request.client is None or any(
        name in _FORWARDED or name.startswith(_FORWARDED_FAMILY) for name in request.headers
    ):
        return False
    return _is_loopback(request.client.host) and (named == "localhost" or _is_loopback(named))


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
