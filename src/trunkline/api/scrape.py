"""``GET /metrics``: the figures of the platform, for whoever on this machine collects them."""

import ipaddress
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

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
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
