"""Looks at a database without changing it: what it is, which form it has, how soon it answers, what time it has."""

import asyncio
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from trunkline.base.errors import Invalid, Unavailable
from trunkline.storage.database import engine_of, file_of
from trunkline.storage.migrate import known, newest

LOOKS = 5
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """``form`` is None for a database that was never used; ``now`` is the server's clock, None for SQLite, whose clock is
    ours."""

    kind: str
    version: str
    form: str | None
    newest_form: str | None
    latency_ms: float
    now: datetime | None = None

    @property
    def is_current(self) -> bool:
        """Whether this version of the platform works with it as it is."""
        return self.form == self.newest_form

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of the platform has used it."""
        return self.form is not None and self.form not in known()


async def inspect(url: str | None, data_dir: Path) -> DatabaseFacts:
    """Looks. Raises Invalid for an address that is none, and Unavailable where nothing answers."""
    file = file_of(url, data_dir)
    if file is not None and not file.exists():
        return DatabaseFacts("SQLite", sqlite3.sqlite_version, None, newest(), 0.0)
    engine = engine_of(url, data_dir)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), engine.connect() as connection:
            form = await connection.run_sync(_form)
            version = sqlite3.sqlite_version
            now = None
            if engine.dialect.name == "postgresql":
                version = str((await connection.execute(text("SHOW server_version"))).scalar_one())
                now = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one().astimezone(UTC)
            began = time.perf_counter()
            for _ in range(LOOKS):
                await connection.execute(text("SELECT 1"))
            latency = (time.perf_counter() - began) * 1000 / LOOKS
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(f"the database does not answer: {type(error).__name__}") from None
    except TypeError:
        raise Invalid("the address of the database has an option behind its ? that there is not") from None
    finally:
        await engine.dispose()
    return DatabaseFacts("SQLite" if now is None else "PostgreSQL", version, form, newest(), latency, now)


def _form(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
