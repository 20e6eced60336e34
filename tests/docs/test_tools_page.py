"""The servers of the page on tools run as they stand, and answer."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.webhooks.test_asking import flat, plan
from trunkline.base.clock import SystemClock
from trunkline.ports.models import ToolCall
from trunkline.testing.ports import free_port
from trunkline.webhooks.asking import WebhookToolRunner
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.mcp import McpToolRunner
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.toolrunner import ServerTools

pytestmark = pytest.mark.room


@contextmanager
def _started(folder: Path, text: str) -> Iterator[None]:
    script = folder / "server.py"
    script.write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, str(script)], cwd=folder, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def _listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@asynccontextmanager
async def _tools() -> AsyncIterator[ServerTools]:
    clock, guard = SystemClock(), Guard(allow_insecure=True)
    async with (
        Sender(guard, clock) as sender,
        ServerTools(WebhookToolRunner(sender, clock), McpToolRunner(guard)) as tools,
    ):
        yield tools


async def test_the_receiver_answers_us_and_the_command_beside_it(tmp_path: Path) -> None:
    port = free_port()
    server, _ = blocks("docs/tools.md", "python")
    [command] = blocks("docs/tools.md", "sh")
    with _started(tmp_path, server.replace("9000", str(port))):
        await _listens(port)
        async with _tools() as tools:
            wanted = plan(flat("opening_hours", f"http://127.0.0.1:{port}/tools"))
            calls = [
                ToolCall("a", "opening_hours", {"day": "Sunday"}),
                ToolCall("b", "opening_hours", {"day": "Monday"}),
            ]
            told = await tools.run(wanted, calls)
        by_hand = await asyncio.create_subprocess_shell(command.replace("9000", str(port)), stdout=subprocess.PIPE)
        out, _ = await by_hand.communicate()
    assert [result.content for result in told] == ["closed", "nine to five"]
    assert json.loads(out) == {"results": [{"tool_call_id": "a", "result": "closed"}]}


async def test_the_mcp_server_answers_us(tmp_path: Path) -> None:
    port = free_port()
    _, server = blocks("docs/tools.md", "python")
    with _started(tmp_path, server.replace("8000", str(port))):
        await _listens(port)
        async with _tools() as tools:
            wanted = plan({"type": "mcp", "url": f"http://127.0.0.1:{port}/mcp", "allowed_tools": ["find_order"]})
            offer = await tools.offered(wanted)
            [told] = await tools.run(wanted, [ToolCall("a", "find_order", {"number": 7})])
            await tools.close(wanted.call_id)
    assert [tool.description for tool in offer.tools] == ["Looks an order up by its number."]
    assert told.content == {"state": "on its way", "arrives": "tomorrow"}
