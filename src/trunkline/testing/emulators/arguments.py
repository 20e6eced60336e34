"""How the emulators' partner fills a tool's arguments: from the JSON Schema, and the words that were said."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|tonight"
_DATE = re.compile(rf"\d{{4}}-\d\d-\d\d|\b(?:next |this )?(?:{_DAYS})\b", re.I)
_TIME = re.compile(
    rf"\b\d{{1,2}}:\d\d(?:\s*[ap]\.?m\b)?|\b(?:\d{{1,2}}|{'|'.join(_NUMBERS)})\s*(?:[ap]\.?m\b|o'?clock)", re.I
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_PHONE = re.compile(r"\+?\d[\d\s()-]{4,}\d")
_NAME = re.compile(r"(?:name is|name's|i am|i'm|this is)\s+([\w'-]+(?: (?!and\b|I\b|at\b|for\b)[A-Z][\w'-]+)?)", re.I)
_PLACE = re.compile(r"\b(?:in|at|for|to|from)\s+((?:[A-Z][\w'-]+)(?: [A-Z][\w'-]+)*)")
_NUMBER = re.compile(rf"-?\d+(?:\.\d+)?|\b(?:{'|'.join(_NUMBERS)})\b", re.I)
_HINTS: Sequence[tuple[tuple[str, ...], re.Pattern[str]]] = (
    (("email", "mail"), _EMAIL),
    (("phone", "telephone", "mobile"), _PHONE),
    (("date", "day", "weekday"), _DATE),
    (("time", "hour", "slot"), _TIME),
    (("city", "place", "town", "location", "country"), _PLACE),
    (("name", "caller", "customer", "who"), _NAME),
)


def filled(schema: Mapping[str, Any], words: str) -> dict[str, Any]:
    """The arguments of an object's schema: those that are required, and those that the words have something for."""
    required = schema.get("required") or ()
    arguments: dict[str, Any] = {}
    for name, about in (schema.get("properties") or {}).items():
        about = about if isinstance(about, dict) else {}
        value = _value(name, about, words)
        if value is not None:
            arguments[name] = value
        elif name in required:
            arguments[name] = _least(about, words)
    return arguments


def _value(name: str, about: Mapping[str, Any], words: str) -> Any:
    """What the words say for a property; None where they say nothing."""
    if "const" in about:
        return about["const"]
    if isinstance(choices := about.get("enum"), list):
        return next((one for one in choices if _said(str(one).replace("_", " "), words)), None)
    find = _FINDERS.get(kind_of(about))
    return find(name, about, words) if find is not None else None


def kind_of(about: Mapping[str, Any]) -> str:
    """The type of a schema, in lower case; the first that is not null where there are several."""
    kind = about.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    for one in () if kind else (*about.get("anyOf", ()), *about.get("oneOf", ())):
        if isinstance(one, dict) and one.get("type") != "null":
            return kind_of(one)
    return str(kind or ("object" if "properties" in about else "string")).lower()


def _said(choice: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(choice)}\b", words, re.I) is not None


def _string(name: str, about: Mapping[str, Any], words: str) -> str | None:
    hint = _spaced(f"{name} {about.get('format', '')}").split()
    pattern = next((pattern for names, pattern in _HINTS if any(one in hint for one in names)), None)
    if pattern is None:
        return None
    found = pattern.search(words)
    return found.group(pattern.groups).strip() if found else None


def _spaced(name: str) -> str:
    return re.sub("([a-z])([A-Z])", r"\1 \2", name).replace("_", " ").lower()


def _number(_name: str, about: Mapping[str, Any], words: str) -> float | None:
    """The first number that is no date and no time."""
    found = _NUMBER.search(_TIME.sub("", _DATE.sub("", words)))
    if found is None:
        return None
    text = found.group().lower()
    return _within(float(_NUMBERS.index(text) if text in _NUMBERS else text), about)


def _integer(name: str, about: Mapping[str, Any], words: str) -> int | None:
    value = _number(name, about, words)
    return None if value is None else int(value)


def _boolean(_name: str, _about: Mapping[str, Any], words: str) -> bool | None:
    if _said("no", words) or _said("not", words):
        return False
    return True if _said("yes", words) else None


def _array(name: str, about: Mapping[str, Any], words: str) -> list[Any] | None:
    items = about.get("items")
    value = _value(name.removesuffix("s"), items if isinstance(items, dict) else {}, words)
    return None if value is None else [value]


def _object(_name: str, about: Mapping[str, Any], words: str) -> dict[str, Any] | None:
    return filled(about, words) or None


_FINDERS: Mapping[str, Callable[[str, Mapping[str, Any], str], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}


def _within(value: float, about: Mapping[str, Any]) -> float:
    return min(max(value, float(about.get("minimum", value))), float(about.get("maximum", value)))


def _least(about: Mapping[str, Any], words: str) -> Any:
    """A value that the schema takes, where the words have none and one is required."""
    if isinstance(choices := about.get("enum"), list) and choices:
        return choices[0]
    if isinstance(kinds := about.get("type"), list) and "null" in kinds:
        return None
    match kind_of(about):
        case "integer":
            return int(_within(1, about))
        case "number":
            return _within(1.0, about)
        case "boolean":
            return True
        case "array":
            return []
        case "object":
            return filled(about, words)
    return words.strip()
