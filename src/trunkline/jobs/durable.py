"""Durable workflows: DBOS in a thread and event loop of its own, so that its writes never hold up a live call.

What a workflow does runs on the platform's loop, step by step; what is kept (which workflow, which step, what came of
it) is written on DBOS's own. A workflow that was started once is started again after a crash and skips the steps that
were done. Nothing leaves the machine: no console, no telemetry, no admin server.
"""

import asyncio
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID

from trunkline.base.clock import Clock
from trunkline.base.logs import logger
from trunkline.jobs.old_sqlite import Connection
from trunkline.jobs.patience import until_kept
from trunkline.storage.sqlite import private

APPLICATION_VERSION = "1"
THREADS = 8
POOL_SIZE = 4
STOP_SECONDS = 0.1
PRUNED_AT_ONCE = 500
OVER = ["SUCCESS", "ERROR", "CANCELLED"]
UNDER_WAY = ["ENQUEUED", "PENDING"]
COUNTED_AT_MOST = 5000
SQLITE = "sqlite:///"

T = TypeVar("T")
Argument = str | int
_log = logger("jobs")


class Run:
    """One workflow under way, as its body sees it."""

    def __init__(self, durable: "Durable") -> None:
        self._durable = durable

    async def step(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Does ``work`` on the platform's loop and keeps its result: after a crash it is not done again.

        A crash in the midst of it does: ``work`` must bear to be done twice. It is tried again while the database is
        away.
        """

        async def bridged() -> T:
            return await self._durable.on_platform(work)

        return await DBOS.run_step_async({"name": name}, bridged)


Body = Callable[..., Coroutine[Any, Any, None]]


class Durable:
    """Starts workflows, once for each id; used inside ``async with``. One at a time in a process, because DBOS is."""

    def __init__(self, database_url: str, worker_id: str, clock: Clock, workflows: Mapping[str, Body]) -> None:
        self._database_url = database_url
        self._worker_id = worker_id
        self._clock = clock
        self._bodies = workflows
        self._registered: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def __aenter__(self) -> Self:
        self._platform = asyncio.get_running_loop()
        launched: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._live, args=(launched,), name="durable", daemon=True)
        self._thread.start()
        self._loop = await asyncio.wrap_future(launched)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        await self._there(self._cancel_running())
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)

    async def start(self, name: str, workflow_id: str, *arguments: Argument) -> None:
        """Starts a workflow; when this returns it will be carried through, whatever crashes. One that was started
        before under this id is left alone."""

        async def start() -> None:
            with SetWorkflowID(workflow_id):
                await DBOS.start_workflow_async(self._registered[name], *arguments)

        await self._there(start())

    async def prune(self, before: datetime) -> int:
        """Forgets workflows that were started before a moment and are over; returns how many."""

        async def prune() -> int:
            listed = await DBOS.list_workflows_async(
                status=OVER,
                end_time=before.astimezone(UTC).isoformat(),
                limit=PRUNED_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            await DBOS.delete_workflows_async([found.workflow_id for found in listed])
            return len(listed)

        return await self._there(prune())

    async def under_way(self) -> dict[str, int]:
        """How many workflows wait or run, by status; counts no further than ``COUNTED_AT_MOST``."""

        async def look() -> dict[str, int]:
            listed = await DBOS.list_workflows_async(
                status=UNDER_WAY, limit=COUNTED_AT_MOST, load_input=False, load_output=False
            )
            found = Counter(str(one.status) for one in listed)
            return {status.lower(): found[status] for status in UNDER_WAY}

        return await self._there(look())

    async def on_platform(self, work: Callable[[], Awaitable[T]]) -> T:
        """Does ``work`` on the platform's loop, from DBOS's. A workflow that meets the end of the process is cancelled
        and stays to be carried on by the next."""
        if self._closing:
            raise asyncio.CancelledError
        carried = asyncio.run_coroutine_threadsafe(until_kept(self._clock, work), self._platform)
        return await asyncio.wrap_future(carried)

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _live(self, launched: "Future[asyncio.AbstractEventLoop]") -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._launch())
        except BaseException as error:  # noqa: BLE001
            DBOS.destroy(destroy_registry=True)
            loop.close()
            launched.set_exception(error)
            return
        launched.set_result(loop)
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    async def _launch(self) -> None:
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        if self._database_url.startswith(SQLITE):
            _use_write_ahead_log(self._database_url.removeprefix(SQLITE))
        DBOS(config=self._config())
        for name, body in self._bodies.items():
            self._registered[name] = DBOS.workflow(name=name, max_recovery_attempts=None)(self._workflow(name, body))
        DBOS.launch()

    def _config(self) -> DBOSConfig:
        return {
            "name": "trunkline",
            "system_database_url": self._database_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._worker_id,
            "log_level": "ERROR",
            "enable_otlp": False,
            "max_executor_threads": THREADS,
            "sys_db_pool_size": POOL_SIZE,
            **(
                {"db_engine_kwargs": {"connect_args": {"factory": Connection}}}
                if self._database_url.startswith(SQLITE)
                else {}
            ),
            # Nothing here waits for notifications: this only sets how soon its thread sees the end.
            "notification_listener_polling_interval_sec": STOP_SECONDS,
        }

    def _workflow(self, name: str, body: Body) -> Body:
        async def workflow(*arguments: Argument) -> None:
            task = asyncio.current_task()
            if self._closing or task is None:
                raise asyncio.CancelledError
            self._running.add(task)
            try:
                await body(Run(self), *arguments)
            except Exception:
                _log.exception("a workflow failed", workflow=name, workflow_id=DBOS.workflow_id)
                raise
            finally:
                self._running.discard(task)

        return workflow

    async def _cancel_running(self) -> None:
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _use_write_ahead_log(path: str) -> None:
    """Lets readers and the writer of the file pass each other. Its commits stay fully synchronous: an outbox row is
    marked as taken in another file on the strength of them."""
    private(path)
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
