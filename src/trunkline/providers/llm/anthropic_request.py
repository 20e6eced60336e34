"""Writing requests to Claude: messages in turn, tools, thinking, and what is to be cached."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import Turn
from trunkline.providers.llm.alternating import Side, alternating
from trunkline.providers.llm.anthropic_reply import Thoughts
from trunkline.providers.llm.dialect import ROOM_TOKENS

DISPENSABLE: Mapping[str, tuple[str, ...]] = {
    "temperature": (),
    "thinking": ("thinking.type", "thinking.disabled", "thinking.enabled", "thinking.adaptive"),
    "output_config": ("output_config.effort", "effort"),
    "cache_control": (),
}
"""What a model may not take, with other words for it."""
LONGEST_REPLY_TOKENS = 4096
"""The vendor wants a limit: this one where none is asked for."""
_FIXED_BUDGET = re.compile(r"claude-(3|(opus|sonnet|haiku)-4(-[015])?(-\d{6,})?$)")
"""Models that think within a budget of tokens, and not at all unless they are told to."""
_ADAPTIVE_WITH_TEMPERATURE = re.compile(r"claude-(opus|sonnet)-4-6")
_ID = re.compile(r"[a-zA-Z0-9_-]+")


def body_of(
    config: LlmConfig,
    history: Sequence[Turn],
    tools: Sequence[FunctionSpec],
    unknown: Collection[str],
    thoughts: Thoughts,
) -> bytes:
    """The request as JSON; ``unknown`` are the parameters that the model has refused."""
    instructions, sides = alternating(history, _id)
    body: dict[str, Any] = {"model": config.model, "stream": True}
    if instructions:
        body["system"] = instructions
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
    if any(turn.role == "assistant" for turn in history):
        body["cache_control"] = {"type": "ephemeral"}
    body |= _manner(config, unknown, may_think=_thoughts_are_known(sides, thoughts))
    thinks = body.get("thinking", {}).get("type") in ("enabled", "adaptive") and "thinking" not in unknown
    body["messages"] = [_message(side, thoughts if thinks else None) for side in sides]
    return orjson.dumps({name: value for name, value in body.items() if name not in unknown})


def _manner(config: LlmConfig, unknown: Collection[str], *, may_think: bool) -> dict[str, Any]:
    """How freely the model speaks, how long it thinks, and how long its reply may be (thoughts included)."""
    model = config.model or ""
    asked = config.reasoning_effort if config.reasoning_effort in ROOM_TOKENS and may_think else None
    manner: dict[str, Any] = {}
    fixed = _FIXED_BUDGET.match(model) is not None
    if asked and fixed:
        manner["thinking"] = {"type": "enabled", "budget_tokens": ROOM_TOKENS[asked]}
    elif asked:
        manner |= {"thinking": {"type": "adaptive"}, "output_config": {"effort": asked}}
    elif not fixed and "thinking" in unknown:
        asked = "low"
        manner["output_config"] = {"effort": asked}
    elif not fixed:
        manner["thinking"] = {"type": "disabled"}
    if not asked and takes_temperature(model):
        manner["temperature"] = min(config.temperature, 1.0)
    longest = config.max_completion_tokens or LONGEST_REPLY_TOKENS
    manner["max_tokens"] = longest + (ROOM_TOKENS[asked] if asked else 0)
    return manner


def takes_temperature(model: str | None) -> bool:
    """Whether a model takes a temperature, while it does not think."""
    return any(pattern.match(model or "") for pattern in (_FIXED_BUDGET, _ADAPTIVE_WITH_TEMPERATURE))


def _thoughts_are_known(sides: Sequence[Side], thoughts: Thoughts) -> bool:
    """Whether the model may think: the thoughts behind tool calls that are being answered have to be given back."""
    results = sides[-1].results if sides else []
    return not results or thoughts.of(result.call.id for result in results) is not None


def _tool(tool: FunctionSpec) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "input_schema": {**tool.parameters, "type": "object"}}


def _message(side: Side, thoughts: Thoughts | None) -> dict[str, Any]:
    thought = thoughts.of(call.id for call in side.calls) if thoughts is not None and side.calls else None
    blocks: list[dict[str, Any]] = list(thought or ())
    blocks += [
        {"type": "tool_result", "tool_use_id": result.call.id, "content": result.text or "null"}
        for result in side.results
    ]
    blocks += [{"type": "text", "text": text} for text in side.texts]
    blocks += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in side.calls]
    return {"role": side.role, "content": blocks}


def _id(call_id: str, before: int) -> str:
    """An id as the vendor takes it: certain characters, and no two the same."""
    plain = call_id if _ID.fullmatch(call_id) else f"call_{call_id.encode().hex()}"
    return f"{plain}_{before}" if before else plain
