"""What commands print: tables and fields for people, the API's JSON for programs, remarks and errors beside them."""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
NARROW = 70
"""Columns of characters; below this a list is printed as fields, for a table would be cut."""
_DOUBLES = frozenset(("agent_id", "agent_name", "room_name", "data"))
"""Older names of what is shown already."""
_STYLES = {
    **dict.fromkeys(("ended", "transferred", "completed", "delivered", "ok"), "green"),
    **dict.fromkeys(("failed", "rejected", "dead", "cancelled"), "red"),
    **dict.fromkeys(("in-progress", "scheduled", "calling", "ringing", "dialing"), "cyan"),
    **dict.fromkeys(("paused", "no_answer", "queued", "pending"), "yellow"),
}


class Output:
    """Where a command tells what it found: ``as_json`` for programs, else for people, on a terminal or into a file."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False)
        if not self.console.is_terminal:
            self.console = Console(highlight=False, width=UNBOUNDED)
        self._errors = Console(stderr=True, highlight=False)

    @property
    def live(self) -> bool:
        """Whether a person watches, so that lines can be written anew."""
        return self.console.is_terminal and not self.as_json and not self.console.is_dumb_terminal

    def one(self, item: Mapping[str, Any], title: str = "") -> None:
        """One object: its fields, one below the other."""
        if self.as_json:
            self.json(item)
            return
        if title:
            self.console.print(Text(printable(title), style="bold"))
        self.console.print(_fields(item))

    def many(self, items: Sequence[Mapping[str, Any]], columns: Sequence[str], total: int | None = None) -> None:
        """A list; says on the other stream where there is more of it."""
        if self.as_json:
            self.json(list(items))
            return
        if not items:
            self.note("There are none.")
            return
        if self.console.width < NARROW:
            for item in items:
                self.console.print(_fields({name: item.get(name) for name in columns}), "")
        else:
            self.console.print(_table(items, columns))
        if total is not None and total > len(items):
            self.note(f"{len(items)} of {total}; --limit {total} shows all.")

    def json(self, value: object) -> None:
        """JSON, laid out for reading."""
        print(json.dumps(value, ensure_ascii=not _unicode(), indent=2))

    def json_line(self, value: object) -> None:
        """JSON in one line, at once."""
        print(json.dumps(value, ensure_ascii=not _unicode()), flush=True)

    def say(self, text: RenderableType) -> None:
        """Something for people; nothing when programs read."""
        if not self.as_json:
            self.console.print(Text(printable(text)) if isinstance(text, str) else text)

    def note(self, text: str) -> None:
        """A remark on the other stream, for people."""
        if not self.as_json:
            self._errors.print(Text(printable(text), style="dim"), soft_wrap=True)

    def error(self, text: str | Text) -> None:
        """What went wrong, on the other stream."""
        self._errors.print(text, markup=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text that others wrote, without what a terminal would take for orders."""
    return "".join(one for one in text if one in "\n\t" or unicodedata.category(one) != "Cc")


def told(name: str, value: object) -> Text:
    """A value of a field for people; times are those of this machine."""
    if value is None or value == []:
        return Text("–", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, str):
        if name.endswith("_at"):
            return Text(_moment(value))
        return Text(printable(value), style=_STYLES.get(value, "") if name == "status" else "")
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return Text(printable(", ".join(str(item) for item in value)))
    if isinstance(value, dict | list):
        return Text(printable(json.dumps(value, ensure_ascii=False)))
    return Text(str(value))


def _fields(item: Mapping[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in item.items():
        if name in _DOUBLES:
            continue
        nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))
        shown = (
            Text(printable(json.dumps(value, ensure_ascii=False, indent=2))) if nested and value else told(name, value)
        )
        grid.add_row(name, shown)
    return grid


def _table(items: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name.replace("_", " "), no_wrap=name == "id", overflow="fold")
    for item in items:
        table.add_row(*(told(name, item.get(name)) for name in columns))
    return table


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return printable(text)


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
