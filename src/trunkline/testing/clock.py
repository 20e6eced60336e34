"""Virtual time: an event loop that jumps to its next timer instead of waiting, and the clock that goes with it."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_THREAD_WAIT_SECONDS = 0.002


class VirtualClock:
    """The time of the running loop: virtual in a VirtualLoop, real in any other."""

    def __init__(self, epoch: datetime = EPOCH) -> None:
        self._epoch = epoch

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _JumpingSelector(selectors.BaseSelector):
    """Never waits for a timer: it tells the loop that the time has passed."""

    def __init__(self, passed: Callable[[float], None], threads_busy: Callable[[], bool]) -> None:
        self._real = selectors.DefaultSelector()
        self._passed = passed
        self._threads_busy = threads_busy

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        while self._threads_busy():
            if ready := self._real.select(_THREAD_WAIT_SECONDS):
                return ready
        if timeout is None:
            raise RuntimeError("nothing is left that this program waits for")
        self._passed(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still while something runs and jumps when all wait. Work that was given to threads
    by ``run_in_executor`` is waited for in real time, during which the virtual time stands still."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self._in_threads = 0
        super().__init__(_JumpingSelector(self._advance, lambda: self._in_threads > 0))

    def time(self) -> float:
        return self._virtual

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        self._in_threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._in_threads -= 1

    def _thread_done(self, _future: "asyncio.Future[Any]") -> None:
        self._in_threads -= 1

    def _advance(self, seconds: float) -> None:
        self._virtual += seconds


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Runs a program in virtual time: hours of waiting take milliseconds."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
