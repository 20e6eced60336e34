"""Packets are lost and late as often as is asked for, and the same ones for the same seed."""

import itertools

import pytest
from bench.conversation.script import Line
from bench.conversation.wire import Fate

pytestmark = pytest.mark.unit

PACKETS = 40_000


def _fates(line: Line, seed: int = 1) -> list[float | None]:
    fate = Fate(line, seed)
    return [fate.next() for _ in range(PACKETS)]


@pytest.mark.parametrize("loss", [0.01, 0.03, 0.05])
def test_as_many_are_lost_as_is_asked_for(loss: float) -> None:
    fates = _fates(Line(loss=loss))
    share = fates.count(None) / PACKETS
    assert abs(share - loss) < 4 * (loss * (1 - loss) / PACKETS) ** 0.5
    assert set(fates) == {None, 0.0}


def test_losses_do_not_follow_one_another_more_often_than_chance() -> None:
    fates = _fates(Line(loss=0.05))
    after_loss = [after for before, after in itertools.pairwise(fates) if before is None]
    assert abs(after_loss.count(None) / len(after_loss) - 0.05) < 0.02


def test_delays_are_even_up_to_sixty_milliseconds_and_overtake_one_another() -> None:
    late = [one for one in _fates(Line(jitter_seconds=0.06)) if one is not None]
    assert len(late) == PACKETS
    assert 0 <= min(late) < 0.001
    assert 0.059 < max(late) < 0.06
    assert abs(sum(late) / PACKETS - 0.03) < 0.001
    arrivals = [place * 0.02 + one for place, one in enumerate(late)]
    overtaken = sum(after < before for before, after in itertools.pairwise(arrivals))
    assert abs(overtaken / PACKETS - 2 / 9) < 0.02  # (1 - 1/3)² / 2


def test_a_clean_line_takes_nothing() -> None:
    assert set(_fates(Line())) == {0.0}


def test_a_seed_means_the_same_packets() -> None:
    line = Line(loss=0.05, jitter_seconds=0.06)
    assert _fates(line, 7) == _fates(line, 7)
    assert _fates(line, 7) != _fates(line, 8)
