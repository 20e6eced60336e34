"""The Python examples run as they are, against an installation."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.installation import Installation, installation
from tests.peers import SippUas
from tests.sdk.programs import run
from trunkline.testing.ports import free_port
from trunkline.webhooks.signing import headers

pytestmark = [pytest.mark.room, pytest.mark.asyncio(loop_scope="module")]
EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples" / "python"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation."""
    async with installation(tmp_path_factory.mktemp("examples")) as running:
        yield running


async def _example(house: Installation, name: str, *arguments: str) -> str:
    environment = {"TRUNKLINE_URL": house.url, "TRUNKLINE_API_KEY": house.key}
    return await run([sys.executable, str(EXAMPLES / name), *arguments], environment)


async def test_a_call_is_placed_and_followed(house: Installation) -> None:
    with SippUas("uas_answer") as peer:
        await house.number(peer.start())
        printed = await _example(house, "place_call.py", "+31612345678")
    assert printed.splitlines()[-1].startswith("ended, "), printed
    assert "transcript That was all. Goodbye." in printed


async def test_leads_are_imported(house: Installation, tmp_path: Path) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_text("phone_number,name,time\n+31612345678,Ada,ten o'clock\n+31612345679,Grace,noon\n")
    printed = await _example(house, "import_leads.py", str(leads))
    assert printed.splitlines()[0] == "2 leads in leads, which is a draft"
    assert "+31612345679 Grace {'time': 'noon'}" in printed


async def test_only_genuine_webhooks_are_believed() -> None:
    port, secret = free_port(), "a secret of mine"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / "webhook_server.py"),
        str(port),
        env={**os.environ, "TRUNKLINE_WEBHOOK_SECRET": secret},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    body = json.dumps({"message": {"type": "status-update", "call": {"status": "ringing"}}}).encode()
    sent = headers("status-update", body, secret, "msg_1", int(time.time()))
    try:
        async with aiohttp.ClientSession() as session:
            assert [await _told(session, port, body, sent), await _told(session, port, body, sent)] == [204, 204]
            assert await _told(session, port, body + b" ", sent) == 401
        assert process.stdout is not None
        assert (await process.stdout.readline()) == b"status-update ringing\n"
    finally:
        process.kill()
        rest, _ = await process.communicate()
    assert rest == b""


async def _told(session: aiohttp.ClientSession, port: int, body: bytes, sent: dict[str, str]) -> int:
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.post(f"http://127.0.0.1:{port}/", data=body, headers=sent) as reply:
                    return reply.status
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
