"""What all nouns have in common as commands: list, show, update and delete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer

from trunkline.cli.body import From, Set, body
from trunkline.cli.output import Output, printable
from trunkline.cli.remote import Session, command
from trunkline.client import Pages, Trunkline

SHOWN = 50
PAGE = 100

Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or its name where that is the only one.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Kind:
    """One noun: its ``word``, the ``part`` of the client that it is, the ``columns`` of its list, and the field that it
    is ``named`` by, beside its id."""

    word: str
    part: Callable[[Trunkline], Any]
    columns: tuple[str, ...]
    named: str = "name"

    def found(self, session: Session, text: str, hint: str = "ID") -> str:
        """The id that is meant by an id or a name. Raises BadParameter for a name that none or several have."""
        if _is_id(text):
            return text
        named = [one for one in self.part(session.client).list() if _same(one.get(self.named), text)]
        if len(named) == 1:
            return str(named[0]["id"])
        if not named:
            raise typer.BadParameter(f"there is no {self.word} with the id or name {text!r}", param_hint=hint)
        ids = ", ".join(str(one["id"]) for one in named)
        raise typer.BadParameter(f"{len(named)} are called {text!r}; give one's id: {ids}", param_hint=hint)


def add_common(app: typer.Typer, kind: Kind) -> None:
    """Gives a noun's group its list, show, update and delete."""

    @command(app, "list")
    def list_(session: Session, limit: Limit = SHOWN) -> None:
        """List them, the newest first."""
        show_list(session.out, kind.part(session.client).list(limit=limit), limit, kind.columns)

    @command(app, "show")
    def show(session: Session, id: Id) -> None:
        """Show one with all its fields."""
        session.out.one(kind.part(session.client).get(kind.found(session, id)))

    @command(app, "update")
    def update(session: Session, id: Id, settings: Set = None, source: From = None) -> None:
        """Change what is given, and nothing else; `--set name=null` clears."""
        part, which = kind.part(session.client), kind.found(session, id)
        changes = body(source, {}, settings, lambda: part.get(which))
        if not changes:
            raise typer.BadParameter("say what to change, with --set or --from", param_hint="--set")
        session.out.one(part.update(which, **changes), f"Changed {kind.word} {which}")

    @command(app, "delete")
    def delete(session: Session, id: Id, yes: Yes = False) -> None:
        """Delete one. Asks first, unless --yes is given."""
        part, which = kind.part(session.client), kind.found(session, id)
        sure(session.out, yes, f"Delete {kind.word} {which}?")
        part.delete(which)
        gone(session.out, kind.word, which)


def show_list(
    out: Output,
    pages: Pages[Any],
    limit: int,
    columns: Sequence[str],
    row: Callable[[Any], Mapping[str, Any]] | None = None,
) -> None:
    """Prints a list up to its limit, and how much more there is. ``row`` makes a row of the table where that has more than
    the fields of an item."""
    first = pages.page()
    items: list[Mapping[str, Any]] = first.items if limit <= PAGE or first.total <= PAGE else list(pages)
    out.many(items if row is None or out.as_json else [row(item) for item in items], columns, first.total)


def sure(out: Output, yes: bool, question: str) -> None:
    """Asks whether to go on, or wants ``--yes`` where nobody can be asked. Raises BadParameter and Exit."""
    if yes:
        return
    if not out.live:
        raise typer.BadParameter("is needed where there is no terminal to ask at", param_hint="--yes")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def gone(out: Output, word: str, which: str) -> None:
    """Tells that something was deleted."""
    if out.as_json:
        out.json({"success": True})
    else:
        out.say(f"Deleted {word} {printable(which)}")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _same(name: object, text: str) -> bool:
    return isinstance(name, str) and name.casefold() == text.casefold()
