"""Circuit breakers: when they open, who is let through, and when they close."""

from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.engine import breaker
from trunkline.engine.breaker import BreakerFacts, Breakers, Route, State, fingerprint

pytestmark = pytest.mark.unit

ROUTE = Route("llm", "openai", "gpt")
FAILURE = Upstream("failed", provider="openai", retryable=True, status=500)


@dataclass
class Time:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def opened(time: Time) -> Breakers:
    breakers = Breakers(time)
    for _ in range(breaker.FAILURES_IN_A_ROW):
        breakers.failed(ROUTE, FAILURE)
    return breakers


def state(breakers: Breakers) -> State:
    (facts,) = breakers.facts()
    return facts.state


def test_it_opens_after_so_many_failures_in_a_row_and_for_this_route_alone() -> None:
    breakers = Breakers(Time())
    for _ in range(breaker.FAILURES_IN_A_ROW - 1):
        breakers.failed(ROUTE, FAILURE)
    assert breakers.takes(ROUTE)
    breakers.failed(ROUTE, FAILURE)
    assert not breakers.takes(ROUTE)
    assert breakers.is_open(ROUTE)
    for other in (
        Route("stt", "openai", "gpt"),
        Route("llm", "mistral", "gpt"),
        Route("llm", "openai", "mini"),
        Route("llm", "openai", "gpt", address="http://other"),
        Route("llm", "openai", "gpt", key=fingerprint(SecretStr("sk-own"))),
    ):
        assert breakers.takes(other)


def test_a_result_between_failures_keeps_it_closed_unless_too_many_fail() -> None:
    time = Time()
    breakers = Breakers(time)
    for _ in range(breaker.FAILURES_IN_A_ROW):
        breakers.failed(ROUTE, FAILURE)
        breakers.worked(ROUTE)
        time.now += breaker.WINDOW_SECONDS / 4
    assert breakers.takes(ROUTE)
    for _ in range(breaker.WINDOW_RESULTS):
        breakers.failed(ROUTE, FAILURE)
        if not breakers.takes(ROUTE):
            break
        breakers.worked(ROUTE)
    assert not breakers.takes(ROUTE)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_opens_it_at_once_and_for_this_key_alone(status: int) -> None:
    breakers = Breakers(Time())
    own = Route("llm", "openai", "gpt", key=fingerprint(SecretStr("sk-own")))
    breakers.failed(own, Upstream("refused", provider="openai", retryable=False, status=status))
    assert not breakers.takes(own)
    assert breakers.takes(ROUTE)
    (facts,) = breakers.facts()
    assert facts == BreakerFacts("llm", "openai", "gpt", own_key=True, state=State.OPEN, failures=1, failing=True)
    assert "sk-own" not in repr(own)


def test_a_request_that_was_wrong_says_nothing_of_the_provider() -> None:
    breakers = Breakers(Time())
    for _ in range(20):
        breakers.failed(ROUTE, Upstream("no such voice", provider="openai", retryable=False, status=404))
    assert breakers.takes(ROUTE)
    assert breakers.facts() == []


def test_after_the_rest_one_request_tries_it_and_others_wait_for_its_result() -> None:
    time = Time()
    breakers = opened(time)
    time.now += breaker.COOL_DOWN_SECONDS
    assert not breakers.is_open(ROUTE)
    assert breakers.takes(ROUTE, 1)
    assert breakers.probes(ROUTE)
    assert not breakers.takes(ROUTE, 2)
    assert breakers.takes(ROUTE, 1)
    breakers.worked(ROUTE)
    assert state(breakers) is State.CLOSED
    assert breakers.takes(ROUTE, 2)


def test_whom_nobody_asked_since_its_rest_was_over_is_not_said_to_fail() -> None:
    time = Time()
    breakers = opened(time)
    (facts,) = breakers.facts()
    assert facts.failing
    time.now += breaker.COOL_DOWN_SECONDS
    (facts,) = breakers.facts()
    assert (facts.failing, facts.state) == (False, State.OPEN)
    breakers.takes(ROUTE, 1)
    (facts,) = breakers.facts()
    assert facts.failing
    time.now += breaker.PROBE_SECONDS
    (facts,) = breakers.facts()
    assert not facts.failing


def test_a_failed_probe_doubles_the_rest_up_to_a_bound() -> None:
    time = Time()
    breakers, rest = opened(time), breaker.COOL_DOWN_SECONDS
    for _ in range(8):
        time.now += rest
        assert breakers.takes(ROUTE)
        breakers.failed(ROUTE, FAILURE)
        rest = min(2 * rest, breaker.LONGEST_COOL_DOWN_SECONDS)
        time.now += rest - 0.1
        assert not breakers.takes(ROUTE)
        time.now += 0.1 - rest
    time.now += rest
    assert breakers.takes(ROUTE)
    breakers.worked(ROUTE)
    assert state(breakers) is State.CLOSED


def test_a_probe_that_says_nothing_gives_way_to_another() -> None:
    time = Time()
    breakers = opened(time)
    time.now += breaker.COOL_DOWN_SECONDS
    assert breakers.takes(ROUTE, 1)
    time.now += breaker.PROBE_SECONDS
    assert breakers.takes(ROUTE, 2)


def test_opening_and_closing_are_logged_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    time = Time()
    breakers = opened(time)
    for _ in range(5):
        breakers.failed(ROUTE, FAILURE)
    time.now += breaker.COOL_DOWN_SECONDS
    assert breakers.takes(ROUTE)
    for _ in range(3):
        breakers.worked(ROUTE)
    out = capsys.readouterr().out
    assert out.count("a provider is not asked for now") == 1
    assert out.count("a provider works again") == 1


def test_there_is_no_end_of_keys_but_of_what_is_remembered_of_them() -> None:
    breakers = Breakers(Time())
    for number in range(breaker.MOST_ROUTES + 10):
        breakers.failed(Route("llm", "openai", "gpt", key=str(number)), FAILURE)
    assert len(breakers.facts()) == breaker.MOST_ROUTES
