"""Turns foreign data into models, and what is wrong with it into sentences that name the field."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trunkline.base.errors import Invalid

M = TypeVar("M", bound=BaseModel)

_TOOL_TAGS = frozenset({"flat", "function", "end_call", "transfer_call", "send_dtmf", "mcp", "template"})
_UNION_BRANCH = re.compile(r".*\[.*\]|str|int|float|bool|none|nullable")
_SUBJECT = re.compile(r"^(Input|Value|String|Tuple|List|Dictionary|Set) should")
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "unknown field",
    "union_tag_invalid": "is no known type of tool",
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type", "set_type"), "must be a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "dataclass_type"), "must be an object"),
    "int_parsing": "must be a whole number",
}
_COUNT = re.compile(r"^must have (at (?:least|most) \d+ items?) after validation, not \d+$")


def checked(model: type[M], data: Any, *, under: str = "") -> M:
    """``data`` as ``model``. Raises Invalid with one detail a field; ``under`` is put before their names."""
    try:
        made = model.model_validate(data)
    except ValidationError as error:
        raise invalid(sentences(error, under=under)) from None
    if mixed := [f"{field_name(place, under)}: {problem}" for place, problem in _mixed_up(data, made, ())]:
        raise invalid(mixed)
    return made


def _mixed_up(given: Any, made: Any, place: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Where true and false were taken for numbers, or numbers for them, which JSON tells apart and pydantic does not."""
    if isinstance(given, dict) and isinstance(made, BaseModel):
        for name, value in given.items():
            yield from _mixed_up(value, getattr(made, str(name), None), (*place, str(name)))
    elif isinstance(given, list | tuple) and isinstance(made, list | tuple) and len(given) == len(made):
        for index, (value, item) in enumerate(zip(given, made, strict=True)):
            yield from _mixed_up(value, item, (*place, index))
    elif isinstance(given, bool) and isinstance(made, int | float) and not isinstance(made, bool):
        yield place, "must be a number"
    elif isinstance(made, bool) and isinstance(given, int | float) and not isinstance(given, bool):
        yield place, "must be true or false"


def invalid(details: Iterable[str]) -> Invalid:
    """The error for a request with these problems, each ``<field>: <problem>``."""
    listed = tuple(details)
    return Invalid("Correct these fields: " + "; ".join(listed), details=listed)


def sentences(error: ValidationError, *, under: str = "") -> list[str]:
    """What is wrong, as ``<field>: <problem>``, without the values themselves, which may be secret."""
    items = error.errors(include_url=False)
    wrong = {item["loc"][:length] for item in items for length in range(len(item["loc"]))}
    # A list with wrong items counts as too short, because pydantic leaves them out.
    told = [item for item in items if item["type"] != "too_short" or item["loc"] not in wrong]
    return list(dict.fromkeys(f"{field_name(item['loc'], under)}: {_problem(item)}" for item in told))


def field_name(location: tuple[int | str, ...], under: str = "") -> str:
    """The path of a field as a client writes it, without the branches of unions that pydantic puts in between."""
    parts: list[str] = [under] if under else []
    for place, part in enumerate(location):
        if isinstance(part, str) and place and _is_branch(part, location[place - 1]):
            continue
        parts.append(str(part))
    return ".".join(parts) or "body"


def _is_branch(part: str, before: int | str) -> bool:
    return bool(_UNION_BRANCH.fullmatch(part)) or (isinstance(before, int) and part in _TOOL_TAGS)


def _problem(item: ErrorDetails) -> str:
    known = _WORDS.get(item["type"])
    if known:
        return known
    problem = item["msg"].removeprefix("Value error, ").replace("timezone info", "an offset, as 2026-11-22T10:00:00Z")
    return _COUNT.sub(r"must have \1", _SUBJECT.sub("must", problem))
