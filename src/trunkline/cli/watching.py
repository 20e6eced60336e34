"""How far a campaign is, shown as it goes on."""

import time
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from trunkline.cli.output import printable
from trunkline.cli.remote import Session

LOOK_SECONDS = 1.0
_COUNTERS = ("pending", "calling", "completed", "no_answer", "failed", "skipped")
_STYLES = {"calling": "cyan", "completed": "green", "no_answer": "yellow", "failed": "red"}


def watch_campaign(session: Session, campaign_id: str) -> dict[str, Any]:
    """Shows a campaign until it stands still, and gives it as it then is."""
    out, get = session.out, session.client.campaigns.get
    campaign: dict[str, Any] = dict(get(campaign_id))
    if not out.live:
        told: object = None
        while True:
            if (now := campaign if out.as_json else _line(campaign)) != told:
                out.json_line(now) if out.as_json else out.say(str(now))
                told = now
            if _still(campaign):
                return campaign
            time.sleep(LOOK_SECONDS)
            campaign = dict(get(campaign_id))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[counters]}"), console=out.console) as progress:
        task = progress.add_task("", counters="")
        while True:
            progress.update(
                task,
                description=f"[bold]{campaign['status']}[/]",
                total=campaign["total_leads"] or None,
                completed=campaign["total_leads"] - campaign["pending_leads"] - campaign["calling_leads"],
                counters=_counters(campaign),
            )
            if _still(campaign):
                break
            time.sleep(LOOK_SECONDS)
            campaign = dict(get(campaign_id))
    if campaign["pause_reason"]:
        out.say(printable(campaign["pause_reason"]))
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
