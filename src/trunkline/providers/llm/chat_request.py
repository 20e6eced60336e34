"""Writing chat completion requests: our history and functions as the published protocol takes them."""

from collections.abc import Sequence
from typing import Any

import orjson

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Turn

# What a server may not know: it is left out (or named the old way) once it has said so.
DISPENSABLE = frozenset(("temperature", "stream_options", "max_completion_tokens"))


def body_of(
    config: LlmConfig, history: Sequence[Turn], tools: Sequence[FunctionSpec], unknown: frozenset[str]
) -> bytes:
    """The request as JSON; ``unknown`` are the parameters that this server has refused."""
    body: dict[str, Any] = {
        "messages": [_message(turn) for turn in history],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": config.temperature,
    }
    if config.model:
        body["model"] = config.model
    if config.max_completion_tokens is not None:
        body["max_completion_tokens"] = config.max_completion_tokens
    if tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in tools]
    if "max_completion_tokens" in unknown and "max_completion_tokens" in body:
        body["max_tokens"] = body["max_completion_tokens"]
    return orjson.dumps({name: value for name, value in body.items() if name not in unknown})


def _function(tool: FunctionSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


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
