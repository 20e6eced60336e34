"""The watch over credit: calls that nothing pays for any more are told to come to their end."""

from trunkline.base.ids import new_id
from trunkline.base.logs import logger
from trunkline.domain.commands import EndUnpaid
from trunkline.services import exhaustion
from trunkline.services.rooms import Rooms

_log = logger("jobs")


class CreditWatch:
    """Looks at all metered calls together, every so often; a call is told as soon as its credit will not last until the
    next look, so that its last words are nearly paid for."""

    def __init__(self, rooms: Rooms, pause_seconds: float) -> None:
        self._rooms = rooms
        self._pause_seconds = pause_seconds
        self._told: set[str] = set()

    async def round(self) -> bool:
        """Tells the sessions of this process; for a loop. Those that are elsewhere are told there."""
        unpaid = await exhaustion.unpaid(self._rooms, self._pause_seconds)
        self._told.intersection_update(unpaid)
        for call_id in unpaid:
            if call_id not in self._told and await self._rooms.live.send(call_id, new_id(), EndUnpaid()):
                self._told.add(call_id)
                _log.info("a call comes to its end, because nothing pays for it any more", call_id=call_id)
        return False
