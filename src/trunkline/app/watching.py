"""Watches calls go by, from what is published and noted of them anyway, to count them and to draw traces of them.

The live loop pays for a look at each event that is kept. What was seen of a call is put together when it is over.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.base import meters as m
from trunkline.base.meters import Meters
from trunkline.base.trace import TraceContext, current
from trunkline.domain.call import CallStatus
from trunkline.domain.commands import Command
from trunkline.domain.events import CallEnded, Fact, LiveEvent, Usage
from trunkline.ports.journal import Journal
from trunkline.ports.live import Live

MOST_CALLS = 10_000
_STAGES = {
    "end_of_turn": "end_of_turn",
    "stt": "stt",
    "llm_first_token": "llm",
    "tts_first_audio": "tts",
    "added": "added",
}


@dataclass(slots=True)
class Seen:
    """What was seen of one call: when it came to be in each state, its turns as measured, when its first INVITE was on the
    wire, and the request that placed it. ``waiting``: the party said something that nothing of ours followed yet."""

    call_id: str
    states: list[tuple[str, datetime]] = field(default_factory=list)
    turns: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    invited_at: datetime | None = None
    request: TraceContext | None = None
    end: dict[str, Any] = field(default_factory=dict)
    waiting: bool = False

    @property
    def direction(self) -> str:
        """Who called whom; a call's id tells."""
        return self.call_id.split("-")[1] if self.call_id.count("-") > 1 else "outbound"

    def came_to(self, status: CallStatus) -> datetime | None:
        """When it first came to be so."""
        return next((at for name, at in self.states if name == status), None)


class CallSeen:
    """Is told of a call that is over."""

    def over(self, seen: Seen) -> None:
        """Takes all that was seen of it."""


class CallWatch:
    """Follows all calls of this process; ``draw`` is told of each that is over."""

    def __init__(self, meters: Meters, draw: CallSeen) -> None:
        self._meters = meters
        self._draw = draw
        self._calls: OrderedDict[str, Seen] = OrderedDict()

    def saw(self, event: LiveEvent) -> None:
        """An event was published."""
        if event.seq == 0:
            return
        seen = self._seen(event.call_id)
        match event.event:
            case "status":
                self._status(seen, event)
            case "latency":
                self._turn(seen, event.data)
            case "transcript":
                self._words(seen, event.data)

    def noted(self, call_id: str, fact: Fact) -> None:
        """A fact is about to be kept."""
        if isinstance(fact, CallEnded):
            first = (
                one.at for one in fact.signalling if one.method == "INVITE" and one.status is None and one.leg == 1
            )
            self._seen(call_id).invited_at = next(first, None)

    def _seen(self, call_id: str) -> Seen:
        seen = self._calls.get(call_id)
        if seen is None:
            seen = self._calls[call_id] = Seen(call_id)
            if len(self._calls) > MOST_CALLS:
                self._calls.popitem(last=False)
        return seen

    def _status(self, seen: Seen, event: LiveEvent) -> None:
        seen.states.append((str(event.data["status"]), _moment(event.data)))
        if event.seq == 1:
            seen.request = current()
            self._meters.count(m.CALLS_PLACED, seen.direction)
        if event.final:
            self._calls.pop(seen.call_id, None)
            seen.end = event.data
            self._count(seen)
            self._draw.over(seen)

    def _count(self, seen: Seen) -> None:
        meters, ended_at = self._meters, seen.states[-1][1]
        meters.count(m.CALLS_ENDED, seen.direction, str(seen.end["status"]), str(seen.end["end_reason"]))
        queued, answered = seen.came_to(CallStatus.QUEUED), seen.came_to(CallStatus.IN_PROGRESS)
        began = seen.invited_at or seen.came_to(CallStatus.RINGING)
        if queued is not None and seen.invited_at is not None and seen.invited_at >= queued:
            meters.observe(m.INVITE_SECONDS, (seen.invited_at - queued).total_seconds())
        if answered is not None:
            meters.observe(m.CALL_SECONDS, (ended_at - answered).total_seconds(), seen.direction)
        if answered is not None and began is not None:
            meters.observe(m.ANSWER_SECONDS, max(0.0, (answered - began).total_seconds()), seen.direction)

    def _turn(self, seen: Seen, data: dict[str, Any]) -> None:
        seen.turns.append((_moment(data), data))
        if data.get("heard") is not None:
            self._meters.observe(m.HEARD_SECONDS, data["heard"] / 1000)
        for name, stage in _STAGES.items():
            if data.get(name) is not None:
                self._meters.observe(m.STAGE_SECONDS, data[name] / 1000, stage)

    def _words(self, seen: Seen, data: dict[str, Any]) -> None:
        role = str(data["role"])
        self._meters.count(m.TURNS, role)
        if role == "user":
            if seen.waiting:
                self._meters.count(m.MISSED_TURNS)
            seen.waiting = True
        elif role == "assistant":
            seen.waiting = False
            if data.get("interrupted"):
                self._meters.count(m.BARGE_INS)


class WatchedJournal:
    """A journal whose facts are seen."""

    def __init__(self, journal: Journal, watch: CallWatch) -> None:
        self._journal = journal
        self._watch = watch

    async def note(self, call_id: str, fact: Fact) -> None:
        """Keeps the fact."""
        self._watch.noted(call_id, fact)
        await self._journal.note(call_id, fact)


class WatchedLive:
    """A way to live calls whose events are seen."""

    def __init__(self, live: Live, watch: CallWatch) -> None:
        self._live = live
        self._watch = watch

    async def wake(self, call_id: str) -> bool:
        return await self._live.wake(call_id)

    async def send(self, call_id: str, command_id: str, command: Command) -> bool:
        return await self._live.send(call_id, command_id, command)

    def publish(self, event: LiveEvent) -> None:
        self._watch.saw(event)
        self._live.publish(event)

    def follow(self, call_id: str) -> AsyncIterator[LiveEvent]:
        return self._live.follow(call_id)

    def room(self) -> int:
        return self._live.room()

    def used(self, call_id: str) -> Usage | None:
        return self._live.used(call_id)


def _moment(data: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(str(data["at"]))
