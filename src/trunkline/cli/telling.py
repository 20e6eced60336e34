"""The events of a call as lines that tell it to a person who watches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from trunkline.cli.output import printable
from trunkline.client import Event

ROLES = {"user": ("they", "cyan"), "assistant": ("assistant", "green"), "system": ("note", "dim")}
PARTS = {
    "end_of_turn": "end of turn",
    "stt": "stt",
    "llm_first_token": "llm",
    "tts_first_audio": "tts",
    "added": "added",
}
_WHO_WIDTH = max(len(who) for who, _ in ROLES.values())


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: at what time of this machine's clock, who did it, and what."""

    at: str
    who: str
    style: str
    text: Text

    def row(self) -> Table:
        """As it is printed; long words are folded below themselves."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=len("00:00:00"), style="dim")
        grid.add_column(width=_WHO_WIDTH, style=self.style)
        grid.add_column(overflow="fold")
        grid.add_row(self.at, self.who, self.text)
        return grid


@dataclass(slots=True)
class Teller:
    """Makes lines of events. ``said`` are the words of each side that are not final yet, ``status`` is where the call
    stands; how quick a turn was is told below the words that it was measured at."""

    status: str = ""
    said: dict[str, str] = field(default_factory=dict)
    _measured: list[Line] = field(default_factory=list)

    def take(self, event: Event) -> list[Line]:
        """The lines that an event makes."""
        match event.kind:
            case "status":
                return self._status(event.data)
            case "transcript":
                return self._words(event.data)
            case "latency":
                self._measured.append(Line("", "", "dim", Text(_latency(event.data), style="dim")))
                return []
            case "command":
                detail = f" ({printable(event.data['detail'])})" if event.data.get("detail") else ""
                text = f"{event.data['type']} {event.data['outcome']}"
                return [_line(event.data["at"], "order", "magenta", Text(text).append(detail, style="dim"))]
            case "dtmf":
                text = f"key {event.data['digit']} {event.data['direction']}"
                return [_line(event.data["at"], "keypad", "yellow", Text(printable(text)))]
        return []

    def rest(self) -> list[Line]:
        """What still waits when the call is over."""
        waiting, self._measured = self._measured, []
        return waiting

    def _status(self, data: Mapping[str, Any]) -> list[Line]:
        self.status = str(data["status"])
        text = Text(self.status, style="bold")
        for name in ("end_reason", "error"):
            if data.get(name):
                text.append(f" ({printable(str(data[name]))})", style="dim")
        return [_line(data["at"], "call", "bold", text)]

    def _words(self, data: Mapping[str, Any]) -> list[Line]:
        role, words = str(data["role"]), printable(str(data["content"]))
        if not data["final"]:
            self.said[role] = words
            return []
        self.said.pop(role, None)
        who, style = ROLES.get(role, ("note", "dim"))
        text = Text(words)
        if data.get("interrupted"):
            text.append(" (interrupted)", style="dim")
        line = _line(data["started_at"] or data["at"], who, style, text)
        return [line, *self.rest()] if role == "assistant" else [line]


def partial(role: str, words: str) -> Line:
    """Words that are not final yet."""
    who, style = ROLES.get(role, ("note", "dim"))
    return Line("", who, style, Text(f"{words} …", style="dim italic"))


def latencies(latency: Mapping[str, Any]) -> Table:
    """Median and 95th percentile of a call's turns, in milliseconds."""
    names = ("heard", *PARTS)
    table = Table("ms", *(PARTS.get(name, name) for name in names), box=None, pad_edge=False, header_style="dim")
    for rank in ("p50", "p95"):
        values = latency.get(rank) or {}
        table.add_row(rank, *("–" if values.get(name) is None else f"{values[name]:.0f}" for name in names))
    return table


def _line(at: str, who: str, style: str, text: Text) -> Line:
    return Line(datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S"), who, style, text)


def _latency(turn: Mapping[str, Any]) -> str:
    parts = ", ".join(f"{word} {turn[name]:.0f}" for name, word in PARTS.items() if turn.get(name) is not None)
    heard = "" if turn.get("heard") is None else f" answered after {turn['heard']:.0f} ms"
    return f"turn {turn['turn']}{heard}" + (f" ({parts})" if parts else "")
