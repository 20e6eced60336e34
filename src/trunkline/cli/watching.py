"""How far a campaign is, shown as it goes on."""

import time
from collections.abc import Iterator
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from trunkline.cli.output import Output, printable
from trunkline.cli.remote import Session, persistently

LOOK_SECONDS = 1.0
_COUNTERS = ("pending", "calling", "completed", "no_answer", "failed", "skipped")
_STYLES = {"calling": "cyan", "completed": "green", "no_answer": "yellow", "failed": "red"}


def watch_campaign(session: Session, campaign_id: str) -> dict[str, Any]:
    """Shows a campaign until it stands still, and gives it as it then is."""
    show = _bar if session.out.live else _lines
    campaign = show(session.out, _looks(session, campaign_id))
    if campaign["pause_reason"] and session.out.live:
        session.out.say(campaign["pause_reason"])
    return campaign


def _looks(session: Session, campaign_id: str) -> Iterator[dict[str, Any]]:
    """The campaign every second; the last one stands still."""
    while True:
        campaign = dict(persistently(session.out, lambda: session.client.campaigns.get(campaign_id)))
        yield campaign
        if _still(campaign):
            return
        time.sleep(LOOK_SECONDS)


def _lines(out: Output, looks: Iterator[dict[str, Any]]) -> dict[str, Any]:
    told, campaign = None, {}
    for campaign in looks:
        if out.as_json and campaign != told:
            out.json_line(campaign)
        elif told is None or _line(campaign) != _line(told):
            out.say(_line(campaign))
        told = campaign
    return campaign


def _bar(out: Output, looks: Iterator[dict[str, Any]]) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    campaign: dict[str, Any] = {}
    with Progress(*columns, TextColumn("{task.fields[counters]}"), console=out.console) as progress:
        task = progress.add_task("", counters="")
        for campaign in looks:
            progress.update(
                task,
                description=f"[bold]{campaign['status']}[/]",
                total=campaign["total_leads"] or None,
                completed=campaign["total_leads"] - campaign["pending_leads"] - campaign["calling_leads"],
                counters=_counters(campaign),
            )
    return campaign


def _still(campaign: dict[str, Any]) -> bool:
    """Whether nothing more happens by itself. A paused or cancelled one still ends the calls that it has."""
    return bool(campaign["status"] != "scheduled" and campaign["calling_leads"] == 0)


def _counters(campaign: dict[str, Any]) -> str:
    counts = ((name, campaign[f"{name}_leads"]) for name in _COUNTERS)
    return " ".join(f"[{_STYLES.get(name, 'default')}]{count} {name}[/]" for name, count in counts if count)


def _line(campaign: dict[str, Any]) -> str:
    counts = ", ".join(f"{campaign[f'{name}_leads']} {name}" for name in _COUNTERS)
    reason = f": {printable(campaign['pause_reason'])}" if campaign["pause_reason"] else ""
    return f"{campaign['status']}{reason}; of {campaign['total_leads']} leads {counts}"
