"""Opening models while the phone rings, and finding one that works: once more the same, then the next."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

from trunkline.base.errors import TrunklineError, Upstream
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.events import StageUsage
from trunkline.engine.breaker import Breakers
from trunkline.engine.candidates import C, Candidate
from trunkline.engine.reasons import explained

TRIES = 2
AGAIN_WITHIN_SECONDS = 1.5
"""Where another provider is left, the same one is asked again only if nobody has waited longer than this."""
OPEN_SECONDS = 5.0
CLOSE_SECONDS = 2.0

_log = logger("engine")


@dataclass(slots=True, eq=False)
class Opened(Generic[C]):
    """A session and whose it is. ``counted``: what was already taken over of the vendor's own count."""

    session: C
    candidate: Candidate[C]
    counted: int = 0


class Opening(Generic[C]):
    """A call's way to one stage: the session of the candidate that is in use, opened ahead, anew after a failure, and closed
    with the call. A candidate that failed over is passed over for the rest of the call, unless all others failed.
    ``limit_seconds`` is how long a first result may take."""

    def __init__(
        self,
        candidates: Sequence[Candidate[C]],
        crew: Crew,
        breakers: Breakers | None = None,
        limit_seconds: float = OPEN_SECONDS,
    ) -> None:
        self.candidates = tuple(candidates)
        self.limit_seconds = limit_seconds
        self.passed_over: set[int] = set()
        self._breakers = breakers or Breakers(asyncio.get_running_loop().time)
        self._crew = crew
        routes = [one.route for one in self.candidates]
        self._current = next((number for number, route in enumerate(routes) if not self._breakers.is_open(route)), 0)
        self._task: asyncio.Task[Opened[C] | Upstream] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._last_error: Upstream | None = None
        self._used: list[StageUsage] = []

    @property
    def current(self) -> int:
        """The number of the candidate in use: 0 is the configured one."""
        return self._current

    @property
    def provider(self) -> str:
        """Who is in use."""
        return self.candidates[self._current].provider

    def begin(self) -> None:
        """Starts to open, if that was not done yet; a failure leads on to the next."""
        if self._task is None:
            self._crew.start(self._warm(), f"open {self.provider}")

    def trial(self) -> "Trial[C]":
        """A request's way through the candidates."""
        return Trial(self)

    def inherit(self, other: "Opening[C]") -> None:
        """Whom ``other`` passed over is passed over here too."""
        self.passed_over |= other.passed_over
        self._current = other.current

    def used(self, candidate: Candidate[C], **what: Any) -> None:
        """Books what a candidate was used for: seconds, tokens, characters (domain.events.StageUsage)."""
        if any(what.values()):
            self._used.append(
                StageUsage(candidate.stage, candidate.provider, candidate.model, candidate.own_key, **what)
            )

    def usage(self) -> tuple[StageUsage, ...]:
        """All that was booked."""
        return tuple(self._used)

    async def aclose(self) -> None:
        """Closes what is open."""
        self._closed = True
        self._release(self._task)
        if self._closing:
            await asyncio.wait(self._closing)

    # --- for its trials

    def choose(self, given_up: set[int]) -> int:
        """Who is asked: the one in use, else one not passed over, in order; whose circuit is open only if all are."""
        left = [number for number in range(len(self.candidates)) if number not in given_up]
        order = sorted(left, key=lambda number: (number in self.passed_over, number != self._current, number))
        chosen = order[0]
        if len(order) > 1:
            chosen = next((number for number in order if self._takes(number)), chosen)
        if chosen != self._current:
            self._release(self._task)
            self._current = chosen
        return chosen

    async def opened(self, number: int, seconds: float) -> Opened[C]:
        """The open session of the candidate. Raises Upstream where it cannot be had within ``seconds``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            if self._closed:  # the call is over, and whoever asks with it
                raise asyncio.CancelledError
            if self._current != number:
                self._release(self._task)
                self._current = number
            if self._task is None:
                name = f"open {self.candidates[number].provider}"
                self._task = self._crew.start(self._open(self.candidates[number]), name)
            task = self._task
            await asyncio.wait([task], timeout=until - loop.time())
            if not task.done():
                self._release(task)
                raise _too_late(self.candidates[number].provider, seconds)
            if task.cancelled():  # another request of this call found it broken
                continue
            found = task.result()
            if isinstance(found, Upstream):
                self._release(task)
                raise found
            return found

    def broke(self, number: int, opened: Opened[C] | None, error: Upstream) -> None:
        """The session failed: it is closed, and the next request opens another."""
        if error is not self._last_error:
            self._last_error = error
            self._breakers.failed(self.candidates[number].route, error)
        task = self._task
        if opened is not None and task is not None and task.done() and not task.cancelled() and task.result() is opened:
            self._release(task)

    def worked(self, number: int) -> None:
        """The candidate gave a result."""
        self._breakers.worked(self.candidates[number].route)

    def probes(self, number: int) -> bool:
        """Whether a candidate is asked only to see whether it works again."""
        return len(self.candidates) > 1 and self._breakers.probes(self.candidates[number].route)

    def has_another(self, given_up: set[int]) -> bool:
        """Whether one is left that is not known to fail."""
        return any(
            number not in given_up and not self._breakers.is_open(one.route)
            for number, one in enumerate(self.candidates)
        )

    # --- inside

    def _takes(self, number: int) -> bool:
        return self._breakers.takes(self.candidates[number].route, id(self))

    async def _warm(self) -> None:
        trial = self.trial()
        while True:
            try:
                await trial.open()
            except Upstream as error:
                if not trial.goes_on(error):
                    return
            else:
                return

    async def _open(self, candidate: Candidate[C]) -> Opened[C] | Upstream:
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                return Opened(await candidate.open(), candidate)
        except Upstream as error:
            return error
        except TrunklineError as error:
            return Upstream(error.message, provider=candidate.provider, retryable=False)
        except TimeoutError:
            return _too_late(candidate.provider, OPEN_SECONDS)

    def _release(self, task: asyncio.Task[Opened[C] | Upstream] | None) -> None:
        if self._task is task:
            self._task = None
        if task is not None:
            closing = self._crew.start(self._drop(task), "close")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _drop(self, task: asyncio.Task[Opened[C] | Upstream]) -> None:
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled() or task.exception() is not None:
            return
        found = task.result()
        if isinstance(found, Upstream):
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await found.session.aclose()
        except (Upstream, TimeoutError):
            return


class Trial(Generic[C]):
    """One request's way through the candidates: ``open`` gives a session, ``goes_on`` says after a failure whether there is
    another way (then ``open`` again), ``worked`` is told when a result came."""

    def __init__(self, opening: Opening[C]) -> None:
        self._opening = opening
        self._tries: Counter[int] = Counter()
        self._given_up: set[int] = set()
        self._before: dict[str, str] = {}
        self._number = opening.current
        self._opened: Opened[C] | None = None
        self._now = asyncio.get_running_loop().time
        self._quiet_since = self._asked_at = self._now()

    @property
    def number(self) -> int:
        """Who is asked."""
        return self._number

    @property
    def smooth(self) -> bool:
        """Whether nothing failed."""
        return not self._tries

    @property
    def left_seconds(self) -> float:
        """How long the first result may still take."""
        return max(0.5, self._opening.limit_seconds - (self._now() - self._asked_at))

    async def open(self) -> Opened[C]:
        """The session to ask. Raises Upstream."""
        self._opened, self._asked_at = None, self._now()
        self._number = self._opening.choose(self._given_up)
        self._opened = await self._opening.opened(self._number, self._opening.limit_seconds)
        return self._opened

    def worked(self) -> None:
        """A result came: the waiting begins anew."""
        self._quiet_since = self._now()
        self._opening.worked(self._number)

    def begin_anew(self) -> None:
        """What failed before counts no more: this is another request over the same session."""
        self._tries.clear()
        self._given_up.clear()
        self._before.clear()

    def goes_on(self, error: Upstream, quiet_seconds: float | None = None) -> bool:
        """Whether there is another way after this failure. ``quiet_seconds``: how long somebody has waited by now; left out,
        since the trial began or the last result."""
        opening, number = self._opening, self._number
        quiet = self._now() - self._quiet_since if quiet_seconds is None else quiet_seconds
        probed = opening.probes(number)
        opening.broke(number, self._opened, error)
        self._tries[number] += 1
        another = opening.has_another(self._given_up | {number})
        bearable = not another or (not probed and quiet < AGAIN_WITHIN_SECONDS)
        again = error.retryable and self._tries[number] < TRIES and bearable
        if not again:
            self._given_up.add(number)
            name = opening.candidates[number].provider
            self._before[name] = explained(error, name).message
        left = len(self._given_up) < len(opening.candidates)
        if not again and left:
            opening.passed_over.add(number)
        _log.warning(
            "a provider failed",
            provider=error.provider,
            error=error.message,
            status=error.status,
            vendor_message=error.vendor_message,
            request_id=error.request_id,
            again=again,
            next=not again and left,
        )
        return again or left

    def verdict(self, error: Upstream) -> Upstream:
        """The failure as the call is told of it: whose it was and why, with those that failed before."""
        error = explained(error, self._opening.candidates[self._number].provider)
        before = [f"{name}: {message}" for name, message in self._before.items() if message != error.message]
        if not before:
            return error
        return Upstream(
            f"{error.message} (before: {'; '.join(before)})",
            provider=error.provider,
            retryable=error.retryable,
            status=error.status,
            vendor_message=error.vendor_message,
            request_id=error.request_id,
        )


def _too_late(provider: str, seconds: float) -> Upstream:
    return Upstream(f"{provider} could not be opened within {seconds:g} s", provider=provider, retryable=True)
