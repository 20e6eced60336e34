"""Counts requests: a window of a minute for each key, for the control commands of each call, and for the wrong keys of
each address."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from trunkline.base.errors import TooMany

WINDOW_SECONDS = 60.0
_SWEEP_AT = 1024


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left in a window; ``reset_seconds`` is the time until a new one."""

    limit: int
    remaining: int
    reset_seconds: float

    def headers(self, wall_seconds: float) -> dict[str, str]:
        """The X-RateLimit headers; ``wall_seconds`` is the Unix time now."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(wall_seconds + self.reset_seconds)),
        }


@dataclass(slots=True)
class _Window:
    opened: float
    used: int = 0


class Limiter:
    """Allows ``limit`` uses a minute of each name, in windows that open with the first use."""

    def __init__(self, limit: int, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._windows: dict[str, _Window] = {}
        self._sweep_at = _SWEEP_AT

    def full(self) -> Allowance:
        """The allowance of somebody who has not asked yet."""
        return Allowance(self._limit, self._limit, WINDOW_SECONDS)

    def take(self, name: str) -> tuple[Allowance, bool]:
        """Uses one; False when none was left."""
        now = self._monotonic()
        window = self._windows.get(name)
        if window is None or now - window.opened >= WINDOW_SECONDS:
            self._sweep(now)
            window = self._windows[name] = _Window(now)
        allowed = window.used < self._limit
        window.used += allowed
        return Allowance(self._limit, self._limit - window.used, window.opened + WINDOW_SECONDS - now), allowed

    def spent(self, name: str) -> Allowance | None:
        """What is left for a name that has none left; None while it has."""
        window, now = self._windows.get(name), self._monotonic()
        if window is None or window.used < self._limit or now - window.opened >= WINDOW_SECONDS:
            return None
        return Allowance(self._limit, 0, window.opened + WINDOW_SECONDS - now)

    def _sweep(self, now: float) -> None:
        if len(self._windows) < self._sweep_at:
            return
        self._windows = {name: window for name, window in self._windows.items() if now - window.opened < WINDOW_SECONDS}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._windows))


def exceeded(allowance: Allowance, what: str) -> TooMany:
    """The error of who asks more often than that."""
    wait = max(1, math.ceil(allowance.reset_seconds))
    return TooMany(
        f"More than {allowance.limit} {what} a minute. Try again in {wait} seconds.", retry_after_seconds=wait
    )
