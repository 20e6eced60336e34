"""The life of one call: offered, claimed once, run by the engine, and surely ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from structlog.contextvars import bind_contextvars

from trunkline.base.errors import TrunklineError, Unavailable
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.call import EndReason
from trunkline.domain.events import CallEnded, Fact, SipFacts
from trunkline.domain.plan import CallPlan
from trunkline.jobs.patience import until_kept
from trunkline.jobs.settings import JobSettings
from trunkline.ports.carrier import Offer
from trunkline.ports.journal import Journal
from trunkline.services import claims
from trunkline.services.rooms import Rooms
from trunkline.storage import ledger

LEAVING = "the worker is shutting down"
BROKE = "the call broke off inside the platform"
CLAIM_PAUSE_SECONDS = 0.2
PICK_UP_SECONDS = 1.0

_log = logger("jobs")


class CallRunner(Protocol):
    """Runs calls: the engine's supervisor."""

    async def run(self, plan: CallPlan, offer: Offer | None = None) -> None:
        """The whole call, from the dial (or, with an ``offer``, from the answer) until its CallEnded was noted."""

    def room(self) -> int:
        """How many more calls it takes."""

    async def drain(self, patience_seconds: float) -> None:
        """Takes no more calls and waits for those that run; ends what is left when the patience is over."""


class Dialler:
    """Takes calls that wait. The claim is the guard that a call is dialled once; nothing that recovers comes here."""

    def __init__(self, rooms: Rooms, runner: CallRunner, journal: Journal, settings: JobSettings) -> None:
        self._rooms = rooms
        self._runner = runner
        self._journal = journal
        self._settings = settings
        self._crew = Crew("calls")
        self._mine: set[str] = set()
        self._claiming: set[str] = set()
        self._reserved = 0
        self._leaving = False

    def room(self) -> int:
        """How many more calls may be offered now."""
        return 0 if self._leaving else self._runner.room() - len(self._claiming) - self._reserved

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keeps room for one call that rings at our side."""
        self._reserved += 1
        try:
            yield
        finally:
            self._reserved -= 1

    def offer(self, call_id: str) -> bool:
        """Takes a queued call if there is room; returns at once. True also for one that is taken already."""
        if call_id in self._mine:
            return True
        if self.room() <= 0:
            return False
        self._mine.add(call_id)
        self._claiming.add(call_id)
        self._crew.start(self._live(call_id), "call")
        return True

    async def round(self) -> bool:
        """Picks up calls whose wake-up was lost or found no room, while there is still time for them; for a loop."""
        promised = self._rooms.limits.unclaimed_seconds
        waiting = await claims.unclaimed(self._rooms, PICK_UP_SECONDS)
        if waiting:
            late = set(await claims.unclaimed(self._rooms, promised - PICK_UP_SECONDS))
            for call_id in waiting:
                if call_id not in late:
                    self.offer(call_id)
        return False

    async def drain(self, patience_seconds: float) -> None:
        """Takes no more calls, lets those that run end by themselves for a while, then ends them."""
        self._leaving = True
        await self._runner.drain(patience_seconds)
        await self._crew.aclose()

    async def _live(self, call_id: str) -> None:
        bind_contextvars(call_id=call_id)
        try:
            plan = await self._claim(call_id)
            if plan is not None and self._leaving:
                await self.end(call_id, EndReason.AT_CAPACITY, LEAVING)
            elif plan is not None:
                self._claiming.discard(call_id)
                await self.carry(plan)
        finally:
            self._claiming.discard(call_id)
            self._mine.discard(call_id)

    async def _claim(self, call_id: str) -> CallPlan | None:
        """None when another has it, or when the database stayed away for as long as the caller was promised."""
        clock = self._rooms.clock
        latest = clock.monotonic() + self._rooms.limits.unclaimed_seconds
        while clock.monotonic() < latest:
            try:
                return await claims.claim(
                    self._rooms, call_id, self._settings.worker_id, self._rooms.limits.lease_seconds
                )
            except Unavailable as error:
                _log.warning("waiting for the database", call_id=call_id, error=error.message)
            await clock.sleep(CLAIM_PAUSE_SECONDS)
        return None

    async def carry(self, plan: CallPlan, offer: Offer | None = None) -> None:
        """The outermost shell of a call: whatever happens inside, the call has ended when this has."""
        try:
            await self._runner.run(plan, offer)
        except Exception:  # noqa: BLE001
            _log.exception("a call broke", call_id=plan.call_id)
        if not await until_kept(self._rooms.clock, lambda: self._is_over(plan.call_id)):
            _log.error("a call was left open", call_id=plan.call_id)
            await self.end(plan.call_id, EndReason.INTERNAL_ERROR, BROKE)

    async def _is_over(self, call_id: str) -> bool:
        call = await self._rooms.database.brief(ledger.state(call_id), write=False)
        return call is None or call.is_over

    async def end(self, call_id: str, reason: EndReason, error: str | None = None, sip: SipFacts | None = None) -> None:
        """Ends a call that nobody runs, as soon as the database lets it."""
        await self.note(call_id, CallEnded(self._rooms.clock.now(), reason, error, sip or SipFacts()))

    async def note(self, call_id: str, fact: Fact) -> None:
        """Keeps a fact of a call that nobody runs, as soon as the database lets it."""
        await until_kept(self._rooms.clock, lambda: self._journal.note(call_id, fact))


class Leases:
    """Renews this worker's hold on its calls, and knows whether it has held them without a gap."""

    def __init__(self, rooms: Rooms, settings: JobSettings) -> None:
        self._rooms = rooms
        self._settings = settings
        self._steady_since: float | None = None
        self._renewed_at = 0.0

    async def renew(self) -> bool:
        """Renews all at once; for a loop."""
        try:
            await claims.renew(self._rooms, self._settings.worker_id, self._rooms.limits.lease_seconds)
        except TrunklineError:
            self._steady_since = None
            raise
        now = self._rooms.clock.now().timestamp()
        if self._steady_since is None or now - self._renewed_at > 2 * self._settings.renew_seconds:
            self._steady_since = now
        self._renewed_at = now
        return False

    def steady_seconds(self) -> float | None:
        """For how long renewing has gone well; None when it does not, or the machine slept."""
        now = self._rooms.clock.now().timestamp()
        if self._steady_since is None or now - self._renewed_at > 2 * self._settings.renew_seconds:
            return None
        return now - self._steady_since
