"""The loop of the campaigns: calls their leads at the pace that each may, in turns, and notes what came of it."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trunkline.base.errors import Unavailable
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.campaign import Lead
from trunkline.jobs.patience import Bell
from trunkline.services import outreach
from trunkline.services.outreach import Came, Look
from trunkline.services.rooms import Rooms
from trunkline.storage.campaigns import AtWork, Running

PLACED_AT_ONCE = 50
BREATH_SECONDS = 0.02
NO_ROOM_SECONDS = 1.0
FAILED_SECONDS = 15.0
LOOK_SECONDS = 15.0
REFUSED_IN_A_ROW = 5
_REFUSED = f"{REFUSED_IN_A_ROW} leads one after the other could not be called; see their error"
_log = logger("jobs")


@dataclass(slots=True)
class _Turn:
    """What this process knows of a campaign: when to look at it, and whom it may call now."""

    running: Running
    look_at: datetime | None = None
    looked_at: datetime | None = None
    waits_for_room: bool = False
    served: int = 0
    refused: int = 0
    seen: Look | None = None
    leads: deque[Lead] = field(default_factory=deque)

    def is_due(self, now: datetime) -> bool:
        """Whether there may be something to do: never looked at, the time has come, or it was long ago."""
        if self.looked_at is None or (self.look_at is not None and self.look_at <= now):
            return True
        return now - self.looked_at >= timedelta(seconds=LOOK_SECONDS)


class Campaigns:
    """Any process may run this beside others: what is true stands in the database, and each step of it is one transaction
    there that holds only if nobody was quicker."""

    def __init__(self, rooms: Rooms, poll_seconds: float) -> None:
        self._rooms = rooms
        self._poll_seconds = poll_seconds
        self._bell = Bell()
        self._turns: dict[str, _Turn] = {}
        self._hanging_up: set[str] = set()
        self._served = 0
        self._busy = False
        self._running: list[Running] = []
        self._asked_at: float | None = None

    def ring(self) -> None:
        """Says that a call has moved on; from the event loop's thread."""
        if self._busy:
            self._bell.ring()

    async def run(self) -> None:
        """Works until it is cancelled. The outermost shell: what fails is logged and tried again."""
        async with Crew("campaigns") as crew:
            while True:
                try:
                    pause = await self.round(crew)
                except Unavailable as error:
                    _log.warning("waiting for the database", loop="campaigns", error=error.message)
                    pause = self._poll_seconds
                except Exception:  # noqa: BLE001
                    _log.exception("a round failed", loop="campaigns")
                    pause = self._poll_seconds
                if pause > 0:
                    await self._bell.wait(pause)
                    # One round for all that happens at about the same time.
                    await asyncio.sleep(BREATH_SECONDS)

    async def round(self, crew: Crew) -> float:
        """Does what is due; returns for how many seconds there is nothing more, unless the bell rings."""
        settled, more = await outreach.settle(self._rooms)
        cancelled = await outreach.to_hang_up(self._rooms)
        for lead in cancelled:
            self._hang_up(crew, lead)
        self._keep_up(await self._scheduled(), settled)
        self._busy = bool(self._turns or settled or cancelled)
        for turn in self._turns.values():
            if turn.is_due(self._rooms.clock.now()):
                await self._look(turn)
        placed_all = await self._place()
        return 0.0 if more or not placed_all else self._pause()

    async def _scheduled(self) -> list[Running]:
        """The campaigns that are scheduled, asked for as often as the database is polled: not whenever a call moves on,
        for there may be thousands that only wait for their hours. What changed meanwhile is seen when a call is placed."""
        now = asyncio.get_running_loop().time()
        if self._asked_at is None or now - self._asked_at >= self._poll_seconds:
            self._running, self._asked_at = await outreach.running(self._rooms), now
        return self._running

    def _hang_up(self, crew: Crew, lead: AtWork) -> None:
        if lead.call_id not in self._hanging_up:
            self._hanging_up.add(lead.call_id)
            crew.start(self._hung_up(lead), "hang up")

    async def _hung_up(self, lead: AtWork) -> None:
        try:
            await outreach.hang_up(self._rooms, lead)
        finally:
            self._hanging_up.discard(lead.call_id)

    def _keep_up(self, running: list[Running], settled: set[str]) -> None:
        """Brings what is known up to date: a campaign that changed or lost a call is looked at, and where a call ended
        there may be room for all that wait for it."""
        known, self._turns = self._turns, {}
        now = self._rooms.clock.now()
        for one in running:
            turn = known.get(one.id) or _Turn(one)
            if turn.running != one or one.id in settled or (settled and turn.waits_for_room):
                turn.look_at = now
            turn.running = one
            self._turns[one.id] = turn

    async def _look(self, turn: _Turn) -> None:
        now = self._rooms.clock.now()
        turn.looked_at, turn.look_at, turn.waits_for_room = now, None, False
        turn.leads.clear()
        try:
            seen = await outreach.look(self._rooms, turn.running.org_id, turn.running.id)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001
            self._failed(turn)
            return
        if seen is not None:
            turn.seen, turn.look_at = seen, seen.again_at
            turn.leads.extend(seen.leads)

    async def _place(self) -> bool:
        """Lets each campaign call one lead in turn, those that waited longest first; False where there is more to do."""
        waiting = deque(sorted((turn for turn in self._turns.values() if turn.leads), key=lambda turn: turn.served))
        for _ in range(PLACED_AT_ONCE):
            if not waiting:
                return True
            if self._rooms.live.room() <= 0:
                self._wait_for_room(waiting)
                return True
            turn = waiting.popleft()
            await self._call(turn)
            if turn.leads:
                waiting.append(turn)
        return False

    async def _call(self, turn: _Turn) -> None:
        lead = turn.leads.popleft()
        if turn.seen is None:
            return
        try:
            came = await outreach.call(self._rooms, turn.seen, lead)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001
            self._failed(turn)
            return
        self._served += 1
        turn.served = self._served
        turn.refused = turn.refused + 1 if came is Came.REFUSED else 0
        if turn.refused >= REFUSED_IN_A_ROW:
            await outreach.pause(self._rooms, turn.seen.campaign, _REFUSED)
            came = Came.PAUSED
        if came is Came.NO_ROOM:
            self._wait_for_room([turn])
        elif came in (Came.NOT_NOW, Came.PAUSED):
            turn.leads.clear()

    def _wait_for_room(self, turns: "deque[_Turn] | list[_Turn]") -> None:
        soon = self._rooms.clock.now() + timedelta(seconds=NO_ROOM_SECONDS)
        for turn in turns:
            turn.leads.clear()
            turn.waits_for_room, turn.look_at = True, soon

    def _failed(self, turn: _Turn) -> None:
        """A campaign that breaks must not hold up the others."""
        _log.exception("a campaign could not be carried on", campaign_id=turn.running.id)
        turn.leads.clear()
        turn.look_at = self._rooms.clock.now() + timedelta(seconds=FAILED_SECONDS)

    def _pause(self) -> float:
        asked_ago = asyncio.get_running_loop().time() - (self._asked_at or 0.0)
        until = self._poll_seconds - asked_ago
        if times := [turn.look_at for turn in self._turns.values() if turn.look_at is not None]:
            until = min(until, (min(times) - self._rooms.clock.now()).total_seconds())
        return max(until, BREATH_SECONDS)
