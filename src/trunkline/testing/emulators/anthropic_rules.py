"""What Anthropic refuses of a request for a message, in its own words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.testing.emulators.chat_stream import Refusal

REQUEST = {"request-id": "req_emulated"}
VERSIONS = ("2023-06-01", "2026-10-21")
"""The versions of the API; the second knows no temperature."""
_FIELDS = frozenset(
    ("model", "messages", "max_tokens", "system", "tools", "tool_choice", "stream", "temperature", "top_p", "top_k")
) | frozenset(("thinking", "output_config", "cache_control", "metadata", "stop_sequences", "service_tier"))
_BUDGETED = re.compile(r"claude-(3|(opus|sonnet|haiku)-4(-[015])?(-\d{8})?$)")
_WARM = re.compile(r"claude-(3|(opus|sonnet|haiku)-4(-[0156])?(-\d{8})?$)")
_ALWAYS_THINKS = re.compile(r"claude-(fable|mythos)")


def error(status: int, kind: str, message: str) -> Refusal:
    """An error of Anthropic."""
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_emulated"}
    return Refusal(status, body, {**REQUEST, **({"retry-after": "1"} if status == 429 else {})})


def refusal(body: Mapping[str, Any], version: str) -> Refusal | None:
    """Why Anthropic does not take a request; None when it does."""
    model = str(body.get("model") or "")
    if not model.startswith("claude-"):
        return error(404, "not_found_error", f"model: {model}")
    if version != VERSIONS[0] and "temperature" in body:
        return _invalid("temperature: Extra inputs are not permitted")
    return _fields(body) or _manner(model, body) or _tools(body) or _messages(body)


def _invalid(message: str) -> Refusal:
    return error(400, "invalid_request_error", message)


def _fields(body: Mapping[str, Any]) -> Refusal | None:
    for name in body.keys() - _FIELDS:
        return _invalid(f"{name}: Extra inputs are not permitted")
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        return _invalid("max_tokens: Field required")
    if not 0 <= body.get("temperature", 1) <= 1:
        return _invalid("temperature: range: 0..1")
    if body.get("system") == "":
        return _invalid("system: text content blocks must be non-empty")
    return None


def _manner(model: str, body: Mapping[str, Any]) -> Refusal | None:
    thinking = body.get("thinking") or {}
    kind, budgeted = thinking.get("type"), _BUDGETED.match(model) is not None
    if "temperature" in body and not _WARM.match(model):
        return _invalid("`temperature` is deprecated for this model.")
    if kind == "adaptive" and budgeted:
        return _invalid("adaptive thinking is not supported on this model")
    if kind == "disabled" and _ALWAYS_THINKS.match(model):
        return _invalid('"thinking.type.disabled" is not supported for this model.')
    if "output_config" in body and re.match("claude-(haiku|sonnet)-4-[0-5]", model):
        return _invalid("This model does not support the effort parameter.")
    return _budget(thinking, body, budgeted)


def _budget(thinking: Mapping[str, Any], body: Mapping[str, Any], budgeted: bool) -> Refusal | None:
    if thinking.get("type") != "enabled":
        return None
    budget = thinking.get("budget_tokens", 0)
    if not budgeted:
        return _invalid('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".')
    if budget < 1024:
        return _invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if budget >= body["max_tokens"]:
        return _invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature", 1) != 1:
        return _invalid("`temperature` may only be set to 1 when thinking is enabled.")
    return _thoughts(body)


def _thoughts(body: Mapping[str, Any]) -> Refusal | None:
    """While tools are used, the turn that called them begins with what was thought."""
    messages = body["messages"]
    if len(messages) < 2 or not _of(messages[-1], "tool_result"):
        return None
    if messages[-2]["content"][0]["type"] in ("thinking", "redacted_thinking"):
        return None
    text = f"messages.{len(messages) - 2}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."
    return _invalid(text)


def _tools(body: Mapping[str, Any]) -> Refusal | None:
    for number, tool in enumerate(body.get("tools") or ()):
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", str(tool.get("name"))):
            return _invalid(f"tools.{number}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        if (tool.get("input_schema") or {}).get("type") != "object":
            return _invalid(f"tools.{number}.custom.input_schema.type: Field required")
    return None


def _messages(body: Mapping[str, Any]) -> Refusal | None:
    messages = body.get("messages") or []
    if not messages:
        return _invalid("messages: at least one message is required")
    if messages[0].get("role") != "user":
        return _invalid('messages: first message must use the "user" role')
    seen: set[str] = set()
    before: Sequence[str] = ()
    for number, message in enumerate(messages):
        if (refused := _message(message, number)) is not None:
            return refused
        results = [block["tool_use_id"] for block in _of(message, "tool_result")]
        if (refused := _answered(before, results, number)) is not None:
            return refused
        before = [block["id"] for block in _of(message, "tool_use")]
        if seen & set(before) or len(set(before)) != len(before):
            return _invalid("messages: `tool_use` ids must be unique")
        seen |= set(before)
    if messages[-1]["role"] == "assistant":
        return _invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    return None


def _message(message: Mapping[str, Any], number: int) -> Refusal | None:
    if message.get("role") not in ("user", "assistant"):
        return _invalid(f"messages.{number}.role: Input should be 'user' or 'assistant'")
    content = message.get("content")
    if not content:
        return _invalid(f"messages.{number}: all messages must have non-empty content")
    if any(not str(block.get("text", "x")).strip() for block in _of(message, "text")):
        return _invalid("messages: text content blocks must contain non-whitespace text")
    ids = [block["id"] for block in _of(message, "tool_use")]
    if any(not re.fullmatch("[a-zA-Z0-9_-]+", one) for one in ids):
        return _invalid(f"messages.{number}.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    return None


def _answered(calls: Sequence[str], results: Sequence[str], number: int) -> Refusal | None:
    """Results answer the calls of the turn before, and all of them."""
    if odd := [one for one in results if one not in calls]:
        text = f"messages.{number}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {odd[0]}. Each"
        return _invalid(
            f"{text} `tool_result` block must have a corresponding `tool_use` block in the previous message."
        )
    if missing := [one for one in calls if one not in results]:
        text = f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing[0]}."
        return _invalid(
            f"{text} Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        )
    return None


def _of(message: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return [block for block in content if block.get("type") == kind] if isinstance(content, list) else []
