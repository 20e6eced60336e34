"""The snippets of the clients' pages do what the pages say, with the address and the key of an installation."""

import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.docs.pages import blocks
from tests.installation import Installation, installation
from tests.peers import SippUas
from tests.sdk.programs import run
from trunkline.webhooks.signing import headers

PYTHON = "docs/sdk-python.md"
ENDS_AT_ONCE = '"silence_timeout_seconds": 1, "llm_config"'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation."""
    async with installation(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.mark.room
@pytest.mark.asyncio(loop_scope="module")
async def test_the_calls_of_the_python_page_are_made(house: Installation, tmp_path: Path) -> None:
    first, lists, _ = blocks(PYTHON, "python")
    first = first.replace("tl_live_...", house.key).replace("https://calls.example.com", house.url)
    (tmp_path / "first.py").write_text(first.replace('"llm_config"', ENDS_AT_ONCE))
    (tmp_path / "lists.py").write_text(lists)
    environment = {"TRUNKLINE_URL": house.url, "TRUNKLINE_API_KEY": house.key, "PYTHONPATH": os.pathsep.join(sys.path)}
    with SippUas("uas_answer") as peer:
        await house.number(peer.start())
        printed = await run([sys.executable, str(tmp_path / "first.py")], environment)
    assert "'in-progress'" in printed
    assert printed.splitlines()[-1].startswith("ended ")
    listed = (await run([sys.executable, str(tmp_path / "lists.py")], environment)).splitlines()
    assert listed[0].startswith("call-outbound-")
    assert listed[-1] == "0"


@pytest.mark.unit
def test_the_webhook_snippet_of_the_python_page_knows_a_genuine_one() -> None:
    names: dict[str, Any] = {}
    exec(blocks(PYTHON, "python")[2], names)
    receive: Callable[[bytes, dict[str, str], str], int] = names["receive"]
    body = b'{"message": {"type": "status-update", "call": {"id": "call-1"}}}'
    sent = headers("status-update", body, "a secret", "msg_1", int(time.time()))
    assert receive(body, sent, "a secret") == 204
    assert receive(body, sent, "another") == 401
