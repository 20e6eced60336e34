"""``trunkline key``: the organisation's API keys."""

from enum import StrEnum
from typing import Annotated

import typer

from trunkline.cli.body import From, Set, body, moment
from trunkline.cli.nouns.noun import SHOWN, Id, Kind, Limit, Yes, gone, show_list, sure
from trunkline.cli.remote import Session, command

KEYS = Kind(
    "key",
    lambda client: client.api_keys,
    ("id", "name", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"),
)
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="API keys of the organisation. (`trunkline keys` is the operator's: master keys.)",
)


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"
    CALLS = "calls"


@command(app, "list")
def list_(session: Session, limit: Limit = SHOWN) -> None:
    """List them, revoked ones too."""
    show_list(session.out, session.client.api_keys.list(limit=limit), limit, KEYS.columns)


@command(app, "show")
def show(session: Session, id: Id) -> None:
    """Show one; the key itself is never shown again."""
    which = KEYS.found(session, id)
    for one in session.client.api_keys.list():
        if one["id"] == which:
            session.out.one(one)
            return
    raise typer.BadParameter(f"there is no key with the id {which}", param_hint="ID")


@command(app, "create")
def create(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="What it is for.")] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; repeatable. Left out: what yours may.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it stops working, as 2027-01-31T18:00.")
    ] = None,
    settings: Set = None,
    source: From = None,
) -> None:
    """Make a key. It is shown this once."""
    options = {"name": name, "scopes": scope or None, "expires_at": moment(expires, "--expires")}
    made = session.client.api_keys.create(**body(source, options, settings))
    session.out.one(made, "Made a key; `key` is shown only now")


@command(app, "delete")
def delete(session: Session, id: Id, yes: Yes = False) -> None:
    """Revoke a key: it works no more, at once. Asks first, unless --yes is given."""
    which = KEYS.found(session, id)
    sure(session.out, yes, f"Revoke key {which}?")
    session.client.api_keys.revoke(which)
    gone(session.out, "key", which)
