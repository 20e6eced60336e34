"""A server of the official MCP SDK in a process of its own, which writes down every tool that it really ran."""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trunkline.testing.ports import free_port

START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """``ran`` are the tools that ran, in order, with what they were given; ``requests`` what came over HTTP."""

    url: str
    folder: Path

    @property
    def ran(self) -> list[dict[str, Any]]:
        return _lines(self.folder / "ran")

    @property
    def requests(self) -> list[dict[str, Any]]:
        return _lines(self.folder / "requests")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def mcp_server(mode: str = "sse", key: str = "") -> Iterator[RunningServer]:
    """A running server; ``mode``: ``sse`` or ``json`` replies with sessions, ``stateless`` without. With a ``key`` it
    wants that bearer token."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        found = RunningServer(f"http://127.0.0.1:{port}/mcp", Path(folder))
        command = [sys.executable, "-m", "tests.webhooks.mcp_server", folder, str(port), mode, "--key", key]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until = time.monotonic() + START_SECONDS
            while not (Path(folder) / "ready").exists():
                assert process.poll() is None, (Path(folder) / "log").read_text()
                assert time.monotonic() < until, "the MCP server did not start"
                time.sleep(0.05)
            yield found
        finally:
            process.terminate()
            process.wait(10)


def _server(folder: Path) -> MCPServer:
    server = MCPServer("shop")

    def ran(name: str, **given: Any) -> None:
        with (folder / "ran").open("a") as out:
            out.write(json.dumps({"name": name, **given}) + "\n")

    @server.tool(description="Looks an order up.")
    def find_order(number: int) -> dict[str, Any]:
        ran("find_order", number=number)
        return {"number": number, "state": "on its way"}

    @server.tool(name="shop.opening-hours/today")
    def opening_hours() -> str:
        ran("opening_hours")
        return "nine to five"

    @server.tool(structured_output=False)
    async def slow(seconds: float, context: Context) -> str:
        ran("slow", seconds=seconds)
        await context.report_progress(0.5, 1.0)
        await asyncio.sleep(seconds)
        ran("slow is done")
        return "done"

    @server.tool()
    def broken() -> str:
        ran("broken")
        raise ToolError("the till is closed")

    return server


class _Written:
    """Writes down each request before the application sees it, and turns away who has not the key."""

    def __init__(self, app: Any, folder: Path, key: str) -> None:
        self._app = app
        self._folder = folder
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            with (self._folder / "requests").open("a") as out:
                out.write(json.dumps({"method": request.method, "headers": dict(request.headers)}) + "\n")
            if self._key and request.headers.get("authorization") != f"Bearer {self._key}":
                await Response(status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _serve(folder: Path, port: int, mode: str, key: str) -> None:
    app = _server(folder).streamable_http_app(json_response=mode == "json", stateless_http=mode == "stateless")
    config = uvicorn.Config(_Written(app, folder, key), host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 (it has no event to wait for)
        await asyncio.sleep(0.02)
    (folder / "ready").touch()
    await serving


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("mode", choices=("sse", "json", "stateless"))
    parser.add_argument("--key", default="")
    given = parser.parse_args()
    asyncio.run(_serve(given.folder, given.port, given.mode, given.key))


if __name__ == "__main__":
    main()
