"""Brings a database to the newest form, or back, over a connection that is already in a transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

FOLDER = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x7472756E6B


def config(connection: Connection) -> Config:
    """Alembic's configuration for one connection."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection) -> None:
    """To the newest form; processes that start together take turns."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    if MigrationContext.configure(connection).get_current_revision() != newest():
        command.upgrade(config(connection), "head")


@cache
def newest() -> str | None:
    """The revision that this version of the platform works with."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Back to ``revision``."""
    command.downgrade(config(connection), revision)
