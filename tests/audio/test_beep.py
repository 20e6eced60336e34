"""Beeps among all that is no beep: speech, keys, ringing, noise."""

import time

import numpy as np
import pytest

from trunkline.audio import g711, tones
from trunkline.audio.beep import BeepDetector, Tone, may_be_beep
from trunkline.audio.frame import silence

pytestmark = pytest.mark.unit

RATES = (8000, 16_000)
FRAME_SECONDS = 0.02


def heard(pcm: bytes, rate_hz: int = 8000, start: float = 100.0) -> list[Tone]:
    """What is found in sound that comes frame by frame, with half a second of silence around it."""
    pcm = silence(0.5, rate_hz) + pcm + silence(0.5, rate_hz)
    detector, found, frame = BeepDetector(rate_hz), [], round(rate_hz * FRAME_SECONDS) * 2
    for at in range(0, len(pcm), frame):
        found += detector.hear(pcm[at : at + frame], start + (at + frame) / 2 / rate_hz)
    noticed, over = [tone for tone in found if not tone.over], [tone for tone in found if tone.over]
    assert len(noticed) >= len(over)
    assert all(
        one.at - one.seconds == pytest.approx(other.at - other.seconds, abs=0.05)
        for one, other in zip(noticed, over, strict=False)
    )
    return over


def noisy(pcm: bytes, decibels: float, seed: int = 7) -> bytes:
    """With white noise so far below it."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    level = np.sqrt(np.mean(np.square(sound[np.abs(sound) > 100])))
    noise = np.random.default_rng(seed).normal(0, level / 10 ** (decibels / 20), len(sound))
    return np.clip(sound + noise, -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("frequency_hz", [600.0, 703.0, 1000.0, 1400.0, 2000.0, 2400.0])
@pytest.mark.parametrize("seconds", [0.15, 0.2, 0.4, 1.0])
def test_a_beep_is_told_with_its_end_its_length_and_its_frequency(
    rate_hz: int, frequency_hz: float, seconds: float
) -> None:
    (tone,) = heard(tones.beep(frequency_hz, seconds, rate_hz), rate_hz)
    assert tone.at == pytest.approx(100.5 + seconds, abs=0.03)
    assert tone.seconds == pytest.approx(seconds, abs=0.04)
    assert tone.frequency_hz == pytest.approx(frequency_hz, abs=5)
    assert may_be_beep(tone.frequency_hz)


@pytest.mark.parametrize("decibels", [20.0, 10.0])
def test_noise_hides_no_beep(decibels: float) -> None:
    (tone,) = heard(noisy(tones.beep(1000, 0.4), decibels))
    assert tone.seconds == pytest.approx(0.4, abs=0.06)


def test_a_faint_beep_in_g711_is_heard() -> None:
    faint = tones.beep(1000, 0.3, level=0.01)
    (tone,) = heard(g711.ulaw_to_pcm(g711.pcm_to_ulaw(faint)))
    assert tone.frequency_hz == pytest.approx(1000, abs=5)


def test_a_lost_packet_does_not_break_a_beep() -> None:
    beep = tones.beep(1000, 0.6)
    (tone,) = heard(beep[:4000] + bytes(320) + beep[4320:])
    assert tone.seconds == pytest.approx(0.6, abs=0.04)


def test_a_tone_that_goes_on_is_told_once_while_it_does() -> None:
    (tone,) = heard(tones.beep(1000, 5.0))
    assert tone.seconds == pytest.approx(2.0, abs=0.05)
    assert tone.at == pytest.approx(102.5, abs=0.05)


def test_two_beeps_are_two() -> None:
    assert [round(tone.seconds, 1) for tone in heard(tones.double_beep())] == [0.2, 0.2]


def test_the_intercept_signal_is_three_rising_tones() -> None:
    assert [round(tone.frequency_hz, -1) for tone in heard(tones.intercept())] == [950, 1400, 1800]


@pytest.mark.parametrize("key", tones.DTMF_KEYS)
def test_a_key_is_no_tone(key: str) -> None:
    assert heard(tones.dtmf(key, 0.5)) == []


@pytest.mark.parametrize("pair", [(440.0, 480.0), (400.0, 450.0), (350.0, 440.0), (480.0, 620.0)])
def test_two_tones_together_are_no_beep(pair: tuple[float, float]) -> None:
    assert heard(tones.ringing(6.0, frequencies_hz=pair)) == []


@pytest.mark.parametrize("frequency_hz", [400.0, 425.0, 440.0])
def test_ringing_and_engaged_tones_are_no_beep(frequency_hz: float) -> None:
    found = heard(
        tones.ringing(2.0, frequencies_hz=(frequency_hz,)) + tones.engaged(2.0, frequencies_hz=(frequency_hz,))
    )
    assert len(found) == 3
    assert not any(may_be_beep(tone.frequency_hz) for tone in found)


@pytest.mark.parametrize(
    "pcm", [noisy(tones.beep(1000, 0.01) + bytes(48_000), 0.0), bytes(48_000), tones.beep(1000, 0.1)]
)
def test_noise_silence_and_clicks_are_nothing(pcm: bytes) -> None:
    assert heard(pcm) == []


def test_a_siren_is_no_beep() -> None:
    at = np.arange(16_000) / 8000
    sweep = 8000 * np.sin(2 * np.pi * (600 * at + 300 * at**2))
    assert heard(sweep.astype("<i2").tobytes()) == []


def test_it_costs_less_than_3_ms_a_second() -> None:
    pcm, rounds = noisy(tones.beep(1000, 10.0), 10.0), 3
    best = min(_cpu_seconds(pcm) for _ in range(rounds))
    assert best / 11 < 0.003


def _cpu_seconds(pcm: bytes) -> float:
    began = time.process_time()
    heard(pcm)
    return time.process_time() - began
