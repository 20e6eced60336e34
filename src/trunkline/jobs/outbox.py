"""The outbox pump: takes what a change asked for, in order, and sees to it that it will be done."""

from collections.abc import Callable
from typing import Protocol

from trunkline.base.errors import Unavailable
from trunkline.base.logs import logger
from trunkline.domain.events import CallEnded, Fact, StatusChanged
from trunkline.jobs.letters import STATUS_UPDATE, status_letter
from trunkline.ports.journal import Journal
from trunkline.services.aftercall import plan_of
from trunkline.services.rooms import Rooms
from trunkline.storage import deliveries, outbox
from trunkline.storage.calls import sealed_call
from trunkline.storage.outbox import OutboxRow
from trunkline.storage.steps import Steps

CALL_ENDED = "call.ended"
AFTER_CALL = "after-call"
BATCH = 100

_log = logger("jobs")


class Starter(Protocol):
    """Starts a durable workflow, once for each id."""

    async def start(self, name: str, workflow_id: str, *arguments: str | int) -> None: ...


class WakingJournal:
    """A journal that rings for the pump after each fact that may have left something in the outbox."""

    def __init__(self, journal: Journal, wake: Callable[[], None]) -> None:
        self._journal = journal
        self._wake = wake

    async def note(self, call_id: str, fact: Fact) -> None:
        """Keeps the fact, then rings."""
        await self._journal.note(call_id, fact)
        if isinstance(fact, StatusChanged | CallEnded):
            self._wake()


class Pump:
    """Takes outbox rows. A status update becomes a delivery in the same transaction that marks its row as taken; the
    end of a call starts its after-call workflow, whose id makes a second start harmless, and is marked then."""

    def __init__(self, rooms: Rooms, starter: Starter, wake_courier: Callable[[], None]) -> None:
        self._rooms = rooms
        self._starter = starter
        self._wake_courier = wake_courier
        self._stuck: set[int] = set()

    async def round(self) -> bool:
        """Takes what waits; True when there may be more."""
        rows = await self._rooms.database.brief(outbox.untaken(BATCH + len(self._stuck)), write=False)
        taken = 0
        for row in rows:
            taken += await self._safely_take(row)
        return taken >= BATCH

    async def _safely_take(self, row: OutboxRow) -> bool:
        """One row that cannot be taken must not hold up the others: it is logged once and tried again each round."""
        try:
            await self._take(row)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001
            if row.id not in self._stuck:
                _log.exception("an outbox row is stuck", call_id=row.call_id, outbox_id=row.id, kind=row.kind)
            self._stuck.add(row.id)
            return False
        self._stuck.discard(row.id)
        return True

    async def _take(self, row: OutboxRow) -> None:
        if row.kind == STATUS_UPDATE:
            await self._rooms.database.brief(self._tell(row))
            self._wake_courier()
            return
        if row.kind == CALL_ENDED:
            await self._starter.start(AFTER_CALL, f"{row.call_id}:after", row.call_id, row.id)
        await self._rooms.database.brief(outbox.take(row.id, self._rooms.clock.now()))

    def _tell(self, row: OutboxRow) -> Steps[None]:
        now = self._rooms.clock.now()
        if not (yield from outbox.take(row.id, now)):
            return
        call, sealed = yield from sealed_call(row.org_id, row.call_id)
        plan, _ = plan_of(self._rooms, call, sealed)
        letter = status_letter(call, plan, row.id, row.payload, now)
        if letter is not None:
            yield from deliveries.add(letter)
