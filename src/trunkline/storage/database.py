"""The database: opened once per process, migrated at opening, and used in units of one transaction."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from trunkline.base.clock import SystemClock
from trunkline.base.errors import Conflict, Invalid, Unavailable
from trunkline.base.meters import DATABASE_SECONDS, Meters, NoMeters
from trunkline.domain.audit import Author
from trunkline.storage import sqlite
from trunkline.storage.call_counts import CallCounts
from trunkline.storage.columns import as_json
from trunkline.storage.migrate import upgrade
from trunkline.storage.steps import Steps, driven
from trunkline.storage.unit import SystemUnit, Unit
from trunkline.storage.vault import Vault

FILE_NAME = "trunkline.db"
T = TypeVar("T")

# PostgreSQL's error classes that pass: connection, rollback, resources, locks, an operator's hand, the system.
_PASSING_STATES = frozenset({"08", "40", "53", "55", "57", "58"})


class Database:
    """SQLite or PostgreSQL behind one door. Belongs to the event loop that opened it.

    SQLite has one writer at a time: the writers of this process take turns by a lock of their own, so that none of
    them finds the file locked, and readers never wait.
    """

    def __init__(self, engine: AsyncEngine, vault: Vault, meters: Meters) -> None:
        self._engine = engine
        self._vault = vault
        self._meters = meters
        self.call_counts = CallCounts()
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else None
        self._trips = sqlite.trips(engine) if engine.dialect.name == "sqlite" else {}

    @classmethod
    async def open(cls, url: str | None, data_dir: Path, vault: Vault, meters: Meters | None = None) -> "Database":
        """Opens the database at ``url`` (None: SQLite in the data dir) and brings it to the newest form."""
        engine = engine_of(url, data_dir)
        database = cls(engine, vault, meters or NoMeters())
        try:
            async with database.transaction(write=True) as connection:
                await connection.run_sync(upgrade)
        except BaseException:
            await database.aclose()
            raise
        return database

    async def aclose(self) -> None:
        """Closes all connections."""
        for trips in self._trips.values():
            await asyncio.get_running_loop().run_in_executor(trips.thread, trips.close)
            trips.thread.shutdown(wait=False)
        await self._engine.dispose()

    async def ping(self) -> float:
        """How long the database takes to answer, in milliseconds. Raises Unavailable."""
        before = time.perf_counter()
        async with self.transaction(write=False) as connection:
            await connection.execute(text("SELECT 1"))
        return (time.perf_counter() - before) * 1000

    def pool(self) -> dict[str, int]:
        """The connections of the pool: how many are ``open``, and how many of them ``in_use``."""
        pool: Any = self._engine.pool
        in_use = int(pool.checkedout())
        return {"open": in_use + int(pool.checkedin()), "in_use": in_use}

    async def tidy(self) -> None:
        """Lets SQLite look how its tables have grown, so that it goes on choosing the right index; PostgreSQL does so by
        itself. Some milliseconds, whatever is stored."""
        if self._turn is not None:
            async with self.transaction(write=True) as connection:
                await connection.execute(text("PRAGMA analysis_limit=1000"))
                await connection.execute(text("ANALYZE"))

    @asynccontextmanager
    async def unit(self, org_id: str, *, write: bool = True, author: Author | None = None) -> AsyncIterator[Unit]:
        """One transaction of one organisation, committed at a clean exit and undone at any other.

        A unit that only reads says so: it then waits for no writer. ``author`` is who makes its changes; None: the
        platform by itself.
        """
        async with self.transaction(write=write) as connection:
            yield Unit(connection, org_id, self._vault, author or _platform())

    @asynccontextmanager
    async def system(self, *, write: bool = True, author: Author | None = None) -> AsyncIterator[SystemUnit]:
        """One transaction of the platform itself, across organisations."""
        async with self.transaction(write=write) as connection:
            yield SystemUnit(connection, None, self._vault, author or _platform())

    async def brief(self, steps: Steps[T], *, write: bool = True) -> T:
        """A short transaction of the platform itself, whole. Raises what its steps raise, Conflict and Unavailable."""
        if not self._trips:
            async with self.transaction(write=write) as connection:
                return await driven(connection, steps)
        trips = self._trips[write]
        async with AsyncExitStack() as stack:
            stack.enter_context(self._measured(write))
            if write and self._turn is not None:
                await stack.enter_async_context(self._turn)
            try:
                return await asyncio.get_running_loop().run_in_executor(trips.thread, trips.run, steps)
            except sqlite3.IntegrityError as error:
                raise _conflict() from error
            except (sqlite3.OperationalError, sqlite3.InterfaceError) as error:
                raise _away() from error

    @asynccontextmanager
    async def transaction(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        """One bare transaction, for what is below the repositories (migrations). Raises Conflict and Unavailable."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self._measured(write))
            if write and self._turn is not None:
                await stack.enter_async_context(self._turn)
            connection = await stack.enter_async_context(self._connected())
            try:
                await connection.execution_options(**{sqlite.WRITES: write})
                async with connection.begin():
                    yield connection
            except IntegrityError as error:
                raise _conflict() from error
            except DBAPIError as error:
                if _is_away(error):
                    raise _away() from error
                raise

    @contextmanager
    def _measured(self, write: bool) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._meters.observe(DATABASE_SECONDS, time.perf_counter() - began, "write" if write else "read")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self._engine.connect()
        except (DBAPIError, PoolTimeout, OSError) as error:
            raise _away() from error
        try:
            yield connection
        finally:
            await connection.close()


def _platform() -> Author:
    return Author("platform", SystemClock().now())


def engine_of(url: str | None, data_dir: Path) -> AsyncEngine:
    """What connects to the database at ``url`` (None: SQLite in the data dir). Raises Invalid."""
    where = _where(url, data_dir)
    return sqlite.engine(where) if where.get_backend_name() == "sqlite" else _postgresql(where)


def file_of(url: str | None, data_dir: Path) -> Path | None:
    """The file of a SQLite database, None for another. Raises Invalid."""
    where = _parsed(url) if url else URL.create("sqlite", database=str(data_dir / FILE_NAME))
    return Path(str(where.database)) if where.get_backend_name() == "sqlite" else None


def _is_away(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return state[:2] in _PASSING_STATES


def _away() -> Unavailable:
    return Unavailable(
        "the database does not answer; try again", code="database_unavailable", title="Database unavailable"
    )


def _conflict() -> Conflict:
    return Conflict("another change came first, or something still depends on this; look again")


def _where(url: str | None, data_dir: Path) -> URL:
    if not url:
        data_dir.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite+aiosqlite", database=str(data_dir / FILE_NAME))
    given = _parsed(url)
    match given.get_backend_name():
        case "sqlite" if not given.database or given.database == ":memory:":
            raise Invalid("name the file of the database, as sqlite:////var/lib/trunkline/trunkline.db")
        case "sqlite":
            return given.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            query = {("ssl" if name == "sslmode" else name): value for name, value in given.query.items()}
            return given.set(drivername="postgresql+asyncpg", query=query)
        case other:
            raise Invalid(f"the database {other!r} is not supported; use sqlite:///… or postgresql://…")


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise Invalid(
            "the address of the database is none; write it as postgresql://user:password@host:5432/name, with %-codes for "
            "signs like @ and / in the password"
        ) from None


def _postgresql(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        json_serializer=as_json,
        json_deserializer=orjson.loads,
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
    )
