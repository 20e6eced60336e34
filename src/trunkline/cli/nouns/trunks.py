"""``trunkline trunk``: SIP trunks."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from trunkline.cli.body import From, Set, body
from trunkline.cli.nouns.noun import Id, Kind, add_common
from trunkline.cli.output import printable
from trunkline.cli.remote import Session, command

TRUNKS = Kind(
    "trunk",
    lambda client: client.trunks,
    ("id", "name", "address", "transport", "register", "max_concurrent_calls", "is_active", "status"),
)
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="SIP trunks: what calls travel over.")
add_common(app, TRUNKS)


class Transport(StrEnum):
    """How SIP travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@command(app, "create")
def create(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="Its name.")] = None,
    address: Annotated[str | None, typer.Option(help="Host or IP address, with :port where it is unusual.")] = None,
    transport: Annotated[Transport | None, typer.Option(help="How SIP travels.")] = None,
    username: Annotated[str | None, typer.Option(help="For digest.")] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for the password of digest.")] = False,
    register: Annotated[bool | None, typer.Option(help="Whether we register with it.")] = None,
    inbound: Annotated[list[str] | None, typer.Option(help="An address that may send us calls; repeatable.")] = None,
    max_calls: Annotated[int | None, typer.Option(help="The most calls at once.")] = None,
    calls_per_second: Annotated[float | None, typer.Option(help="The pace of new calls.")] = None,
    settings: Set = None,
    source: From = None,
) -> None:
    """Add a trunk. A password is asked for, or comes with --from, so that no list of processes shows it."""
    password = typer.prompt("Password", hide_input=True, err=True) if ask_password else None
    options = {
        "name": name,
        "address": address,
        "transport": transport,
        "auth_username": username,
        "auth_password": password,
        "register": register,
        "inbound_addresses": inbound or None,
        "max_concurrent_calls": max_calls,
        "calls_per_second": calls_per_second,
    }
    made = session.client.trunks.create(**body(source, options, settings))
    session.out.one(made, f"Made trunk {made['id']}")


@command(app, "test")
def examine(session: Session, id: Id) -> None:
    """Resolve its address, ask it OPTIONS, and register where it should. Calls nobody; exit code 1 where a step fails."""
    told = session.client.trunks.test(TRUNKS.found(session, id))
    if session.out.as_json:
        session.out.json(told)
    for step in told["steps"]:
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "dim")}[step["ok"]]
        text = f"{mark} {step['name']}: {printable(step['detail'])} ({step['duration_ms']:.0f} ms)"
        session.out.say(Text(text, style=style))
    raise typer.Exit(0 if told["success"] else 1)
