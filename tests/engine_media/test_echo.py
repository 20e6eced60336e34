"""How alike what we hear is to what we said."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.providers.prompts import prompt
from trunkline.engine.echo import likeness, loudness
from trunkline.testing.models import noise, tone

pytestmark = pytest.mark.unit


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
    assert likeness(back.astype("<i2").tobytes(), ours.tobytes(), rate) > 0.8


def spoken(name: str) -> NDArray[np.int16]:
    """The middle of a recorded prompt."""
    samples = np.frombuffer(prompt(name), "<i2")
    return samples[4000:10_400]


@pytest.mark.parametrize("missing", [None, 250, 500, 800])
@pytest.mark.parametrize("name", ["conf-onlyperson", "vm-nobodyavail", "cannot-complete-as-dialed"])
def test_real_speech_is_known_when_it_comes_back_with_a_packet_missing(name: str, missing: int | None) -> None:
    ours = spoken(name)
    back = np.convolve(ours[2400 : 2400 + 1184] * 0.1, [0.15, 0.7, 0.15], "same")
    heard = back[:1024] if missing is None else np.concatenate((back[:missing], back[missing + 160 :]))
    assert likeness(heard.astype("<i2").tobytes(), ours.tobytes(), 8000) > (0.9 if missing is None else 0.65)


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_voice_is_not_taken_for_ours(seed: int) -> None:
    assert likeness(voice(0.128, seed), voice(0.8, 1), 8000) < 0.5
    assert likeness(noise(0.128, 8000, seed=seed), voice(0.8, 1), 8000) < 0.5


def test_silence_is_like_nothing() -> None:
    assert likeness(noise(0.128, 8000), bytes(12800), 8000) == 0.0
    assert likeness(noise(0.128, 8000), b"", 8000) == 0.0
    assert likeness(b"", noise(0.8, 8000), 8000) == 0.0


def test_loudness_is_that_of_the_loudest_20_ms_of_the_last_half_second() -> None:
    loud, faint = tone(0.3, 8000, 0.5), tone(0.45, 8000, 0.05)
    assert loudness(faint + loud, 8000) == pytest.approx(0.125, rel=0.05)
    assert loudness(loud + faint + faint, 8000) == pytest.approx(0.00125, rel=0.05)
    assert loudness(bytearray(), 8000) == 0.0
