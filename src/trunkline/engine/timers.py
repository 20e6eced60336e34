"""The named timers of one call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from trunkline.base.clock import Clock

_SHORTEST_SECONDS = 0.0005
_ROUNDING_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class Due:
    """A timer ran out; ``serial`` tells it from one that was set again while this waited to be seen."""

    name: str
    serial: int


class Timers:
    """Timers that are set, set again and forgotten by name."""

    def __init__(self, ring: Callable[[Due], None], clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._set: dict[str, tuple[int, asyncio.TimerHandle]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._set)

    def set(self, name: str, at: float) -> None:
        """Rings at monotonic time ``at``; replaces a timer of the same name."""
        self.cancel(name)
        self._serial += 1
        self._wait(Due(name, self._serial), at, at - self._clock.monotonic())

    def _wait(self, due: Due, at: float, seconds: float) -> None:
        handle = asyncio.get_running_loop().call_later(max(0.0, seconds), self._look, due, at)
        self._set[due.name] = (due.serial, handle)

    def _look(self, due: Due, at: float) -> None:
        """Rings, but never early: event loops count in milliseconds, and round."""
        left = at - self._clock.monotonic()
        if left > _ROUNDING_SECONDS:
            self._wait(due, at, max(left, _SHORTEST_SECONDS))
        else:
            self._ring(due)

    def cancel(self, name: str) -> None:
        """Forgets a timer, also one that has rung and was not seen yet."""
        _, handle = self._set.pop(name, (0, None))
        if handle is not None:
            handle.cancel()

    def claim(self, due: Due) -> bool:
        """Whether a timer that rang is still wanted; it is then used up."""
        serial, _ = self._set.get(due.name, (0, None))
        if serial != due.serial:
            return False
        del self._set[due.name]
        return True

    def clear(self) -> None:
        """Forgets all."""
        for name in list(self._set):
            self.cancel(name)
