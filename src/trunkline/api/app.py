"""The HTTP application: the table of routes, put behind the shell that all of them share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from trunkline.api import docs
from trunkline.api.edge import Edge
from trunkline.api.errors import from_router, internal
from trunkline.api.limits import Limiter
from trunkline.api.openapi import document
from trunkline.api.operation import Operation
from trunkline.api.routes import (
    analysis_templates,
    assistants,
    audit,
    byok,
    calls,
    campaigns,
    deliveries,
    do_not_call,
    domains,
    keys,
    leads,
    numbers,
    organisations,
    platform,
    signalling,
    tool_templates,
    trunks,
    usage,
)
from trunkline.api.scrape import PATH
from trunkline.api.settings import ApiSettings
from trunkline.api.shell import Counter, Shell
from trunkline.services.rooms import Rooms

__all__ = ["OPERATIONS", "PREFIX", "ApiSettings", "create_app"]

PREFIX = "/api/v1"
Endpoint = Callable[[Request], Awaitable[Response]]
OPERATIONS: tuple[Operation, ...] = (
    *calls.OPERATIONS,
    *signalling.OPERATIONS,
    *assistants.OPERATIONS,
    *numbers.OPERATIONS,
    *trunks.OPERATIONS,
    *organisations.OPERATIONS,
    *usage.OPERATIONS,
    *keys.OPERATIONS,
    *audit.OPERATIONS,
    *byok.OPERATIONS,
    *tool_templates.OPERATIONS,
    *analysis_templates.OPERATIONS,
    *do_not_call.OPERATIONS,
    *deliveries.OPERATIONS,
    *domains.OPERATIONS,
    *campaigns.OPERATIONS,
    *leads.OPERATIONS,
    *platform.OPERATIONS,
)


def create_app(rooms: Rooms, settings: ApiSettings, scrape: Endpoint | None = None) -> FastAPI:
    """The API over these rooms. Set ``app.state.closing`` (an asyncio.Event) before shutting the server down: open
    event streams then end, and their clients come back with their last event's id. ``scrape`` answers ``/metrics``."""
    app = FastAPI(
        title="Trunkline",
        version=settings.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _unrouted, Exception: _crashed},
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    requests = Limiter(settings.requests_per_minute, rooms.clock.monotonic)
    controls = Limiter(settings.controls_per_minute, rooms.clock.monotonic)
    wrong_keys = Limiter(settings.requests_per_minute, rooms.clock.monotonic)
    shell = Shell(rooms, settings, Counter(requests, controls, wrong_keys))
    app.state.closing = asyncio.Event()
    app.add_middleware(Edge, clock=rooms.clock, limiter=requests, meters=rooms.meters, spans=rooms.spans)
    described = document(OPERATIONS, settings, PREFIX)
    app.openapi = lambda: described  # type: ignore[method-assign]
    for path, by_method in _by_path().items():
        endpoint = shell.serve(by_method)
        for prefix in (PREFIX, ""):
            _route(app, prefix + path, endpoint, list(by_method), shown=bool(prefix))
    if scrape is not None:
        _route(app, PATH, scrape, ["GET"], shown=False)
    for path, page in docs.pages(described).items():
        _route(app, PREFIX + path, page, ["GET"], shown=False)
    return app


def _by_path() -> dict[str, dict[str, Operation]]:
    table: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        table.setdefault(operation.path, {})[operation.method] = operation
    return table


def _route(
    app: FastAPI, path: str, endpoint: Callable[[Request], Awaitable[Response]], methods: list[str], *, shown: bool
) -> None:
    app.add_api_route(path, endpoint, methods=methods, include_in_schema=shown, response_model=None)


async def _unrouted(_: Request, error: Any) -> Response:
    return from_router(error).response()


async def _crashed(_: Request, __: Exception) -> Response:
    return internal().response()
