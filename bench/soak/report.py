"""What a soak found: its summary, and the same as a table."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from bench.soak.leaks import Held
from bench.soak.rules import Outcome

FLAT_MB = 1.0
"""Memory may grow by so much per 100 calls and still counts as flat: the noise of the allocator."""
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


def growth(looks: Sequence[tuple[int, Held]]) -> float | None:
    """Megabytes of resident memory per 100 calls, as a line through the looks at an idle platform."""
    if len(looks) < FEWEST_LOOKS:
        return None
    calls, sizes = [count for count, _ in looks], [one.rss_mb for _, one in looks]
    return round(float(np.polyfit(calls, sizes, 1)[0]) * 100, 2)


def summary(
    outcomes: Sequence[Outcome], looks: Sequence[tuple[int, Held]], left: Sequence[str], reports: Mapping[str, object]
) -> dict[str, Any]:
    """Everything, and whether all is as it must be (``ok``)."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        kinds[outcome.script.kind][outcome.reason or "none"] += 1
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    grows = growth(looks)
    return {
        "calls": len(outcomes),
        "wrong_ends": len(wrong),
        "reported_calls": len(reports),
        "longest_end_seconds": round(max((outcome.end_seconds for outcome in outcomes), default=0.0), 1),
        "left_over": list(left),
        "rss_mb": {str(count): round(one.rss_mb, 1) for count, one in looks},
        "rss_mb_per_100_calls": grows,
        "threads": looks[-1][1].threads if looks else None,
        "ends": {kind: dict(ends.most_common()) for kind, ends in sorted(kinds.items())},
        "ok": not wrong and not left and len(reports) == len(outcomes) and (grows is None or grows <= FLAT_MB),
    }


def markdown(found: Mapping[str, Any]) -> str:
    """The summary for the documentation."""
    lines = ["| what | result |", "|---|---|"]
    sizes = ", ".join(f"{size:g} after {count}" for count, size in found["rss_mb"].items())
    for what, result in (
        ("calls, at once", f"{found['calls']}, {found['at_once']}"),
        ("calls without their right end state and reason", found["wrong_ends"]),
        ("calls with exactly one report", f"{found['reported_calls']}"),
        ("longest time from the end of the leg to the report", f"{found['longest_end_seconds']} s"),
        ("left over when idle (tasks, threads, files, ports, slots, rows)", ", ".join(found["left_over"]) or "nothing"),
        ("resident memory when idle, MB", sizes),
        ("growth of resident memory per 100 calls, MB", found["rss_mb_per_100_calls"]),
        ("processor of the platform's core", f"{found['core_percent']} %"),
        ("seconds", found["seconds"]),
    ):
        lines.append(f"| {what} | {result} |")
    lines += ["", "| kind of call | ends |", "|---|---|"]
    for kind, ends in found["ends"].items():
        lines.append(f"| {kind} | {', '.join(f'{reason} {count}' for reason, count in ends.items())} |")
    return "\n".join(lines)
