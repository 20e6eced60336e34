"""An installation as commands reach it over its API.

``TRUNKLINE_URL`` and ``TRUNKLINE_API_KEY`` are read here, by the options that they are the defaults of, and nowhere else in
the command line. The platform itself does not know them: its own settings are read in ``app/settings.py``.
"""

import inspect
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar, get_type_hints

import typer
from rich.text import Text

from trunkline.cli.output import Output, printable
from trunkline.client import ApiError, ConnectionFailed, Trunkline, TrunklineError, Unavailable
from trunkline.client.wire import DEFAULT_URL

P = ParamSpec("P")
T = TypeVar("T")
RETRIES = 1
FIRST_WAIT_SECONDS = 0.3
PATIENCE_SECONDS = 60.0

Url = Annotated[str, typer.Option("--url", envvar="TRUNKLINE_URL", help="Where the installation is.")]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="TRUNKLINE_API_KEY", help="The API key; other users of a machine see options."),
]
ActingFor = Annotated[
    str | None, typer.Option("--acting-for", metavar="ORG", help="The id of a child organisation to act for.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's own JSON, and nothing else.")]


@dataclass(frozen=True, slots=True)
class Session:
    """What a command works with: the client of the organisation that it acts for, and where it tells what it found."""

    client: Trunkline
    out: Output


def command(
    app: typer.Typer, name: str, *, hidden: bool = False
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Makes a function a command of ``app``: it is given a Session, and its options are joined by those that say where the
    installation is and how its answers are printed. What the API refuses ends it with one sentence and exit code 1."""

    def register(run: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        def called(*, url: str, key: str | None, acting_for: str | None, as_json: bool, **given: Any) -> None:
            out = Output(as_json)
            try:
                with _client(url, key, acting_for) as client:
                    chosen = client.acting_for(acting_for) if acting_for else client
                    run(Session(chosen, out), **given)  # type: ignore[call-arg]
            except TrunklineError as error:
                _tell(out, error, url)
                raise typer.Exit(1) from None

        _give_signature(called, run)
        app.command(name, hidden=hidden)(called)
        return run

    return register


def persistently(out: Output, ask: Callable[[], T]) -> T:
    """What is asked for, for commands that watch: an installation that is not there, as while it is started again, is asked
    for a minute. Raises ApiError and ConnectionFailed."""
    until, noted = time.monotonic() + PATIENCE_SECONDS, False
    while True:
        try:
            return ask()
        except (ConnectionFailed, Unavailable) as error:
            if time.monotonic() > until:
                raise
            if not noted:
                out.note(f"{error}; trying again for {PATIENCE_SECONDS:.0f} seconds.")
            noted = True
            time.sleep(FIRST_WAIT_SECONDS)


def _give_signature(called: Callable[..., None], run: Callable[..., None]) -> None:
    """Lets Typer see the parameters of ``run``, without the session, and our own behind them."""
    hints = get_type_hints(run, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    own = list(inspect.signature(run).parameters.values())[1:]
    parameters = [one.replace(kind=kind, annotation=hints[one.name]) for one in own]
    parameters += [
        inspect.Parameter("url", kind, default=DEFAULT_URL, annotation=Url),
        inspect.Parameter("key", kind, default=None, annotation=Key),
        inspect.Parameter("acting_for", kind, default=None, annotation=ActingFor),
        inspect.Parameter("as_json", kind, default=False, annotation=AsJson),
    ]
    called.__doc__ = run.__doc__
    called.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]


def _client(url: str, key: str | None, acting_for: str | None) -> Trunkline:
    if not key:
        raise typer.BadParameter(
            "there is no API key; put yours into TRUNKLINE_API_KEY. On the installation's machine "
            '`trunkline org create "Your name"` makes an organisation with one',
            param_hint="--key",
        )
    if acting_for == "" or (acting_for and not (acting_for.isascii() and acting_for.isprintable())):
        raise typer.BadParameter("is no id of an organisation", param_hint="--acting-for")
    try:
        return Trunkline(key, url, retries=RETRIES, first_wait_seconds=FIRST_WAIT_SECONDS)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--key" if "key" in str(error) else "--url") from None


def _tell(out: Output, error: TrunklineError, url: str) -> None:
    if out.as_json:
        told: dict[str, Any] = {"error": "Not reached", "message": str(error), "code": "not_reached"}
        if isinstance(error, ApiError):
            told = {"error": error.title, "message": error.message, "code": error.code}
            told |= {"details": list(error.details)} if error.details else {}
        out.error(json.dumps(told))
        return
    if isinstance(error, ApiError):
        out.error(Text(printable(f"{error.title}: {error.message} ({error.code})"), style="red"))
        for detail in error.details:
            if detail not in error.message:
                out.error(f"  {printable(detail)}")
        return
    out.error(Text(printable(str(error)), style="red"))
    if isinstance(error, ConnectionFailed):
        out.error(
            f"Is the platform running at {printable(url)}? Start it with `trunkline serve`, or say where it is with "
            "--url or TRUNKLINE_URL."
        )
