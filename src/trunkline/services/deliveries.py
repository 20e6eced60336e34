"""How the webhook deliveries of an organisation went."""

from trunkline.domain.access import Caller
from trunkline.services.rooms import Page, Rooms
from trunkline.storage.deliveries import Delivery


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[Delivery]:
    """A page of deliveries, newest first, with every attempt."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.deliveries.list_(limit, offset))
