"""``python -m bench``: all benchmarks, one JSON object a line, the last one with the figures that have floors."""

import argparse
import asyncio
import json
import signal
import time
from typing import Any

from bench import invite, load

QUIET = {1: 4.0, 80: 1.0}
"""Numbers of calls at which latency is measured besides, and how many times as long: one call has few turns."""
STEPS = (100, 120, 140, 160)
SECONDS = 25.0
BUDGET_SECONDS = 600.0
"""No further step begins after so long."""
TRIES = 2
"""A machine that does something else for a moment spoils a step: it is measured once more before it counts as failed."""
HEARD = ("added_latency_ms_p50", "added_latency_ms_p95", "barge_in_stop_ms_p95")
COST = ("cpu_ms_per_call_second", "memory_mb_per_call", "setups_per_second")


async def run(steps: tuple[int, ...], seconds: float) -> dict[str, Any]:
    """Runs everything and gives the summary; latency, cost and set-ups are those of the first step."""
    until = time.monotonic() + BUDGET_SECONDS
    placed = await invite.measure()
    _print({"benchmark": "request_to_invite", **placed})
    beside = {calls: await _loaded(calls, seconds * times) for calls, times in QUIET.items()}
    first: dict[str, Any] = {}
    best = 0
    for calls in steps:
        found = await _step(calls, seconds, until)
        first = first or found
        if not found["ok"]:
            break
        best = calls
        if time.monotonic() > until:
            break
    return {
        "benchmark": "summary",
        "calls_per_core": best,
        "measured_at_calls": first["calls"],
        **placed,
        **{name: first[name] for name in (*COST, *HEARD)},
        **{f"{name}_at_{calls}": found[name] for calls, found in beside.items() for name in HEARD},
    }


async def _step(calls: int, seconds: float, until: float) -> dict[str, Any]:
    found = await _loaded(calls, seconds)
    for _ in range(1, TRIES):
        if not found["ok"] and time.monotonic() < until:
            found = await _loaded(calls, seconds)
    return found


async def _loaded(calls: int, seconds: float) -> dict[str, Any]:
    found = await load.measure(calls, seconds)
    _print({"benchmark": "load", **found})
    return found


def _print(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


async def _until_stopped(steps: tuple[int, ...], seconds: float) -> None:
    task = asyncio.create_task(run(steps, seconds))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    _print(await task)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="All benchmarks, one JSON object a line.")
    parser.add_argument("--calls", type=int, nargs="+", default=STEPS, help="numbers of calls to try, in rising order")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of each measurement")
    options = parser.parse_args()
    try:
        asyncio.run(_until_stopped(tuple(options.calls), options.seconds))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
