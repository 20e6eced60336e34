"""How many deliveries may be under way: at one address, of one organisation, and at receivers that are slow.

A lane is an organisation and one of its addresses. Its window begins small, grows by one with each prompt answer and is
halved by each that is slow or never comes, as the window of a TCP connection is; so does that of an organisation, whose
addresses may be many. Lanes that were slow last take at most half of an organisation's window and of all the room, so that
however many receivers hang, those that answer are served.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.storage.deliveries import Due

SLOW_SECONDS = 3.0
FIRST_OF_ADDRESS = 4
FIRST_OF_ORGANISATION = 32
LEAST_OF_ORGANISATION = 16
_SWEEP_AT = 1024


@dataclass(slots=True)
class _Window:
    """``used`` of ``size`` are taken, ``slow`` of them by lanes that were slow when they took it."""

    size: int
    least: int
    most: int
    used: int = 0
    slow: int = 0

    def has_room(self, slow: bool) -> bool:
        return self.used < self.size and not (slow and self.slow * 2 >= self.size)

    def take(self, slow: bool) -> None:
        self.used += 1
        self.slow += slow

    def give_back(self, slow: bool) -> None:
        self.used -= 1
        self.slow -= slow

    def answered(self, promptly: bool) -> None:
        self.size = min(self.most, self.size + 1) if promptly else max(self.least, self.size // 2)


@dataclass(slots=True)
class _Lane:
    org_id: str
    window: _Window
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The room that one attempt takes."""

    due: Due
    lane: _Lane
    organisation: _Window
    slow: bool


class Lanes:
    """What is under way in this process. ``at_once`` is all the room there is, ``per_address`` and ``per_organisation`` are
    the widest windows."""

    def __init__(self, at_once: int, per_address: int, per_organisation: int) -> None:
        self._per_address = per_address
        self._per_organisation = per_organisation
        self._all = _Window(at_once, at_once, at_once)
        self._lanes: dict[str, _Lane] = {}
        self._organisations: dict[str, _Window] = {}

    @property
    def room(self) -> int:
        """How many more may be under way."""
        return self._all.size - self._all.used

    def full(self) -> tuple[list[str], list[str]]:
        """The lanes and the organisations of which no more may be under way now."""
        organisations = [org_id for org_id, window in self._organisations.items() if not window.has_room(slow=False)]
        lanes = [
            key
            for key, lane in self._lanes.items()
            if lane.org_id not in organisations and not self._has_room(lane, self._organisations[lane.org_id])
        ]
        return lanes, organisations

    def places(self, due: Sequence[Due]) -> list[Place]:
        """Room for as many of ``due`` as there is room for, in their order; it is taken now."""
        found = [self._place(one) for one in due]
        return [place for place in found if place is not None]

    def leave(self, place: Place, seconds: float | None) -> None:
        """Gives room back; ``seconds`` is how long the receiver took, None where it was not asked."""
        for window in (self._all, place.organisation, place.lane.window):
            window.give_back(place.slow)
        if seconds is not None:
            promptly = seconds < SLOW_SECONDS
            place.lane.slow = not promptly
            place.lane.window.answered(promptly)
            place.organisation.answered(promptly)
        self._sweep()

    def _place(self, due: Due) -> Place | None:
        lane, organisation = self._of(due)
        if not self._has_room(lane, organisation):
            return None
        place = Place(due, lane, organisation, lane.slow)
        for window in (self._all, organisation, lane.window):
            window.take(lane.slow)
        return place

    def _has_room(self, lane: _Lane, organisation: _Window) -> bool:
        return (
            lane.window.used < lane.window.size and organisation.has_room(lane.slow) and self._all.has_room(lane.slow)
        )

    def _of(self, due: Due) -> tuple[_Lane, _Window]:
        key, org_id = due.lane, due.org_id
        if org_id not in self._organisations:
            most = self._per_organisation
            self._organisations[org_id] = _Window(
                min(FIRST_OF_ORGANISATION, most), min(LEAST_OF_ORGANISATION, most), most
            )
        if key not in self._lanes:
            most = self._per_address
            self._lanes[key] = _Lane(org_id, _Window(min(FIRST_OF_ADDRESS, most), 1, most))
        return self._lanes[key], self._organisations[org_id]

    def _sweep(self) -> None:
        """Forgets addresses that nothing is under way to, once they are many: some are new with every call."""
        if len(self._lanes) >= _SWEEP_AT:
            self._lanes = {key: lane for key, lane in self._lanes.items() if lane.window.used}
