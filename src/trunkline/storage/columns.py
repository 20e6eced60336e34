"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, types

_LEAST_INTEGER, _MOST_INTEGER = -(1 << 63), (1 << 64) - 1


class Moment(types.TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Words(types.TypeDecorator[str]):
    """Text of any length, without what databases cannot keep: NUL, and halves of characters (which become ``?``)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else _whole(value).replace("\x00", "")


def as_json(value: Any) -> str:
    """JSON as the databases keep it; halves of characters become ``?``, integers of more than 64 bits numbers with a point.
    Raises TypeError for what is no JSON."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return orjson.dumps(_cleaned(value)).decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, dict):
        return {_whole(name): _cleaned(item) for name, item in value.items()}
    if isinstance(value, int) and not _LEAST_INTEGER <= value <= _MOST_INTEGER:
        return float(value) if abs(value) < 1 << 1000 else None
    return [_cleaned(item) for item in value] if isinstance(value, list | tuple) else value


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()


Counting = BigInteger().with_variant(Integer(), "sqlite")
