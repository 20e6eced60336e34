"""The processes behind the demo: a supervised platform, a simulated callee, and the command that makes an organisation."""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from trunkline.base.errors import TrunklineError
from trunkline.cli.client import ApiClient
from trunkline.testing.ports import free_port

START_SECONDS = 120.0
STOP_SECONDS = 10.0
SHOWN_LINES = 15
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


@asynccontextmanager
async def callee(folder: Path, cast: Mapping[str, str], tell: Callable[[dict[str, Any]], None]) -> AsyncIterator[int]:
    """The simulated callees in a process of their own, ready to be called; gives its SIP port. ``cast`` has the persona at
    each number, ``tell`` gets their account."""
    port, log = free_port(), folder / "callee.log"
    options = ["--listen", f"127.0.0.1:{port}"]
    for number, persona in cast.items():
        options += ["--also", f"{number}={persona}"]
    with log.open("wb") as errors:
        process = await _start("trunkline.testing.callee", *options, stdout=asyncio.subprocess.PIPE, stderr=errors)
    ready = asyncio.Event()
    listening = asyncio.create_task(_listen(process, tell, ready))
    try:
        await _until_ready("the simulated callee", process, ready.wait(), log)
        yield port
    finally:
        await _stop(process)
        with suppress(TimeoutError):
            await asyncio.wait_for(listening, STOP_SECONDS)


@asynccontextmanager
async def platform(environment: dict[str, str], folder: Path) -> AsyncIterator[None]:
    """``trunkline serve`` in a process of its own, healthy."""
    log = folder / "platform.log"
    with log.open("wb") as out:
        process = await _start("trunkline.cli", "serve", env=environment, stdout=out, stderr=out)
    try:
        async with ApiClient(f"http://{environment['TRUNKLINE_HTTP_LISTEN']}") as api:
            await _until_ready("the platform", process, _healthy(api), log)
        yield
    finally:
        await _stop(process)


async def organisation(name: str, environment: dict[str, str]) -> dict[str, str]:
    """What ``trunkline org create NAME --json`` prints."""
    process = await _start(
        "trunkline.cli",
        *("org", "create", name, "--json"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), START_SECONDS)
    if process.returncode:
        raise TrunklineError("trunkline org create failed", details=errors.decode().splitlines()[-SHOWN_LINES:])
    made: dict[str, str] = json.loads(out)
    return made


async def _start(module: str, *options: str, **more: Any) -> asyncio.subprocess.Process:
    """Our own Python; in a group of its own, so that Ctrl-C reaches us alone, and gone when we are."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *options),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_leave_with_parent,
        **more,
    )


def _leave_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _listen(
    process: asyncio.subprocess.Process, tell: Callable[[dict[str, Any]], None], ready: asyncio.Event
) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        event = json.loads(line)
        tell(event)
        if event["event"] == "ready":
            ready.set()


async def _until_ready(who: str, process: asyncio.subprocess.Process, ready: Any, log: Path) -> None:
    """Waits until it is ready; raises with the end of its log when it ends first or takes too long."""
    waiting, ending = asyncio.ensure_future(ready), asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({waiting, ending}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            how = f"ended with exit code {process.returncode}" if ending.done() else f"took over {START_SECONDS:g} s"
            raise TrunklineError(f"{who} did not start: it {how}", details=last_lines(log))
    finally:
        for task in (waiting, ending):
            task.cancel()
        await asyncio.gather(waiting, ending, return_exceptions=True)


def last_lines(log: Path) -> list[str]:
    """The end of a log, where there is one."""
    return log.read_text(errors="replace").splitlines()[-SHOWN_LINES:] if log.exists() else []


async def _healthy(api: ApiClient) -> None:
    while True:
        with suppress(aiohttp.ClientError, TrunklineError, TimeoutError):
            await api.get("/health")
            return
        await asyncio.sleep(0.1)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Asks its whole group to leave, then makes it."""
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
            return
