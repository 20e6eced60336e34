"""The latency of a call, put together from its turns."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

PARTS = ("end_of_turn", "stt", "llm_first_token", "tts_first_audio", "heard", "added")


def aggregate(turns: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The ``latency`` of the call object: every turn, and p50 and p95 of each part; None where no turn was measured."""
    if not turns:
        return None
    shown = [{"turn": turn["turn"], **{part: turn.get(part) for part in PARTS}} for turn in turns]
    measured = {part: sorted(turn[part] for turn in shown if turn[part] is not None) for part in PARTS}
    return {
        "turns": shown,
        "p50": {part: percentile(values, 50) for part, values in measured.items()},
        "p95": {part: percentile(values, 95) for part, values in measured.items()},
    }


def percentile(ascending: Sequence[float], percent: int) -> float | None:
    """The nearest-rank percentile, None of nothing."""
    if not ascending:
        return None
    return ascending[max(ceil(len(ascending) * percent / 100), 1) - 1]
