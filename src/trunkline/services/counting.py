"""Learning how many calls each settled day had, so that long lists are counted without reading them."""

from trunkline.domain.access import Caller
from trunkline.services.rooms import Rooms

PAUSE_SECONDS = 0.01
_PAGE = 1000


async def learn(rooms: Rooms) -> bool:
    """Learns what settled since the last time, day by day, with pauses: live calls come first. For a loop."""
    offset = 0
    while True:
        async with rooms.database.system(write=False) as unit:
            organisations, total = await unit.organisations.list_(_PAGE, offset)
        for organisation in organisations:
            while await _day(rooms, organisation.id):
                await rooms.clock.sleep(PAUSE_SECONDS)
        offset += _PAGE
        if offset >= total:
            return False


async def _day(rooms: Rooms, org_id: str) -> bool:
    async with rooms.unit(Caller(org_id), write=False) as unit:
        return await unit.calls.learn(rooms.database.call_counts, rooms.clock.now())
