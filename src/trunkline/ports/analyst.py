"""Who makes a summary and the structured data of a finished call when no language model is to do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trunkline.domain.assistant import LlmConfig
from trunkline.domain.transcript import Message


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a call came to. ``slots`` are JSON values by name, ``model`` names who judged (``scripted``: no LLM)."""

    summary: str
    slots: dict[str, object] = field(default_factory=dict)
    outcome: str = ""
    model: str = ""


class Analyst(Protocol):
    """Reads the transcript of a finished call."""

    async def summarise(
        self, plan_llm: LlmConfig, variables: Mapping[str, str], messages: Sequence[Message]
    ) -> Analysis:
        """What the call came to, from its configuration, its variables and what was said."""
