"""The outermost layer of every request: its id and trace, what it took, and the headers that every reply carries."""

import re
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.api.limits import Limiter
from trunkline.base import trace
from trunkline.base.clock import Clock
from trunkline.base.ids import new_id
from trunkline.base.meters import HTTP_SECONDS, Meters
from trunkline.base.spans import Spans
from trunkline.base.trace import TraceContext

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})
_SERVER_ERROR = 500
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request: its caller's span, its own, and when it came."""

    method: str
    request_id: str
    caller: TraceContext | None
    span: TraceContext | None
    at: datetime
    began: float


class Edge:
    """Middleware: gives the request an id (its own where it has a decent one) and the reply its headers; measures and
    traces it. What a request is called there is the path of its operation as the table has it."""

    def __init__(self, app: ASGIApp, clock: Clock, limiter: Limiter, meters: Meters, spans: Spans) -> None:
        self._app = app
        self._clock = clock
        self._limiter = limiter
        self._meters = meters
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        caller = trace.parse(headers.get(trace.HEADER))
        span = trace.of_request(new_id(), caller) if self._spans.on else caller
        state = scope.setdefault("state", {})
        visit = _Visit(scope["method"], request_id, caller, span, self._clock.now(), self._clock.monotonic())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), state, request_id)
                self._note(visit, state, message["status"])
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id), trace.bound(span):
            await self._app(scope, receive, send_with_headers)

    def _note(self, visit: "_Visit", state: dict[str, object], status: int) -> None:
        route = str(state.get("route", "unmatched"))
        method = visit.method if visit.method in _METHODS else "other"
        self._meters.observe(HTTP_SECONDS, self._clock.monotonic() - visit.began, method, route, str(status))
        if visit.span is not None and (visit.caller is not None or state.get("places_call")):
            about: dict[str, str | int | float | bool] = {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "trunkline.request_id": visit.request_id,
            }
            name = f"request {method} {route}"
            error = "failed" if status >= _SERVER_ERROR else None
            self._spans.note(name, visit.span, visit.caller, visit.at, self._clock.now(), about, error)

    def _complete(self, headers: MutableHeaders, state: dict[str, object], request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        allowance = state.get("allowance") or self._limiter.full()
        headers.update(allowance.headers(self._clock.now().timestamp()))  # type: ignore[attr-defined]
        if state.get("deprecated"):
            headers["Deprecation"] = "true"
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
