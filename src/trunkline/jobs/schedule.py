"""The schedule: lets calls go when their time has come, in order, as fast as there is room for them."""

from collections.abc import Callable

from trunkline.base.errors import Unavailable
from trunkline.base.logs import logger
from trunkline.jobs.settings import JobSettings
from trunkline.services import scheduling
from trunkline.services.rooms import Rooms
from trunkline.services.scheduling import Due, Outcome

_log = logger("jobs")


class Schedule:
    """Looks for scheduled calls that are due."""

    def __init__(self, rooms: Rooms, settings: JobSettings, wake_outbox: Callable[[], None]) -> None:
        self._rooms = rooms
        self._settings = settings
        self._wake_outbox = wake_outbox

    async def round(self) -> bool:
        """Lets go what is due, and waits for what is due before the next round; for a loop."""
        found = await scheduling.due(self._rooms, self._settings.poll_seconds)
        now = self._rooms.clock.now()
        due = [one for one in found if one.waits_until <= now]
        if await self._let_go(due):
            return True
        soon = next((one.waits_until for one in found if one.waits_until > now), None)
        if soon is None:
            return False
        await self._rooms.clock.sleep(max((soon - self._rooms.clock.now()).total_seconds(), 0.0))
        return True

    async def _let_go(self, due: list[Due]) -> bool:
        """True when something moved, so that there may be more."""
        full: set[tuple[str, str | None]] = set()
        moved = False
        for one in due:
            if not scheduling.is_late(self._rooms, one) and (
                (one.org_id, one.number_id) in full or self._rooms.live.room() <= 0
            ):
                continue
            outcome = await self._one(one)
            if outcome is Outcome.WAITS:
                full.add((one.org_id, one.number_id))
                continue
            moved = True
            if outcome is Outcome.OVER:
                _log.warning("a scheduled call was not dialled", call_id=one.id)
                self._wake_outbox()
        return moved

    async def _one(self, one: Due) -> Outcome:
        """Lets one call go. One that breaks waits, so that it keeps no other from its time."""
        try:
            return await scheduling.let_go(self._rooms, one)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001
            _log.exception("a scheduled call could not be let go", call_id=one.id)
            return Outcome.WAITS
