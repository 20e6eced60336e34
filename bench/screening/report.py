"""The results as a table: who was taken for whom, how soon, and how long people were held silent."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from bench.screening.chain import Outcome

LABELS = ("human", "voicemail", "screener", "ivr", "announcement")
NONE = "none"


def as_json(outcomes: Sequence[Outcome]) -> str:
    """One object with every figure, and the cases that went wrong."""
    halves = sorted({one.case.half for one in outcomes})
    return json.dumps(
        {
            "cases": len(outcomes),
            "confusion": {label: dict(_row(outcomes, label)) for label in LABELS},
            "accuracy": {half: _accuracy([one for one in outcomes if one.case.half == half]) for half in halves},
            "held_longest_s": _longest_hold(outcomes),
            "false_beeps": _false_beeps(outcomes),
            "wrong": [_wrong(one) for one in outcomes if one.verdict != one.case.label],
        },
        ensure_ascii=False,
    )


def as_text(outcomes: Sequence[Outcome], *, markdown: bool = False) -> str:
    """Tables for people."""
    tables = [
        ("Who answered (rows), who was taken to have (columns)", _confusion(outcomes)),
        ("Right, by where the wording comes from", _shares(outcomes, lambda one: one.case.half)),
        ("Right, by language", _shares(outcomes, lambda one: one.case.language)),
        ("Right, by line", _shares(outcomes, lambda one: one.case.line if one.case.spoken else "words only")),
        ("Seconds to the verdict", _times(outcomes)),
    ]
    hold = f"The longest that a person was held silent: {_longest_hold(outcomes):.2f} s."
    beeps = f"Beeps heard where there was none: {_false_beeps(outcomes)} in {len(outcomes)} cases."
    parts = [f"**{title}**\n\n{_table(rows)}" if markdown else f"{title}\n{_plain(rows)}" for title, rows in tables]
    return "\n\n".join([*parts, hold, beeps])


def _row(outcomes: Sequence[Outcome], label: str) -> Counter[str]:
    return Counter(str(one.verdict or NONE) for one in outcomes if one.case.label == label)


def _confusion(outcomes: Sequence[Outcome]) -> list[list[str]]:
    rows = [["", *LABELS, NONE, "right"]]
    for label in LABELS:
        row = _row(outcomes, label)
        share = row[label] / max(1, row.total())
        rows.append([label, *(str(row[one]) for one in (*LABELS, NONE)), f"{share:.0%}"])
    return rows


def _shares(outcomes: Sequence[Outcome], key: Callable[[Outcome], str]) -> list[list[str]]:
    groups = sorted({key(one) for one in outcomes})
    rows = [["", "cases", *LABELS, "all"]]
    for group in groups:
        found = [one for one in outcomes if key(one) == group]
        shares = [_accuracy([one for one in found if one.case.label == label]) for label in LABELS]
        cells = ["-" if share is None else f"{share:.0%}" for share in (*shares, _accuracy(found))]
        rows.append([group, str(len(found)), *cells])
    return rows


def _accuracy(outcomes: Sequence[Outcome]) -> float | None:
    return sum(one.verdict == one.case.label for one in outcomes) / len(outcomes) if outcomes else None


def _times(outcomes: Sequence[Outcome]) -> list[list[str]]:
    rows = [["", "after the answer p50", "p95", "after their first words ended p50", "p95"]]
    for label in LABELS:
        right = [one for one in outcomes if one.case.label == label and one.verdict == label]
        if not right:
            continue
        after = [one.at for one in right]
        ended = [one.at - one.speech_ended for one in right if one.speech_ended is not None]
        cells = [f"{np.percentile(values, share):.2f}" for values in (after, ended) if values for share in (50, 95)]
        rows.append([label, *cells])
    return rows


def _longest_hold(outcomes: Sequence[Outcome]) -> float:
    return max((one.held or 0.0 for one in outcomes if one.case.label == "human"), default=0.0)


def _false_beeps(outcomes: Sequence[Outcome]) -> int:
    return sum(one.beeps for one in outcomes if one.case.label not in ("voicemail", "announcement"))


def _wrong(one: Outcome) -> dict[str, str]:
    case = one.case
    return {
        "label": case.label,
        "verdict": str(one.verdict),
        "language": case.language,
        "half": case.half,
        "line": case.line,
        "words": case.words,
        "heard": one.text,
    }


def _table(rows: list[list[str]]) -> str:
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *rest])


def _plain(rows: list[list[str]]) -> str:
    widths = [max(len(row[place]) for row in rows if place < len(row)) for place in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows)
