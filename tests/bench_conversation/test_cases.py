"""The labelled set itself: complete, deterministic, and with the pauses that its categories promise."""

import itertools

import numpy as np
import pytest
from bench.conversation.cases import CATEGORIES, CONDITIONS, case
from bench.conversation.replies import LONG, SHORT
from bench.conversation.script import Clip, Kind
from bench.conversation.voices import RATE_HZ, Voice, speak

pytestmark = pytest.mark.room


def _pauses(clip: Clip, at_least: float = 0.15) -> list[float]:
    """Quiets of a clip in seconds."""
    loud = np.flatnonzero(np.abs(clip.sound[clip.start : clip.end]) > 200)
    gaps = np.diff(loud) / RATE_HZ
    return [float(gap) for gap in gaps if gap >= at_least]


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_cell_is_the_same_for_the_same_seed(category: str) -> None:
    one, again, other = case(category, "loss_3"), case(category, "loss_3"), case(category, "loss_3", 2)
    assert one.steps == again.steps
    assert all(np.array_equal(a.sound, b.sound) for a, b in zip(one.clips, again.clips, strict=True))
    assert (one.name, one.line.loss) == (again.name, 0.03)
    assert other.name != one.name
    assert {step.clip for step in one.steps} <= set(range(len(one.clips)))


def test_seeds_differ_from_cell_to_cell() -> None:
    seeds = [case(*cell).seed for cell in itertools.product(("plain", "echo"), CONDITIONS)]
    assert len(set(seeds)) == len(seeds)


def test_every_clip_begins_and_ends_with_its_speech() -> None:
    for category in CATEGORIES:
        for clip in case(category, "clean").clips:
            assert 0 <= clip.start < clip.end <= len(clip.sound)
            if clip.kind is not Kind.NOISE:
                assert clip.start < 400
                assert clip.end > len(clip.sound) - 400
            assert np.abs(clip.sound).max() <= 32_767
            assert bool(clip.words) == (clip.kind is not Kind.NOISE)


def test_pauses_are_as_long_as_the_category_says() -> None:
    short = [max(_pauses(clip)) for clip in case("short_pauses", "clean").clips]
    long = [max(_pauses(clip)) for clip in case("long_pauses", "clean").clips]
    assert all(0.2 <= pause <= 0.7 for pause in short)
    assert all(0.8 <= pause <= 1.6 for pause in long)
    assert all(len(_pauses(clip, 0.2)) >= 3 for clip in case("digits", "clean").clips)


def test_noise_and_other_people_are_as_far_below_as_they_should_be() -> None:
    street = np.sqrt(np.mean(np.square(case("plain", "noise").ambience)))
    other = case("background_speech", "clean").ambience
    assert 20 * np.log10(3000 / street) == pytest.approx(20, abs=2)
    assert -27 < 20 * np.log10(np.sqrt(np.mean(np.square(other[np.abs(other) > 20]))) / 3000) < -12
    assert not case("plain", "clean").ambience.any()


def test_echo_comes_back_as_a_telephone_gives_it_back() -> None:
    for condition in CONDITIONS:
        line = case("echo", condition).line
        assert 0.08 <= line.echo_seconds <= 0.2
        assert -25 <= line.echo_db <= -15


def test_the_assistants_own_replies_have_no_pause_that_looks_like_a_stop() -> None:
    for text in (*SHORT, *LONG):
        sound = speak(Voice("en-US"), text)
        assert max(_pauses(Clip(sound, Kind.TURN, 0, len(sound)), 0.0)) < 0.3
    lengths = [len(speak(Voice("en-US"), text)) / RATE_HZ for text in LONG]
    assert 7.5 < min(lengths) <= max(lengths) < 9.0
