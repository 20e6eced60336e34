"""The demo's terminal: a line for each thing that happens, the call object, the latency, the verdict, and a picture."""

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trunkline.cli.verdict import Verdict

WIDTH = 110
PARTS = ("heard", "end_of_turn", "stt", "llm_first_token", "tts_first_audio", "added")
LEFT_OUT = frozenset(("assistant",))
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.S)
SHOWN_IN_PICTURE = ("id", "status", "end_reason", "duration_seconds", "summary", "analysis_result", "sip")


class Screen:
    """The terminal, and beside it a copy for the picture when one is wanted."""

    def __init__(self, picture: Path | None = None) -> None:
        self._terminal = Console(highlight=False)
        if not self._terminal.is_terminal:
            self._terminal = Console(highlight=False, width=WIDTH)
        self._picture = picture
        self._copy = Console(file=io.StringIO(), record=True, width=WIDTH, highlight=False, force_terminal=True)

    def line(self, text: str = "") -> None:
        """One line, with rich's markup."""
        for console in (self._terminal, self._copy):
            console.print(text)

    def happened(self, moment: str, who: str, colour: str, text: str) -> None:
        """One thing that happened in the call."""
        row = Table.grid(padding=(0, 2))
        row.add_column(width=9, justify="right", style="dim")
        row.add_column(width=9, style=colour)
        row.add_column(overflow="fold")
        row.add_row(moment, who, Text.from_markup(text))
        for console in (self._terminal, self._copy):
            console.print(row)

    def call(self, call: Mapping[str, Any]) -> None:
        """The call object, as JSON with a line for each message and turn; the picture holds a part of it."""
        self.line("\n[bold]The call object[/] [dim](GET /calls/{id}; the resolved assistant is left out here)[/]")
        shown = {name: value for name, value in call.items() if name not in LEFT_OUT}
        self._json(self._terminal, shown)
        self._json(self._copy, {name: value for name, value in shown.items() if name in SHOWN_IN_PICTURE})

    def latency(self, latency: Mapping[str, Any]) -> None:
        """Medians and outliers of the call."""
        table = Table("milliseconds", *PARTS, box=None, padding=(0, 2), header_style="dim")
        for rank in ("p50", "p95"):
            values = latency.get(rank) or {}
            table.add_row(rank, *(_milliseconds(values.get(name)) for name in PARTS))
        self.line("\n[bold]Latency[/] [dim](heard: from the end of their speech to our first sound on the wire)[/]")
        for console in (self._terminal, self._copy):
            console.print(table)

    def verdict(self, verdict: Verdict, recording: Path) -> None:
        """What was checked, and where the recording lies."""
        self.line(f"\nRecording, Maria left, the assistant and then Sophie right: [bold]{escape(str(recording))}[/]\n")
        for line in verdict.lines:
            self.line(("[green]✓[/] " if line.good else "[red]✗[/] ") + escape(line.text))
        if verdict.passed:
            self.line("\n[bold green]The call was real: all three were carried as sound and understood.[/]")
        else:
            self.line("\n[bold red]The demo failed: see what is marked above.[/]")

    def save(self) -> None:
        """Writes the picture, where one is wanted. It loads no font from anywhere."""
        if self._picture is not None:
            self._picture.parent.mkdir(parents=True, exist_ok=True)
            self._picture.write_text(_FONTS.sub("", self._copy.export_svg(title="make demo")))

    @staticmethod
    def _json(console: Console, value: Mapping[str, Any]) -> None:
        text = Text(compact(value))
        JSONHighlighter().highlight(text)
        console.print(text, overflow="fold")


def compact(value: Mapping[str, Any]) -> str:
    """JSON with one line for each field, and for each item of a list in one."""
    fields = [f"  {json.dumps(name)}: {_value(item, '  ')}" for name, item in value.items()]
    return "{\n" + ",\n".join(fields) + "\n}"


def _value(value: Any, indent: str) -> str:
    inner = f"{indent}  "
    if isinstance(value, list) and value:
        items = ",\n".join(f"{inner}{json.dumps(item, ensure_ascii=False)}" for item in value)
        return f"[\n{items}\n{indent}]"
    if isinstance(value, dict) and any(isinstance(item, dict | list) for item in value.values()):
        fields = [f"{inner}{json.dumps(name)}: {_value(item, inner)}" for name, item in value.items()]
        return "{\n" + ",\n".join(fields) + f"\n{indent}}}"
    return json.dumps(value, ensure_ascii=False)


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
