"""What every benchmark starts: the platform on core 0, peers on core 1, an organisation with its trunk and assistant."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from trunkline.base.errors import TrunklineError
from trunkline.cli.client import ApiClient
from trunkline.testing.ports import free_port

PLATFORM_CORE, PEER_CORE = "0", "1"
START_SECONDS = 60.0


@dataclass(slots=True)
class Process:
    """A child that speaks lines of JSON."""

    child: asyncio.subprocess.Process

    async def line(self) -> dict[str, Any]:
        """Its next line."""
        assert self.child.stdout is not None
        raw = await asyncio.wait_for(self.child.stdout.readline(), 60)
        if not raw:
            raise RuntimeError("a process of the benchmark ended early")
        found: dict[str, Any] = json.loads(raw)
        return found

    async def tell(self, text: str) -> None:
        """Writes one line to it."""
        assert self.child.stdin is not None
        self.child.stdin.write(text.encode() + b"\n")
        await self.child.stdin.drain()

    def shut(self) -> None:
        """Closes its standard input."""
        assert self.child.stdin is not None
        self.child.stdin.close()


@asynccontextmanager
async def process(
    core: str, *command: str, env: dict[str, str] | None = None, quiet: bool = False
) -> AsyncIterator[Process]:
    """Runs a command pinned to a core, with pipes to its standard input and output, and ends it; it ends with us too."""
    child = await asyncio.create_subprocess_exec(
        "setpriv",
        "--pdeathsig",
        "TERM",
        "taskset",
        "-c",
        core,
        *command,
        stdin=asyncio.subprocess.DEVNULL if quiet else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL if quiet else asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if quiet else None,
        env=env,
        limit=16 << 20,
    )
    try:
        yield Process(child)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            try:
                await asyncio.wait_for(child.wait(), 15)
            except TimeoutError:
                child.kill()
                await child.wait()


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform under measurement and a client of it."""

    process: Process
    api: ApiClient
    sip_port: int
    pid: int
    url: str
    folder: Path


@asynccontextmanager
async def platform(
    module: str = "bench.platform", cores: str = PLATFORM_CORE, *, speaks: bool = True, **options: str
) -> AsyncIterator[Platform]:
    """The platform in an empty data directory, run by ``module``, and one organisation's client. A module that ``speaks``
    prints a line when it is ready; another is asked for its health."""
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        http, sip = f"127.0.0.1:{free_port()}", free_port()
        env = {
            **os.environ,
            "TRUNKLINE_DATA_DIR": folder,
            "TRUNKLINE_HTTP_LISTEN": http,
            "TRUNKLINE_SIP_LISTEN": f"127.0.0.1:{sip}",
            "TRUNKLINE_MAX_CALLS": "250",
            "TRUNKLINE_RATE_LIMIT_PER_MINUTE": "1000000",
            "TRUNKLINE_LOG_LEVEL": "WARNING",
            **options,
        }
        async with process(cores, sys.executable, "-m", module, env=env) as running:
            if speaks:
                await running.line()
            key = await _organisation(env)
            async with ApiClient(f"http://{http}", key) as api:
                if not speaks:
                    await _healthy(api)
                yield Platform(running, api, sip, running.child.pid, f"http://{http}", Path(folder))


async def _healthy(api: ApiClient) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            with contextlib.suppress(aiohttp.ClientError, TrunklineError):
                await api.get("/health")
                return
            await asyncio.sleep(0.1)


async def _organisation(env: dict[str, str]) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "trunkline.cli",
        "org",
        "create",
        "Bench",
        "--json",
        env=env,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await child.communicate()
    return str(json.loads(out)["api_key"])


async def prepare(api: ApiClient, callee_port: int, *, recording: bool = True) -> dict[str, Any]:
    """A trunk to ``callee_port``, a number and an assistant; returns the body of POST /calls/outbound."""
    trunk = (await api.post("/sip-trunks", {"name": "Bench", "address": f"127.0.0.1:{callee_port}"}))["trunk"]
    number = (await api.post("/numbers", {"phone_number": "+31850835037", "trunk_id": trunk["id"]}))["number"]
    turn_taking = {"endpointing_min_delay": 0.4, "endpointing_max_delay": 0.4, "interruption_min_duration": 0.3}
    assistant = {
        "name": "Bench",
        "first_message": "Hello, this is the benchmark speaking.",
        "recording_enabled": recording,
        "max_duration_seconds": 3600,
        "silence_timeout_seconds": 600,
        "speech_config": {"turn_taking": turn_taking},
    }
    made = (await api.post("/assistants", assistant))["assistant"]
    return {"destination": "+31612345678", "number_id": number["id"], "assistant_id": made["id"]}


def cpu_seconds(pid: int) -> float:
    """User and system time that a process used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def in_state(api: ApiClient, status: str) -> int:
    """How many calls are in a state now."""
    with contextlib.suppress(aiohttp.ClientError):
        return int((await api.get(f"/calls?status={status}&limit=1"))["pagination"]["total"])
    return 0
