"""What an operator does to an installation by hand: organisations and master keys."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, TypeVar

import typer

from trunkline.app.compose import open_rooms
from trunkline.app.settings import load
from trunkline.base import logs
from trunkline.base.errors import TrunklineError
from trunkline.services import accounts, master_keys, organisations
from trunkline.services.rooms import Rooms

T = TypeVar("T")

org = typer.Typer(no_args_is_help=True, help="Organisations: the clients of this installation.")
keys = typer.Typer(no_args_is_help=True, help="Master keys: what secrets are sealed with.")


@org.command("create")
def org_create(
    name: str,
    email: Annotated[str | None, typer.Option(help="Where to reach it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help='Print {"id", "name", "api_key"}.')] = False,
) -> None:
    """Make an organisation and its first API key, which is shown this once."""

    if not name.strip():
        raise typer.BadParameter("the name is empty", param_hint="NAME")
    made, key = _in_rooms(lambda rooms: organisations.create(rooms, name, email))
    if as_json:
        print(json.dumps({"id": made.id, "name": made.name, "api_key": key}))
    else:
        print(f"Organisation {made.name} ({made.id})\nAPI key, shown only now: {key}")


@org.command("local-models")
def org_local_models(
    organisation: Annotated[str, typer.Argument(help="Its id.")],
    allowed: Annotated[bool, typer.Option("--allow/--refuse", help="Whether its assistants may use them.")],
) -> None:
    """Say whether an organisation may use the local models. Holds for calls that are placed from now on."""
    changed = _in_rooms(lambda rooms: accounts.allow_local_models(rooms, organisation, allowed))
    print(f"{changed.name} ({changed.id}) {'may' if allowed else 'may not'} use the local models")


@keys.command("rotate")
def keys_rotate() -> None:
    """Seal everything anew with the first key of TRUNKLINE_MASTER_KEY. May run beside the platform, and again."""
    done = _in_rooms(master_keys.rotate)
    for place, count in sorted(done.renewed.items()):
        print(f"{place}: {count} sealed anew")
    if done.broken:
        raise TrunklineError(
            "some secrets open with none of the keys; add the key that they were sealed with and run this again",
            details=[f"{place}: {count}" for place, count in sorted(done.broken.items())],
        )
    if not done.settled:
        raise TrunklineError(
            "secrets are still being sealed with an older key; start the platform with the new key first, and run this again"
        )
    print("Everything is sealed with the first key; the others are not needed any more")


def _in_rooms(work: Callable[[Rooms], Awaitable[T]]) -> T:
    settings = load()
    logs.configure(json=settings.log_json, level="WARNING")

    async def run() -> T:
        async with open_rooms(settings) as rooms:
            return await work(replace(rooms, hand="operator"))

    return asyncio.run(run())
