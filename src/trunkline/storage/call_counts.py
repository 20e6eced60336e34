"""How many calls each day had, whatever is asked for: known in memory for the days that no longer change, so that a list
of a million calls is counted, and entered anywhere, without reading them.

A day is settled when all of its calls are over and an hour has passed since: nothing of a call that a list filters by
changes after its end. What is not settled is counted each time, and so is the time before the day from which on no call
was ever deleted, and the oldest two days. Nobody waits for what is learned: until then everything is counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import RowMapping

DAY = timedelta(days=1)
MARGIN = timedelta(hours=1)
FACETS = ("status", "direction", "assistant_id", "number_id", "end_reason", "campaign_id")
TICK = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC) - TICK

Counts = dict[date, int]


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Which calls a list shows; None means all. The dates are bounds of ``created_at``, both inclusive."""

    status: str | None = None
    direction: str | None = None
    assistant_id: str | None = None
    number_id: str | None = None
    end_reason: str | None = None
    campaign_id: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None

    @property
    def equal(self) -> dict[str, str]:
        """What must be equal, by column."""
        return {name: str(value) for name in FACETS if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Edges:
    """Of an organisation's calls: when the oldest and the newest (at most now) were placed, and the oldest that is not
    over; and since when no call was ever deleted (None: always)."""

    oldest: datetime
    newest: datetime
    unfinished: datetime | None
    kept_since: datetime | None = None

    @property
    def settled(self) -> datetime:
        """The midnight before which nothing changes any more."""
        return midnight(min(self.newest - MARGIN, self.unfinished or self.newest))

    @property
    def whole(self) -> datetime:
        """The midnight since which no call is missing: a call that waited long outlives those that were placed after
        it, so that the oldest call does not tell."""
        oldest = midnight(self.oldest) + 2 * DAY
        return oldest if self.kept_since is None else max(oldest, midnight(self.kept_since) + DAY)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time, ``since`` (inclusive) ``until`` (exclusive), and how many calls it has."""

    since: datetime | None
    until: datetime | None
    calls: int


@dataclass(frozen=True, slots=True)
class Window:
    """Where a page lies: between two moments, after so many calls from the newest on."""

    since: datetime | None
    until: datetime | None
    skip: int


class Learned:
    """The settled calls of one organisation, column by column: 28 bytes a call."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self._codes: dict[str, dict[str | None, int]] = {name: {} for name in FACETS}
        self._columns = np.empty((1 + len(FACETS), 0), np.int32)

    def take(self, rows: Sequence[RowMapping]) -> None:
        """Adds the calls of the next day."""
        if not rows:
            return
        taken = [[row["created_at"].toordinal() for row in rows]]
        for name in FACETS:
            codes = self._codes[name]
            taken.append([codes.setdefault(row[name], len(codes)) for row in rows])
        self._columns = np.concatenate([self._columns, np.array(taken, np.int32)], axis=1)

    def forget(self, edges: Edges) -> None:
        """Drops the days from which calls are deleted."""
        gone = int(np.searchsorted(self._columns[0], (edges.whole - 2 * DAY).toordinal()))
        if gone:
            self._columns = self._columns[:, gone:].copy()

    def days(self, equal: Mapping[str, str]) -> Counts:
        """How many calls with these values each day has."""
        days = self._columns[0]
        if not len(days):
            return {}
        wanted = np.ones(len(days), np.bool_)
        for place, name in enumerate(FACETS, 1):
            if name in equal:
                wanted &= self._columns[place] == self._codes[name].get(equal[name], -1)
        first = int(days[0])
        calls = np.bincount(days[wanted] - first)
        return {date.fromordinal(first + place): int(count) for place, count in enumerate(calls) if count}


class CallCounts:
    """What is known of settled days in one process, by organisation."""

    def __init__(self) -> None:
        self._learned: dict[str, Learned] = {}

    def of(self, org_id: str, now: datetime) -> Learned:
        """What is known of an organisation: nothing where a clock that was ahead let a day settle that still goes on."""
        known = self._learned.setdefault(org_id, Learned())
        if known.until is not None and known.until > midnight(now):
            known = self._learned[org_id] = Learned()
        return known


def midnight(moment: datetime) -> datetime:
    """The beginning of its day in UTC."""
    return datetime.combine(moment.astimezone(UTC).date(), time.min, UTC)


def after(moment: datetime | None) -> datetime | None:
    """The first moment after one; None where there is none, or none is given."""
    return None if moment is None or moment > _LAST else moment + TICK


def whole_days(filters: CallFilters, edges: Edges, known_until: datetime | None) -> tuple[datetime, datetime] | None:
    """From which midnight until which one the question is about whole days that are settled and known; None where it is
    about none."""
    if known_until is None:
        return None
    since, until = edges.whole, min(edges.settled, known_until)
    if filters.start_date is not None and filters.start_date > since:
        if filters.start_date >= until:
            return None
        since = midnight(filters.start_date - TICK) + DAY
    if (end := after(filters.end_date)) is not None:
        until = min(until, midnight(end))
    return (since, until) if since < until else None


def day_parts(days: Mapping[date, int], since: datetime, until: datetime) -> Iterator[Part]:
    """The days that have calls, the newest first."""
    for day in sorted((day for day in days if since.date() <= day < until.date()), reverse=True):
        start = datetime.combine(day, time.min, UTC)
        yield Part(start, start + DAY, days[day])


def window(parts: list[Part], limit: int, offset: int) -> Window | None:
    """Where a page lies among parts, the newest first; None where it is empty."""
    skip = offset
    parts = [part for part in parts if part.calls]
    while parts and skip >= parts[0].calls:
        skip -= parts[0].calls
        del parts[0]
    if not parts:
        return None
    wanted = skip + limit
    last = parts[0]
    for last in parts:
        wanted -= last.calls
        if wanted <= 0:
            break
    return Window(last.since, parts[0].until, skip)
