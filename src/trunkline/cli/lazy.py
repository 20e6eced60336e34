"""Groups whose commands are loaded when they are called, so that a command waits for no part that it does not need."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command stands: the ``module`` whose ``attribute`` is a Typer, the name in it (None: all of it), and the
    line about it in the group's help."""

    module: str
    attribute: str
    command: str | None
    help: str


class LazyGroup(TyperGroup):
    """A group of ``COMMANDS``. Its own help loads none of them."""

    COMMANDS: ClassVar[Mapping[str, Lazy]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the table."""
        return list(self.COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, loaded now; None where there is none of that name."""
        wanted = self.COMMANDS.get(cmd_name)
        if wanted is None:
            return None
        found = typer.main.get_group(getattr(import_module(wanted.module), wanted.attribute))
        if wanted.command is None:
            return found
        return found.commands[wanted.command]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the names with their lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, wanted.help) for name, wanted in self.COMMANDS.items()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant; one that there is not is answered with the one that is spelled most alike."""
        if args and args[0] not in self.COMMANDS and not args[0].startswith("-"):
            alike = get_close_matches(args[0], self.COMMANDS, n=1)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {alike[0]!r}?" if alike else ""))
        return super().resolve_command(ctx, args)
