"""``python -m bench.faults``: every vendor fails in every way, in whole calls; the exit code is 1 when a cell is wrong."""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.faults.cells import Cell, Course, cells
from bench.faults.judging import Outcome, Verdict, judged
from bench.faults.models import SAID
from bench.faults.play import RATE_HZ, play
from bench.faults.report import earlier, markdown, written
from trunkline.base import logs
from trunkline.providers.local.silero import SileroVad
from trunkline.testing.emulators.speaking import speech

AT_ONCE = 20
PAGE = Path("docs/fault-matrix.md")
SPREAD = 97
"""Cells that follow each other are played so far apart, for some stages cost more than others."""
APART_SECONDS = 0.15
"""Calls do not all begin in the same moment."""


async def run(wanted: Sequence[Cell], at_once: int) -> list[Verdict]:
    """Plays all cells, so many at once; one that came out wrong is played once more when the others are over, for a busy
    machine is no fault of the platform."""
    vad = SileroVad()
    for words in SAID:
        await speech(words, RATE_HZ)
    spread = [cell for first in range(SPREAD) for cell in wanted[first::SPREAD]]
    verdicts = {one.cell: one for one in await _played(spread, at_once, vad)}
    wrong = [cell for cell, one in verdicts.items() if one.outcome is Outcome.WRONG]
    verdicts |= {one.cell: one for one in await _played(wrong, max(1, at_once // 4), vad)}
    return [verdicts[cell] for cell in wanted]


async def _played(wanted: Sequence[Cell], at_once: int, vad: SileroVad) -> list[Verdict]:
    places = asyncio.Semaphore(at_once)

    async def one(cell: Cell) -> Verdict:
        async with places:
            verdict = judged(await play(cell, vad))
        _tell(verdict)
        return verdict

    started = []
    for number, cell in enumerate(wanted):
        if number < at_once:
            await asyncio.sleep(APART_SECONDS)
        started.append(asyncio.create_task(one(cell)))
    return list(await asyncio.gather(*started))


def _tell(verdict: Verdict) -> None:
    found = {"cell": str(verdict.cell), "outcome": verdict.outcome, "waited_seconds": round(verdict.waited_seconds, 2)}
    print(json.dumps(found | ({"why": verdict.why} if verdict.why else {})), flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="What becomes of calls when vendors fail.")
    parser.add_argument("--only", nargs="*", default=[], help="words of a cell: stt, deepgram, drop, first …")
    parser.add_argument("--courses", nargs="*", default=[one.value for one in Course], help="once, alone, fallback")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="how many calls at the same time")
    parser.add_argument("--write", action="store_true", help=f"puts the tables into {PAGE}")
    parser.add_argument(
        "--from", dest="earlier", nargs="*", default=[], help="plays nothing: the lines of earlier runs"
    )
    options = parser.parse_args()
    logs.configure(json=False, level="ERROR")
    wanted = list(cells(options.only, [Course(one) for one in options.courses]))
    began = time.monotonic()
    if options.earlier:
        verdicts = earlier(line for name in options.earlier for line in Path(name).read_text("utf-8").splitlines())
    else:
        verdicts = asyncio.run(run(wanted, options.at_once))
    print(markdown(verdicts))
    counts = Counter(one.outcome.value for one in verdicts)
    print(json.dumps({"bench": "faults", "calls": len(verdicts), **counts, "seconds": round(time.monotonic() - began)}))
    if options.write:
        written(PAGE, verdicts)
    return 1 if counts[Outcome.WRONG.value] else 0


if __name__ == "__main__":
    sys.exit(main())
