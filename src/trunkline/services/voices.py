"""The voices that assistants can speak with."""

from trunkline.domain.access import Caller
from trunkline.ports.offers import VoiceFacts
from trunkline.services.rooms import Rooms


async def list_(rooms: Rooms, caller: Caller) -> list[VoiceFacts]:
    """The voices that the caller's organisation can use now."""
    return rooms.models.voices()
