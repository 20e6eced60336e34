"""The way to live calls within one process: wake-ups and orders in, events out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from weakref import WeakSet

from trunkline.base.logs import logger
from trunkline.domain.commands import Command
from trunkline.domain.events import LiveEvent, Usage

FOLLOWER_EVENTS = 1000

_log = logger("engine")


class Follower(AsyncIterator[LiveEvent]):
    """One subscriber's events. Ends after the final one, and where the subscriber is too slow: what was missed can be
    replayed from the events kept with the call."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[LiveEvent | None] = asyncio.Queue()
        self._over = False
        self._finished = False

    def put(self, event: LiveEvent) -> bool:
        """Takes an event; False when this subscriber gets no more."""
        if self._over:
            return False
        if self._events.qsize() >= FOLLOWER_EVENTS:
            _log.warning("a follower is too slow and is dropped", call_id=event.call_id)
            self.close()
            return False
        self._events.put_nowait(event)
        if event.final:
            self.close()
        return not event.final

    def close(self) -> None:
        """Ends it after what is already there."""
        if not self._over:
            self._over = True
            self._events.put_nowait(None)

    async def aclose(self) -> None:
        """The subscriber leaves."""
        self.close()

    async def __anext__(self) -> LiveEvent:
        event = None if self._finished else await self._events.get()
        if event is None:
            self._finished = True
            raise StopAsyncIteration
        return event


class LocalLive:
    """ports.live.Live for one process: the supervisor takes the calls, subscribers sit in the same event loop."""

    def __init__(self, room: Callable[[], int]) -> None:
        self._room = room
        self._dialler: Callable[[str], bool] | None = None
        self._orders: Callable[[str, str, Command], bool] | None = None
        self._used: Callable[[str], Usage | None] = lambda call_id: None
        self._followers: dict[str, WeakSet[Follower]] = {}

    def attach(
        self,
        dialler: Callable[[str], bool],
        orders: Callable[[str, str, Command], bool],
        used: Callable[[str], Usage | None] = lambda call_id: None,
    ) -> None:
        """``dialler`` takes a queued call's id and says whether it will be dialled; ``orders`` is Supervisor.order,
        ``used`` is Supervisor.used."""
        self._dialler = dialler
        self._orders = orders
        self._used = used

    async def wake(self, call_id: str) -> bool:
        return self._dialler is not None and self._room() > 0 and self._dialler(call_id)

    async def send(self, call_id: str, command_id: str, command: Command) -> bool:
        return self._orders is not None and self._orders(call_id, command_id, command)

    def used(self, call_id: str) -> Usage | None:
        return self._used(call_id)

    def publish(self, event: LiveEvent) -> None:
        followers = self._followers.get(event.call_id)
        if followers is None:
            return
        for follower in list(followers):
            if not follower.put(event):
                followers.discard(follower)
        if not followers:
            del self._followers[event.call_id]

    def follow(self, call_id: str) -> Follower:
        follower = Follower()
        self._followers.setdefault(call_id, WeakSet()).add(follower)
        return follower

    def room(self) -> int:
        return self._room()
