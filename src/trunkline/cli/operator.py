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


@org.command("credit")
def org_credit(
    organisation: Annotated[str, typer.Argument(help="Its id.")],
    minutes: Annotated[float | None, typer.Option(help="Answered minutes.")] = None,
    credits: Annotated[float | None, typer.Option(help="US dollars.")] = None,
    add: Annotated[bool, typer.Option("--add/--set", help="Add to what is left, or put in its place.")] = True,
    unmetered: Annotated[bool, typer.Option("--unmetered", help="Count nothing down but what is named.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the balances as JSON.")] = False,
) -> None:
    """Give an organisation credit, or say that it is not metered; with no amount, show what it has left.

    Its calls end when minutes or credits are used up; those of its children are billed to it.
    """
    amounts = {"minutes": minutes, "credits": credits}
    wanted = {name: amount for name, amount in amounts.items() if amount is not None or unmetered}
    give = accounts.add_credit if add else accounts.set_credit
    changed = _in_rooms(
        lambda rooms: give(rooms, organisation, **wanted) if wanted else accounts.get(rooms, organisation)
    )
    balances = {"minutes_balance": changed.minutes_balance, "credits_balance": changed.credits_balance}
    if as_json:
        print(json.dumps({"id": changed.id, "name": changed.name, **balances}))
    else:
        print(f"{changed.name} ({changed.id})")
        print(f"minutes: {_left(changed.minutes_balance)}\ncredits: {_left(changed.credits_balance)}")


@org.command("limits")
def org_limits(
    organisation: Annotated[str, typer.Argument(help="Its id.")],
    most: Annotated[int | None, typer.Option("--max", min=0, help="The most calls at once.")] = None,
    guaranteed: Annotated[int | None, typer.Option(min=0, help="How many at once it is sure to get.")] = None,
    no_max: Annotated[bool, typer.Option("--no-max", help="No limit of its own.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the limits as JSON.")] = False,
) -> None:
    """Say how many calls an organisation may have at once, with its children, and how many it is sure to get
    (`--guaranteed 0`: none); with no option, show it."""
    if no_max and most is not None:
        raise typer.BadParameter("give --max or --no-max, not both", param_hint="--no-max")
    wanted: dict[str, int | None] = {}
    if most is not None or no_max:
        wanted["max_concurrent_calls"] = most
    if guaranteed is not None:
        wanted["guaranteed_concurrent_calls"] = guaranteed or None
    changed = _in_rooms(
        lambda rooms: (
            accounts.set_limits(rooms, organisation, **wanted) if wanted else accounts.get(rooms, organisation)
        )
    )
    limits = {
        "max_concurrent_calls": changed.max_concurrent_calls,
        "guaranteed_concurrent_calls": changed.guaranteed_concurrent_calls,
    }
    if as_json:
        print(json.dumps({"id": changed.id, "name": changed.name, **limits}))
    else:
        print(f"{changed.name} ({changed.id})")
        print(f"at most: {'no limit' if changed.max_concurrent_calls is None else changed.max_concurrent_calls}")
        print(f"guaranteed: {changed.guaranteed_concurrent_calls or 'none'}")


def _left(balance: float | None) -> str:
    return "not metered" if balance is None else f"{balance:,.2f}"


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
