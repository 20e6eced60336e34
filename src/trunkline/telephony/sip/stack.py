"""Starting the native stack, and leaving it."""

import asyncio
import atexit
import ctypes
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from baresip import BaresipError, Config, Runtime

from trunkline.telephony.sip.settings import SipSettings

TIMER_SLACK_SECONDS = 0.001
"""Each leg has a thread that looks every 4 ms whether a packet is due, which costs more than all else that the stack
does. Its sleeps may end so much later, together with others, which takes a third of the cost or more. No longer: a leg
whose thread that fills the queue is once later than the one that empties it sends everything 20 ms later from then on.
"""
_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30


def free_address(listen: str) -> str:
    """``listen`` with a free port where it asks for port 0."""
    host, _, port = listen.rpartition(":")
    if port != "0":
        return listen
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return f"{host}:{probe.getsockname()[1]}"


async def start(runtime: Runtime, settings: SipSettings, listen: str) -> None:
    """Starts the stack's threads. Raises BaresipError."""
    config = Config(
        net_interface=settings.interface,
        max_concurrent_calls=None,
        expose_headers=("To", "Via", "CSeq"),
        sip_trace=True,
        native_log_level="warning",
        extra_config_text=settings.stack_lines(listen),
    )
    with _slack_timers():
        await runtime.start(config)


@contextmanager
def _slack_timers() -> Iterator[None]:
    """Threads inherit the timer slack of the one that starts them; where there is no such thing (not Linux), none."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None:
        yield
        return
    before = prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
    prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(int(TIMER_SLACK_SECONDS * 1e9)), 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(before), 0, 0, 0)


async def leave(runtime: Runtime, *, tear_down: bool) -> None:
    """Ends our part of the stack.

    Its native threads are left standing, unless ``tear_down``: freeing them has crashed after hostile traffic, and the
    process ends next anyway.
    """
    if tear_down:
        with suppress(BaresipError):
            await runtime.close()
        return
    atexit.unregister(runtime._forced_teardown)
    if runtime._conf_dir is not None:
        shutil.rmtree(runtime._conf_dir, ignore_errors=True)
    watchdog: asyncio.Task[None] | None = runtime._watchdog_task
    if watchdog is not None:
        watchdog.cancel()
        with suppress(asyncio.CancelledError):
            await watchdog
