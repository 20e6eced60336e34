"""The tools that servers run, whichever way they are reached: by webhook or by MCP."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from trunkline.domain.plan import CallPlan
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered, ToolResult
from trunkline.webhooks.asking import WebhookToolRunner
from trunkline.webhooks.mcp import McpToolRunner


class ServerTools:
    """Gives each call to the runner that knows its tool (ports.toolrunner); used inside ``async with``."""

    def __init__(self, webhooks: WebhookToolRunner, mcp: McpToolRunner) -> None:
        self._webhooks = webhooks
        self._mcp = mcp
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._exit.enter_async_context(self._mcp)
        await self._exit.enter_async_context(self._webhooks)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def offered(self, plan: CallPlan) -> Offered:
        """The tools of the plan's MCP servers."""
        return await self._mcp.offered(plan)

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """One result a call, in order, within 10 s in all; webhooks and MCP servers are asked at the same time."""
        by_mcp = [self._mcp.knows(plan.call_id, call.name) for call in calls]
        theirs = [call for call, mcp in zip(calls, by_mcp, strict=True) if mcp]
        hooks = [call for call, mcp in zip(calls, by_mcp, strict=True) if not mcp]
        answers = await asyncio.gather(self._mcp.run(plan, theirs), self._webhooks.run(plan, hooks))
        of_mcp, of_hooks = iter(answers[0]), iter(answers[1])
        return [next(of_mcp if mcp else of_hooks) for mcp in by_mcp]

    async def close(self, call_id: str) -> None:
        """Ends the MCP sessions of a call."""
        await self._mcp.close(call_id)
