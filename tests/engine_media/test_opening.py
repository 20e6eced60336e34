"""A call's way to a stage: who is opened, what becomes of sessions that break, and who is asked next."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from trunkline.base.errors import Invalid, Upstream
from trunkline.base.tasks import Crew
from trunkline.engine.breaker import FAILURES_IN_A_ROW, Breakers
from trunkline.engine.candidates import Candidate
from trunkline.engine.opening import AGAIN_WITHIN_SECONDS, Opening
from trunkline.testing.clock import run_virtual

pytestmark = pytest.mark.room


@dataclass(eq=False)
class Session:
    """Something that is open."""

    name: str
    closed: bool = False

    async def aclose(self) -> None:
        await asyncio.sleep(0.1)
        self.closed = True


@dataclass(eq=False)
class Provider:
    """Opens sessions after ``seconds``, or fails with the next of ``errors``."""

    name: str
    seconds: float = 0.1
    errors: list[Exception] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    asked: int = 0

    async def open(self) -> Session:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.errors:
            raise self.errors.pop(0)
        self.sessions.append(Session(self.name))
        return self.sessions[-1]

    def candidate(self) -> Candidate[Session]:
        return Candidate("tts", self.name, self.open)

    def failure(self, *, retryable: bool = True) -> Upstream:
        return Upstream(f"{self.name} failed", provider=self.name, retryable=retryable, status=500)


def opening(crew: Crew, *providers: Provider, breakers: Breakers | None = None) -> Opening[Session]:
    return Opening([one.candidate() for one in providers], crew, breakers, 3.0)


def run(work: Coroutine[Any, Any, None]) -> None:
    run_virtual(work)


async def within(crew: Crew, *providers: Provider) -> None:
    """Everything that was opened is closed with the call."""
    await crew.aclose()
    assert all(session.closed for one in providers for session in one.sessions)


def test_it_is_opened_once_and_closed_with_the_call() -> None:
    async def work() -> None:
        first = Provider("first")
        crew = Crew("test")
        way = opening(crew, first)
        way.begin()
        one, other = await way.trial().open(), await way.trial().open()
        assert one is other
        assert first.asked == 1
        await way.aclose()
        await within(crew, first)

    run(work())


def test_a_session_that_broke_is_closed_and_another_opened_for_all_who_ask() -> None:
    async def work() -> None:
        first = Provider("first")
        crew = Crew("test")
        way = opening(crew, first)
        one, other = way.trial(), way.trial()
        broken = await one.open()
        assert await other.open() is broken
        assert one.goes_on(first.failure())
        fresh = await one.open()
        assert fresh is not broken
        assert other.goes_on(first.failure())
        assert await other.open() is fresh
        await way.aclose()
        assert first.asked == 2
        await within(crew, first)

    run(work())


def test_failures_while_it_rings_lead_on_before_anybody_asks() -> None:
    async def work() -> None:
        first, second = Provider("first"), Provider("second")
        first.errors = [first.failure(), first.failure()]
        crew = Crew("test")
        way = opening(crew, first, second)
        way.begin()
        await asyncio.sleep(1.0)
        assert (first.asked, second.asked) == (2, 1)
        opened = await way.trial().open()
        assert (opened.candidate.provider, way.provider, way.current) == ("second", "second", 1)
        assert second.asked == 1
        await way.aclose()
        await within(crew, first, second)

    run(work())


def test_one_that_hangs_is_given_up_at_the_limit_and_leaves_nothing_open() -> None:
    async def work() -> None:
        first, second = Provider("first", seconds=100.0), Provider("second")
        crew = Crew("test")
        way = opening(crew, first, second)
        trial, began = way.trial(), asyncio.get_running_loop().time()
        with pytest.raises(Upstream, match="could not be opened within 3 s") as failed:
            await trial.open()
        assert asyncio.get_running_loop().time() - began == pytest.approx(3.0)
        assert trial.goes_on(failed.value)
        assert (await trial.open()).candidate.provider == "second"
        await way.aclose()
        assert first.sessions == []
        await within(crew, second)

    run(work())


def test_a_wrong_configuration_is_not_tried_twice() -> None:
    async def work() -> None:
        first = Provider("first", errors=[Invalid("there is no such voice")])
        crew = Crew("test")
        trial = opening(crew, first).trial()
        with pytest.raises(Upstream, match="no such voice") as failed:
            await trial.open()
        assert not trial.goes_on(failed.value)
        assert failed.value.provider == "first"
        await crew.aclose()

    run(work())


@pytest.mark.parametrize(
    ("waited", "retryable", "others", "asked_next"),
    [
        (0.0, True, 1, "first"),
        (AGAIN_WITHIN_SECONDS, True, 1, "second"),
        (0.0, False, 1, "second"),
        (AGAIN_WITHIN_SECONDS, True, 0, "first"),
        (100.0, True, 0, "first"),
    ],
)
def test_who_is_asked_next_goes_by_the_error_and_by_how_long_somebody_waits(
    waited: float, retryable: bool, others: int, asked_next: str
) -> None:
    async def work() -> None:
        first, second = Provider("first"), Provider("second")
        crew = Crew("test")
        way = opening(crew, first, *[second][:others])
        trial = way.trial()
        await trial.open()
        await asyncio.sleep(waited)
        assert trial.goes_on(first.failure(retryable=retryable))
        assert (await trial.open()).candidate.provider == asked_next
        await way.aclose()
        await within(crew, first, second)

    run(work())


def test_the_verdict_names_all_who_failed() -> None:
    async def work() -> None:
        first, second = Provider("first"), Provider("second")
        crew = Crew("test")
        way = opening(crew, first, second)
        trial = way.trial()
        for provider in (first, second):
            await trial.open()
            goes_on = trial.goes_on(provider.failure(retryable=False))
        assert not goes_on
        verdict = trial.verdict(second.failure())
        assert verdict.message == "second failed (before: first: first failed)"
        assert verdict.provider == "second"
        await way.aclose()
        await within(crew, first, second)

    run(work())


def test_another_opening_of_the_call_passes_over_whom_this_one_did() -> None:
    async def work() -> None:
        first, second = Provider("first"), Provider("second")
        crew = Crew("test")
        way, later = opening(crew, first, second), opening(crew, first, second)
        trial = way.trial()
        await trial.open()
        assert trial.goes_on(first.failure(retryable=False))
        later.inherit(way)
        assert (await later.trial().open()).candidate.provider == "second"
        assert first.asked == 1
        for one in (way, later):
            await one.aclose()
        await within(crew, first, second)

    run(work())


def test_a_call_begins_with_the_fallback_while_the_circuit_is_open() -> None:
    async def work() -> None:
        first, second = Provider("first"), Provider("second")
        breakers = Breakers(asyncio.get_running_loop().time)
        for _ in range(FAILURES_IN_A_ROW):
            breakers.failed(first.candidate().route, first.failure())
        crew = Crew("test")
        way = opening(crew, first, second, breakers=breakers)
        assert way.provider == "second"
        assert (await way.trial().open()).candidate.provider == "second"
        alone = opening(crew, first, breakers=breakers)
        assert (await alone.trial().open()).candidate.provider == "first"
        for one in (way, alone):
            await one.aclose()
        await within(crew, first, second)

    run(work())


def test_a_call_that_ends_while_it_opens_leaves_nothing_open() -> None:
    async def work() -> None:
        first = Provider("first", seconds=1.0)
        crew = Crew("test")
        way = opening(crew, first)
        way.begin()
        asking = crew.start(way.trial().open(), "ask")
        await asyncio.sleep(0.5)
        await way.aclose()
        await asyncio.wait([asking])
        assert asking.cancelled()
        await within(crew, first)
        assert first.sessions == []
        assert len(asyncio.all_tasks()) == 1

    run(work())


def test_what_was_used_is_told_by_candidate() -> None:
    async def work() -> None:
        first = Provider("first")
        crew = Crew("test")
        way = opening(crew, first)
        (candidate,) = way.candidates
        way.used(candidate, characters=12)
        way.used(candidate, characters=0)
        (used,) = way.usage()
        assert (used.stage, used.provider, used.characters, used.own_key) == ("tts", "first", 12, False)
        await crew.aclose()

    run(work())
