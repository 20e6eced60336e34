"""Fills ``{{name}}`` in what an assistant says and is told, from the variables of one call."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from trunkline.base.errors import Invalid
from trunkline.services.validation import invalid

MOST_FILLED = 1024 * 1024
"""How much text the variables of a call may put into its assistant, in characters."""
_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}")
_FILLED = (
    ("first_message",),
    ("voicemail_message",),
    ("llm_config", "messages"),
    ("llm_config", "script"),
    ("speech_config", "first_message_outbound"),
    ("speech_config", "end_call_message"),
    ("speech_config", "silence", "messages"),
    ("speech_config", "silence", "final_message"),
)


def fill(config: dict[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """The configuration (as JSON) with every place filled. Raises Invalid that names the variables that are missing, or
    says that they are too long.

    What a script asks for during the call is no variable: its slots stay as they are.
    """
    config, missing = _gone_through(config, variables)
    if missing:
        details = [f"variables.{name}: {where} needs it" for name, where in missing.items()]
        raise Invalid(f"give these variables: {', '.join(missing)}", code="missing_variables", details=details)
    return config


def wanted(config: dict[str, Any]) -> frozenset[str]:
    """The names of all variables that the configuration (as JSON) needs."""
    return frozenset(_gone_through(config, {})[1])


def _gone_through(config: dict[str, Any], variables: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The configuration with every place filled that can be, and where each variable is needed that is missing."""
    slots = _slots(config)
    missing: dict[str, str] = {}
    put = 0

    def filled(text: str, where: str) -> str:
        def one(place: re.Match[str]) -> str:
            nonlocal put
            name = place.group(1)
            if name in variables:
                put += len(variables[name])
                if put > MOST_FILLED:
                    raise invalid(["variables: would put more than 1 MiB of text into the assistant"])
                return variables[name]
            if not (name in slots and where == "llm_config.script"):
                missing.setdefault(name, where)
            return place.group(0)

        return _PLACE.sub(one, text)

    for path in _FILLED:
        config = _at(config, path, partial(_deep, where=".".join(path), filled=filled))
    return config, missing


def _slots(config: dict[str, Any]) -> set[str]:
    script = (config.get("llm_config") or {}).get("script") or {}
    return {step["slot"] for step in script.get("steps", ()) if step.get("slot")}


def _at(value: dict[str, Any], path: tuple[str, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    first, *rest = path
    inner = value.get(first)
    if inner is None:
        return value
    return {**value, first: _at(inner, tuple(rest), change) if rest else change(inner)}


def _deep(value: Any, where: str, filled: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        return filled(value, where)
    if isinstance(value, dict):
        return {name: _deep(item, where, filled) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_deep(item, where, filled) for item in value]
    return value
