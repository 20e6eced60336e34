"""Reading a provider's stream within limits, and closing it whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from trunkline.base.errors import Upstream

T = TypeVar("T")


class Watch(Generic[T]):
    """A provider's stream under a time limit: ``fed`` says that something came, ``rest`` that we make it wait."""

    def __init__(self, stream: AsyncIterator[T], timeout: asyncio.Timeout, seconds: float) -> None:
        self.stream = stream
        self._timeout = timeout
        self._seconds = seconds
        self._fed = False
        self._now = asyncio.get_running_loop().time

    def fed(self) -> None:
        """The next item may take its time: at least ``seconds``, at most twice that (a timer costs more than an item)."""
        due, now = self._timeout.when(), self._now()
        if due is None or due - now < self._seconds or not self._fed:
            self._fed = True
            self._timeout.reschedule(now + 2 * self._seconds)

    def rest(self) -> None:
        """No limit until it is fed again."""
        self._timeout.reschedule(None)


@asynccontextmanager
async def watched(
    stream: AsyncIterator[T], first_seconds: float, provider: str, next_seconds: float
) -> AsyncIterator[Watch[T]]:
    """Reads a provider's stream: Upstream where the first item does not come within ``first_seconds`` or a later one
    within ``next_seconds`` or little more. The stream is closed at the end, which cancels the request."""
    try:
        async with reading(stream), asyncio.timeout(first_seconds) as timeout:
            yield Watch(stream, timeout, next_seconds)
    except TimeoutError as error:
        raise Upstream(f"{provider} said nothing for too long", provider=provider, retryable=True) from error


@asynccontextmanager
async def reading(stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Closes a provider's stream at the end, which cancels the request."""
    try:
        yield stream
    finally:
        aclose = getattr(stream, "aclose", None)
        if aclose is not None:
            await aclose()
