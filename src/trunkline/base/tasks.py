"""Tasks that belong to somebody: a group that is closed with its owner, and a wait that cancels cleanly."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from trunkline.base.logs import logger

_log = logger("base")


class Crew:
    """The tasks of one owner. Leaving the ``async with`` cancels what still runs and waits for it.

    A task that fails does not take the others down (unlike asyncio.TaskGroup): the failure is logged once and
    given to ``on_failure``.
    """

    def __init__(self, name: str, on_failure: Callable[[BaseException], None] | None = None) -> None:
        self._name = name
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def start(self, work: Coroutine[Any, Any, Any], name: str = "") -> asyncio.Task[Any]:
        """Starts ``work`` as a task of this crew."""
        task = asyncio.get_running_loop().create_task(work, name=f"{self._name}:{name}" if name else self._name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def __len__(self) -> int:
        return len(self._tasks)

    async def aclose(self) -> None:
        """Cancels what runs and waits until it has ended."""
        current = asyncio.current_task()
        while waiting := [task for task in self._tasks if task is not current]:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            self._tasks.difference_update(waiting)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        _log.error("task failed", task=task.get_name(), exc_info=error)
        if self._on_failure is not None:
            self._on_failure(error)
