"""Waiting: for a bell, for the next round of a loop, for a database that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from trunkline.base.clock import Clock
from trunkline.base.errors import Unavailable
from trunkline.base.logs import logger

LONGEST_PAUSE_SECONDS = 10.0

T = TypeVar("T")
_log = logger("jobs")


class Bell:
    """Wakes one loop; rings that come while it works are kept."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Asks for another round; from the event loop's thread."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it rings, at most ``seconds``; takes the ring."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()


async def keep_doing(name: str, work: Callable[[], Awaitable[bool]], bell: Bell, pause_seconds: float) -> None:
    """Does ``work`` for ever: again at once while it says that there is more, else at the next ring or pause.

    The outermost shell of a loop: what fails is logged and tried again.
    """
    while True:
        try:
            more = await work()
        except Unavailable as error:
            _log.warning("waiting for the database", loop=name, error=error.message)
            more = False
        except Exception:  # noqa: BLE001
            _log.exception("a round failed", loop=name)
            more = False
        if not more:
            await bell.wait(pause_seconds)


async def until_kept(clock: Clock, work: Callable[[], Awaitable[T]]) -> T:
    """Does ``work`` as soon as the database lets it: tries again, ever more slowly, while that is away."""
    pause = 0.2
    while True:
        try:
            return await work()
        except Unavailable as error:
            _log.warning("waiting for the database", error=error.message)
        await clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
