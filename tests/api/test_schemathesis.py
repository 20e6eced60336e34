"""What the document says is what the API does: thousands of requests, right and wrong ones, made from the document alone."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.api.world import Api, Json, opened, served
from trunkline.api.app import ApiSettings
from trunkline.base.errors import TrunklineError
from trunkline.domain.call import EndReason
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault

pytestmark = [pytest.mark.room, pytest.mark.timeout(200)]
SECONDS = 60
UNLIMITED = ApiSettings(requests_per_minute=10**6, controls_per_minute=10**6, heartbeat_seconds=0.3)
# Rules between fields are no part of a JSON Schema: what fits it may be refused, by a 400 that is described. The part that
# sends sample webhooks is not in this world, which answers 503.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "402", "403", "404", "409", "429", "5xx"]
[[operations]]
include-operation-id = "testWebhook"
enabled = false
"""


async def test_the_document_and_the_api_agree(sqlite: Database, vault: Vault, tmp_path: Path) -> None:
    async with opened(sqlite, vault, tmp_path, UNLIMITED) as world, served(world.app) as url, _calls_end(world):
        (tmp_path / "openapi.json").write_text(json.dumps(_of_one_organisation(world.app.openapi())))
        (tmp_path / "schemathesis.toml").write_text(CONFIG)
        code, told = await _run(tmp_path, url.removesuffix("/api/v1"), world.key)
    assert code == 0, told[-8000:]
    assert "passed" in told


def _of_one_organisation(described: Json) -> Json:
    """The document without acting for others: of an unknown organisation everything is unknown."""
    described = json.loads(json.dumps(described))
    for path in described["paths"].values():
        for operation in path.values():
            kept = [one for one in operation["parameters"] if one["name"] != "X-Organization-Id"]
            operation["parameters"] = kept
    return described


@asynccontextmanager
async def _calls_end(world: Api) -> AsyncIterator[None]:
    """Ends all calls soon, so that their events end."""

    async def end() -> None:
        while True:
            await asyncio.sleep(0.2)
            waiting = await world.ours.get("/calls?status=queued")
            for call in waiting.json().get("calls", ()):
                try:
                    await world.end(call["id"], reason=EndReason.USER_HANGUP)
                except TrunklineError:
                    continue

    ending = asyncio.create_task(end())
    try:
        yield
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)


async def _run(folder: Path, url: str, key: str) -> tuple[int, str]:
    """The exit code of a bounded run with all checks, and what it printed."""
    options = {
        "--url": url,
        "--header": f"Authorization: Bearer {key}",
        "--checks": "all",
        "--phases": "examples,coverage,fuzzing",
        "--max-examples": "5",
        "--max-time": str(SECONDS),
        "--seed": "1",
        "--workers": "2",
        "--request-timeout": "30",
        "--generation-database": "none",
    }
    given = [part for pair in options.items() for part in pair]
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "st"),
        *("--config-file", "schemathesis.toml", "run", "openapi.json", "--no-shrink", "--continue-on-failure"),
        *given,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, printed.decode()
