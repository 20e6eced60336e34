"""The time line of a call's samples, read late and unevenly."""

import pytest

from trunkline.engine.punctuality import LONGEST_WAIT_SECONDS, Arrivals

pytestmark = pytest.mark.unit

RATE = 16_000
FRAME = 320


def test_sound_has_the_time_of_its_coming_however_late_it_is_read() -> None:
    arrivals = Arrivals(RATE)
    for index, late in enumerate([0.009, 0.0, 0.013, 0.019, 0.004]):
        arrivals.count(FRAME, 5.0 + index * 0.02 + late)
    assert arrivals.time_of_last() == pytest.approx(5.08, abs=0.001)


def test_what_is_still_to_be_listened_to_came_after_the_rest() -> None:
    arrivals = Arrivals(RATE)
    arrivals.count(FRAME, 1.0)
    assert arrivals.time_of_last(FRAME) == pytest.approx(0.98)


def test_a_gap_does_not_set_the_time_back_by_more_than_a_little() -> None:
    arrivals = Arrivals(RATE)
    arrivals.count(FRAME, 1.0)
    arrivals.count(FRAME, 9.0)
    assert arrivals.time_of_last() == pytest.approx(9.0 - LONGEST_WAIT_SECONDS)


def test_a_slower_clock_at_the_other_end_is_followed() -> None:
    arrivals = Arrivals(RATE)
    for index in range(3000):
        arrivals.count(FRAME, 2.0 + index * 0.02 * 1.0005)
    assert arrivals.time_of_last() == pytest.approx(2.0 + 2999 * 0.02 * 1.0005, abs=0.001)
