"""Milliseconds from SQLite, whichever one the interpreter was built with."""

import time

import pytest

from trunkline.jobs.old_sqlite import Connection

pytestmark = pytest.mark.unit


def test_the_time_has_milliseconds_also_in_a_default() -> None:
    connection = Connection(":memory:")
    connection.execute("CREATE TABLE t (n INTEGER, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
    before = time.time() * 1000
    connection.executemany("INSERT INTO t (n) VALUES (?)", [(1,), (2,)])
    moments = [row[0] for row in connection.execute("SELECT at FROM t")]
    assert all(before - 5 <= moment <= time.time() * 1000 + 5 for moment in moments)
    connection.close()
