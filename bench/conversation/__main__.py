"""``python -m bench.conversation``: plays the labelled set to the platform, one JSON object for each category and line."""

import argparse
import asyncio
import json
import multiprocessing
import signal
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.conversation.calls import DISTURBED_MS, Played, play_all
from bench.conversation.cases import CATEGORIES, CONDITIONS, case
from bench.conversation.measure import measure
from bench.conversation.report import Result, cells, figures, markdown
from bench.conversation.script import Case
from bench.conversation.truth import Truth, examine
from bench.conversation.voices import NoSpeech
from bench.rtp_peer import percentile
from trunkline.base.errors import TrunklineError
from trunkline.providers.local import whisper

AT_ONCE = 8
LIMIT_MINUTES = 19.0
LISTENING_SECONDS = 210.0
"""Kept for the recogniser that hears all calls when they are over."""
QUICK = (
    ("plain", "clean"), ("short_pauses", "loss_3"), ("digits", "clean"), ("barge_in_middle", "jitter"),
    ("backchannels", "clean"), ("noises", "clean"), ("echo", "clean"), ("long_pauses", "clean"),
)  # fmt: skip


def _cases(options: argparse.Namespace) -> list[Case]:
    wanted = [
        (category, condition)
        for condition in options.conditions or CONDITIONS
        for category in options.only or CATEGORIES
    ]
    if options.quick:
        wanted = [cell for cell in QUICK if cell in wanted]
    return [case(*cell, seed) for seed in range(options.seed, options.seed + options.rounds) for cell in wanted]


def _examined(played: list[Played], until: float) -> list[Truth | None]:
    """What the recogniser hears in each call; None where it is not there, or had no time until ``until`` (monotonic)."""
    if absent := whisper.missing():
        print(f"The transcripts are not checked: {absent}", file=sys.stderr)
        return [None] * len(played)
    found: list[Truth | None] = []
    pool = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
    try:
        for listening in [pool.submit(examine, one) for one in played]:
            found.append(listening.result(max(0.1, until - time.monotonic())))
    except TimeoutError:
        print(f"Only {len(found)} of {len(played)} transcripts were checked: no time was left", file=sys.stderr)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return found + [None] * (len(played) - len(found))


def _results(played: list[Played], until: float) -> list[Result]:
    return [
        Result(one.case.category, one.case.condition, measure(one), truth)
        for one, truth in zip(played, _examined(played, until), strict=True)
    ]


def _report(results: list[Result], summary: dict[str, object], options: argparse.Namespace) -> None:
    for cell in cells(results):
        print(json.dumps(cell), flush=True)
    if options.verbose:
        for one in results:
            for event in one.outcome.story:
                print(f"{one.category} {one.condition}: {event}", file=sys.stderr)
    if options.markdown and results:
        print(markdown(results))
    print(json.dumps({"benchmark": "summary", **figures(results), **summary}), flush=True)


async def _play(options: argparse.Namespace, folder: Path, until: float) -> tuple[list[Played], list[str]]:
    task = asyncio.ensure_future(play_all(_cases(options), folder, options.at_once, until - LISTENING_SECONDS))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await asyncio.wait_for(task, until - time.monotonic())


def _run(options: argparse.Namespace, folder: Path) -> int:
    began = time.monotonic()
    until = began + options.minutes * 60
    played, problems = asyncio.run(_play(options, folder, until))
    for problem in problems:
        print(problem, file=sys.stderr)
    late = [one.late_ms for one in played]
    _report(
        _results(played, until),
        {
            "calls_at_once": options.at_once,
            "failed_calls": len(problems),
            "disturbed_calls": sum(one > DISTURBED_MS for one in late),
            "far_end_late_ms_p95": percentile(late, 95),
            "minutes": round((time.monotonic() - began) / 60, 1),
        },
        options,
    )
    return 1 if problems or not played else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.conversation", description="How well the platform takes turns.")
    parser.add_argument("--quick", action="store_true", help="a few cells only, under two minutes")
    parser.add_argument("--markdown", action="store_true", help="print the tables for the manual before the summary")
    parser.add_argument("--only", nargs="+", choices=list(CATEGORIES), help="categories to play")
    parser.add_argument(
        "--conditions", nargs="+", choices=list(CONDITIONS), help="conditions of the line to play them over"
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often, each time with other voices and pauses")
    parser.add_argument("--seed", type=int, default=1, help="the first round's seed")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="calls at the same time")
    parser.add_argument("--minutes", type=float, default=LIMIT_MINUTES, help="the whole run ends within so long")
    parser.add_argument("--keep", type=Path, help="keep the far end's recordings in this folder")
    parser.add_argument("--verbose", action="store_true", help="tell what went wrong where, on standard error")
    return parser.parse_args()


def main() -> None:
    """The command line."""
    options = _options()
    try:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            raise SystemExit(_run(options, options.keep))
        with tempfile.TemporaryDirectory(prefix="trunkline-conversation-") as folder:
            raise SystemExit(_run(options, Path(folder)))
    except (NoSpeech, TrunklineError, TimeoutError, OSError, RuntimeError) as error:
        raise SystemExit(f"The run ended early: {error or type(error).__name__}") from error
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
