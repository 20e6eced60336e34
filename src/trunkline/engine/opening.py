"""Opening models while the phone rings, once more when that fails, and reading their streams within limits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from trunkline.base.errors import TrunklineError, Upstream
from trunkline.base.tasks import Crew

OPEN_SECONDS = 5.0
CLOSE_SECONDS = 2.0


class Closable(Protocol):
    """What is opened per call."""

    async def aclose(self) -> None: ...


T = TypeVar("T")
C = TypeVar("C", bound=Closable)


class Opening(Generic[C]):
    """One session with a provider: opened ahead, opened anew after a failure, closed with the call."""

    def __init__(self, provider: str, opener: Callable[[], Awaitable[C]], crew: Crew) -> None:
        self.provider = provider
        self._opener = opener
        self._crew = crew
        self._task: asyncio.Task[C | Upstream] | None = None

    def begin(self) -> None:
        """Starts to open, if that was not done yet."""
        if self._task is None:
            self._task = self._crew.start(self._open(), f"open {self.provider}")

    async def get(self) -> C:
        """The open session. Raises Upstream; the next call opens anew."""
        self.begin()
        task = self._task
        assert task is not None
        session = await asyncio.shield(task)
        if isinstance(session, Upstream):
            if self._task is task:
                self._task = None
            raise session
        return session

    async def renew(self) -> None:
        """Drops the session that failed: the next ``get`` opens another."""
        task, self._task = self._task, None
        if task is not None:
            self._crew.start(self._drop(task), f"close {self.provider}")

    async def aclose(self) -> None:
        """Closes what is open."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await self._drop(task)

    async def _open(self) -> C | Upstream:
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                return await self._opener()
        except Upstream as error:
            return error
        except TrunklineError as error:
            return Upstream(error.message, provider=self.provider, retryable=False)
        except TimeoutError:
            return Upstream(
                f"{self.provider} could not be opened within {OPEN_SECONDS:g} s",
                provider=self.provider,
                retryable=True,
            )

    async def _drop(self, task: asyncio.Task[C | Upstream]) -> None:
        await asyncio.wait([task])
        if task.cancelled() or task.exception() is not None:
            return
        session = task.result()
        if isinstance(session, Upstream):
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await session.aclose()
        except (Upstream, TimeoutError):
            return


@asynccontextmanager
async def reading(stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Closes a provider's stream at the end, which cancels the request."""
    try:
        yield stream
    finally:
        aclose = getattr(stream, "aclose", None)
        if aclose is not None:
            await aclose()


async def next_within(stream: AsyncIterator[T], seconds: float, provider: str) -> T:
    """The next item of a stream. Raises Upstream when none came in time, StopAsyncIteration at its end."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(stream)
    except TimeoutError as error:
        raise Upstream(f"{provider} said nothing for {seconds:g} s", provider=provider, retryable=True) from error
