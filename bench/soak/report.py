"""What a soak found: its summary, and the same as a table."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from bench.soak.leaks import Held
from bench.soak.rules import Outcome

FLAT_HEAP_MB = 1.0
FLAT_RSS_MB = 3.0
"""So much memory may grow per 100 calls and still count as flat. What is allocated is the sharper figure: resident memory
has the holes of the allocator in it too, which move by some megabytes from look to look."""
FEWEST_LOOKS = 3


def of_outcome(outcome: Outcome) -> dict[str, Any]:
    """A call that went wrong, with all that is needed to find out why."""
    return {
        "call_id": outcome.call_id,
        "wrong": outcome.wrong,
        "status": outcome.status,
        "end_reason": outcome.reason,
        "error": outcome.error,
        "deeds": asdict(outcome.deeds),
        "script": str(outcome.script),
    }


def growth(looks: Sequence[tuple[int, Held]], size: Callable[[Held], float]) -> float | None:
    """By how much a size grows per 100 calls, as a line through the looks at an idle platform."""
    if len(looks) < FEWEST_LOOKS:
        return None
    calls, sizes = [count for count, _ in looks], [size(one) for _, one in looks]
    return round(float(np.polyfit(calls, sizes, 1)[0]) * 100, 2)


def summary(
    outcomes: Sequence[Outcome], looks: Sequence[tuple[int, Held]], left: Sequence[str], reports: Mapping[str, object]
) -> dict[str, Any]:
    """Everything, and whether all is as it must be (``ok``)."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        kinds[outcome.script.kind][outcome.reason or "none"] += 1
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    resident, heap = growth(looks, lambda one: one.rss_mb), growth(looks, lambda one: float(one.census["heap_mb"]))
    flat = (resident or 0.0) <= FLAT_RSS_MB and (heap or 0.0) <= FLAT_HEAP_MB
    return {
        "calls": len(outcomes),
        "wrong_ends": len(wrong),
        "reported_calls": len(reports),
        "longest_end_seconds": round(max((outcome.end_seconds for outcome in outcomes), default=0.0), 1),
        "left_over": list(left),
        "rss_mb": {str(count): round(one.rss_mb, 1) for count, one in looks},
        "rss_mb_per_100_calls": resident,
        "heap_mb": {str(count): one.census["heap_mb"] for count, one in looks},
        "heap_mb_per_100_calls": heap,
        "threads": looks[-1][1].threads if looks else None,
        "ends": {kind: dict(ends.most_common()) for kind, ends in sorted(kinds.items())},
        "ok": not wrong and not left and len(reports) == len(outcomes) and flat,
    }


def markdown(found: Mapping[str, Any]) -> str:
    """The summary for the documentation."""
    lines = ["| what | result |", "|---|---|"]
    resident, heap = (
        ", ".join(f"{size:g} after {count}" for count, size in found[name].items()) for name in ("rss_mb", "heap_mb")
    )
    for what, result in (
        ("calls, at once", f"{found['calls']}, {found['at_once']}"),
        ("calls without their right end state and reason", found["wrong_ends"]),
        ("calls with exactly one report", f"{found['reported_calls']}"),
        ("longest time from the end of the leg to the report", f"{found['longest_end_seconds']} s"),
        ("left over when idle (tasks, threads, files, ports, slots, rows)", ", ".join(found["left_over"]) or "nothing"),
        ("allocated on the heap when idle, MB", heap),
        ("growth of that per 100 calls, MB", found["heap_mb_per_100_calls"]),
        ("resident memory when idle, MB", resident),
        ("growth of that per 100 calls, MB", found["rss_mb_per_100_calls"]),
        ("processor of the platform's core", f"{found['core_percent']} %"),
        ("seconds", found["seconds"]),
    ):
        lines.append(f"| {what} | {result} |")
    lines += ["", "| kind of call | ends |", "|---|---|"]
    for kind, ends in found["ends"].items():
        lines.append(f"| {kind} | {', '.join(f'{reason} {count}' for reason, count in ends.items())} |")
    return "\n".join(lines)
