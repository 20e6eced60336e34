"""Who runs the tools that a model calls and that are not ours to do: webhooks, and the tools of MCP servers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trunkline.domain.assistant import FunctionSpec
from trunkline.domain.plan import CallPlan
from trunkline.ports.models import ToolCall


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of one call. ``failed`` results hold a plain sentence for the model that says what went wrong."""

    tool_call_id: str
    content: Any
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    """The tools that the plan's MCP servers offer, with names that are unique and fit for models; ``problems`` are
    sentences for the log."""

    tools: Sequence[FunctionSpec] = ()
    problems: Sequence[str] = ()


class ToolRunner(Protocol):
    """Asks the tools' own servers."""

    async def offered(self, plan: CallPlan) -> Offered:
        """The tools that are only known once their servers were asked, within 3 s in all. Never raises for a server
        that fails. Comes before ``run``, where the plan has such servers."""

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """Runs the tools of one model turn, once each, within 10 s in all; one result a call, in order. Never raises
        for a server that fails: the result says so. Async tools return at once."""

    async def close(self, call_id: str) -> None:
        """The call is over and its tools have ended: lets go of what was opened for it. Never raises."""


def failed(call: ToolCall, why: str) -> ToolResult:
    """The result of a call that failed, as a plain sentence for the model."""
    return ToolResult(call.id, f"The tool {call.name} failed: {why}.".replace("..", "."), failed=True)
