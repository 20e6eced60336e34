"""What emulated realtime sessions may be configured to, and what is refused, as the vendors refuse it."""

from collections.abc import Mapping
from typing import Any

from trunkline.testing.emulators.realtime_items import Refused

Rule = Mapping[str, Any]
"""What may stand in an object: by name a type, a (least, most) range, a set of values, a Rule, or None for anything."""

_FORMAT: Rule = {"type": {"audio/pcm", "audio/pcmu", "audio/pcma"}, "rate": None}
_DETECTION: Rule = {
    "type": {"server_vad", "semantic_vad"},
    "threshold": (0.0, 1.0),
    "prefix_padding_ms": (0, 60_000),
    "silence_duration_ms": (0, 60_000),
    "idle_timeout_ms": (5_000, 30_000),
    "create_response": bool,
    "interrupt_response": bool,
    "eagerness": {"low", "medium", "high", "auto"},
}
OPENAI_VOICES = frozenset({"alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"})
OPENAI_SESSION: Rule = {
    "type": {"realtime"},
    "model": str,
    "instructions": str,
    "output_modalities": list,
    "audio": {
        "input": {
            "format": _FORMAT,
            "transcription": {
                "model": str,
                "language": str,
                "languages": list,
                "prompt": str,
                "keywords": list,
                "delay": str,
            },
            "turn_detection": _DETECTION,
            "noise_reduction": {"type": {"near_field", "far_field"}, "strength": (0.0, 1.0)},
        },
        "output": {"format": _FORMAT, "voice": OPENAI_VOICES, "speed": (0.25, 1.5)},
    },
    "tools": list,
    "tool_choice": None,
    "max_output_tokens": None,
    "include": list,
    "tracing": None,
    "truncation": None,
    "prompt": None,
    "parallel_tool_calls": bool,
    "reasoning": {"effort": {"minimal", "low", "medium", "high", "xhigh"}},
}
XAI_SESSION: Rule = {
    **OPENAI_SESSION,
    "modalities": list,
    "voice": str,
    "turn_detection": {
        **_DETECTION,
        "threshold": (0.1, 0.9),
        "silence_duration_ms": (0, 10_000),
        "idle_timeout_ms": int,
    },
    "audio": {
        "input": {
            "format": _FORMAT,
            "transcription": {"model": str, "language_hint": str, "language": str},
            "turn_detection": _DETECTION,
            "noise_reduction": None,
        },
        "output": {"format": _FORMAT, "voice": str, "speed": (0.7, 1.5)},
    },
    "reasoning": {"effort": {"high", "none"}},
    "resumption": {"enabled": bool},
    "replace": None,
}


def check(rule: Rule, given: object, path: str) -> None:
    """Raises Refused where an object has what the rule does not allow; null is always allowed."""
    if not isinstance(given, dict):
        raise Refused(f"Invalid type for '{path}': expected an object.", "invalid_type", path)
    for name, value in given.items():
        place = f"{path}.{name}"
        if name not in rule:
            raise Refused(f"Unknown parameter: '{place}'.", "unknown_parameter", place)
        if value is not None:
            _check_value(rule[name], value, place)


def _check_value(allowed: Any, value: object, place: str) -> None:
    match allowed:
        case Mapping():
            check(allowed, value, place)
        case set() | frozenset():
            if value not in allowed:
                names = ", ".join(f"'{one}'" for one in sorted(allowed))
                message = f"Invalid value: '{value}'. Supported values are: {names}."
                raise Refused(message, "invalid_value", place)
        case (least, most):
            _check_number(value, least, most, place)
        case type():
            if not isinstance(value, allowed):
                raise Refused(f"Invalid type for '{place}': expected {allowed.__name__}.", "invalid_type", place)


def _check_number(value: object, least: float, most: float, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"Invalid type for '{place}': expected a number.", "invalid_type", place)
    if not least <= value <= most:
        message = f"Invalid '{place}': expected a value from {least} to {most}, but got {value} instead."
        raise Refused(message, "invalid_value", place)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old configuration with what the new one has; objects are merged, null clears."""
    result = dict(old)
    for name, value in new.items():
        kept = result.get(name)
        result[name] = merged(kept, value) if isinstance(value, dict) and isinstance(kept, dict) else value
    return result
