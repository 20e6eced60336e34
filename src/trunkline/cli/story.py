"""The events of a call as the demo tells them: each at its own time, in the order in which they began."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.markup import escape

from trunkline.cli.screen import Screen

HELD_SECONDS = 20.0
_OURS = frozenset(("order", "tool", "party"))
ROLES = {"user": ("Maria", "cyan"), "assistant": ("assistant", "green")}
OTHERS = {"Maria": "cyan", "Sophie": "yellow"}
SHORT = {
    "end_of_turn": "end of turn",
    "stt": "stt",
    "llm_first_token": "llm",
    "tts_first_audio": "tts",
    "added": "added",
}


class Story:
    """Tells the events of a call in the order in which they began, whatever order they arrive in.

    A turn of speech arrives when it is over. Until then its partial words say that it goes on, and what happened after
    its beginning waits for it. A turn is measured when its reply becomes audible, and told below that reply. Times are
    seconds from the answer.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._answered: datetime | None = None
        self._open: dict[str, datetime] = {}
        self._waiting: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self._measured: list[tuple[datetime, dict[str, Any]]] = []
        self._arrived = 0

    def take(self, event: str, data: dict[str, Any]) -> None:
        """Takes an event of the stream, or one of our own: ``order`` is a command that we sent, ``tool`` a use of the
        assistant's tool, ``party`` what a callee says or does by its own account."""
        at = _moment(data["at"])
        if event == "latency":
            self._measured.append((at, data))
            return
        if event == "transcript":
            at = _moment(data["started_at"])
            if not data["final"]:
                self._open.setdefault(data["role"], at)
                return
            self._open.pop(data["role"], None)
        if event == "status" and data["status"] == "in-progress":
            self._answered = self._answered or at
        self._arrived += 1
        self._waiting.append((at, self._arrived, event, data))
        if event not in _OURS:  # its answer in the stream may tell of what began just before it
            self._tell(_moment(data["at"]))

    def end(self) -> None:
        """Tells what still waits."""
        self._answered = self._answered or (self._waiting[-1][0] if self._waiting else None)
        self._open.clear()
        self._tell(None)

    def _tell(self, now: datetime | None) -> None:
        if self._answered is None:
            return
        for role, began in list(self._open.items()):
            if now is not None and (now - began).total_seconds() > HELD_SECONDS:
                del self._open[role]
        self._waiting.sort(key=lambda one: one[:2])
        while self._waiting and all(began >= self._waiting[0][0] for began in self._open.values()):
            at, _, event, data = self._waiting.pop(0)
            self._show(f"{(at - self._answered).total_seconds():+.2f} s", event, data)

    def _show(self, moment: str, event: str, data: dict[str, Any]) -> None:
        match event:
            case "tool":
                used = f"{data['name']}({json.dumps(data['arguments'])}) → {json.dumps(data['result'])}"
                self._screen.happened(
                    moment, "tool", "blue", f"[blue]{escape(used)}[/] [dim]in {data['seconds'] * 1000:.0f} ms[/]"
                )
            case "party":
                told = f"[dim]{escape(data['note'])}[/]" if data.get("note") else escape(data["content"])
                self._screen.happened(moment, data["who"], OTHERS[data["who"]], told)
            case "status":
                reason = f" [dim]({data['end_reason']})[/]" if data.get("end_reason") else ""
                self._screen.happened(moment, "call", "bold", f"[bold]{data['status']}[/]{reason}")
            case "transcript":
                who, colour = ROLES.get(str(data["role"]), ("note", "dim"))
                cut = " [dim](interrupted)[/]" if data.get("interrupted") else ""
                self._screen.happened(moment, who, colour, escape(str(data["content"])) + cut)
                if data["role"] == "assistant":
                    self._show_measured(_moment(data["at"]))
            case "order":
                order = escape(json.dumps(data["command"], ensure_ascii=False))
                self._screen.happened(moment, "we order", "magenta", f"[magenta]{order}[/]")
            case "command":
                detail = f" [dim]({escape(data['detail'])})[/]" if data.get("detail") else ""
                self._screen.happened(moment, "command", "magenta", f"{data['type']} {data['outcome']}{detail}")

    def _show_measured(self, until: datetime) -> None:
        while self._measured and self._measured[0][0] <= until:
            self._screen.happened("", "", "dim", f"[dim]{_latency(self._measured.pop(0)[1])}[/]")


def _latency(turn: Mapping[str, Any]) -> str:
    parts = ", ".join(f"{word} {turn[name]:.0f}" for name, word in SHORT.items() if turn.get(name) is not None)
    heard = "" if turn.get("heard") is None else f" answered after {turn['heard']:.0f} ms"
    return f"turn {turn['turn']}{heard} ({parts})"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
