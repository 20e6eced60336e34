"""How many calls each day had, by filter: remembered for days that no longer change, so that a list of a million calls
is counted, and entered anywhere, without reading them.

A day is settled when all of its calls are over and an hour has passed since: nothing of a call that a list filters by
changes after its end. What is not settled is counted each time. Calls are only ever deleted from the oldest on (their
retention): whatever is remembered of an organisation is forgotten when its oldest call is another.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

DAY = timedelta(days=1)
MARGIN = timedelta(hours=1)
AT_MOST = 2000
TICK = timedelta(microseconds=1)

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
        names = (one.name for one in fields(self) if one.name not in ("start_date", "end_date"))
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Edges:
    """Of an organisation's calls: when the oldest and the newest were placed, and the oldest that is not over."""

    oldest: datetime
    newest: datetime
    unfinished: datetime | None

    @property
    def settled(self) -> datetime:
        """The midnight before which nothing changes any more."""
        return midnight(min(self.newest - MARGIN, self.unfinished or self.newest))


@dataclass(slots=True)
class Known:
    """The settled days of one question: ``until`` then, while the oldest call was ``oldest``."""

    oldest: datetime
    until: datetime
    days: dict[tuple[str, ...], Counts] = field(default_factory=dict)


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


class CallCounts:
    """What is remembered, in one process; the least used is forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, tuple[str, ...]], Known] = OrderedDict()

    def known(self, org_id: str, facet: tuple[str, ...], edges: Edges) -> Known:
        """What is remembered of a facet (the names, or names and values, that a question is about)."""
        found = self._known.get((org_id, facet))
        if found is None or found.oldest != edges.oldest or found.until > edges.settled:
            found = self._known[org_id, facet] = Known(edges.oldest, edges.oldest)
        self._known.move_to_end((org_id, facet))
        while len(self._known) > AT_MOST:
            self._known.popitem(last=False)
        return found


def midnight(moment: datetime) -> datetime:
    """The beginning of its day in UTC."""
    return datetime.combine(moment.astimezone(UTC).date(), time.min, UTC)


def whole_days(filters: CallFilters, edges: Edges) -> tuple[datetime, datetime] | None:
    """From which midnight until which one the question is about whole settled days; None where it is about none."""
    since = midnight(edges.oldest)
    if filters.start_date is not None and filters.start_date > since:
        since = midnight(filters.start_date - TICK) + DAY
    until = edges.settled
    if filters.end_date is not None:
        until = min(until, midnight(filters.end_date + TICK))
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


def day_of(value: Any) -> date:
    """A day as a database gives it."""
    return value if isinstance(value, date) else date.fromisoformat(value)
