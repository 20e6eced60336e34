"""``trunkline campaign``: campaigns, their leads, and how far they are."""

from pathlib import Path
from typing import Annotated, Any

import typer

from trunkline.cli.body import From, Set, body, text_of
from trunkline.cli.nouns.assistants import ASSISTANTS
from trunkline.cli.nouns.noun import SHOWN, Id, Kind, Limit, add_common, show_list
from trunkline.cli.nouns.numbers import NUMBERS
from trunkline.cli.remote import Session, command
from trunkline.cli.watching import watch_campaign
from trunkline.client import TrunklineError
from trunkline.domain.campaign import LeadStatus

CAMPAIGNS = Kind(
    "campaign",
    lambda client: client.campaigns,
    ("id", "name", "status", "total_leads", "pending_leads", "calling_leads", "completed_leads", "failed_leads"),
)
_LEADS = ("id", "phone_number", "name", "status", "attempts", "error", "call_id", "next_attempt_at")
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Campaigns: one assistant calls many.")
add_common(app, CAMPAIGNS)

Leads = Annotated[Path | None, typer.Option("--leads", metavar="FILE.csv", help="Whom to call; see docs/campaigns.md.")]
SkipInvalid = Annotated[bool, typer.Option("--skip-invalid", help="Leave out wrong leads; else they refuse them all.")]


@command(app, "create")
def create(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="Its name.")] = None,
    assistant: Annotated[str | None, typer.Option(help="Who speaks: id or name.")] = None,
    number: Annotated[list[str] | None, typer.Option(help="A number to show: id or number; repeatable.")] = None,
    leads: Leads = None,
    skip_invalid: SkipInvalid = False,
    at_once: Annotated[int | None, typer.Option(help="The most calls at once.")] = None,
    per_minute: Annotated[int | None, typer.Option(help="The most new calls in a minute.")] = None,
    timezone: Annotated[str | None, typer.Option(help="A zone as Europe/Amsterdam, or `callee`.")] = None,
    hours: Annotated[str | None, typer.Option(metavar="FROM-TO", help="When it calls, as 09:00-17:30.")] = None,
    start: Annotated[bool, typer.Option("--start", help="Let it call at once; else it is a draft.")] = False,
    settings: Set = None,
    source: From = None,
) -> None:
    """Make a campaign, with the leads of a file. Where they are refused there is no campaign either."""
    begin, end = _hours(hours)
    options = {
        "name": name,
        "assistant_id": ASSISTANTS.found(session, assistant, "--assistant") if assistant is not None else None,
        "number_ids": [NUMBERS.found(session, one, "--number") for one in number] if number else None,
        "max_concurrent_calls": at_once,
        "calls_per_minute": per_minute,
        "timezone": timezone,
        "schedule_start_time": begin,
        "schedule_end_time": end,
    }
    table = text_of(leads, "--leads") if leads is not None else None
    part = session.client.campaigns
    made: dict[str, Any] = dict(part.create(**body(source, options, settings)))
    which = made["campaign"]["id"]
    try:
        if table is not None:
            added = part.add_leads(which, csv=table, skip_invalid=skip_invalid)
            made |= {"warnings": [*made["warnings"], *added["warnings"]], "errors": [*made["errors"], *added["errors"]]}
        made["campaign"] = part.update(which, status="scheduled") if start else part.get(which)
    except TrunklineError:
        part.delete(which)
        raise
    _show_made(session, made)


@command(app, "add-leads")
def add_leads(
    session: Session,
    id: Id,
    leads: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Whom to call.")],
    skip_invalid: SkipInvalid = False,
) -> None:
    """Add the leads of a file."""
    which = CAMPAIGNS.found(session, id)
    added = session.client.campaigns.add_leads(which, csv=text_of(leads, "FILE.csv"), skip_invalid=skip_invalid)
    if session.out.as_json:
        session.out.json(added)
        return
    session.out.say(f"{added['added']} leads added, of which {added['skipped']} are passed over")
    _warn(session, dict(added))


@command(app, "leads")
def leads(
    session: Session,
    id: Id,
    status: Annotated[LeadStatus | None, typer.Option(help="Where they stand.")] = None,
    limit: Limit = SHOWN,
) -> None:
    """List its leads, in their order."""
    filters: dict[str, Any] = {"status": status}
    pages = session.client.campaigns.leads(CAMPAIGNS.found(session, id), limit=limit, **filters)
    show_list(session.out, pages, limit, _LEADS)


@command(app, "start")
def start(session: Session, id: Id) -> None:
    """Let it call, within its hours."""
    _set(session, id, "scheduled")


@command(app, "pause")
def pause(session: Session, id: Id) -> None:
    """Place no more calls; those that ring or talk go on."""
    _set(session, id, "paused")


@command(app, "resume")
def resume(session: Session, id: Id) -> None:
    """Let it go on calling."""
    _set(session, id, "scheduled")


@command(app, "cancel")
def cancel(session: Session, id: Id) -> None:
    """End it for good: leads that wait are passed over, calls that ring are hung up."""
    _set(session, id, "cancelled")


@command(app, "watch")
def watch(session: Session, id: Id) -> None:
    """Show how far it is until it stands still. Exit code 0 once it is completed, 1 when it is paused, cancelled or a draft.

    As JSON: the campaign, in a line, each time that it changed. Ctrl-C leaves; the campaign goes on.
    """
    done = watch_campaign(session, CAMPAIGNS.found(session, id))
    raise typer.Exit(0 if done["status"] == "completed" else 1)


def _set(session: Session, text: str, status: Any) -> None:
    which = CAMPAIGNS.found(session, text)
    session.out.one(session.client.campaigns.update(which, status=status), f"Campaign {which} is {status}")


def _hours(text: str | None) -> tuple[str | None, str | None]:
    if text is None:
        return None, None
    begin, dash, end = (part.strip() for part in text.partition("-"))
    if not dash or not begin or not end:
        raise typer.BadParameter(f"{text!r} does not read like 09:00-17:30", param_hint="--hours")
    return tuple(f"{one}:00" if one.count(":") == 1 else one for one in (begin, end))  # type: ignore[return-value]


def _show_made(session: Session, made: dict[str, Any]) -> None:
    if session.out.as_json:
        session.out.json(made)
        return
    session.out.one(made["campaign"], f"Made campaign {made['campaign']['id']}")
    _warn(session, made)


def _warn(session: Session, told: dict[str, Any]) -> None:
    for one in told["warnings"]:
        session.out.note(f"row {one['row']} ({one['phone_number']}): {one['message']}")
    for error in told["errors"]:
        session.out.note(f"left out: {error}")
