"""``python -m bench``: all benchmarks, one JSON object a line, the last one with the figures that have floors."""

import argparse
import asyncio
import json
from typing import Any

from bench import invite, load

STEPS = (100, 120, 140)
SECONDS = 25.0


async def run(steps: tuple[int, ...], seconds: float) -> dict[str, Any]:
    """Runs everything and gives the summary."""
    placed = await invite.measure()
    print(json.dumps({"benchmark": "request_to_invite", **placed}), flush=True)
    best: dict[str, Any] | None = None
    first: dict[str, Any] | None = None
    for calls in steps:
        found = await load.measure(calls, seconds)
        print(json.dumps({"benchmark": "load", **found}), flush=True)
        first = first or found
        if not found["ok"]:
            break
        best = found
    shown = best or first or {}
    names = ("cpu_ms_per_call_second", "memory_mb_per_call", "setups_per_second")
    heard = ("added_latency_ms_p50", "added_latency_ms_p95", "barge_in_stop_ms_p95")
    return {
        "benchmark": "summary",
        "calls_per_core": best["calls"] if best else 0,
        **{name: shown[name] for name in names},
        **placed,
        **{name: (first or shown)[name] for name in heard},
        "measured_at_calls": (first or shown)["calls"],
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="All benchmarks, one JSON object a line.")
    parser.add_argument("--calls", type=int, nargs="+", default=STEPS, help="numbers of calls to try, in rising order")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of each measurement")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(run(tuple(options.calls), options.seconds))), flush=True)


if __name__ == "__main__":
    main()
