"""The small supervisor of ``trunkline serve``: starts the platform again when native code took it down."""

import signal
import subprocess
import sys
import time
from types import FrameType

from rich.console import Console

EXIT_MISCONFIGURED = 78
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 10.0
STEADY_SECONDS = 60.0
LOOK_SECONDS = 0.1

_console = Console(stderr=True, highlight=False)


def supervise(command: list[str]) -> int:
    """Runs ``command`` until it ends by itself (0), is misconfigured (78), or we are told to stop; returns its exit code.

    Any other end is a crash: it is started again after a wait that doubles up to 10 s and falls back after a steady
    minute. All that matters is in the database, so the new process ends the calls that the old one lost.
    """
    stopping = False
    child: subprocess.Popen[bytes] | None = None

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        if child is not None and child.poll() is None:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    wait = FIRST_WAIT_SECONDS
    while not stopping:
        began = time.monotonic()
        child = subprocess.Popen(command)
        if stopping:
            child.terminate()
        code = child.wait()
        if stopping or code in (0, EXIT_MISCONFIGURED):
            return code if code >= 0 else 128 - code
        wait = FIRST_WAIT_SECONDS if time.monotonic() - began > STEADY_SECONDS else min(wait * 2, LONGEST_WAIT_SECONDS)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        _console.print(f"[yellow]The platform stopped by {how}; starting it again in {wait:g} s.[/]")
        until = time.monotonic() + wait
        while not stopping and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
    return 0


def serve_command() -> list[str]:
    """The command line of the platform's own process."""
    return [sys.executable, "-m", "trunkline.app.process"]
