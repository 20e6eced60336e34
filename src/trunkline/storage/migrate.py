"""Brings a database to the newest form, or back, over a connection that is already in a transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from trunkline.base.errors import Invalid

FOLDER = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x7472756E6B


def config(connection: Connection) -> Config:
    """Alembic's configuration for one connection."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection, revision: str = "head") -> None:
    """To ``revision``; processes that start together take turns. Raises Invalid where the database is of a form that
    this version does not know."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known():
        raise Invalid(
            f"the database has form {current}, and this version of the platform knows forms up to {newest()} only: a newer "
            "version has used it. Start that version, or put back the backup that was made before it"
        )
    if current != newest():
        command.upgrade(config(connection), revision)


@cache
def newest() -> str | None:
    """The revision that this version of the platform works with."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


@cache
def known() -> tuple[str, ...]:
    """All revisions, the oldest first."""
    return tuple(script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions())[::-1]


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Back to ``revision``."""
    command.downgrade(config(connection), revision)
