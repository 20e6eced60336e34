"""The tool of the demo's assistant: an HTTP server on this machine that reserves parking spaces."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

LOOKING_SECONDS = 0.3
"""A look into a booking system takes its time."""


@dataclass(frozen=True, slots=True)
class Used:
    """One use of the tool, as its server saw it."""

    at: float
    name: str
    arguments: dict[str, Any]
    result: str
    seconds: float


@asynccontextmanager
async def parking(space: str, tell: Callable[[Used], None]) -> AsyncIterator[str]:
    """Reserves ``space`` for whoever asks; gives the address of the tool. ``tell`` gets each use of it."""

    async def reserve(request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        message = (await request.json())["message"]
        results = []
        await asyncio.sleep(LOOKING_SECONDS)
        for call in message["tool_call_list"]:
            results.append({"tool_call_id": call["id"], "result": space})
            function = call["function"]
            seconds = time.monotonic() - began
            tell(Used(time.time() - seconds, function["name"], function["arguments"], space, seconds))
        return web.json_response({"results": results})

    app = web.Application()
    app.router.add_post("/reserve", reserve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/reserve"
    finally:
        await runner.cleanup()
