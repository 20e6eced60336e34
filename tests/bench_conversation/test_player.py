"""The person at the far end speaks when it is time to."""

import numpy as np
import pytest
from bench.conversation.player import Player
from bench.conversation.script import Line, Plan, Step, Then, When
from bench.conversation.wire import Mark

pytestmark = pytest.mark.unit

CLIP_FRAMES = 50


def _plays(steps: tuple[Step, ...], ours: list[tuple[float, float]], seconds: float = 40.0) -> tuple[Player, list[int]]:
    """Runs a player in packets of 20 ms, and gives those in which it spoke."""
    clips = tuple(np.ones((CLIP_FRAMES, 160)) for _ in steps)
    player = Player(Plan(clips, steps, Line(), np.zeros(160), 1), 0.0)
    spoke = []
    for frame in range(round(seconds * 50)):
        now = frame * 0.02
        if any(start <= now < end for start, end in ours):
            player.heard(now)
        if player.frame(now) is not None:
            spoke.append(frame)
        if player.done:
            break
    return player, spoke


def test_it_waits_for_the_greeting_to_end_and_for_the_answer_to_come() -> None:
    player, spoke = _plays((Step(0), Step(1)), [(1.0, 3.0), (5.2, 6.0), (9.0, 9.5)])
    first, second = (mark.frame for mark in player.marks)
    assert first * 0.02 == pytest.approx(3.0 + 0.7, abs=0.05)
    assert second * 0.02 == pytest.approx(6.0 + 0.7, abs=0.05)
    assert spoke == [*range(first, first + CLIP_FRAMES), *range(second, second + CLIP_FRAMES)]
    assert player.done


def test_it_goes_on_when_no_answer_comes() -> None:
    player, _ = _plays((Step(0, limit=2.0), Step(1, limit=2.0)), [(1.0, 3.0)])
    first, second = (mark.frame * 0.02 for mark in player.marks)
    assert second - first == pytest.approx(1.0 + 2.0, abs=0.06)


def test_it_talks_over_the_assistant_at_the_moment_asked_for() -> None:
    steps = (Step(0), Step(1, When.SPEECH, 2.5, Then.PAUSE, 0.5), Step(1, When.SPEECH, 4.0, Then.PAUSE, 0.5))
    player, _ = _plays(steps, [(1.0, 3.0), (6.0, 14.0)])
    assert [mark.frame * 0.02 for mark in player.marks[1:]] == pytest.approx([8.5, 10.0], abs=0.05)


def test_a_step_that_finds_no_occasion_is_left_out_and_told() -> None:
    player, _ = _plays((Step(0), Step(1, When.SPEECH, 5.0)), [(1.0, 3.0), (6.0, 8.0)])
    assert player.marks[1] == Mark(1, 1, -1)
    assert player.done
