"""Labels, and what is handed to the far end."""

from pathlib import Path

import numpy as np
import pytest
from bench.conversation.script import Case, Kind, Line, Step, Then, When, clip, load, save
from bench.conversation.voices import levelled, trimmed

from tests.bench_conversation.recordings import tone

pytestmark = pytest.mark.unit


def test_a_clip_begins_and_ends_where_its_sound_does() -> None:
    quiet = np.full(400, 50.0)
    made = clip(Kind.TURN, "one two", quiet, tone(1.0), 0.75, tone(0.5), quiet)
    assert (made.start, made.end) == (400, 400 + 8000 + 6000 + 4000)
    assert len(made.sound) == made.end + 400


def test_quiet_ends_are_cut_off() -> None:
    sound = np.concatenate((np.zeros(3000), tone(1.0), np.full(2000, 20.0)))
    assert len(trimmed(sound)) == 8000 + 160


def test_a_level_is_that_of_the_speech_and_not_of_its_pauses() -> None:
    sound = levelled(np.concatenate((tone(1.0, 500.0), np.zeros(24_000))), 3000.0)
    assert np.sqrt(np.mean(np.square(sound[:8000]))) == pytest.approx(3000, rel=0.02)


def test_what_is_saved_is_what_is_played(tmp_path: Path) -> None:
    steps = (Step(0), Step(1, When.SPEECH, 2.5, Then.PAUSE, 0.5))
    clips = (clip(Kind.TURN, "a", tone(0.03)), clip(Kind.NOISE, "", tone(0.02)))
    case = Case("echo", "clean", "long", clips, steps, Line(0.01, 0.02, 0.1, -20.0), np.arange(400.0), 17)
    save(case, tmp_path / "case.npz")
    plan = load(tmp_path / "case.npz")
    assert (plan.steps, plan.line, plan.seed) == (case.steps, case.line, 17)
    assert [one.shape for one in plan.clips] == [(2, 160), (1, 160)]
    assert plan.clips[0].reshape(-1)[:240].tolist() == clips[0].sound.tolist()
    assert plan.ambience.tolist() == case.ambience.tolist()
