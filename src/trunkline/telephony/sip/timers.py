"""The named clocks of one leg: starting one again replaces it."""

import asyncio
from collections.abc import Callable


class Timers:
    """Calls back once each, on the event loop."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.TimerHandle] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._running

    def start(self, name: str, seconds: float, act: Callable[..., None], *args: object) -> None:
        """Calls ``act`` after that time."""
        self.stop(name)
        self._running[name] = asyncio.get_running_loop().call_later(seconds, self._fire, name, act, *args)

    def stop(self, *names: str) -> None:
        """Stops those that run."""
        for name in names:
            timer = self._running.pop(name, None)
            if timer is not None:
                timer.cancel()

    def _fire(self, name: str, act: Callable[..., None], *args: object) -> None:
        del self._running[name]
        act(*args)
