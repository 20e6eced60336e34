"""Starting the native stack, and leaving it."""

import asyncio
import atexit
import shutil
import socket
from contextlib import suppress

from baresip import BaresipError, Config, Runtime

from trunkline.telephony.sip.settings import SipSettings


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
    await runtime.start(
        Config(
            net_interface=settings.interface,
            max_concurrent_calls=None,
            expose_headers=("To",),
            sip_trace=True,
            native_log_level="warning",
            extra_config_text=settings.stack_lines(listen),
        )
    )


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
