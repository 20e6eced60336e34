"""When a connection to a model server has to be used again, so that it stays open."""

import pytest

from trunkline.providers.llm.warmth import LONGEST_REST_SECONDS, Warmth

pytestmark = pytest.mark.unit


def used(warmth: Warmth, begin: float, end: float, *, opened: bool = False) -> Warmth:
    warmth.begin(begin)
    if opened:
        warmth.opened()
    warmth.end(end)
    return warmth


def test_a_connection_rests_long_as_long_as_nothing_speaks_against_it() -> None:
    warmth = used(Warmth(), 0.0, 1.0, opened=True)
    assert warmth.rest_seconds == LONGEST_REST_SECONDS
    assert warmth.due_in(11.0) == LONGEST_REST_SECONDS - 10
    used(warmth, 30.0, 31.0)
    assert warmth.due_in(31.0) == LONGEST_REST_SECONDS


def test_a_new_connection_shows_how_soon_the_server_closes_the_old_one() -> None:
    warmth = used(Warmth(), 0.0, 1.0, opened=True)
    used(warmth, 11.0, 12.0, opened=True)
    assert warmth.rest_seconds == 5.0
    used(warmth, 32.0, 33.0, opened=True)
    assert warmth.rest_seconds == 5.0
    used(warmth, 34.0, 35.0, opened=True)
    assert warmth.rest_seconds == 0.5
    assert not warmth.kept


def test_a_new_connection_beside_one_that_is_in_use_shows_nothing() -> None:
    warmth = used(Warmth(), 0.0, 1.0, opened=True)
    warmth.begin(5.0)
    assert warmth.due_in(100.0) == LONGEST_REST_SECONDS
    used(warmth, 6.0, 7.0, opened=True)
    warmth.end(8.0)
    assert warmth.rest_seconds == LONGEST_REST_SECONDS


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        ({"Keep-Alive": "timeout=10, max=100"}, 7.0),
        ({"Keep-Alive": "timeout=600"}, LONGEST_REST_SECONDS),
        ({"Keep-Alive": "max=100"}, LONGEST_REST_SECONDS),
        ({"Connection": "Close"}, 0.0),
        ({}, LONGEST_REST_SECONDS),
    ],
)
def test_what_the_server_says_about_it_is_believed(headers: dict[str, str], rest: float) -> None:
    warmth = Warmth()
    warmth.told(headers)
    assert warmth.rest_seconds == rest
