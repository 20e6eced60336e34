"""The half-band filter's response, its streams and its batches; other rates by soxr."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.audio.frame import Samples, to_float, to_pcm
from trunkline.audio.resample import DELAY_SECONDS, Doubler, Halver, Resampler, resample

pytestmark = pytest.mark.unit

LANE = np.zeros(1, np.intp)


def tone(hertz: float, rate: int, seconds: float = 0.5, level: float = 0.5) -> Samples:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def decibels_at(samples: Samples, hertz: float, rate: int) -> float:
    steady = samples[len(samples) // 4 : -len(samples) // 4].astype(np.float64)
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(steady)) / rate) * np.hanning(len(steady))
    return 20 * math.log10(2 * abs(np.sum(steady * turn)) / np.hanning(len(steady)).sum() / 0.5 + 1e-9)


@pytest.mark.parametrize("hertz", [100, 300, 1000, 2000, 3000, 3400])
def test_the_telephone_band_comes_through_doubling_flat(hertz: int) -> None:
    out = Doubler().run(LANE, tone(hertz, 8_000)[None])[0]
    assert abs(decibels_at(out, hertz, 16_000)) < 0.1
    assert decibels_at(out, 8_000 - hertz, 16_000) < -50


@pytest.mark.parametrize("hertz", [100, 300, 1000, 2000, 3000, 3400])
def test_the_telephone_band_comes_through_halving_flat(hertz: int) -> None:
    out = Halver().run(LANE, tone(hertz, 16_000)[None])[0]
    assert abs(decibels_at(out, hertz, 8_000)) < 0.1


@pytest.mark.parametrize("hertz", [4600, 5000, 6000, 7500])
def test_what_is_above_the_telephone_band_does_not_fold_into_it(hertz: int) -> None:
    out = Halver().run(LANE, tone(hertz, 16_000)[None])[0]
    assert decibels_at(out, 8_000 - hertz, 8_000) < -50


def test_the_filter_delays_by_less_than_two_milliseconds() -> None:
    click = np.zeros((1, 160), np.float32)
    click[0, 0] = 1
    out = Doubler().run(LANE, click)[0]
    assert int(out.argmax()) == round(DELAY_SECONDS * 16_000)
    assert DELAY_SECONDS < 0.002


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_a_stream_cut_anywhere_gives_the_same_sound(cuts: list[int], seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, 2 * sum(cuts)).astype(np.float32)
    for maker, step in ((Doubler, 1), (Halver, 2)):
        whole = maker().run(LANE, sound[None])[0]
        stream, at, parts = maker(), 0, []
        for cut in cuts:
            parts.append(stream.run(LANE, sound[None, at : at + cut * step])[0])
            at += cut * step
        parts.append(stream.run(LANE, sound[None, at:])[0])
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)


def test_many_calls_at_once_give_each_what_it_would_get_alone() -> None:
    rng = np.random.default_rng(1)
    sound = rng.uniform(-1, 1, (6, 4, 160)).astype(np.float32)
    together, order = Doubler(2), np.array([3, 0, 2, 1])
    together.grow(4)
    batched = [together.run(order, frame) for frame in sound]
    for lane in range(4):
        alone = Doubler()
        for frame, got in zip(sound, batched, strict=True):
            np.testing.assert_allclose(got[lane], alone.run(LANE, frame[None, lane])[0], atol=1e-6)


def test_a_lane_that_was_reset_remembers_nothing() -> None:
    lanes = Doubler(2)
    lanes.run(np.arange(2), np.ones((2, 160), np.float32))
    lanes.reset(1)
    out = lanes.run(np.arange(2), np.zeros((2, 160), np.float32))
    assert out[0].any()
    assert not out[1].any()


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8_000, 16_000), (16_000, 8_000), (24_000, 8_000), (22_050, 16_000)])
def test_a_whole_sound_keeps_its_length_level_and_time(from_hz: int, to_hz: int) -> None:
    out = resample(to_pcm(tone(440, from_hz)), from_hz, to_hz)
    assert abs(len(out) // 2 - to_hz // 2) <= 2
    assert abs(decibels_at(to_float(out), 440, to_hz)) < 0.3
    steady = slice(to_hz // 8, 3 * to_hz // 8)
    assert np.corrcoef(to_float(out)[steady], tone(440, to_hz)[steady])[0, 1] > 0.98


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8_000, 16_000), (16_000, 8_000), (8_000, 8_000), (24_000, 16_000)])
def test_a_stream_of_odd_pieces_loses_nothing(from_hz: int, to_hz: int) -> None:
    pcm = to_pcm(tone(440, from_hz))
    stream = Resampler(from_hz, to_hz)
    out = b"".join(stream.push(pcm[at : at + 333]) for at in range(0, len(pcm), 333)) + stream.flush()
    assert len(out) % 2 == 0
    assert 0 <= len(out) / 2 - len(pcm) / 2 * to_hz / from_hz <= 25
    assert stream.flush() == b""
    assert stream.push(pcm)[:400] == Resampler(from_hz, to_hz).push(pcm)[:400]
