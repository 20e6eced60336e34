"""``trunkline org``: the key's organisation over the API, and what an operator does to any of them on this machine."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

import typer

from trunkline.cli.body import From, Set, body
from trunkline.cli.lazy import Lazy, LazyGroup
from trunkline.cli.nouns.noun import PAGE, SHOWN, Limit
from trunkline.cli.remote import Session, command

_API, _HERE = "trunkline.cli.nouns.organisations", "trunkline.cli.operator"
_LOGS = ("created_at", "call_id", "call_type", "duration_sec", "cost", "agent_name", "phone_number")


class OrgCommands(LazyGroup):
    """Half of them ask the API with a key, the others open the database of this machine."""

    COMMANDS: ClassVar[Mapping[str, Lazy]] = {
        "show": Lazy(_API, "over_api", "show", "API: your organisation, its balances and limits."),
        "update": Lazy(_API, "over_api", "update", "API: change it."),
        "children": Lazy(_API, "over_api", "children", "API: the organisations that it made."),
        "create-child": Lazy(_API, "over_api", "create-child", "API: make an organisation that bills to it."),
        "usage": Lazy(_API, "over_api", "usage", "API: what its calls used, and what that comes to."),
        "create": Lazy(_HERE, "org", "create", "Operator: make an organisation with its first API key."),
        "credit": Lazy(_HERE, "org", "credit", "Operator: give credit, or end metering."),
        "limits": Lazy(_HERE, "org", "limits", "Operator: how many calls at once."),
        "local-models": Lazy(_HERE, "org", "local-models", "Operator: who may use the local models."),
    }


app = typer.Typer(
    cls=OrgCommands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Organisations. Commands of the API need a key; those of the operator run beside the platform's database.",
)
over_api = typer.Typer(rich_markup_mode=None)


@app.callback()
def _group() -> None: ...


class CallType(StrEnum):
    """Which calls."""

    PHONE = "phone"
    WEB = "web"


@command(over_api, "show")
def show(session: Session) -> None:
    """Show the organisation of the key, or the one that it acts for."""
    session.out.one(session.client.organisations.get())


@command(over_api, "update")
def update(session: Session, settings: Set = None, source: From = None) -> None:
    """Change what is given, and nothing else; `--set webhook_url=null` clears."""
    changes = body(source, {}, settings)
    if not changes:
        raise typer.BadParameter("say what to change, with --set or --from", param_hint="--set")
    session.out.one(session.client.organisations.update(**changes), "Changed the organisation")


@command(over_api, "children")
def children(session: Session) -> None:
    """List the organisations below it."""
    found = session.client.organisations.get(include_children=True)
    session.out.many(found.get("children") or [], ("id", "name", "created_at"))


@command(over_api, "create-child")
def create_child(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="Its name.")] = None,
    email: Annotated[str | None, typer.Option(help="Where to reach it.")] = None,
    max_calls: Annotated[int | None, typer.Option(help="The most calls at once.")] = None,
    monthly_minutes: Annotated[float | None, typer.Option(help="The most minutes a month.")] = None,
    settings: Set = None,
    source: From = None,
) -> None:
    """Make an organisation that bills to this one. Its API key is shown this once."""
    options = {
        "name": name,
        "email": email,
        "max_concurrent_calls": max_calls,
        "monthly_minutes_limit": monthly_minutes,
    }
    made = session.client.organisations.create(**body(source, options, settings))
    session.out.one(made, "Made an organisation; `api_key` is shown only now")


@command(over_api, "usage")
def usage(
    session: Session,
    limit: Limit = SHOWN,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="A date, or ISO 8601 with an offset.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="The same.")] = None,
    call_type: Annotated[CallType | None, typer.Option("--type", help="Which calls.")] = None,
    with_children: Annotated[bool, typer.Option("--children", help="Also those of the children.")] = False,
) -> None:
    """Show the answered calls, and what all of them come to. As JSON: `logs` and `summary`."""
    filters = {
        "start_date": since,
        "end_date": until,
        "call_type": call_type,
        "include_children": with_children or None,
    }
    pages = session.client.usage.list(limit=limit, **filters)  # type: ignore[arg-type]
    first = pages.page()
    logs = first.items if limit <= PAGE else list(pages)
    if session.out.as_json:
        session.out.json({"logs": logs, "summary": first.summary})
        return
    session.out.many(logs, _LOGS, first.total)
    session.out.one(first.summary or {})
