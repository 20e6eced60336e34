"""The daily round that removes what organisations keep no longer."""

from trunkline.base.logs import logger
from trunkline.services import retention
from trunkline.services.rooms import Rooms

_log = logger("jobs")


class Retention:
    """Removes what time has run out for."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def round(self) -> bool:
        """Everything that is due now; for a loop."""
        swept = await retention.sweep(self._rooms)
        if swept != retention.Swept():
            _log.info("removed what was due", contents=swept.contents, calls=swept.calls, changes=swept.changes)
        return False
