"""Scheduled calls that wait for their time, across organisations, as steps."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from trunkline.storage import tables
from trunkline.storage.steps import Query, Steps

OF_EACH_NUMBER = 20
AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A call that waits until ``waits_until``; ``number_id`` is None where the number is chosen at the dial."""

    id: str
    org_id: str
    number_id: str | None
    scheduled_at: datetime
    waits_until: datetime


_c = tables.calls.c
# Of each organisation and number the first few: many that find no room keep nobody else from being looked at.
_FIRST = (
    select(
        *(_c[name] for name in Due.__dataclass_fields__),
        _c.created_at,
        func.row_number()
        .over(partition_by=(_c.org_id, _c.number_id), order_by=(_c.waits_until, _c.created_at, _c.id))
        .label("place"),
    )
    .where(_c.ended_at.is_(None), _c.waits_until <= bindparam("until"))
    .subquery()
)
_DUE = (
    select(*(_FIRST.c[name] for name in (*Due.__dataclass_fields__, "created_at")))
    .where(_FIRST.c.place <= OF_EACH_NUMBER)
    .order_by(_FIRST.c.place, _FIRST.c.waits_until, _FIRST.c.created_at, _FIRST.c.id)
    .limit(AT_MOST)
)


def due(until: datetime) -> Steps[list[Due]]:
    """The calls that wait no longer than ``until``, in order: at most 20 of each organisation's number, 500 in all."""
    rows = yield Query(_DUE, {"until": until})
    rows = sorted(rows, key=lambda row: (row["waits_until"], row["created_at"], row["id"]))
    return [Due(*(row[name] for name in Due.__dataclass_fields__)) for row in rows]
