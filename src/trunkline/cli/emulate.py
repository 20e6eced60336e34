"""``trunkline emulate``: the vendors' emulators as servers of their own, to try the platform without keys."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

import typer
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from trunkline.cli.ports import check_listen
from trunkline.testing.emulators.house import Trouble
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator

_ANYWHERE = ("0.0.0.0", "[::]")


class Log(Protocol):
    """Tells one line."""

    def __call__(self, line: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which emulators run, where, with which key (None: each its own) and what goes wrong there."""

    vendors: Sequence[str]
    listen: str
    key: str | None = None
    trouble: Trouble | None = None


def chosen(vendor: str | None, everyone: bool) -> tuple[str, ...]:
    """The vendors that are meant. Raises BadParameter."""
    names = ", ".join(EMULATORS)
    if everyone and vendor is not None:
        raise typer.BadParameter("name a vendor or give --all, not both", param_hint="VENDOR")
    if everyone:
        return tuple(EMULATORS)
    if vendor is None:
        raise typer.BadParameter(f"name one of {names}, or give --all", param_hint="VENDOR")
    if vendor not in EMULATORS:
        raise typer.BadParameter(f"there is no emulator of {vendor!r}; there are {names}", param_hint="VENDOR")
    return (vendor,)


def emulators(wanted: Wanted, tell: Log) -> Iterator[VendorEmulator]:
    """The emulators, not yet started: the first one at the address, the others at the ports after it. Raises Invalid where
    an address cannot be had."""
    check_listen("--listen", wanted.listen, (socket.SOCK_STREAM,))
    host, _, first = wanted.listen.rpartition(":")
    for port, vendor in enumerate(wanted.vendors, int(first)):
        check_listen(f"--listen, for {vendor}", f"{host}:{port}", (socket.SOCK_STREAM,))
        emulator = EMULATORS[vendor](**({"key": wanted.key} if wanted.key else {}), port=port)
        emulator.host = host
        emulator.middlewares = (_logged(vendor, tell),)
        if wanted.trouble is not None:
            emulator.misbehave(wanted.trouble)
        yield emulator


def environment(running: Sequence[VendorEmulator]) -> Mapping[str, str]:
    """What the platform's environment is to have, by variable."""
    found = {name: value for emulator in running for name, value in emulator.environment().items()}
    for anywhere in _ANYWHERE:
        found = {name: value.replace(f"//{anywhere}:", "//127.0.0.1:") for name, value in found.items()}
    return found


def _logged(vendor: str, tell: Log) -> Middleware:
    """Tells of each request one line: no query, no header and no body, so that no key stands in it."""

    @web.middleware
    async def log(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun = time.monotonic()
        outcome = "the client left"
        try:
            answer = await handler(request)
            outcome = "closed" if isinstance(answer, web.WebSocketResponse) else str(answer.status)
            return answer
        except web.HTTPException as refusal:
            outcome = str(refusal.status)
            raise
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            took = f"{(time.monotonic() - begun) * 1000:.0f} ms"
            tell(f"{time.strftime('%H:%M:%S')} {vendor} {request.method} {request.path} {outcome} {took}")

    return log


async def run_emulators(wanted: Wanted) -> None:
    """Serves until the process is told to stop. What is to be set goes to standard output, requests to standard error."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = list(emulators(wanted, lambda line: print(line, file=sys.stderr, flush=True)))
    async with AsyncExitStack() as stack:
        for emulator in running:
            await stack.enter_async_context(emulator)
        for name, value in environment(running).items():
            print(f"{name}={value}")
        sys.stdout.flush()
        await stop.wait()
