"""What an examination finds: one line each, with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from trunkline.app.settings import Settings


class Level(StrEnum):
    """How bad it is: all well, works but not as well as it could, or does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``check`` names what was looked at, ``todo`` says what to do where it is not well."""

    check: str
    level: Level
    says: str
    todo: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding for programs."""
        return {"check": self.check, "level": self.level.value, "says": self.says, "todo": self.todo}


@dataclass(frozen=True, slots=True)
class Patient:
    """The installation under examination. ``running`` is what the platform itself says where it runs beside; ``trunk_id``
    the only trunk that is wanted."""

    settings: Settings
    running: dict[str, Any] | None = None
    trunk_id: str | None = None

    @property
    def data_dir(self) -> Path:
        """Where it keeps everything."""
        return self.settings.data_dir


def ok(check: str, says: str) -> Finding:
    """All well."""
    return Finding(check, Level.OK, says)


def warn(check: str, says: str, todo: str) -> Finding:
    """Works, but."""
    return Finding(check, Level.WARN, says, todo)


def fail(check: str, says: str, todo: str) -> Finding:
    """Does not work."""
    return Finding(check, Level.FAIL, says, todo)
