"""What the providers of a call were used for, added up by stage, provider, model and key."""

from collections.abc import Iterable
from dataclasses import fields, replace

from trunkline.domain.events import StageUsage, Usage

_SAME = ("stage", "provider", "model", "own_key")
_ADDED = tuple(field.name for field in fields(StageUsage) if field.name not in _SAME)


def merged(parts: Iterable[StageUsage]) -> tuple[StageUsage, ...]:
    """One for each provider, in the order of first use."""
    sums: dict[tuple[object, ...], StageUsage] = {}
    for part in parts:
        key = tuple(getattr(part, name) for name in _SAME)
        before = sums.get(key)
        sums[key] = part if before is None else _sum(before, part)
    return tuple(replace(part, seconds=round(part.seconds, 3)) for part in sums.values())


def usage_of(parts: Iterable[StageUsage]) -> Usage:
    """The usage of a call with its totals."""
    stages = merged(parts)

    def total(stage: str, name: str) -> int:
        return sum(getattr(part, name) for part in stages if part.stage == stage)

    return Usage(
        stt_seconds=round(sum(part.seconds for part in stages if part.stage == "stt"), 3),
        llm_prompt_tokens=total("llm", "prompt_tokens"),
        llm_completion_tokens=total("llm", "completion_tokens"),
        tts_characters=total("tts", "characters"),
        stages=stages,
    )


def _sum(one: StageUsage, other: StageUsage) -> StageUsage:
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in _ADDED})
