"""``python -m bench.soak``: a thousand calls of random scripts against the platform on one core, and what they left."""

import argparse
import asyncio
import json
import os
import random
from pathlib import Path

from bench.soak.report import markdown
from bench.soak.run import Plan, soak
from bench.world import PEER_CORE

QUICK_CALLS = 60


def main() -> None:
    """The command line; the exit code is 0 only where all holds."""
    parser = argparse.ArgumentParser(description="Calls of random scripts, each judged, and what they leave behind.")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=60)
    parser.add_argument("--wave", type=int, default=200, help="calls between two looks at what is held")
    parser.add_argument("--seed", type=int, default=None, help="the same seed has the same scripts")
    parser.add_argument("--kinds", nargs="+", default=None, help="only calls of these kinds")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_CALLS} calls")
    parser.add_argument("--markdown", action="store_true", help="the summary as a table")
    parser.add_argument("--log", type=Path, default=None, help="where the platform's log goes")
    options = parser.parse_args()
    os.sched_setaffinity(0, {int(PEER_CORE)})
    plan = Plan(
        calls=QUICK_CALLS if options.quick else options.calls,
        at_once=options.at_once,
        wave=QUICK_CALLS // 2 if options.quick else options.wave,
        seed=random.SystemRandom().randrange(10**6) if options.seed is None else options.seed,
        kinds=tuple(options.kinds or ()),
        log=options.log,
    )
    try:
        found = asyncio.run(soak(plan, lambda line: print(json.dumps(line), flush=True)))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    print(json.dumps({"benchmark": "soak", **found}), flush=True)
    if options.markdown:
        print(markdown(found))
    raise SystemExit(0 if found["ok"] else 1)


if __name__ == "__main__":
    main()
