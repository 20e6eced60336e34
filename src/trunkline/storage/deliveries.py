"""Webhook deliveries: one row for each thing that a receiver is told, with the log of all attempts."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, insert, literal_column, or_, select, update

from trunkline.base.errors import NotFound
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.steps import Query, Steps


def lane_of(org_id: str, url: str) -> str:
    """The short name of an organisation's address: what goes there is held up by nothing else."""
    return hashlib.sha256(f"{org_id} {url}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery. ``status`` is pending, delivered or dead; ``position`` is its place among those of its call, below zero
    where it has none because it waits for no other and no other waits for it (mails);
    ``attempts`` are ``{at, status_code, duration_ms, error, reply}``; ``body`` is None once it was forgotten;
    ``failing_since`` is the time of the first attempt, ``claimed_until`` says how long the one under way may take;
    ``earlier_attempts`` of the attempts were made before it was last sent again."""

    id: str
    org_id: str
    call_id: str
    position: int
    event: str
    url: str
    body: str | None
    created_at: datetime
    status: str = "pending"
    attempts: tuple[dict[str, Any], ...] = ()
    next_attempt_at: datetime | None = None
    failing_since: datetime | None = None
    claimed_until: datetime | None = None
    earlier_attempts: int = 0

    @property
    def tries(self) -> int:
        """How often it was tried since it was written, or last sent again."""
        return len(self.attempts) - self.earlier_attempts


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come, and its lane."""

    id: str
    org_id: str
    lane: str


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """Which deliveries a list shows; None means all. The dates are bounds of ``created_at``, both inclusive."""

    call_id: str | None = None
    status: str | None = None
    event: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None


class Deliveries(Nouns[Delivery]):
    """The deliveries of an organisation's calls."""

    table = tables.webhook_deliveries
    noun = "webhook delivery"

    def _item(self, row: RowMapping) -> Delivery:
        return _item(dict(row))

    def _values(self, item: Delivery) -> dict[str, Any]:
        return _row(item)

    async def of_call(self, call_id: str) -> list[Delivery]:
        """All deliveries of a call, in order."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.position)
        return [self._item(row) for row in await self._rows(query)]

    async def page(self, filters: DeliveryFilters, limit: int, offset: int) -> tuple[list[Delivery], int]:
        """A page, newest first, and how many deliveries the filters let through in all."""
        return await self.list_(limit, offset, *_where(filters))

    async def due(
        self,
        now: datetime,
        overtake_before: datetime,
        full: Collection[str] = (),
        full_organisations: Collection[str] = (),
        limit: int = 100,
    ) -> list[Due]:
        """The pending deliveries whose time has come and that nobody works on, the most patient first, but none of lanes
        or organisations that are full.

        A delivery that was never tried waits while an earlier one of its call is pending, unless that one has been
        failing since ``overtake_before`` or longer.
        """
        table, earlier = self.table, self.table.alias("earlier")
        holds_up = select(earlier.c.id).where(
            earlier.c.call_id == table.c.call_id,
            earlier.c.position < table.c.position,
            earlier.c.position > 0,
            _is_pending("earlier"),
            or_(earlier.c.failing_since.is_(None), earlier.c.failing_since > overtake_before),
        )
        query = self._select(table.c.id, table.c.org_id, table.c.lane).where(
            _is_pending(table.name),
            table.c.next_attempt_at <= now,
            table.c.lane.not_in(full),
            table.c.org_id.not_in(full_organisations),
            self._free(now),
            or_(table.c.failing_since.is_not(None), ~holds_up.exists()),
        )
        rows = await self._rows(query.order_by(table.c.next_attempt_at).limit(limit))
        return [Due(**row) for row in rows]

    async def claim(self, ids: Collection[str], now: datetime, until: datetime) -> dict[str, Delivery]:
        """Takes deliveries to be tried until a moment, after which others may; returns those that were to be had."""
        statement = self._update().where(self.table.c.id.in_(ids), self.table.c.status == "pending", self._free(now))
        result = await self._connection.execute(statement.values(claimed_until=until).returning(*self.table.c))
        return {row["id"]: self._item(row) for row in result.mappings()}

    async def pending(self, call_id: str) -> int:
        """How many deliveries of a call are neither delivered nor dead."""
        return await self._count(self.table.c.call_id == call_id, self.table.c.status == "pending")

    def _free(self, now: datetime) -> ColumnElement[bool]:
        return or_(self.table.c.claimed_until.is_(None), self.table.c.claimed_until <= now)


def _is_pending(table: str) -> ColumnElement[bool]:
    """Written out, because the index of what is due is of these alone."""
    return literal_column(f"{table}.status") == literal_column("'pending'")


def _where(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    c = tables.webhook_deliveries.c
    equal = ("call_id", "status", "event")
    where = [c[name] == getattr(filters, name) for name in equal if getattr(filters, name) is not None]
    if filters.start_date is not None:
        where.append(c.created_at >= filters.start_date)
    if filters.end_date is not None:
        where.append(c.created_at <= filters.end_date)
    return where


_t = tables.webhook_deliveries
_ADD = insert(_t)
_ONE = select(_t).where(_t.c.id == bindparam("of_id")).with_for_update()
_LOG = update(_t).where(_t.c.id == bindparam("of_id"))


def add(delivery: Delivery) -> Steps[None]:
    """Adds a delivery."""
    yield Query(_ADD, _row(delivery))


def log_attempt(
    id: str, attempt: dict[str, Any], status: str, next_attempt_at: datetime | None, at: datetime
) -> Steps[Delivery]:
    """Adds an attempt to a delivery's log, sets where it stands now and lets it go. Raises NotFound.

    One that reached its end meanwhile, by another worker's attempt, stays there. Of one whose content was deleted meanwhile
    the reply, which may repeat it, is not kept.
    """
    rows = yield Query(_ONE, {"of_id": id})
    if not rows:
        raise NotFound(f"there is no webhook delivery {id}")
    delivery = _item(rows[0])
    kept = attempt if delivery.body is not None else {**attempt, "reply": None}
    logged = replace(delivery, attempts=(*delivery.attempts, kept), claimed_until=None)
    if delivery.status == "pending":
        logged = replace(
            logged, status=status, next_attempt_at=next_attempt_at, failing_since=delivery.failing_since or at
        )
    changed = ("attempts", "claimed_until", "status", "next_attempt_at", "failing_since")
    row = _row(logged)
    yield Query(_LOG, {"of_id": id, **{name: row[name] for name in changed}})
    return logged


def _item(row: Mapping[str, Any]) -> Delivery:
    values = {name: value for name, value in row.items() if name != "lane"}
    return Delivery(**{**values, "attempts": tuple(row["attempts"])})


def _row(item: Delivery) -> dict[str, Any]:
    plain = {column.name: getattr(item, column.name) for column in _t.columns if column.name != "lane"}
    return plain | {"attempts": list(item.attempts), "lane": lane_of(item.org_id, item.url)}
