"""Calls in the database: the row that is there before the phone rings and tells at the end what came of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    func,
    select,
    update,
)

from trunkline.base.errors import NotFound
from trunkline.domain.call import END_STATES, CallStatus, Direction, EndReason
from trunkline.storage import tables
from trunkline.storage.call_counts import (
    DAY,
    FACETS,
    CallCounts,
    CallFilters,
    Edges,
    Learned,
    Part,
    after,
    day_parts,
    midnight,
    whole_days,
    window,
)
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps

__all__ = ["LIVE", "WAITING", "Call", "CallFilters", "Calls", "Load", "call_values", "one", "salvaging", "sealed_call"]

_SEALED = "plan_sealed"
_FOREVER = datetime.max.replace(tzinfo=UTC)
_KEPT_SINCE = tables.organisations.c.calls_kept_since
LIVE = (tables.calls.c.ended_at.is_(None), tables.calls.c.waits_until.is_(None))
"""Holds of the calls that have a worker or want one now: those that hold capacity."""
WAITING = (tables.calls.c.ended_at.is_(None), tables.calls.c.waits_until.is_not(None))
"""Holds of scheduled calls whose time has not come."""


@dataclass(frozen=True, slots=True)
class Call:
    """The stored call, all of it but its plan. ``tells_status`` says that a receiver wants its status updates."""

    id: str
    org_id: str
    direction: Direction
    status: CallStatus
    created_at: datetime
    updated_at: datetime
    caller_phone: str | None = None
    assistant_phone: str | None = None
    number_id: str | None = None
    number_name: str | None = None
    trunk_id: str | None = None
    assistant_id: str | None = None
    assistant_name: str | None = None
    business_name: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    assistant_public: dict[str, Any] = field(default_factory=dict)
    tells_status: bool = False
    end_reason: EndReason | None = None
    error: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: int | None = None
    summary: str | None = None
    analysis_result: dict[str, Any] | None = None
    recording: str | None = None
    sip: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    latency: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None
    last_seq: int = 0
    worker_id: str | None = None
    lease_until: datetime | None = None
    dial_at: datetime | None = None
    scheduled_at: datetime | None = None
    waits_until: datetime | None = None
    released_at: datetime | None = None
    campaign_id: str | None = None
    lead_id: str | None = None
    content_deleted_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """True in an end state."""
        return self.status in END_STATES


@dataclass(frozen=True, slots=True)
class Load:
    """How many calls are live: in all, by number and by trunk."""

    total: int
    by_number: Counter[str]
    by_trunk: Counter[str]


class Calls(Scoped):
    """The calls of an organisation."""

    table = tables.calls
    _shown = tuple(column for column in tables.calls.columns if column.name != _SEALED)
    _query = select(*_shown)

    async def add(self, call: Call, plan_sealed: str) -> None:
        """Adds a new call with its sealed plan."""
        await self._insert(call_values(call, plan_sealed))

    async def find(self, id: str, *, lock: bool = False) -> Call | None:
        """The call of this id; ``lock`` keeps other writers out until the unit ends."""
        query = self._all().where(self.table.c.id == id)
        row = await self._row(query.with_for_update() if lock else query)
        return None if row is None else _item(row)

    async def get(self, id: str, *, lock: bool = False) -> Call:
        """The call of this id. Raises NotFound."""
        call = await self.find(id, lock=lock)
        if call is None:
            raise NotFound(f"there is no call {id}")
        return call

    async def plan_sealed(self, id: str) -> str:
        """The sealed plan of a call. Raises NotFound."""
        row = await self._row(self._select(self.table.c.plan_sealed).where(self.table.c.id == id))
        if row is None:
            raise NotFound(f"there is no call {id}")
        return str(row[_SEALED])

    async def list_(
        self,
        filters: CallFilters,
        limit: int,
        offset: int,
        counts: CallCounts | None = None,
        now: datetime = _FOREVER,
    ) -> tuple[list[Call], int]:
        """A page, newest first, and how many calls the filters let through in all. ``counts`` keeps what need not be
        counted again; what is placed later than ``now`` is counted each time."""
        edges = await self._edges(now)
        if edges is None:
            return [], 0
        where = _equal(filters)
        learned = (counts or CallCounts()).of(self._org_id or "", now)
        parts = await self._parts(filters, where, edges, learned)
        place = window(parts, limit, offset)
        total = sum(part.calls for part in parts)
        if place is None:
            return [], total
        c = self.table.c
        within = [*where, *_between(place.since, place.until)]
        ids = self._select(c.id).where(*within).order_by(c.created_at.desc(), c.id).limit(limit).offset(place.skip)
        # The ids alone come out of an index: what is passed over is not read.
        query = self._all().where(c.id.in_(ids.scalar_subquery())).order_by(c.created_at.desc(), c.id)
        return [_item(row) for row in await self._rows(query)], total

    async def _edges(self, now: datetime) -> Edges | None:
        c = self.table.c
        first = self._select(c.created_at).order_by(c.created_at).limit(1).scalar_subquery()
        last = self._select(c.created_at).order_by(c.created_at.desc()).limit(1).scalar_subquery()
        live = self._select(func.min(c.created_at)).where(*LIVE).scalar_subquery()
        waits = self._select(func.min(c.created_at)).where(*WAITING).scalar_subquery()
        kept = select(_KEPT_SINCE).where(tables.organisations.c.id == self._org_id).scalar_subquery()
        row = (await self._connection.execute(select(first, last, live, waits, kept))).one()
        if row[0] is None:
            return None
        unfinished = min((moment for moment in row[2:4] if moment is not None), default=None)
        return Edges(row[0], min(row[1], now), unfinished, row[4])

    async def _parts(
        self, filters: CallFilters, where: list[ColumnElement[bool]], edges: Edges, learned: Learned
    ) -> list[Part]:
        """How many calls there are, by stretches of time, the newest first."""
        end = after(filters.end_date)
        days = whole_days(filters, edges, learned.until)
        if days is None:
            return [await self._part(where, filters.start_date, end)]
        since, until = days
        newest = await self._part(where, until, end)
        oldest = await self._part(where, filters.start_date, since)
        return [newest, *day_parts(learned.days(filters.equal), since, until), oldest]

    async def _part(self, where: list[ColumnElement[bool]], since: datetime | None, until: datetime | None) -> Part:
        if since is not None and until is not None and since >= until:
            return Part(since, until, 0)
        return Part(since, until, await self._count(*where, *_between(since, until)))

    async def learn(self, counts: CallCounts, now: datetime = _FOREVER, page: int = 1000) -> bool:
        """Lets ``counts`` know the next settled day, read in pages; True when there are more."""
        edges = await self._edges(now)
        learned = counts.of(self._org_id or "", now)
        if edges is None:
            return False
        learned.forget(edges)
        since = learned.until or midnight(edges.oldest)
        if since >= edges.settled:
            return False
        c = self.table.c
        whole = self._select(c.created_at, *(c[name] for name in FACETS)).where(*_between(since, since + DAY))
        found: list[RowMapping] = []
        while len(found) % page == 0:
            more = await self._rows(whole.order_by(c.created_at, c.id).limit(page).offset(len(found)))
            if not more:
                break
            found.extend(more)
        learned.take(found)
        learned.until = since + DAY
        return learned.until < edges.settled

    async def change(self, id: str, **values: Any) -> None:
        """Writes columns of a call."""
        await self._connection.execute(self._update().where(self.table.c.id == id), values)

    async def seconds_since(self, moment: datetime) -> int:
        """The answered seconds of all calls that were placed since a moment."""
        total = func.coalesce(func.sum(self.table.c.duration_seconds), 0)
        query = self._select(total).where(self.table.c.created_at >= moment)
        return int((await self._connection.execute(query)).scalar_one())

    async def load(self) -> Load:
        """How many calls are live now."""
        c = self.table.c
        query = self._select(c.number_id, c.trunk_id, func.count().label("live")).where(*LIVE)
        by_number: Counter[str] = Counter()
        by_trunk: Counter[str] = Counter()
        total = 0
        for row in await self._rows(query.group_by(c.number_id, c.trunk_id)):
            total += row["live"]
            by_number[row["number_id"]] += row["live"]
            by_trunk[row["trunk_id"]] += row["live"]
        return Load(total, by_number, by_trunk)

    def _all(self) -> Select[Any]:
        mine = self._mine()
        return self._query if mine is None else self._query.where(mine)


_ONE = select(*Calls._shown).where(
    tables.calls.c.org_id == bindparam("of_org"), tables.calls.c.id == bindparam("of_call")
)


def one(org_id: str, id: str) -> Steps[Call]:
    """A call of an organisation. Raises NotFound."""
    rows = yield Query(_ONE, {"of_org": org_id, "of_call": id})
    if not rows:
        raise NotFound(f"there is no call {id}")
    return _item(rows[0])


_SEALED_PLAN = select(tables.calls.c.plan_sealed).where(tables.calls.c.id == bindparam("of_call"))


def sealed_call(org_id: str, id: str) -> Steps[tuple[Call, str]]:
    """A call of an organisation, and its sealed plan. Raises NotFound."""
    call = yield from one(org_id, id)
    rows = yield Query(_SEALED_PLAN, {"of_call": id})
    return call, str(rows[0][_SEALED])


_RECORDING = update(tables.calls).where(tables.calls.c.id == bindparam("of_call"))
_UNRECORDED = select(tables.calls.c.id).where(
    tables.calls.c.id == bindparam("of_call"),
    tables.calls.c.recording.is_(None),
    tables.calls.c.content_deleted_at.is_(None),
)


def salvaging(name: str) -> Steps[bool]:
    """Gives a recording to the call that it is named after; False where there is no such call without one."""
    call_id = name.rpartition(".")[0]
    if not (yield Query(_UNRECORDED, {"of_call": call_id})):
        return False
    yield Query(_RECORDING, {"of_call": call_id, "recording": name})
    return True


def call_values(call: Call, plan_sealed: str) -> dict[str, Any]:
    """The row of a call."""
    values = {column.name: getattr(call, column.name) for column in Calls._shown}
    return values | {_SEALED: plan_sealed}


def _item(row: Mapping[str, Any] | RowMapping) -> Call:
    values = dict(row)
    values["direction"] = Direction(values["direction"])
    values["status"] = CallStatus(values["status"])
    values["end_reason"] = EndReason(values["end_reason"]) if values["end_reason"] else None
    return Call(**values)


def _equal(filters: CallFilters) -> list[ColumnElement[bool]]:
    return [tables.calls.c[name] == value for name, value in filters.equal.items()]


def _between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    at = tables.calls.c.created_at
    return [*([] if since is None else [at >= since]), *([] if until is None else [at < until])]
