"""Who runs the webhook tools that a model calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trunkline.domain.plan import CallPlan
from trunkline.ports.models import ToolCall


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of one call. ``failed`` results hold a plain sentence for the model that says what went wrong."""

    tool_call_id: str
    content: Any
    failed: bool = False


class ToolRunner(Protocol):
    """Asks the tools' own servers."""

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """Runs the webhook tools of one model turn, once each, within 10 s in all; one result a call, in order. Never
        raises for a server that fails: the result says so. Async tools return at once."""
