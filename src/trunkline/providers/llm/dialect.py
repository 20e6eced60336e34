"""In what the vendors of chat completions differ, as data; and how long a model is told to think."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EFFORTS = ("none", "minimal", "low", "medium", "high")
ROOM_TOKENS = {"low": 1024, "medium": 4096, "high": 16384}
"""How much is thought with an effort: vendors count it to the longest reply, so that it is added where one is asked for."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How a family of models thinks: which efforts it takes, which of them beside tools, and whether it takes a temperature
    at all, or while it thinks."""

    efforts: Sequence[str] = ()
    with_tools: Sequence[str] | None = None
    temperature: bool = True
    temperature_when_thinking: bool = True
    least_by_default: bool = True
    """Whether it has to be told to think as little as it can where no effort is asked for."""

    def effort(self, asked: str | None, tools: bool) -> str | None:
        """What it is told: the effort that is asked for, else the next lower one that it takes; None for nothing."""
        taken = self.with_tools if tools and self.with_tools is not None else self.efforts
        if not taken or (asked is None and not self.least_by_default):
            return None
        wanted = EFFORTS.index(asked or "none")
        return next((one for one in reversed(taken) if EFFORTS.index(one) <= wanted), taken[0])

    def takes_temperature(self, effort: str | None) -> bool:
        """Whether a temperature goes with this effort."""
        return self.temperature and (self.temperature_when_thinking or effort in (None, "none"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's way with chat completions. ``families`` go by what a model's name matches, the first that does."""

    longest_reply: str = "max_completion_tokens"
    asks_for_usage: bool = True
    warmest: float = 2.0
    ordered: bool = False
    """Roles have to follow each other in a certain order, and tool calls have ids of nine letters and digits."""
    also: Mapping[str, Any] = field(default_factory=dict)
    families: Sequence[tuple[str, Thinking]] = ()
    dispensable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a model may not take, with other words for it: it is left out once the vendor has said so."""

    def thinking(self, model: str | None) -> Thinking | None:
        """How a model thinks; None where that is not known."""
        return thinking_of(self.families, model)


def thinking_of(families: Sequence[tuple[str, Thinking]], model: str | None) -> Thinking | None:
    """The first family that a model's name belongs to."""
    return next((family for pattern, family in families if re.match(pattern, model or "")), None)


COMPATIBLE = Dialect(
    dispensable={"temperature": (), "stream_options": (), "max_completion_tokens": (), "reasoning_effort": ()}
)
