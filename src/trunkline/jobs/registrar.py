"""Keeps us registered at the trunks that send their calls where we register."""

import asyncio
from dataclasses import dataclass

from trunkline.base.errors import Upstream
from trunkline.base.logs import logger
from trunkline.domain.plan import TrunkPlan
from trunkline.services import admission
from trunkline.services.rooms import Rooms

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 15.0, 300.0

_log = logger("jobs")


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a trunk refused, and until when it is left in peace: who asks too often is shut out."""

    plan: TrunkPlan
    pause_seconds: float
    until: float


class Registrar:
    """Registers at every active trunk that wants it, again where that was lost, and no longer where it is not wanted."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._kept: set[str] = set()
        self._failures: dict[str, _Failure] = {}

    async def round(self) -> bool:
        """Sees to all trunks, side by side; for a loop."""
        wanted = await admission.registering(self._rooms)
        ids = {trunk.id for trunk in wanted}
        for trunk_id in self._kept - ids:
            self._failures.pop(trunk_id, None)
            await self._rooms.carrier.forget(trunk_id)
        self._kept = ids
        await asyncio.gather(*(self._keep(trunk) for trunk in wanted))
        return False

    async def _keep(self, trunk: TrunkPlan) -> None:
        now, before = self._rooms.clock.monotonic(), self._failures.get(trunk.id)
        if before is not None and before.plan == trunk and now < before.until:
            return
        try:
            await self._rooms.carrier.keep_registered(trunk)
        except Upstream as error:
            again = before is not None and before.plan == trunk
            pause = min(2 * before.pause_seconds, LONGEST_PAUSE_SECONDS) if before and again else FIRST_PAUSE_SECONDS
            self._failures[trunk.id] = _Failure(trunk, pause, now + pause)
            if not again:
                _log.warning(
                    "a trunk does not register us: its calls stay away", trunk_id=trunk.id, error=error.message
                )
        else:
            self._failures.pop(trunk.id, None)
