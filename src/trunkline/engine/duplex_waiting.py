"""How long a reply of a realtime model has been waited for, and whether the model hears at all."""

import asyncio
from collections.abc import Callable

DEAF_SECONDS = 5.0
TELLING_SPEECH_SECONDS = 1.5
"""Speech so long must have been heard by a model that hears."""


class Waiting:
    """The wait for a reply, or for more of it. ``now`` gives monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since: float | None = None

    def begin(self) -> None:
        """A reply is due, if none was."""
        if self._since is None:
            self._since = self._now()

    def came(self) -> None:
        """Sound came: more of it is due."""
        self._since = self._now()

    def end(self) -> None:
        """Nothing is due."""
        self._since = None

    def seconds(self, opening_since: float | None = None) -> float:
        """How long it lasts; where nothing is due, how long a session has been opened in vain."""
        since = opening_since if self._since is None else self._since
        return 0.0 if since is None else self._now() - since


class Deafness:
    """The suspicion that a session hears nobody: ``limit`` runs out where that does not change soon."""

    def __init__(self) -> None:
        self._limit: asyncio.Timeout | None = None
        self._heard = False

    def watch(self, limit: asyncio.Timeout | None) -> None:
        """Another session, which has heard nobody yet; None: it is gone."""
        self._limit, self._heard = limit, False

    def heard(self) -> None:
        """It hears the party."""
        self._heard = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(None)

    def spoke(self, seconds: float) -> None:
        """The party spoke for so long."""
        if self._heard or seconds < TELLING_SPEECH_SECONDS or self._limit is None:
            return
        if self._limit.when() is None:
            self._limit.reschedule(asyncio.get_running_loop().time() + DEAF_SECONDS)
