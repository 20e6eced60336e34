"""Options of the contract that this release does not have yet: taken at their default, shown with it, and refused
with any other value, because an option that is read and ignored is a defect."""

from dataclasses import dataclass
from typing import Any

from trunkline.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Later:
    """One option: where it stands (``within`` names the schemas), its default, and what it will do."""

    path: tuple[str, ...]
    within: tuple[str, ...]
    default: Any
    will: str


ORGANISATION = (
    Later(("content_retention_days",), (), 365, "delete content after so many days"),
    Later(("metadata_retention_days",), (), 730, "delete calls after so many days"),
)


def without(body: dict[str, Any], options: tuple[Later, ...], *, under: str = "") -> dict[str, Any]:
    """The body without these options. Raises Invalid (``not_available``) where one has another value than its default."""
    refused = []
    for option in options:
        body, value, found = _taken(body, option.path)
        if found and not _is_default(value, option.default):
            name = ".".join((*((under,) if under else ()), *option.path))
            refused.append(f"{name}: is not available in this release (it will {option.will}); leave it out")
    if refused:
        raise not_available(refused)
    return body


def with_defaults(shown: dict[str, Any], options: tuple[Later, ...]) -> dict[str, Any]:
    """What is shown, with these options at their defaults where the objects that they stand in are there."""
    for option in options:
        shown = _put(shown, option.path, option.default)
    return shown


def not_available(details: list[str]) -> Invalid:
    """The error for options that will come."""
    return Invalid("; ".join(details), code="not_available", title="Not available yet", details=details)


def _taken(body: dict[str, Any], path: tuple[str, ...]) -> tuple[dict[str, Any], Any, bool]:
    head, *rest = path
    if head not in body:
        return body, None, False
    if not rest:
        return {name: value for name, value in body.items() if name != head}, body[head], True
    inner = body[head]
    if not isinstance(inner, dict):
        return body, None, False
    left, value, found = _taken(inner, tuple(rest))
    return body | {head: left}, value, found


def _put(shown: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return shown | {head: value}
    inner = shown.get(head)
    return shown | {head: _put(inner, tuple(rest), value)} if isinstance(inner, dict) else shown


def _is_default(value: Any, default: Any) -> bool:
    if value is None or value == default:
        return not (isinstance(value, int) and isinstance(default, bool) and not isinstance(value, bool))
    if not isinstance(value, dict) or not isinstance(default, dict):
        return False
    return all(name in default and (default[name] == item or item is None) for name, item in value.items())
