"""The addresses of host names, looked up rarely and without holding a call up for long."""

import asyncio
import ipaddress
import socket

from trunkline.base.clock import Clock
from trunkline.base.tasks import Crew
from trunkline.services.admission import Address

FRESH_SECONDS = 60.0
KEPT_SECONDS = 3600.0
PATIENCE_SECONDS = 2.0
_MOST_NAMES = 10_000


class Resolver:
    """Host names to addresses. What is older than a minute is looked up again while it is still used; what cannot be
    looked up any more counts for an hour. Used inside ``async with``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._crew = Crew("resolver")
        self._known: dict[str, tuple[float, frozenset[Address]]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def resolve(self, name: str) -> frozenset[Address]:
        """The addresses of a name, none where none are known within two seconds."""
        at, found = self._known.get(name, (float("-inf"), frozenset()))
        age = self._clock.monotonic() - at
        if age > FRESH_SECONDS:
            asking = self._ask(name)
            if age > KEPT_SECONDS:
                await asyncio.wait([asking], timeout=PATIENCE_SECONDS)
                found = self._known.get(name, (0.0, frozenset()))[1]
        return found

    async def aclose(self) -> None:
        """Asks for nothing more."""
        await self._crew.aclose()

    def _ask(self, name: str) -> asyncio.Task[None]:
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = self._crew.start(self._look_up(name), "resolve")
        return task

    async def _look_up(self, name: str) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            return
        finally:
            del self._asking[name]
        while len(self._known) >= _MOST_NAMES:
            del self._known[next(iter(self._known))]
        addresses = frozenset(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)
        self._known[name] = (self._clock.monotonic(), addresses)
