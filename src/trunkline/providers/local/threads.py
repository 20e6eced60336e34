"""Threads for one local model: bounded, so that load never piles up behind a call; and what is made once, lazily."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Threads:
    """A fixed number of threads off the event loop, and whether they have anything to do."""

    def __init__(self, name: str, count: int = 1, initializer: Callable[[], None] | None = None) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=f"trunkline-{name}", initializer=initializer)
        self._lock = threading.Lock()
        self._unfinished = 0

    @property
    def idle(self) -> bool:
        """Whether work that is given now starts now."""
        return self._unfinished < self._count

    async def run(self, work: Callable[[], T]) -> T:
        """Runs ``work`` on one of the threads. Cancelling does not stop what has begun; ``work`` looks for itself."""
        with self._lock:
            self._unfinished += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Lets what runs end, drops what waits, and takes no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done(self, _: Future[Any]) -> None:
        with self._lock:
            self._unfinished -= 1


class Once(Generic[T]):
    """Something that is made once, when first wanted, off the event loop."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = asyncio.Lock()
        self._made: list[T] = []

    @property
    def made(self) -> T | None:
        """The thing, or None while nobody has wanted it."""
        return self._made[0] if self._made else None

    async def get(self) -> T:
        """The thing; whoever asks while it is made waits for it. A failure is raised to each who asks."""
        async with self._lock:
            if not self._made:
                self._made.append(await asyncio.to_thread(self._make))
            return self._made[0]
