"""What DBOS takes for granted of SQLite and an older one lacks: milliseconds from ``unixepoch('subsec')``.

Python 3.12 and later do not say which SQLite they were built with; Debian 12's (3.40) gives NULL for it, 3.42 knows it.
"""

import sqlite3
import time
from typing import Any

KNOWS_SUBSEC = (3, 42, 0)


def _unixepoch(*arguments: str) -> float:
    """``unixepoch()`` and ``unixepoch('subsec')``: the only forms that DBOS uses. Raises for any other."""
    if arguments not in ((), ("subsec",)):
        raise ValueError(f"unixepoch{arguments} is not known here")
    now = time.time()
    return now if arguments else float(int(now))


class Connection(sqlite3.Connection):
    """A connection on which ``unixepoch('subsec')`` works, whichever SQLite there is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if sqlite3.sqlite_version_info < KNOWS_SUBSEC:
            self.create_function("unixepoch", -1, _unixepoch)
