"""When speech begins and ends, and what is only our echo."""

import numpy as np
import pytest

from trunkline.engine.activity import Activity
from trunkline.engine.echo import is_echo
from trunkline.engine.events import SpeechEnded, SpeechStarted
from trunkline.testing.models import noise, tone

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


def voice(seconds: float, seed: int, rate: int = 8000) -> bytes:
    """A voice-like sound: a buzz whose pitch and loudness wander."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    grid = np.linspace(0, 1, count)
    points = np.linspace(0, 1, int(seconds * 20) + 2)
    pitch = np.interp(grid, points, rng.uniform(90, 220, len(points)))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    buzz = sum((np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 12)), np.zeros(count))
    buzz = buzz + rng.normal(0, 0.7, count)
    loud = np.interp(grid, points, rng.uniform(0.2, 1.0, len(points)))
    return bytes((buzz * loud * 4000).astype("<i2").tobytes())


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("delay", [0.06, 0.2, 0.5])
@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_our_own_voice_is_known_whatever_its_delay_and_loudness(delay: float, gain: float, rate: int) -> None:
    ours = np.frombuffer(voice(0.8, 1, rate), "<i2")
    end = len(ours) - int(delay * rate)
    back = ours[end - int(0.128 * rate) : end] * gain + np.random.default_rng(3).normal(0, 8, int(0.128 * rate))
    assert is_echo(back.astype("<i2").tobytes(), ours.tobytes(), rate)


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_voice_is_not_taken_for_ours(seed: int) -> None:
    assert not is_echo(voice(0.128, seed), voice(0.8, 1), 8000)
    assert not is_echo(noise(0.128, 8000, seed=seed), voice(0.8, 1), 8000)


def test_a_whisper_far_below_our_own_voice_is_echo_and_silence_of_ours_makes_none() -> None:
    assert is_echo(noise(0.128, 8000, 0.0005), tone(0.8, 8000, 0.5), 8000)
    assert not is_echo(noise(0.128, 8000), bytes(12800), 8000)
    assert not is_echo(noise(0.128, 8000), b"", 8000)
