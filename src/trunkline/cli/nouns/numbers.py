"""``trunkline number``: phone numbers."""

from typing import Annotated

import typer

from trunkline.cli.body import From, Set, body
from trunkline.cli.nouns.assistants import ASSISTANTS
from trunkline.cli.nouns.noun import Kind, add_common
from trunkline.cli.nouns.trunks import TRUNKS
from trunkline.cli.remote import Session, command

NUMBERS = Kind(
    "number",
    lambda client: client.numbers,
    ("id", "phone_number", "name", "assistant_id", "trunk_id", "max_concurrent_calls", "is_active"),
    named="phone_number",
)
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Phone numbers: what calls show, and who answers.")
add_common(app, NUMBERS)


@command(app, "create")
def create(
    session: Session,
    phone_number: Annotated[str | None, typer.Argument(help="E.164, as +31850835037.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name.")] = None,
    trunk: Annotated[str | None, typer.Option(help="The trunk of its calls: id or name.")] = None,
    assistant: Annotated[str | None, typer.Option(help="Who answers it: id or name.")] = None,
    max_calls: Annotated[int | None, typer.Option(help="The most calls at once.")] = None,
    settings: Set = None,
    source: From = None,
) -> None:
    """Register a number."""
    options = {
        "phone_number": phone_number,
        "name": name,
        "trunk_id": TRUNKS.found(session, trunk, "--trunk") if trunk is not None else None,
        "assistant_id": ASSISTANTS.found(session, assistant, "--assistant") if assistant is not None else None,
        "max_concurrent_calls": max_calls,
    }
    made = session.client.numbers.create(**body(source, options, settings))
    session.out.one(made, f"Made number {made['id']}")
