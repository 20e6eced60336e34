"""Opening models while the phone rings, once more when that fails, and reading their streams within limits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from trunkline.base.errors import TrunklineError, Upstream
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew

OPEN_SECONDS = 5.0
TRIES = 2
CLOSE_SECONDS = 2.0


_log = logger("engine")


def may_try_again(error: Upstream, attempt: int) -> bool:
    """Logs what a provider did, and says whether it is asked once more: not for what would fail again."""
    again = error.retryable and attempt < TRIES
    _log.warning(
        "a provider failed",
        provider=error.provider,
        error=error.message,
        status=error.status,
        vendor_message=error.vendor_message,
        request_id=error.request_id,
        again=again,
    )
    return again


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
