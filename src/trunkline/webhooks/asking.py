"""Asking a receiver and waiting for its reply: the webhook tools that a model calls."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson

from trunkline.base.clock import Clock
from trunkline.base.ids import new_id
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import ToolSpec, webhook_tools
from trunkline.domain.plan import CallPlan
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import ToolResult, failed
from trunkline.webhooks.envelope import tool_calls
from trunkline.webhooks.reaching import json_in
from trunkline.webhooks.sender import PATIENCE_SECONDS, Attempt, Post, Sender

EVENT = "tool-calls"
STARTED = {"status": "started", "message": "The request was sent; no result will be waited for."}

_log = logger("webhooks")


@dataclass(frozen=True, slots=True)
class _Address:
    """Calls of one turn with an equal address go together."""

    url: str
    secret: str | None
    waits: bool

    def __repr__(self) -> str:
        return f"_Address(waits={self.waits!r})"


class WebhookToolRunner:
    """Runs webhook tools by asking their servers (``run`` of ports.toolrunner); used inside ``async with``, which on leaving
    gives requests that nobody waits for up to ``patience_seconds`` to go out."""

    def __init__(self, sender: Sender, clock: Clock, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._sender = sender
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._crew = Crew("asking")
        self._background: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._background:
            await asyncio.wait(self._background, timeout=self._patience_seconds)
        await self._crew.aclose()

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """One result a call, in order, within 10 s in all; a failure is a result that says why."""
        tools = webhook_tools(plan.assistant.llm_config)
        groups: dict[_Address, list[ToolCall]] = {}
        results: dict[int, ToolResult] = {}
        for call in calls:
            tool = tools.get(call.name)
            address = None if tool is None else _address(plan, tool)
            if address is None:
                results[id(call)] = failed(call, "there is no such tool, or it has no address to be run at")
            else:
                groups.setdefault(address, []).append(call)
        answers = await asyncio.gather(*(self._ask(plan, address, group) for address, group in groups.items()))
        for group, answer in zip(groups.values(), answers, strict=True):
            results.update({id(call): result for call, result in zip(group, answer, strict=True)})
        return [results[id(call)] for call in calls]

    async def _ask(self, plan: CallPlan, address: _Address, calls: Sequence[ToolCall]) -> list[ToolResult]:
        post = Post(
            url=address.url,
            event=EVENT,
            body=tool_calls(plan, self._clock.now(), calls),
            webhook_id=new_id(),
            secret=address.secret,
        )
        if not address.waits:
            task = self._crew.start(self._send_off(plan.call_id, post), "async tool")
            self._background.add(task)
            task.add_done_callback(self._background.discard)
            return [ToolResult(call.id, STARTED) for call in calls]
        attempt = await self._sender.post(post, patience_seconds=self._patience_seconds)
        _tell(plan.call_id, attempt)
        return read_reply(calls, attempt)

    async def _send_off(self, call_id: str, post: Post) -> None:
        _tell(call_id, await self._sender.post(post, patience_seconds=self._patience_seconds))


def _address(plan: CallPlan, tool: ToolSpec) -> _Address | None:
    """The tool's own address, else that of the assistant or organisation if it listens to this event. Each address
    signs with its own secret: a tool without one that names the call's address signs with the call's."""
    waits = not tool.is_async
    if tool.url:
        own = tool.secret.get_secret_value() if tool.secret else None
        return _Address(tool.url, own or (plan.webhook_secret if tool.url == plan.webhook_url else None), waits)
    if plan.webhook_url and EVENT in plan.assistant.webhook_events:
        return _Address(plan.webhook_url, plan.webhook_secret, waits)
    return None


def _tell(call_id: str, attempt: Attempt) -> None:
    if not attempt.accepted:
        _log.warning("tool request failed", call_id=call_id, status=attempt.status_code, error=attempt.error)


def read_reply(calls: Sequence[ToolCall], attempt: Attempt) -> list[ToolResult]:
    """What the reply to one request says of each of its calls."""
    why = _why_unreadable(attempt)
    if why is not None:
        return [failed(call, why) for call in calls]
    reply = json_in(attempt.body)
    if isinstance(reply.get("results"), list):
        return _of_list(calls, [entry for entry in reply["results"] if isinstance(entry, dict)])
    return [_of_entry(call, reply) for call in calls]


def _why_unreadable(attempt: Attempt) -> str | None:
    if attempt.error is not None:
        return attempt.error
    if not attempt.accepted:
        return f"its server answered with HTTP status {attempt.status_code}"
    if attempt.cut:
        return "its server's answer was longer than 1 MiB"
    try:
        reply = json_in(attempt.body)
    except ValueError:
        return "its server's answer could not be read"
    return None if isinstance(reply, dict) else "its server's answer is not a JSON object"


def _of_list(calls: Sequence[ToolCall], entries: Sequence[Mapping[str, Any]]) -> list[ToolResult]:
    if len(calls) == len(entries) == 1 and "tool_call_id" not in entries[0]:
        return [_of_entry(calls[0], entries[0])]
    by_id = {str(entry.get("tool_call_id")): entry for entry in entries}
    return [
        _of_entry(call, by_id[call.id]) if call.id in by_id else failed(call, "its server gave no result for it")
        for call in calls
    ]


def _of_entry(call: ToolCall, entry: Mapping[str, Any]) -> ToolResult:
    if "result" in entry:
        return ToolResult(call.id, entry["result"])
    said = entry.get("error")
    if said is not None:
        return failed(call, said if isinstance(said, str) else orjson.dumps(said).decode())
    return ToolResult(call.id, dict(entry))
