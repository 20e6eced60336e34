"""The command line's front: which commands there are, and how errors of ours are told."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer
from rich.console import Console

from trunkline import __version__
from trunkline.base.errors import Invalid, TrunklineError
from trunkline.cli.lazy import Lazy, LazyGroup
from trunkline.cli.supervise import EXIT_MISCONFIGURED

_PROGRAMS, _NOUNS = "trunkline.cli.programs", "trunkline.cli.nouns"
_errors = Console(stderr=True, highlight=False)


class Commands(LazyGroup):
    """All commands: those that ask an installation over its API load nothing of the platform."""

    COMMANDS: ClassVar[Mapping[str, Lazy]] = {
        "serve": Lazy(_PROGRAMS, "app", "serve", "Run the whole platform in one supervised process."),
        "demo": Lazy(_PROGRAMS, "app", "demo", "Place a real call on this machine and show it as it happens."),
        "doctor": Lazy(_PROGRAMS, "app", "doctor", "Examine this installation, and say what to do."),
        "call": Lazy(f"{_NOUNS}.calls", "app", None, "Calls: place, follow, order about, list."),
        "campaign": Lazy(f"{_NOUNS}.campaigns", "app", None, "Campaigns: one assistant calls many."),
        "assistant": Lazy(f"{_NOUNS}.assistants", "app", None, "Assistants: who speaks."),
        "number": Lazy(f"{_NOUNS}.numbers", "app", None, "Phone numbers: what calls show, and who answers."),
        "trunk": Lazy(f"{_NOUNS}.trunks", "app", None, "SIP trunks: what calls travel over."),
        "webhook": Lazy(f"{_NOUNS}.webhooks", "app", None, "What was sent to receivers; again, and for trying out."),
        "key": Lazy(f"{_NOUNS}.keys", "app", None, "API keys of the organisation."),
        "org": Lazy(f"{_NOUNS}.organisations", "app", None, "Organisations: yours over the API; the operator's here."),
        "keys": Lazy("trunkline.cli.operator", "keys", None, "Master keys: what secrets are sealed with."),
        "callee": Lazy(_PROGRAMS, "app", "callee", "Be a phone with a person at it."),
        "emulate": Lazy(_PROGRAMS, "app", "emulate", "Be a vendor of models, without its account."),
    }


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """The self-hosted platform on which AI assistants make and take real phone calls."""
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Runs the command line; an error of ours is one clear line and exit code 1 (78 for wrong settings)."""
    try:
        app()
    except TrunklineError as error:
        _errors.print(error.message, style="red", markup=False, soft_wrap=True)
        for detail in error.details:
            _errors.print(f"  {detail}", markup=False, soft_wrap=True)
        raise SystemExit(EXIT_MISCONFIGURED if isinstance(error, Invalid) else 1) from None
