"""Where the assistant's sound begins and ends is found to a few milliseconds."""

import pytest
from bench.conversation.hearing import sound_between, spurts

from tests.bench_conversation.recordings import BEGAN_AT, recording

pytestmark = pytest.mark.unit


def _found(ours: list[tuple[float, float]], gap: float = 0.4, level: float = 4000.0) -> list[tuple[float, float]]:
    return [(one.start - BEGAN_AT, one.end - BEGAN_AT) for one in spurts(recording(ours, level=level), gap)]


@pytest.mark.parametrize("start", [1.0, 1.005, 1.0131, 2.4999])
def test_an_onset_is_found_to_five_milliseconds_wherever_in_a_packet_it_falls(start: float) -> None:
    ((found, _),) = _found([(start, 3.0)])
    assert start - 0.005 <= found <= start + 0.001


@pytest.mark.parametrize("end", [2.0, 2.005, 2.0131])
def test_an_end_is_found_to_five_milliseconds(end: float) -> None:
    ((_, found),) = _found([(1.0, end)])
    assert end - 0.001 <= found <= end + 0.005


def test_pauses_between_words_part_nothing_and_longer_ones_do() -> None:
    assert len(_found([(1.0, 2.0), (2.35, 3.0)])) == 1
    assert len(_found([(1.0, 2.0), (2.45, 3.0)])) == 2
    assert len(_found([(1.0, 2.0), (2.35, 3.0)], gap=0.3)) == 2


def test_what_nobody_would_hear_is_no_sound() -> None:
    assert _found([(1.0, 2.0)], level=120.0) == []
    assert len(_found([(1.0, 2.0)], level=500.0)) == 1
    assert _found([]) == []


def test_the_time_of_a_packet_is_that_of_its_arrival() -> None:
    wire = recording([(1.0, 2.0)])
    wire.got_at = [at + 0.25 for at in wire.got_at]
    assert spurts(wire)[0].start - BEGAN_AT == pytest.approx(1.25, abs=0.001)


def test_sound_is_cut_out_by_packets() -> None:
    sound = sound_between(recording([(1.0, 2.0)]), BEGAN_AT + 0.9, BEGAN_AT + 1.1)
    assert len(sound) == 1600
    assert (abs(sound[:790]) < 10).all()
    assert (abs(sound[810:]) > 3000).all()
