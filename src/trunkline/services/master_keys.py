"""Turns everything that is sealed over to the first master key, so that the others can be dropped."""

from collections import Counter
from dataclasses import dataclass, field

from trunkline.services.rooms import Rooms
from trunkline.storage import resealing
from trunkline.storage.resealing import Sealed

AT_ONCE = 100
MOST_PASSES = 10


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many things were sealed anew, and how many no key opens, by table and column. ``settled`` says that a last look
    found nothing that was not sealed with the first key."""

    renewed: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    settled: bool = True


async def rotate(rooms: Rooms, at_once: int = AT_ONCE) -> Rotated:
    """Seals anew whatever is not sealed with the first master key, in batches of ``at_once``, until nothing is left.

    Bears to run beside the platform, to be broken off and to be run again: a row is only written if it is still as it was
    read. Raises Unavailable while the database is away.
    """
    renewed: Counter[str] = Counter()
    for _ in range(MOST_PASSES):
        found, broken = await _pass(rooms, at_once)
        renewed += found
        if not found:
            return Rotated(renewed, broken)
    return Rotated(renewed, broken, settled=False)


async def _pass(rooms: Rooms, at_once: int) -> tuple[Counter[str], Counter[str]]:
    renewed: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for place in resealing.SEALED:
        renewed[place.name], broken[place.name] = await _through(rooms, place, at_once)
    return +renewed, +broken


async def _through(rooms: Rooms, place: Sealed, at_once: int) -> tuple[int, int]:
    renewed = broken = 0
    after = None
    while True:
        reading = resealing.batch(place, rooms.vault, after, at_once)
        batch = await rooms.database.brief(reading, write=False)
        if batch.changes:
            await rooms.database.brief(resealing.write(place, batch.changes))
        renewed, broken, after = renewed + len(batch.changes), broken + batch.broken, batch.last
        if batch.rows < at_once:
            return renewed, broken
