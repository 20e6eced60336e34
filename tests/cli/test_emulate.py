"""``trunkline emulate`` as somebody types it who tries the platform without keys."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from typer.testing import CliRunner

from trunkline.base.errors import Invalid
from trunkline.cli.main import app
from trunkline.testing.emulators.vendors import EMULATORS
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room

EXIT_MISCONFIGURED = 78
KEY = "a-key-for-this-test"


@dataclass(slots=True)
class Emulating:
    """A running ``trunkline emulate`` and what it told to set."""

    process: asyncio.subprocess.Process
    environment: dict[str, str]
    errors: bytes = b""

    async def stop(self) -> int:
        """Tells it to stop and reads the rest of its log."""
        self.process.send_signal(signal.SIGTERM)
        _, self.errors = await asyncio.wait_for(self.process.communicate(), 30)
        return self.process.returncode or 0


@asynccontextmanager
async def _emulating(lines: int, *options: str) -> AsyncIterator[Emulating]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline.cli", "emulate", *options, stdout=-1, stderr=-1
    )
    try:
        assert process.stdout is not None
        told = [await asyncio.wait_for(process.stdout.readline(), 60) for _ in range(lines)]
        yield Emulating(process, dict(line.decode().strip().split("=", 1) for line in told))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trunkline.cli", *options]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


async def test_it_tells_what_to_set_logs_without_secrets_and_stops_when_told() -> None:
    port = free_port()
    options = ("openai", "--listen", f"127.0.0.1:{port}", "--key", KEY)
    async with _emulating(2, *options) as running, aiohttp.ClientSession() as http:
        assert running.environment == {
            "TRUNKLINE_OPENAI_URL": f"http://127.0.0.1:{port}/v1",
            "TRUNKLINE_OPENAI_KEY": KEY,
        }
        url = running.environment["TRUNKLINE_OPENAI_URL"]
        async with http.get(f"{url}/nowhere?key={KEY}", headers={"Authorization": f"Bearer {KEY}"}) as answer:
            assert answer.status == 404
        assert await running.stop() == 0
    assert b"openai GET /v1/nowhere 404" in running.errors
    assert KEY.encode() not in running.errors


async def test_what_is_to_go_wrong_goes_wrong_so_many_times() -> None:
    port = free_port()
    options = ("--fault", "overloaded", "--moment", "connect", "--times", "1")
    async with (
        _emulating(2, "openai", "--listen", f"127.0.0.1:{port}", *options) as running,
        aiohttp.ClientSession(headers={"Authorization": "Bearer emulated-key"}) as http,
    ):
        body = {"model": "gpt-5.4", "messages": [{"role": "user", "content": "It is Friday."}]}
        url = f"{running.environment['TRUNKLINE_OPENAI_URL']}/chat/completions"
        statuses = []
        for _ in range(2):
            async with http.post(url, json=body) as answer:
                statuses.append(answer.status)
        assert statuses == [503, 200]


async def test_all_vendors_at_once_each_at_a_port_of_its_own() -> None:
    first = free_port(len(EMULATORS))
    async with _emulating(2 * len(EMULATORS) + 1, "--all", "--listen", f"127.0.0.1:{first}") as running:
        urls = {name: value for name, value in running.environment.items() if name.endswith("_URL")}
        assert {name for name in running.environment if name.endswith("_KEY")} == {
            f"TRUNKLINE_{vendor.upper()}_KEY" for vendor in EMULATORS
        }
        houses = {url.split("/")[2] for url in urls.values()}
        assert houses == {f"127.0.0.1:{first + number}" for number in range(len(EMULATORS))}
        assert urls["TRUNKLINE_GOOGLE_URL"].endswith("/v1beta")
        assert urls["TRUNKLINE_GOOGLE_SPEECH_URL"].endswith("/v1")
        assert await running.stop() == 0


def _taken(kind: socket.SocketKind) -> socket.socket:
    other = socket.socket(socket.AF_INET, kind)
    other.bind(("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        other.listen()
    return other


@pytest.mark.parametrize(
    ("command", "kind", "protocol"),
    [
        (("emulate", "openai"), socket.SOCK_STREAM, "TCP"),
        (("callee",), socket.SOCK_STREAM, "TCP"),
        (("callee",), socket.SOCK_DGRAM, "UDP"),
    ],
)
def test_a_port_that_is_taken_is_told(command: tuple[str, ...], kind: socket.SocketKind, protocol: str) -> None:
    with _taken(kind) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = _run(*command, "--listen", address)
    assert done.returncode == EXIT_MISCONFIGURED
    assert f"{address} ({protocol}): another program has it" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("emulate", "openai"), ("callee",)])
def test_an_address_that_is_none_is_told(command: tuple[str, ...]) -> None:
    error = CliRunner().invoke(app, [*command, "--listen", "nowhere"]).exception
    assert isinstance(error, Invalid)
    assert "--listen: must be an address and a port" in error.message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("nobody",), "there is no emulator of 'nobody'"),
        ((), "give --all"),
        (("openai", "--all"), "not both"),
        (("openai", "--fault", "boredom"), "boredom"),
    ],
)
def test_wrong_options_are_told(options: tuple[str, ...], says: str) -> None:
    done = CliRunner().invoke(app, ["emulate", *options], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert says in done.stderr
