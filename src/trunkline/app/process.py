"""The platform's own process: ``python -m trunkline.app.process``. It drains at SIGTERM and leaves native state alone."""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator

import uvicorn
import uvloop
from starlette.types import ASGIApp

from trunkline.api.scrape import own_port
from trunkline.app.compose import platform
from trunkline.app.settings import Settings, load
from trunkline.base import logs
from trunkline.base.errors import Invalid, TrunklineError

EXIT_MISCONFIGURED = 78
PR_SET_PDEATHSIG = 1
SWITCH_SECONDS = 0.0005

_log = logs.logger("app")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the order of leaving is ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Runs the platform until SIGTERM or SIGINT: no new calls, then up to ``drain_seconds`` for those that go on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with platform(settings) as house:
        server = _server(house.api, settings.http_listen, patience_seconds=2, date_header=False)
        serving = asyncio.create_task(server.serve())
        figures = settings.metrics_listen
        scraped = _server(own_port(house.figures.text), figures, patience_seconds=1) if figures else None
        scraping = asyncio.create_task(scraped.serve()) if scraped is not None else None
        be_punctual()
        _log.info("ready", http=settings.http_listen, sip=settings.sip_listen)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not serving.done():
            _log.info("draining", calls=house.supervisor.live_calls())
            await house.supervisor.drain(settings.drain_seconds)
        house.api.state.closing.set()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        if scraped is not None and scraping is not None:
            scraped.should_exit = True
            await scraping


def _server(app: ASGIApp, listen: str, *, patience_seconds: int, date_header: bool = True) -> _Server:
    """A server of ``app`` at ``host:port`` that says nothing of itself."""
    host, _, port = listen.rpartition(":")
    config = uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=int(port),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=patience_seconds,
        server_header=False,
        date_header=date_header,
    )
    return _Server(config)


def be_punctual() -> None:
    """Keeps the pauses of a busy process short: nothing made so far is looked through by the garbage collector again,
    and a thread that wants the interpreter waits 0.5 ms for it, not 5."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_SECONDS)


def main() -> int:
    """Runs it; wrong settings or a port in use give one line and exit code 78, which nobody restarts."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        settings = load()
        logs.configure(json=settings.log_json, level=settings.log_level)
        uvloop.run(serve(settings))
    except TrunklineError as error:
        print(error.message, *error.details, sep="\n  ", file=sys.stderr)  # noqa: T201
        return EXIT_MISCONFIGURED if isinstance(error, Invalid) else 1
    except SystemExit as error:  # uvicorn leaves like this when it cannot have its port; it said why
        return EXIT_MISCONFIGURED if error.code else 0
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
