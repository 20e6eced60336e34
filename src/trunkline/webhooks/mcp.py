"""The tools of MCP servers: asked for while the phone rings, run once each, their sessions closed with the call."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from trunkline.base.logs import logger
from trunkline.domain.assistant import OWN_TOOLS, FunctionSpec, McpTool, webhook_tools
from trunkline.domain.plan import CallPlan
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered, ToolResult, failed
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.mcp_session import McpSession
from trunkline.webhooks.mcp_wire import McpFailed, content_of, free_name, tools_of
from trunkline.webhooks.reaching import guarded_session

OFFER_SECONDS = 3.0
PATIENCE_SECONDS = 10.0
MOST_TOOLS = 100

_Answer = tuple[McpSession, list[tuple[str, FunctionSpec]]] | str

_log = logger("webhooks")


@dataclass(slots=True)
class _Known:
    """The servers of one call, and which of them runs what: by the name that the model uses, with the server's own."""

    sessions: list[McpSession] = field(default_factory=list)
    tools: dict[str, tuple[McpSession, str]] = field(default_factory=dict)


class McpToolRunner:
    """Runs the tools of MCP servers (ports.toolrunner); used inside ``async with``."""

    def __init__(
        self,
        guard: Guard,
        *,
        resolver: AbstractResolver | None = None,
        offer_seconds: float = OFFER_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._guard = guard
        self._resolver = resolver
        self._offer_seconds = offer_seconds
        self._patience_seconds = patience_seconds
        self._exit = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None
        self._calls: dict[str, _Known] = {}

    async def __aenter__(self) -> Self:
        self._http = await self._exit.enter_async_context(guarded_session(self._guard, self._resolver))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(self.close(call_id) for call_id in tuple(self._calls)))
        self._http = None
        await self._exit.aclose()

    async def offered(self, plan: CallPlan) -> Offered:
        """Asks every MCP server of the plan at once; what did not answer within 3 s is a problem."""
        servers = [tool for tool in plan.assistant.llm_config.tools if isinstance(tool, McpTool)]
        if not servers or self._http is None:
            return Offered()
        known = self._calls.setdefault(plan.call_id, _Known())
        answers = await asyncio.gather(*(self._list(known, self._http, server) for server in servers))
        offer = _put_together(known, answers, servers, {*OWN_TOOLS, *webhook_tools(plan.assistant.llm_config)})
        for problem in offer.problems:
            _log.warning("tools of an MCP server cannot be used", call_id=plan.call_id, problem=problem)
        return offer

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """One result a call, in order, within 10 s in all; a failure is a result that says why."""
        return await asyncio.gather(*(self._run(plan, call) for call in calls))

    async def close(self, call_id: str) -> None:
        """Ends the sessions of a call."""
        known = self._calls.pop(call_id, None)
        if known is not None:
            await asyncio.gather(*(session.aclose() for session in known.sessions))

    def knows(self, call_id: str, name: str) -> bool:
        """Whether a tool of this call is run by an MCP server."""
        known = self._calls.get(call_id)
        return known is not None and name in known.tools

    async def _list(self, known: _Known, http: aiohttp.ClientSession, server: McpTool) -> _Answer:
        headers = {name: value.get_secret_value() for name, value in server.headers.items() if value}
        session = McpSession(http, self._guard, server.url, headers)
        known.sessions.append(session)
        try:
            async with asyncio.timeout(self._offer_seconds):
                return session, tools_of(await session.tools(), server.allowed_tools)
        except TimeoutError:
            return f"it did not answer within {self._offer_seconds:g} seconds"
        except McpFailed as failure:
            return str(failure)

    async def _run(self, plan: CallPlan, call: ToolCall) -> ToolResult:
        known = self._calls.get(plan.call_id)
        if known is None or call.name not in known.tools:
            return failed(call, "there is no such tool")
        session, name = known.tools[call.name]
        try:
            async with asyncio.timeout(self._patience_seconds):
                result = await session.call(name, call.arguments)
        except TimeoutError:
            why = f"its server did not answer within {self._patience_seconds:g} seconds"
        except McpFailed as failure:
            why = str(failure)
        else:
            if not result.get("isError"):
                return ToolResult(call.id, content_of(result))
            why = str(content_of(result)) or "its server does not say why"
        _log.warning("an MCP tool failed", call_id=plan.call_id, tool=call.name)
        return failed(call, why)


def _put_together(
    known: _Known,
    answers: Sequence[_Answer],
    servers: Sequence[McpTool],
    ours: set[str],
) -> Offered:
    """One list of tools in which no name stands twice; a name of ours stays ours."""
    specs: list[FunctionSpec] = []
    problems: list[str] = []
    for server, answer in zip(servers, answers, strict=True):
        host = URL(server.url).host or "?"
        if isinstance(answer, str):
            problems.append(f"{host}: {answer}")
            continue
        session, tools = answer
        problems += [f"{host}: it has no tool {name!r}" for name in _missing(server, tools)]
        if len(tools) > MOST_TOOLS:
            problems.append(f"{host}: of its {len(tools)} tools only {MOST_TOOLS} are used; choose with allowed_tools")
        for name, spec in tools[:MOST_TOOLS]:
            if spec.name in ours:
                problems.append(f"{host}: its tool {name!r} is left out, because the assistant has one of that name")
                continue
            free = free_name(spec.name, known.tools)
            known.tools[free] = (session, name)
            specs.append(spec.model_copy(update={"name": free}))
    return Offered(tuple(specs), tuple(problems))


def _missing(server: McpTool, tools: Sequence[tuple[str, FunctionSpec]]) -> list[str]:
    found = {name for name, _ in tools}
    return [name for name in server.allowed_tools or () if name not in found]
