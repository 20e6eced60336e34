"""Writing requests to Gemini: contents, function declarations, and how long it is to think."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from trunkline.domain.assistant import FunctionSpec, LlmConfig
from trunkline.ports.models import ToolCall, Turn
from trunkline.providers.llm.alternating import Result, Side, alternating
from trunkline.providers.llm.dialect import ROOM_TOKENS
from trunkline.providers.llm.google_reply import Signatures

DISPENSABLE: Mapping[str, tuple[str, ...]] = {
    "thinkingConfig": (
        "thinking_config",
        "thinking_budget",
        "thinking_level",
        "thinking level",
        "thinking budget",
        "Thinking",
    ),
    "temperature": (),
    "parametersJsonSchema": ("parameters_json_schema",),
}
"""What a model may not take, with other words for it. Schemas are sent in the older form then."""
UNSIGNED = "skip_thought_signature_validator"
"""Stands for the signature of a call that another model, or another session, made."""
_SIGNED = re.compile(r"gemini-([3-9]|\d\d)")

_BUDGETS = {"none": 0, "minimal": 0, "low": 1024, "medium": 8192, "high": 24576}
_LEVELS = {"none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high"}
_THINKING: Sequence[tuple[str, Mapping[str, int | str]]] = (
    (r"gemini-2\.5-pro", {**_BUDGETS, "none": 128, "minimal": 128}),
    (r"gemini-2\.5-flash", _BUDGETS),
    (r"gemini-3-pro", {**_LEVELS, "none": "low", "minimal": "low", "medium": "high"}),
    (r"gemini-3(\.\d+)?-pro|gemini-3\.7-flash", {**_LEVELS, "none": "low", "minimal": "low"}),
    (r"gemini-([3-9]|\d\d)", _LEVELS),
)
"""By what a model's name begins with: what each effort is as a budget in tokens, or as a level."""
_KEPT = frozenset(
    ("type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties")
) | frozenset(("required", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf", "propertyOrdering"))
"""What the older form of schemas knows."""


def body_of(
    config: LlmConfig,
    history: Sequence[Turn],
    tools: Sequence[FunctionSpec],
    unknown: Collection[str],
    signatures: Signatures,
) -> bytes:
    """The request as JSON; ``unknown`` are the parameters that the model has refused."""
    instructions, sides = alternating(history, lambda call_id, _: call_id)
    signed = _SIGNED.match(config.model or "") is not None
    body: dict[str, Any] = {"contents": [content for side in sides for content in _contents(side, signatures, signed)]}
    if instructions:
        body["systemInstruction"] = {"parts": [{"text": instructions}]}
    if tools:
        body["tools"] = [{"functionDeclarations": [_declared(tool, unknown) for tool in tools]}]
    if generation := {name: value for name, value in _generation(config).items() if name not in unknown}:
        body["generationConfig"] = generation
    return orjson.dumps(body)


def _generation(config: LlmConfig) -> dict[str, Any]:
    generation: dict[str, Any] = {"temperature": config.temperature}
    efforts = next((efforts for pattern, efforts in _THINKING if re.match(pattern, config.model or "")), None)
    effort = efforts[config.reasoning_effort or "none"] if efforts is not None else None
    if effort is not None:
        generation["thinkingConfig"] = {"thinkingBudget" if isinstance(effort, int) else "thinkingLevel": effort}
    if config.max_completion_tokens is not None:
        thoughts = effort if isinstance(effort, int) else ROOM_TOKENS.get(effort or "", 0)
        generation["maxOutputTokens"] = config.max_completion_tokens + thoughts
    return generation


def _contents(side: Side, signatures: Signatures, signed: bool) -> list[dict[str, Any]]:
    """A side as contents: results stand alone, words after them."""
    role = "model" if side.role == "assistant" else "user"
    parts = [
        [_response(result, signatures) for result in side.results],
        [
            *({"text": text} for text in side.texts),
            *(_called(call, signatures, signed and at == 0) for at, call in enumerate(side.calls)),
        ],
    ]
    return [{"role": role, "parts": part} for part in parts if part]


def _called(call: ToolCall, signatures: Signatures, needs_signature: bool) -> dict[str, Any]:
    """A call as the model made it; the first of a turn is signed."""
    known = signatures.get(call.id)
    part: dict[str, Any] = {"functionCall": {"name": wire_name(call.name), "args": call.arguments}}
    if known is not None and known.vendor_id:
        part["functionCall"]["id"] = known.vendor_id
    if known is not None and known.signature:
        part["thoughtSignature"] = known.signature
    elif needs_signature:
        part["thoughtSignature"] = UNSIGNED
    return part


def _response(result: Result, signatures: Signatures) -> dict[str, Any]:
    try:
        value = orjson.loads(result.text)
    except orjson.JSONDecodeError:
        value = result.text
    response: dict[str, Any] = {
        "name": wire_name(result.call.name),
        "response": value if isinstance(value, dict) else {"result": value},
    }
    known = signatures.get(result.call.id)
    if known is not None and known.vendor_id:
        response["id"] = known.vendor_id
    return {"functionResponse": response}


def wire_name(name: str) -> str:
    """A function's name as Google takes it: it begins with a letter or an underscore."""
    return name if name[:1].isalpha() or name.startswith("_") else f"_{name}"


def _declared(tool: FunctionSpec, unknown: Collection[str]) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": wire_name(tool.name), "description": tool.description or tool.name}
    if tool.parameters.get("properties"):
        older = "parametersJsonSchema" in unknown
        declared["parameters" if older else "parametersJsonSchema"] = (
            older_schema(tool.parameters) if older else tool.parameters
        )
    return declared


def older_schema(schema: Any) -> Any:
    """A JSON Schema as far as the older form goes: one type, ``nullable`` in place of null, no unknown keywords."""
    if not isinstance(schema, dict):
        return {}
    kept = {name: value for name, value in schema.items() if name in _KEPT}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        kept["type"] = next((kind for kind in kinds if kind != "null"), "string")
        kept["nullable"] = "null" in kinds
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    if "enum" in kept:
        kept["enum"] = [str(one) for one in kept["enum"] if one is not None]
        kept["type"] = "string"
    if isinstance(properties := schema.get("properties"), dict):
        kept["properties"] = {name: older_schema(value) for name, value in properties.items()}
    if "items" in kept:
        kept["items"] = older_schema(kept["items"])
    if isinstance(either := schema.get("anyOf", schema.get("oneOf")), list):
        kept["anyOf"] = [older_schema(one) for one in either if one != {"type": "null"}]
    return kept
