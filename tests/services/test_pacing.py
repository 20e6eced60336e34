"""When a lead may be called: right on the clock on the wall, whatever happens to that clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.domain.campaign import EVERY_DAY
from trunkline.domain.pacing import Window, free, is_open, next_call_at, opens_at, opens_everywhere_at, window
from trunkline.services.callee_zones import zones

pytestmark = pytest.mark.unit

AMSTERDAM, NEW_YORK, LORD_HOWE = (
    ZoneInfo("Europe/Amsterdam"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
)
WORKDAYS = (1, 2, 3, 4, 5)
# Days around which clocks are set, north and south, by an hour and by half of one, and at midnight (Beirut, Asuncion).
ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "America/Asuncion",
    "Asia/Kolkata",
]
SET_CLOCKS = [(2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 10, 4), (2026, 10, 25), (2026, 11, 1), (2023, 10, 1)]

times = st.builds(lambda minutes: time(minutes // 60, minutes % 60), st.integers(0, 24 * 4 - 1).map(lambda n: n * 15))
windows = st.builds(Window, times, times, st.frozensets(st.sampled_from(EVERY_DAY), min_size=1))
moments = st.builds(
    lambda day, minutes: datetime(day[0], day[1], day[2], tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(SET_CLOCKS),
    st.integers(-3 * 24 * 60, 2 * 24 * 60),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on_the_wall(hours: Window, zone: ZoneInfo, at: datetime) -> bool:
    """The same said in another way: minutes since the midnight of the day that the window opened on."""
    local = at.astimezone(zone).replace(tzinfo=None)
    begin, end = (clock.hour * 60 + clock.minute for clock in (hours.start, hours.end))
    length = (end - begin) % (24 * 60) or 24 * 60
    for days_ago in (0, 1):
        opened = datetime.combine(local.date() - timedelta(days=days_ago), hours.start)
        if opened.isoweekday() in hours.days and opened <= local < opened + timedelta(minutes=length):
            return True
    return False


@settings(max_examples=300)
@given(windows, st.sampled_from(ZONES).map(ZoneInfo), moments)
def test_it_is_open_while_the_clock_on_the_wall_says_so(hours: Window, zone: ZoneInfo, at: datetime) -> None:
    assert is_open(hours, zone, at) is on_the_wall(hours, zone, at)


@settings(max_examples=150)
@given(windows, st.sampled_from(ZONES).map(ZoneInfo), moments)
def test_it_opens_at_the_first_moment_at_which_it_is_open(hours: Window, zone: ZoneInfo, at: datetime) -> None:
    found = opens_at(hours, zone, at)
    step = timedelta(minutes=15)
    assert found is not None
    assert found >= at
    assert is_open(hours, zone, found)
    # All windows here, and all hours at which clocks are set, begin at quarters: nothing opens between two of them.
    quarter = at.replace(minute=at.minute // 15 * 15) + step
    if found > at:
        assert not is_open(hours, zone, at)
        while quarter < found:
            assert not is_open(hours, zone, quarter), quarter
            quarter += step


@pytest.mark.parametrize(
    ("hours", "zone", "at", "opens"),
    [
        # An ordinary working day, before, within and after, and over the weekend.
        (window("09:00:00", "17:00:00", WORKDAYS), AMSTERDAM, "2026-11-23T07:59:59", "2026-11-23T08:00:00"),
        (window("09:00:00", "17:00:00", WORKDAYS), AMSTERDAM, "2026-11-23T08:00:00", "2026-11-23T08:00:00"),
        (window("09:00:00", "17:00:00", WORKDAYS), AMSTERDAM, "2026-11-23T16:00:00", "2026-11-24T08:00:00"),
        (window("09:00:00", "17:00:00", WORKDAYS), AMSTERDAM, "2026-11-27T18:00:00", "2026-11-30T08:00:00"),
        # Past midnight: the small hours of Saturday belong to Friday.
        (window("22:00:00", "02:00:00", (5,)), AMSTERDAM, "2026-11-28T00:30:00", "2026-11-28T00:30:00"),
        (window("22:00:00", "02:00:00", (5,)), AMSTERDAM, "2026-11-28T01:00:00", "2026-12-04T21:00:00"),
        (window("22:00:00", "02:00:00", (6,)), AMSTERDAM, "2026-11-28T00:30:00", "2026-11-28T21:00:00"),
        # Half past two does not exist on 29 March 2026: the clock goes from 02:00 to 03:00, and is past it then.
        (window("02:30:00", "05:00:00", EVERY_DAY), AMSTERDAM, "2026-03-29T00:00:00", "2026-03-29T01:00:00"),
        # A window that lies in the hour that is left out does not open that day.
        (window("02:15:00", "02:45:00", EVERY_DAY), AMSTERDAM, "2026-03-29T00:00:00", "2026-03-30T00:15:00"),
        # On 25 October 2026 the hour from two to three comes twice.
        (window("02:30:00", "02:45:00", EVERY_DAY), AMSTERDAM, "2026-10-25T00:45:00", "2026-10-25T01:30:00"),
        (window("01:00:00", "02:30:00", EVERY_DAY), AMSTERDAM, "2026-10-25T00:30:00", "2026-10-25T01:00:00"),
        # Without hours the days alone count; by default it is always open.
        (window(None, None, (1,)), AMSTERDAM, "2026-11-24T00:00:00", "2026-11-29T23:00:00"),
        (window(None, None, EVERY_DAY), NEW_YORK, "2026-11-24T03:21:00", "2026-11-24T03:21:00"),
        (window("09:00:00", None, EVERY_DAY), NEW_YORK, "2026-11-24T05:00:00", "2026-11-24T14:00:00"),
        # Clocks that are set by half an hour.
        (window("02:00:00", "02:20:00", EVERY_DAY), LORD_HOWE, "2026-10-03T15:29:00", "2026-10-04T15:00:00"),
    ],
)
def test_examples(hours: Window, zone: ZoneInfo, at: str, opens: str) -> None:
    assert opens_at(hours, zone, utc(at)) == utc(opens)


def test_a_number_of_many_zones_is_called_when_it_is_day_in_all_of_them() -> None:
    assert zones("callee", "+31612345678") == (AMSTERDAM,)
    assert zones("callee", "+12125551234") == (NEW_YORK,)
    assert zones("callee", "+18762101234") == (ZoneInfo("America/Jamaica"),)
    assert zones("Asia/Tokyo", "+12125551234") == (ZoneInfo("Asia/Tokyo"),)
    assert zones("callee", "+99912345678") == (ZoneInfo("UTC"),)
    freephone = zones("callee", "+18005551234")
    assert {NEW_YORK, ZoneInfo("America/Los_Angeles")} <= set(freephone)
    day = window("09:00:00", "17:00:00", WORKDAYS)
    both = (NEW_YORK, ZoneInfo("America/Los_Angeles"))
    assert opens_everywhere_at(day, both, utc("2026-11-23T14:00:00")) == utc("2026-11-23T17:00:00")
    assert opens_everywhere_at(day, both, utc("2026-11-23T22:00:00")) == utc("2026-11-24T17:00:00")
    assert opens_everywhere_at(window("09:00:00", "11:00:00", WORKDAYS), both, utc("2026-11-23T14:00:00")) is None


def test_limits_and_pace() -> None:
    assert (free(None, 7), free(10, 7), free(5, 7)) == (None, 3, 0)
    now = utc("2026-11-23T14:00:00")
    assert next_call_at(None, now) is None
    assert next_call_at(40, now) == now + timedelta(seconds=1.5)
