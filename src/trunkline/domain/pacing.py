"""When a lead may be called: the hours of the day on the clock on its wall, the days of the week, and the pace.

A window is open while the local clock shows a time within it, on a day that it opens on. So it is also right when clocks
are set: an hour that is left out is not waited for, and one that comes twice is either both times within or not at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trunkline.domain.campaign import EVERY_DAY

_SEARCHED_DAYS = 16
_ROUNDS = 32
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` until ``end`` (exclusive; past midnight where it is earlier, all day where they are equal), on these
    days (1 Monday to 7 Sunday), which are those that it opens on."""

    start: time = time.min
    end: time = time.min
    days: frozenset[int] = frozenset(EVERY_DAY)

    @property
    def is_always(self) -> bool:
        """True where it never closes."""
        return self.start == self.end and len(self.days) == len(EVERY_DAY)


def window(start: str | None, end: str | None, days: Sequence[int]) -> Window:
    """The window of a campaign; without a start from midnight, without an end until midnight."""
    return Window(_time(start), _time(end), frozenset(days))


def is_open(hours: Window, zone: ZoneInfo, at: datetime) -> bool:
    """Whether the window is open at a moment."""
    local = at.astimezone(zone)
    shown, today = local.time(), local.isoweekday()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= shown < hours.end
    opened = today if shown >= hours.start else (local.date() - timedelta(days=1)).isoweekday()
    return opened in hours.days and (shown >= hours.start or shown < hours.end or hours.start == hours.end)


def opens_at(hours: Window, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first moment from ``at`` on at which the window is open; None where it does not open within two weeks."""
    at = at.astimezone(UTC)
    if is_open(hours, zone, at):
        return at
    found: datetime | None = None
    for moments in _beginnings(hours, zone, at):
        opened = [moment for moment in moments if is_open(hours, zone, moment)]
        if found is not None:
            # Where the clock is set about midnight, the day after it may be the first.
            return min([found, *opened])
        found = min(opened, default=None)
    return found


def opens_everywhere_at(hours: Window, zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """As ``opens_at``, for a number that may be in several zones: the window must be open in all of them."""
    moment = at.astimezone(UTC)
    for _ in range(_ROUNDS):
        before = moment
        for zone in zones:
            found = opens_at(hours, zone, moment)
            if found is None:
                return None
            moment = found
        if moment == before:
            return moment
    return None


def free(limit: int | None, calling: int) -> int | None:
    """How many more calls a limit leaves; None where there is no limit."""
    return None if limit is None else max(limit - calling, 0)


def next_call_at(calls_per_minute: int | None, now: datetime) -> datetime | None:
    """When the call after one that is placed now may be placed."""
    return None if calls_per_minute is None else now + timedelta(seconds=60 / calls_per_minute)


def _beginnings(hours: Window, zone: ZoneInfo, at: datetime) -> Iterator[list[datetime]]:
    """Day by day the moments after ``at`` at which a window may open: when the clock comes to its start, and when it is
    set."""
    day = at.astimezone(zone).date() - timedelta(days=1)
    for _ in range(_SEARCHED_DAYS):
        moments = _at(day, hours.start, zone)
        begin, end = _at(day, time.min, zone)[0], _at(day + timedelta(days=1), time.min, zone)[0]
        if begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
            moments.append(_change(zone, begin, end))
        yield [moment for moment in moments if moment > at]
        day += timedelta(days=1)


def _at(day: date, shown: time, zone: ZoneInfo) -> list[datetime]:
    """The one or two moments of a day at which the clock shows a time; where it is left out, those around the gap."""
    both = (datetime.combine(day, shown, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted(set(both))


def _change(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime:
    """The moment between two at which the clock is set, to the second."""
    before = begin.astimezone(zone).utcoffset()
    while end - begin > _SECOND:
        middle = begin + (end - begin) // 2
        if middle.astimezone(zone).utcoffset() == before:
            begin = middle
        else:
            end = middle
    return end.replace(microsecond=0)


def _time(text: str | None) -> time:
    return time.fromisoformat(text) if text else time.min
