"""Calls as they are ordered at the command line: ``trunkline call NUMBER`` is ``trunkline call place NUMBER``."""

from typing import Any

from typer.core import TyperGroup

_BEGINNINGS = ("+", "sip:", "sips:", *"0123456789")
_OF_THE_GROUP = frozenset(("--help",))


class CallGroup(TyperGroup):
    """The group of calls, where what reads like a number or an option means that one is placed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts ``place`` before a number that stands where a command's name would."""
        if args and args[0] not in _OF_THE_GROUP and args[0].startswith((*_BEGINNINGS, "-")):
            args = ["place", *args]
        return super().parse_args(ctx, args)
