"""The outermost layer of every request: its id, and the headers that every reply carries."""

import re

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.api.limits import Limiter
from trunkline.base.clock import Clock
from trunkline.base.ids import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Edge:
    """Middleware: gives the request an id (its own where it has a decent one) and the reply its headers."""

    def __init__(self, app: ASGIApp, clock: Clock, limiter: Limiter) -> None:
        self._app = app
        self._clock = clock
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), state, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_headers)

    def _complete(self, headers: MutableHeaders, state: dict[str, object], request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        allowance = state.get("allowance") or self._limiter.full()
        headers.update(allowance.headers(self._clock.now().timestamp()))  # type: ignore[attr-defined]
        if state.get("deprecated"):
            headers["Deprecation"] = "true"
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
