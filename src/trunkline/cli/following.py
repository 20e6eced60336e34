"""A call followed live: its lines as they come, what is said just now below them, and what it came to."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from trunkline.cli.output import Output, printable
from trunkline.cli.remote import Session, persistently
from trunkline.cli.telling import Line, Teller, latencies, partial
from trunkline.client import ApiError, ConnectionFailed, Event, Unavailable
from trunkline.client.event import END_STATES

ENDED_WELL = frozenset({"ended", "transferred"})
EXIT_INTERRUPTED = 130
SUMMARY_SECONDS = 20.0
LOOK_SECONDS = 0.5


class View:
    """Where the events of a call are shown: as JSON lines, as lines, or on a terminal with a foot that changes."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._teller = Teller()
        self._live: Live | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keeps the foot on the terminal, where there is one."""
        if not self._out.live:
            yield
            return
        with Live(console=self._out.console, transient=True, refresh_per_second=8) as self._live:
            self._live.update(self._foot())
            yield
        self._live = None

    def take(self, event: Event) -> None:
        """Shows an event."""
        if self._out.as_json:
            self._out.json_line({"id": event.id, "event": event.kind, "data": event.data})
            return
        lines = self._teller.take(event)
        self._print(lines + self._teller.rest() if event.final else lines)
        if self._live is not None:
            self._live.update(self._foot())

    def _print(self, lines: list[Line]) -> None:
        for line in lines:
            self._out.say(line.row())
            if not self._out.live:
                sys.stdout.flush()

    def _foot(self) -> RenderableType:
        rows = [partial(role, words).row() for role, words in self._teller.said.items()]
        status = self._teller.status or "placed"
        return Group(*rows, Spinner("dots", Text(f" {status}   Ctrl-C to leave or hang up", style="dim")))


@dataclass(slots=True)
class Follower:
    """Follows one call to its end. With ``hangs_up`` the first Ctrl-C ends the call without asking; the second leaves."""

    session: Session
    call_id: str
    hangs_up: bool = False
    _after: int = 0
    _interrupted: bool = False

    def run(self) -> dict[str, Any]:
        """Shows the call until it is over, and then what it came to; the call. Raises Exit where a person leaves."""
        view = View(self.session.out)
        over = False
        while not over:
            try:
                with view.open():
                    for event in self.session.client.calls.events(self.call_id, after=self._after):
                        self._after = event.id or self._after
                        view.take(event)
                over = True
            except (ConnectionFailed, Unavailable):
                persistently(self.session.out, lambda: self.session.client.calls.get(self.call_id))
            except KeyboardInterrupt:
                self._interrupt()
        call = settled(self.session, self.call_id)
        if self.session.out.as_json:
            self.session.out.json_line(call)
        else:
            show_result(self.session.out, call)
        return call

    def _interrupt(self) -> None:
        out = self.session.out
        if self._interrupted or not (self.hangs_up or (out.live and sys.stdin.isatty())):
            self._leave()
        self._interrupted = True
        try:
            if self.hangs_up or typer.confirm("\nHang up?", err=True):
                self.session.client.calls.end(self.call_id)
                out.note("The call is being ended; Ctrl-C again leaves.")
        except ApiError as error:
            out.note(f"It was not ended: {error.message}")
        except (typer.Abort, KeyboardInterrupt):
            self._leave()

    def _leave(self) -> None:
        self.session.out.note(
            f"The call goes on. Follow it with `trunkline call follow {self.call_id}`, "
            f"end it with `trunkline call end {self.call_id}`."
        )
        raise typer.Exit(EXIT_INTERRUPTED)


def settled(session: Session, call_id: str) -> dict[str, Any]:
    """A call that is over, once it was analysed where it will be; the analysis is waited for 20 s."""
    until = time.monotonic() + SUMMARY_SECONDS
    call = _now(session, call_id)
    while _awaits_analysis(call) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        call = _now(session, call_id)
    return call


def show_result(out: Output, call: dict[str, Any]) -> None:
    """What a call came to."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, text in _result(call).items():
        if text:
            style = {"end": "green" if call["status"] in ENDED_WELL else "red", "error": "red"}.get(name, "")
            grid.add_row(name, Text(printable(text), style=style))
    out.say("")
    out.say(grid)
    if call["latency"] and call["latency"]["turns"]:
        out.say("")
        out.say(latencies(call["latency"]))


def _now(session: Session, call_id: str) -> dict[str, Any]:
    return dict(persistently(session.out, lambda: session.client.calls.get(call_id)))


def _result(call: dict[str, Any]) -> dict[str, str | None]:
    seconds, cost = call["duration_seconds"], call["cost"]
    found = (call["analysis_result"] or {}).items()
    return {
        "call": call["id"],
        "end": ", ".join(filter(None, (call["status"], call["end_reason"]))),
        "answered for": None if seconds is None else f"{seconds} s",
        "error": call["error"],
        "summary": call["summary"],
        **{name.replace("_", " "): _plain(value) for name, value in found if value is not None and name != "error"},
        "analysis failed": (call["analysis_result"] or {}).get("error"),
        "cost": None if cost is None else f"${cost['total']:.4f}{_unpriced(cost)}",
        "recording": f"trunkline call recording {call['id']} -o call.wav" if call["recording_url"] else None,
    }


def _awaits_analysis(call: dict[str, Any]) -> bool:
    """Whether the platform still has to say what it came to: calls of which little was said are not analysed."""
    if call["analysis_result"] is not None:
        return False
    assistant = call["assistant"] or {}
    least = (assistant.get("analysis_plan") or {}).get("min_messages_threshold", 2)
    kept = not assistant.get("gdpr_mode", False)
    return call["status"] in END_STATES and kept and len(call["messages"]) >= max(1, least)


def _unpriced(cost: dict[str, Any]) -> str:
    return f" (without {', '.join(cost['unpriced'])})" if cost["unpriced"] else ""


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    return "yes" if value is True else "no" if value is False else str(value)
