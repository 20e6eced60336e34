"""How long a model server leaves an unused connection open, learned from what it does, so that one stands ready."""

import re
from typing import Any

import aiohttp

LONGEST_REST_SECONDS = 45.0
SHORTEST_REST_SECONDS = 1.0
"""A server that closes sooner keeps nothing open: it is left alone."""
_LEARNED_SHARE = 0.5
_TOLD_SHARE = 0.7
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d+)")


class Warmth:
    """One server's connections. Times are monotonic seconds.

    A request that needs a new connection although one was used a while ago, with no other request under way, shows that
    the server closed it: from then on it is used after half that time. ``Keep-Alive: timeout=n`` is believed.
    """

    def __init__(self) -> None:
        self.rest_seconds = LONGEST_REST_SECONDS
        self._busy = 0
        self._used_at: float | None = None
        self._rested: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the server leaves connections open at all."""
        return self.rest_seconds >= SHORTEST_REST_SECONDS

    def begin(self, now: float) -> None:
        """A request begins."""
        self._rested = now - self._used_at if self._used_at is not None and not self._busy else None
        self._busy += 1

    def opened(self) -> None:
        """It needed a new connection."""
        if self._rested is not None:
            self.rest_seconds = min(self.rest_seconds, self._rested * _LEARNED_SHARE)
            self._rested = None

    def told(self, headers: Any) -> None:
        """What an answer's headers say about it."""
        if "close" in headers.get("Connection", "").lower():
            self.rest_seconds = 0.0
        elif (limit := _TIMEOUT.search(headers.get("Keep-Alive", ""))) is not None:
            self.rest_seconds = min(self.rest_seconds, int(limit.group(1)) * _TOLD_SHARE)

    def end(self, now: float) -> None:
        """The request is over."""
        self._busy -= 1
        self._used_at = now

    def due_in(self, now: float) -> float:
        """In how many seconds a connection has to be used again so that it stays open."""
        if self._busy or self._used_at is None:
            return self.rest_seconds
        return self._used_at + self.rest_seconds - now


def tracing() -> aiohttp.TraceConfig:
    """Tells the Warmth that is given to a request (``trace_request_ctx``) when that opens a connection."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(_opened)
    return trace


async def _opened(
    _session: aiohttp.ClientSession, context: Any, _params: aiohttp.TraceConnectionCreateStartParams
) -> None:
    if isinstance(context.trace_request_ctx, Warmth):
        context.trace_request_ctx.opened()
