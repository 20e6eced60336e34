"""The reaper: ends the calls that nobody runs, so that none stays live longer than its lease."""

from collections.abc import Callable

from trunkline.base.logs import logger
from trunkline.jobs.calls import Leases
from trunkline.jobs.settings import JobSettings
from trunkline.services import claims
from trunkline.services.rooms import Rooms

_log = logger("jobs")


class Reaper:
    """Ends calls whose worker is gone as ``worker_lost`` and calls that no worker took in time as ``at_capacity``."""

    def __init__(self, rooms: Rooms, leases: Leases, settings: JobSettings, wake_outbox: Callable[[], None]) -> None:
        self._rooms = rooms
        self._wake_outbox = wake_outbox
        self._leases = leases
        self._settings = settings
        self._outage = False

    async def end_my_orphans(self) -> int:
        """At start-up, before any call is taken: ends what a former process of this worker left live; returns how
        many. Its leases end, and the round that follows ends the calls."""
        left = await claims.let_run_out(self._rooms, self._settings.worker_id)
        if left:
            await self._reap()
        return left

    async def round(self) -> bool:
        """Ends what is to be ended; for a loop. After the database was away (or the machine asleep) the other workers
        get the time of one lease to renew theirs first."""
        steady = self._leases.steady_seconds()
        if steady is None:
            self._outage = True
            return False
        if self._outage and steady < self._rooms.limits.lease_seconds:
            return False
        self._outage = False
        await self._reap()
        return False

    async def _reap(self) -> None:
        for call_id in await claims.reap(self._rooms, self._rooms.limits.unclaimed_seconds):
            _log.warning("ended a call that nobody ran", call_id=call_id)
            self._wake_outbox()
