"""``python -m bench.combinations``: whole calls through every combination of vendors; the exit code is 1 when one fails."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.combinations.cells import Combination, combinations
from bench.combinations.judging import Verdict
from bench.combinations.play import play, stage
from bench.combinations.report import figures, markdown, written
from trunkline.base import logs

AT_ONCE = 10
PAGE = Path("docs/vendor-combinations.md")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench.combinations", description="A call through every combination.")
    parser.add_argument(
        "--only", nargs="*", default=[], help="who must take part: deepgram, stt=openai, xai_realtime …"
    )
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="how many calls at the same time")
    parser.add_argument("--write", action="store_true", help=f"puts the tables into {PAGE}")
    options = parser.parse_args()
    if options.at_once < 1:
        parser.error("--at-once is at least 1")
    wanted = list(combinations(options.only))
    if not wanted:
        parser.error(f"no combination has {' and '.join(options.only)}")
    logs.configure(json=False, level="ERROR")
    began = time.monotonic()
    verdicts = asyncio.run(_run(wanted, options.at_once))
    minutes = round((time.monotonic() - began) / 60, 1)
    command = " ".join(["python -m bench.combinations", *sys.argv[1:]])
    how = f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, {options.at_once} calls at once, in {minutes} minutes."
    print(markdown(verdicts, how))
    if options.write:
        written(PAGE, markdown(verdicts, how))
    told = {"bench": "combinations", **figures(verdicts), "calls_at_once": options.at_once, "minutes": minutes}
    print(json.dumps(told))
    return 0 if all(one.passed for one in verdicts) else 1


async def _run(wanted: Sequence[Combination], at_once: int) -> list[Verdict]:
    async with stage() as shared:
        return await play(shared, wanted, at_once, _tell)


def _tell(verdict: Verdict) -> None:
    found = {"combination": str(verdict.combination), "passed": verdict.passed, "try": verdict.tries}
    rates = [round(rate, 2) for rate in verdict.error_rates]
    more = {"seconds": round(verdict.seconds, 1), "error_rates": rates, "problems": verdict.problems}
    print(json.dumps(found | more), file=sys.stderr, flush=True)
    if not verdict.passed and verdict.story:
        print(verdict.story, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
