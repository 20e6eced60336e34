"""The figures of many calls together: one line of JSON for each cell, one for all, and tables for the manual."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from bench.conversation.measure import Outcome
from bench.conversation.truth import Truth
from bench.rtp_peer import percentile

Counts = TypeVar("Counts", Outcome, Truth)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one call."""

    category: str
    condition: str
    outcome: Outcome
    truth: Truth | None


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """All figures of some calls. Rates and percentiles of nothing are None."""
    happened = _sum(Outcome(), [one.outcome for one in results])
    truths = [one.truth for one in results if one.truth is not None]
    told = _sum(Truth(), truths)
    return {
        "calls": len(results),
        "turns": happened.turns,
        "wrong_cut_ins": happened.wrong_cut_ins,
        "split_turns": happened.split_turns,
        "missed_ends": happened.missed_ends,
        "response_ms_p50": percentile(happened.response_ms, 50),
        "response_ms_p95": percentile(happened.response_ms, 95),
        "barge_ins": happened.barge_ins,
        "barge_in_stop_ms_p50": percentile(happened.stop_ms, 50),
        "barge_in_stop_ms_p95": percentile(happened.stop_ms, 95),
        "late_stops": happened.late_stops,
        "false_events": happened.false_events,
        "false_stops": happened.false_stops,
        "pauses": len(happened.pause_ms),
        "pause_ms_p50": percentile(happened.pause_ms, 50),
        "spurious_replies": happened.spurious_replies,
        "skipped_steps": happened.skipped_steps,
        "said_word_error": _share(told.said_errors, told.said_words),
        "cuts": told.cuts if truths else None,
        "overclaimed_words": _share(sum(told.over_words), told.cuts),
        "underclaimed_words": _share(sum(told.under_words), told.cuts),
        "their_word_error": _share(told.their_errors, told.their_words),
    }


def cells(results: Sequence[Result]) -> list[dict[str, Any]]:
    """A row for each category and condition, in the order in which they came."""
    keys = dict.fromkeys((one.category, one.condition) for one in results)
    return [
        {"category": category, "condition": condition}
        | figures([one for one in results if (one.category, one.condition) == (category, condition)])
        for category, condition in keys
    ]


def markdown(results: Sequence[Result]) -> str:
    """Two tables: by category over all lines, and by line over all categories."""
    tables = [_table("Category", results, lambda one: one.category), _table("Line", results, lambda one: one.condition)]
    return "\n\n".join(tables)


_COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("turns", lambda row: f"{row['turns']}"),
    ("wrong cut-ins", lambda row: f"{row['wrong_cut_ins']}"),
    ("missed ends", lambda row: f"{row['missed_ends']}"),
    ("response p50, p95 (ms)", lambda row: _pair(row["response_ms_p50"], row["response_ms_p95"])),
    ("barge-ins", lambda row: f"{row['barge_ins']}"),
    ("stop p50, p95 (ms)", lambda row: _pair(row["barge_in_stop_ms_p50"], row["barge_in_stop_ms_p95"])),
    ("sounds into our speech", lambda row: f"{row['false_events']}"),
    ("false stops", lambda row: f"{row['false_stops']}"),
    ("paused, went on", lambda row: f"{row['pauses']} ({row['pause_ms_p50']:.0f} ms)" if row["pauses"] else "0"),
    ("unasked replies", lambda row: f"{row['spurious_replies']}"),
    ("said: word error", lambda row: _percent(row["said_word_error"])),
    ("words too many, too few at a cut", lambda row: _pair(row["overclaimed_words"], row["underclaimed_words"], 2)),
    ("understood: word error", lambda row: _percent(row["their_word_error"])),
)


def _table(head: str, results: Sequence[Result], key: Callable[[Result], str]) -> str:
    rows = [
        [name, *_row(figures([one for one in results if key(one) == name]))]
        for name in dict.fromkeys(map(key, results))
    ]
    rows.append(["all", *_row(figures(results))])
    titles = [head, *(title for title, _ in _COLUMNS)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, ["---"] * len(titles), *rows))


def _row(found: dict[str, Any]) -> list[str]:
    return [show(found) for _, show in _COLUMNS]


def _pair(one: float | None, other: float | None, digits: int = 0) -> str:
    return "" if one is None or other is None else f"{one:.{digits}f}, {other:.{digits}f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _sum(total: Counts, parts: Iterable[Counts]) -> Counts:
    for part in parts:
        for one in fields(total):
            setattr(total, one.name, getattr(total, one.name) + getattr(part, one.name))
    return total
