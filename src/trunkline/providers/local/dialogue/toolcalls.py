"""Calling a tool and telling what came of it."""

import json
from typing import Any

from trunkline.domain.assistant import FunctionSpec
from trunkline.providers.local.dialogue.dates import find_when
from trunkline.providers.local.dialogue.draft import TRANSFER_CALL, Draft
from trunkline.providers.local.dialogue.numbers import as_number
from trunkline.providers.local.dialogue.sentences import capitalised
from trunkline.providers.local.dialogue.text import one_line, overlap, spoken

_FREE_TEXT = frozenset(
    ("query", "question", "text", "message", "reason", "request", "topic", "summary", "note", "notes")
)
_STARTED = frozenset(("running", "pending", "started", "accepted", "queued"))
_ANSWER_KEYS = ("answer", "message", "text", "result", "reply", "response", "summary")
_ANSWERS = frozenset(_ANSWER_KEYS)


def arguments_for(draft: Draft, tool: FunctionSpec) -> dict[str, Any] | None:
    """The arguments of a tool from slots, variables and what was said; None where a required one is missing."""
    properties: dict[str, Any] = tool.parameters.get("properties") or {}
    required = set(tool.parameters.get("required") or ())
    found: dict[str, Any] = {}
    for name, schema in properties.items():
        value = _argument(draft, name, schema if isinstance(schema, dict) else {}, name in required)
        if value is not None:
            found[name] = value
        elif name in required:
            return None
    return found


def _argument(draft: Draft, name: str, schema: dict[str, Any], required: bool) -> Any:
    value = draft.values.get(name)
    if value is None and isinstance(options := schema.get("enum"), list) and options:
        return _option(draft, options, schema, required)
    if value is None and required:
        value = _from_words(draft, name, schema.get("type"))
    return _as_type(value, schema.get("type"))


def _option(draft: Draft, options: list[Any], schema: dict[str, Any], required: bool) -> Any:
    ranked = sorted(options, key=lambda option: -overlap(draft.heard, str(option)))
    if overlap(draft.heard, str(ranked[0])) > 0:
        return ranked[0]
    return options[0] if required else schema.get("default")


def _from_words(draft: Draft, name: str, kind: object) -> Any:
    if kind in ("number", "integer"):
        number = as_number(draft.plain)
        return number[0] if number else None
    if "date" in name or "time" in name or "day" in name:
        when = find_when(draft.plain)
        return str(when) if when else None
    return one_line(draft.heard) if name.lower() in _FREE_TEXT else None


def _as_type(value: Any, kind: object) -> Any:
    if kind in ("number", "integer") and isinstance(value, str):
        try:
            return int(value) if kind == "integer" else float(value)
        except ValueError:
            return None
    return spoken(value) if kind == "string" and value is not None else value


def transfer(draft: Draft) -> bool:
    """Hands the call over, if there is a tool for it."""
    tool = draft.setting.tool(TRANSFER_CALL)
    if tool is None:
        return False
    arguments = arguments_for(draft, tool)
    draft.say("transfer")
    draft.call(TRANSFER_CALL, arguments if arguments is not None else {})
    return True


def failed(content: str) -> bool:
    """Whether a tool's result tells of a failure."""
    value = _parsed(content)
    if isinstance(value, dict):
        return bool(value.get("error")) or bool(value.get("failed")) or value.get("success") is False
    return isinstance(value, str) and value.lower().startswith(("error", "failed", "the tool", "could not"))


def running(content: str) -> bool:
    """Whether a tool only says that it was started."""
    value = _parsed(content)
    return isinstance(value, dict) and value.get("status") in _STARTED and not _ANSWERS.intersection(value)


def told(content: str) -> str | None:
    """A tool's result as a sentence; None where there is nothing to tell."""
    value = _parsed(content)
    if isinstance(value, dict):
        for key in _ANSWER_KEYS:
            if isinstance(value.get(key), str | int | float) and value[key] != "":
                return _sentence(spoken(value[key]))
            if isinstance(value.get(key), dict):
                value = value[key]
        pairs = [
            (name, item)
            for name, item in value.items()
            if isinstance(item, str | int | float) and name not in ("success", "failed")
        ]
        texts = [f"the {name.replace('_', ' ')} is {one_line(spoken(item))}" for name, item in pairs[:4]]
        return _sentence(" and ".join(texts)) if texts else None
    if isinstance(value, list):
        items = [spoken(item) for item in value[:4] if isinstance(item, str | int | float)]
        return _sentence(", ".join(items)) if items else None
    return _sentence(spoken(value)) if value not in (None, "") else None


def brought(content: str) -> str | int | float | None:
    """A tool's result as the value of a slot; None where there is nothing to keep."""
    value = _parsed(content)
    if isinstance(value, dict):
        value = next((value[key] for key in _ANSWER_KEYS if isinstance(value.get(key), str | int | float)), None)
    if isinstance(value, str):
        return one_line(value) or None
    return value if isinstance(value, int | float) else (told(content) or "").rstrip(".") or None


def _sentence(text: str) -> str:
    return capitalised(one_line(text)[:400]) + "."


def _parsed(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content
