"""Writing chat completion requests: our history and functions as a vendor's dialect of the protocol takes them."""

from collections.abc import Collection, Sequence
from typing import Any

import orjson

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Turn
from trunkline.providers.llm.alternating import ordered
from trunkline.providers.llm.dialect import COMPATIBLE, ROOM_TOKENS, Dialect


def body_of(
    config: LlmConfig,
    history: Sequence[Turn],
    tools: Sequence[FunctionSpec],
    unknown: Collection[str],
    dialect: Dialect = COMPATIBLE,
) -> bytes:
    """The request as JSON; ``unknown`` are the parameters that this server has refused."""
    turns = ordered(history) if dialect.ordered else history
    body: dict[str, Any] = {"messages": [_message(turn) for turn in turns], "stream": True, **dialect.also}
    if dialect.asks_for_usage:
        body["stream_options"] = {"include_usage": True}
    if config.model:
        body["model"] = config.model
    if tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in tools]
    body |= _manner(config, dialect, tools=bool(tools))
    if config.max_completion_tokens is not None:
        known = dialect.thinking(config.model) is not None
        room = ROOM_TOKENS.get(body.get("reasoning_effort", ""), 0) if known else 0
        body[dialect.longest_reply] = config.max_completion_tokens + room
    if "max_completion_tokens" in unknown and "max_completion_tokens" in body:
        body["max_tokens"] = body["max_completion_tokens"]
    return orjson.dumps({name: value for name, value in body.items() if name not in unknown})


def _manner(config: LlmConfig, dialect: Dialect, *, tools: bool) -> dict[str, Any]:
    """How freely the model speaks and how long it thinks. One that is not known thinks as it is asked to, if it is."""
    thinking = dialect.thinking(config.model)
    effort = thinking.effort(config.reasoning_effort, tools) if thinking is not None else config.reasoning_effort
    manner: dict[str, Any] = {} if effort is None else {"reasoning_effort": effort}
    if thinking is None or thinking.takes_temperature(effort):
        manner["temperature"] = min(config.temperature, dialect.warmest)
    return manner


def _function(tool: FunctionSpec) -> dict[str, Any]:
    """Some servers want a schema to say that it is of an object, and to have properties, though there be none."""
    parameters = {"type": "object", "properties": {}, **tool.parameters}
    return {"name": tool.name, "description": tool.description, "parameters": parameters}


def _message(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": turn.content}
    if turn.tool_calls:
        message["content"] = turn.content or None
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": orjson.dumps(call.arguments).decode()},
            }
            for call in turn.tool_calls
        ]
    if turn.role == "tool":
        message["tool_call_id"] = turn.tool_call_id or ""
    return message
