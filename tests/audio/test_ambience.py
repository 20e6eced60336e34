"""The loops behind a voice: seamless, equally loud, carried by a telephone, and the same every time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from trunkline.audio import ambience
from trunkline.audio.frame import to_float

pytestmark = pytest.mark.unit

RATES = (8000, 16_000)
CLIPS = ("office", "city", "forest", "crowded_room", "hold")
EVERY = [(name, rate) for name in CLIPS for rate in RATES]


def _loop(name: str, rate_hz: int) -> bytes:
    return ambience.hold_music(rate_hz) if name == "hold" else ambience.clip(name, rate_hz)


def _samples(name: str, rate_hz: int) -> NDArray[np.float64]:
    return to_float(_loop(name, rate_hz)).astype(np.float64)


@pytest.mark.parametrize(("name", "rate_hz"), EVERY)
def test_a_loop_is_20_to_30_seconds_as_loud_as_a_voice_and_not_clipped(name: str, rate_hz: int) -> None:
    samples = _samples(name, rate_hz)
    assert 20 <= len(samples) / rate_hz <= 30
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(ambience.LOUDNESS, rel=0.05)
    assert np.abs(samples).max() < 0.7


@pytest.mark.parametrize(("name", "rate_hz"), EVERY)
def test_its_end_goes_over_into_its_beginning(name: str, rate_hz: int) -> None:
    samples = _samples(name, rate_hz)
    bends = np.abs(np.diff(np.concatenate((samples, samples[:2])), n=2))
    assert bends[-2:].max() <= np.percentile(bends, 99.9)
    around = np.concatenate((samples[-rate_hz // 2 :], samples[: rate_hz // 2]))
    assert np.sqrt(np.mean(around**2)) > 0.3 * ambience.LOUDNESS


@pytest.mark.parametrize(("name", "rate_hz"), EVERY)
def test_a_telephone_carries_most_of_it(name: str, rate_hz: int) -> None:
    spectrum = np.abs(np.fft.rfft(_samples(name, rate_hz))) ** 2
    hz = np.fft.rfftfreq(2 * len(spectrum) - 2, 1 / rate_hz)
    carried = spectrum[(hz >= 200) & (hz <= 3400)].sum() / spectrum.sum()
    assert carried > 0.75


@pytest.mark.parametrize("name", CLIPS)
def test_it_is_the_same_sound_every_time_and_kept(name: str) -> None:
    first = _loop(name, 8000)
    assert _loop(name, 8000) is first
    made_again = ambience.hold_music.__wrapped__(8000) if name == "hold" else ambience.clip.__wrapped__(name, 8000)
    assert made_again == first


def test_every_scene_is_another_sound() -> None:
    assert len({_loop(name, 8000) for name in CLIPS}) == len(CLIPS)


def test_a_scene_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        ambience.clip("beach", 8000)
