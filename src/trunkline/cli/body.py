"""What is sent: bodies out of files, options and ``path=value``."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

From = Annotated[
    str | None, typer.Option("--from", metavar="FILE", help="The body as a file of JSON; `-` is the standard input.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="A field, as `name=Desk` or `llm_config.temperature=0.2`; the value is JSON, or else text. Repeatable.",
    ),
]
_RESERVED = frozenset(("self", "id", "idempotency_key"))


def body(
    source: str | None,
    options: Mapping[str, object],
    settings: Sequence[str] | None,
    stored: Callable[[], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The body of a request: the file's, over it the options that are given, over these what is set by its path.

    A path into an object that is not in the body begins with the ``stored`` one, for the API takes objects whole.
    Raises BadParameter.
    """
    made = _read(source) if source is not None else {}
    made |= {name: value for name, value in options.items() if value is not None}
    for setting in settings or ():
        path, equals, text = setting.partition("=")
        steps = path.split(".")
        if not equals or not all(steps):
            raise typer.BadParameter(f"{setting!r} does not read like path=value", param_hint="--set")
        if len(steps) > 1 and steps[0] not in made and stored is not None:
            made[steps[0]] = deepcopy(stored().get(steps[0]))
        _put(made, steps, _value(text), path)
    if wrong := sorted(_RESERVED & made.keys()):
        raise typer.BadParameter(f"{wrong[0]} is no field that can be sent; take it out", param_hint="--from, --set")
    return made


def pairs(given: Sequence[str] | None, option: str, *, typed: bool = False) -> dict[str, Any] | None:
    """An object of ``key=value`` items, values as text or (``typed``) as JSON where they are; None for none."""
    if not given:
        return None
    found: dict[str, Any] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{item!r} does not read like key=value", param_hint=option)
        found[name] = _value(value) if typed else value
    return found


def moment(text: str | None, option: str) -> str | None:
    """A time for the API; one without an offset is this machine's. Raises BadParameter."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} does not read like 2026-05-04T15:30", param_hint=option) from None


def text_of(path: Path, option: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises BadParameter."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint=option) from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8; save it as such", param_hint=option) from None


def _read(source: str) -> dict[str, Any]:
    text = sys.stdin.read() if source == "-" else text_of(Path(source), "--from")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"this is no JSON: {error}", param_hint="--from") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("this is no object of JSON", param_hint="--from")
    return found


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(made: dict[str, Any], steps: Sequence[str], value: object, path: str) -> None:
    """Puts a value where the path leads, and makes the objects on the way; numbers are places in lists."""
    here: Any = made
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        place = _place(here, step, path)
        if following is None:
            here[place] = value
            return
        inner = here[place] if isinstance(here, list) else here.get(place)
        if not isinstance(inner, dict | list):
            inner = {}
            here[place] = inner
        here = inner


def _place(here: object, step: str, path: str) -> Any:
    if not isinstance(here, list):
        return step
    if step.isdecimal() and int(step) < len(here):
        return int(step)
    raise typer.BadParameter(f"{path}: the list has {len(here)} items, and {step!r} is none", param_hint="--set")
