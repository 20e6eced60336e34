"""SQLite as the platform uses it: WAL, real BEGINs, and one trip to the driver's thread for each statement."""

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import aiosqlite
import orjson
from sqlalchemy import URL, Connection, event
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import EMPTY_DICT
from sqlalchemy.util.concurrency import await_

from trunkline.storage.columns import as_json
from trunkline.storage.steps import Trips

BUSY_TIMEOUT_MS = 10_000
WRITES = "trunkline_write"
WAL_BYTES = 64 * 1024 * 1024
PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    # What a large transaction made of the log is given back to the disk.
    f"journal_size_limit={WAL_BYTES}",
)
READ, WRITE = "BEGIN", "BEGIN IMMEDIATE"


class _Done(NamedTuple):
    """What a statement left behind, read in the driver's thread."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None


def _run(
    connection: sqlite3.Connection, begin: str | None, many: bool, operation: str, parameters: Any
) -> tuple[_Done, Sequence[Any]]:
    cursor = connection.cursor()
    try:
        if begin is not None:
            cursor.execute(begin)
        if many:
            cursor.executemany(operation, parameters)
        else:
            cursor.execute(operation, parameters or ())
        rows = cursor.fetchall() if cursor.description else ()
        return _Done(cursor.description, cursor.rowcount, cursor.lastrowid), rows
    finally:
        cursor.close()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Opens, executes, fetches and closes in one trip; the stock cursor takes four (0.3 ms and more each)."""

    __slots__ = ()

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = _Done()
        self._rows: deque[Any] = deque()
        self._soft_closed_memoized = EMPTY_DICT

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._trip(False, operation, parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._trip(True, operation, seq_of_parameters)

    async def _trip(self, many: bool, operation: Any, parameters: Any) -> None:
        driver: Any = self._connection
        ours: Any = self._adapt_connection
        async with ours._execute_mutex:
            begin, ours.begin_first = ours.begin_first, None
            self._cursor, rows = await driver._execute(_run, driver._conn, begin, many, operation, parameters)
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """The driver's cursor is closed already."""

    def close(self) -> None:
        self._rows.clear()


class _Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose BEGIN travels with the first statement after it."""

    __slots__ = ("begin_first",)
    _cursor_cls = _Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.begin_first: str | None = None

    def commit(self) -> None:
        self._finish(super().commit)

    def rollback(self) -> None:
        self._finish(super().rollback)

    def _finish(self, finish: Callable[[], None]) -> None:
        if self.begin_first is None:
            finish()
        self.begin_first = None


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        opening = aiosqlite.connect(*args, **options)
        opening._thread.daemon = True
        connection: Any = await_(opening)
        return _Connection(self, connection)


def private(path: str) -> None:
    """Makes a file that is not there yet readable for its owner alone: calls and phone numbers will stand in it. The
    files that SQLite puts beside it take its mode. Where that fails, SQLite says why when it opens it."""
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def engine(url: URL) -> AsyncEngine:
    """An engine for a SQLite file. A connection whose option ``WRITES`` is set takes the write lock as it begins."""
    private(str(url.database))
    made = create_async_engine(
        url,
        module=_Driver(aiosqlite, sqlite3),
        json_serializer=as_json,
        json_deserializer=orjson.loads,
        pool_size=8,
        max_overflow=8,
        # Every connection is given back after a COMMIT or ROLLBACK of its own: one trip less.
        pool_reset_on_return=None,
    )
    event.listen(made.sync_engine, "connect", _prepare)
    event.listen(made.sync_engine, "begin", _begin)
    return made


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for a consistent read and is never IMMEDIATE: _begin takes over.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    ours: Any = connection.connection.dbapi_connection
    ours.begin_first = WRITE if connection.get_execution_options().get(WRITES) else READ


def trips(made: AsyncEngine) -> dict[bool, Trips]:
    """What runs whole transactions of an engine's file in one trip: those that write (True) and those that read."""
    path, dialect = str(made.url.database), made.sync_engine.dialect
    return {write: Trips(path, dialect, PRAGMAS, WRITE if write else READ) for write in (True, False)}
