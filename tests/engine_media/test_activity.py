"""When speech begins and ends."""

import pytest

from trunkline.engine.activity import Activity
from trunkline.engine.events import SpeechEnded, SpeechStarted

pytestmark = pytest.mark.unit

LOUD = [0.01, 0.01, 0.01, 0.01]
STILL = [0.0, 0.0, 0.0, 0.0]


def run(windows: list[tuple[float, list[float]]]) -> list[SpeechStarted | SpeechEnded]:
    activity = Activity()
    told = [activity.step(p, levels, (index + 1) * 0.032) for index, (p, levels) in enumerate(windows)]
    return [event for event in told if event is not None]


def test_one_loud_window_is_no_speech() -> None:
    assert run([(0.9, LOUD), (0.1, STILL), (0.9, LOUD), (0.1, STILL)]) == []


def test_speech_begins_where_its_first_loud_step_was() -> None:
    (started,) = run([(0.1, STILL), (0.6, [0.0, 0.0, 0.01, 0.01]), (0.9, LOUD)])
    assert started.at == pytest.approx(0.048)


def test_speech_ends_after_160_ms_and_tells_the_middle_of_the_last_loud_step() -> None:
    lingering = [(0.9, LOUD)] * 4 + [(0.8, [0.01, 0.0, 0.0, 0.0]), (0.6, STILL)] + [(0.1, STILL)] * 5
    started, ended = run(lingering)
    assert isinstance(started, SpeechStarted)
    assert started.at == pytest.approx(0.0)
    assert isinstance(ended, SpeechEnded)
    assert ended.at == pytest.approx(4 * 0.032 + 0.004)


def test_a_short_dip_does_not_end_speech() -> None:
    assert len(run([(0.9, LOUD)] * 3 + [(0.2, STILL)] * 4 + [(0.4, LOUD)] + [(0.2, STILL)] * 4)) == 1


def test_between_the_thresholds_speech_goes_on_but_does_not_begin() -> None:
    assert run([(0.4, LOUD)] * 20) == []
    assert len(run([(0.6, LOUD)] * 2 + [(0.4, LOUD)] * 20)) == 1
