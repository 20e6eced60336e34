"""Language models by LiveKit's plugins."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from livekit.agents import llm

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.replies import Calls, Delta, ReplyPart, Spent, ToolCall, Turn
from trunkline.providers.livekit.ground import ONCE, Borrowed, Ground
from trunkline.providers.livekit.options import arguments
from trunkline.providers.livekit.plugins import Part


class LiveKitLlm:
    """ports.models.Llm."""

    def __init__(self, part: Part, ground: Ground) -> None:
        self._part = part
        self._ground = ground

    async def open(self, config: LlmConfig, variables: Mapping[str, str]) -> "LiveKitLlmSession":
        borrowed = await Borrowed.open(self._part, self._ground, arguments("llm", config, self._part.takes))
        borrowed.warm()
        return LiveKitLlmSession(borrowed)


class LiveKitLlmSession:
    """ports.models.LlmSession."""

    def __init__(self, borrowed: Borrowed) -> None:
        self._borrowed = borrowed

    async def reply(self, history: Sequence[Turn], tools: Sequence[FunctionSpec]) -> AsyncIterator[ReplyPart]:
        calls: list[ToolCall] = []
        spent = Spent()
        begun = False
        with self._borrowed.failures(lambda: begun):
            stream = self._borrowed.run(
                self._borrowed.model.chat,
                chat_ctx=_conversation(history),
                tools=[_tool(tool) for tool in tools],
                conn_options=ONCE,
            )
            try:
                async for chunk in stream:
                    if chunk.usage is not None:
                        spent = _spent(chunk.usage)
                    if chunk.delta is None:
                        continue
                    begun = True
                    if chunk.delta.content:
                        yield Delta(chunk.delta.content)
                    calls.extend(_call(call) for call in chunk.delta.tool_calls)
            finally:
                await stream.aclose()
        if calls:
            yield Calls(tuple(calls))
        yield spent

    async def aclose(self) -> None:
        await self._borrowed.aclose()


def _conversation(history: Sequence[Turn]) -> llm.ChatContext:
    chat = llm.ChatContext.empty()
    names = {call.id: call.name for turn in history for call in turn.tool_calls}
    for turn in history:
        if turn.tool_call_id is not None:
            chat.items.append(
                llm.FunctionCallOutput(
                    call_id=turn.tool_call_id,
                    name=names.get(turn.tool_call_id, ""),
                    output=turn.content,
                    is_error=False,
                )
            )
            continue
        if turn.content:
            chat.add_message(role=turn.role, content=turn.content)  # type: ignore[arg-type]
        chat.items.extend(
            llm.FunctionCall(call_id=call.id, name=call.name, arguments=orjson.dumps(call.arguments).decode())
            for call in turn.tool_calls
        )
    return chat


def _tool(spec: FunctionSpec) -> Any:
    async def run(raw_arguments: dict[str, object]) -> None:
        """The platform runs its tools itself."""

    schema = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return llm.function_tool(run, raw_schema=schema)


def _call(call: llm.FunctionToolCall) -> ToolCall:
    try:
        found = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, dict):
        return ToolCall(call.call_id, call.name, found)
    return ToolCall(call.call_id, call.name, {}, problem=f"the arguments of {call.name} are no JSON object")


def _spent(usage: llm.CompletionUsage) -> Spent:
    return Spent(usage.prompt_tokens, usage.completion_tokens, cached_tokens=usage.prompt_cached_tokens)
