"""The jobs of one process: calls out and in, campaigns, leases, the reaper, the outbox, deliveries and workflows."""

from contextlib import AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import Self

from trunkline.base.tasks import Crew
from trunkline.jobs.after import AfterCall
from trunkline.jobs.analysis import Analyser
from trunkline.jobs.calls import CallRunner, Dialler, Leases
from trunkline.jobs.campaigns import Campaigns
from trunkline.jobs.credit import CreditWatch
from trunkline.jobs.deliveries import Courier
from trunkline.jobs.durable import Durable
from trunkline.jobs.inbound import Receptionist
from trunkline.jobs.outbox import AFTER_CALL, Pump, WakingJournal
from trunkline.jobs.patience import Bell, keep_doing, until_kept
from trunkline.jobs.reaper import Reaper
from trunkline.jobs.registrar import Registrar
from trunkline.jobs.retention import Retention
from trunkline.jobs.schedule import Schedule
from trunkline.jobs.settings import JobSettings, jobs_database
from trunkline.ports.analyst import Analyst
from trunkline.services import counting, idempotency, recordings
from trunkline.services.journal import ServiceJournal
from trunkline.services.rooms import Rooms
from trunkline.webhooks.assistant_request import AssistantRequests
from trunkline.webhooks.sender import Sender

__all__ = ["JobSettings", "Jobs", "WakingJournal", "jobs_database"]


class Jobs:
    """Everything that happens without a request; used inside ``async with``, on whose leaving calls are drained."""

    def __init__(
        self, rooms: Rooms, supervisor: CallRunner, analyst: Analyst, sender: Sender, settings: JobSettings
    ) -> None:
        self._rooms = rooms
        self._settings = settings
        self._outbox_bell = Bell()
        self._courier_bell = Bell()
        journal = WakingJournal(ServiceJournal(rooms), self.wake_outbox)
        analyser = Analyser(rooms.models, analyst, settings.analysis_seconds, settings.analysis_model)
        after = AfterCall(rooms, analyser, self._courier_bell.ring)
        self._durable = Durable(settings.database_url, settings.worker_id, rooms.clock, {AFTER_CALL: after.workflow})
        self.dialler = Dialler(rooms, supervisor, journal, settings)
        asker = AssistantRequests(sender, rooms.clock)
        self.receptionist = Receptionist(rooms, self.dialler, asker, self.wake_outbox, settings)
        self._registrar = Registrar(rooms)
        self._campaigns = Campaigns(rooms, settings.poll_seconds)
        self._leases = Leases(rooms, settings)
        self._credit = CreditWatch(rooms, settings.credit_seconds)
        self._retention = Retention(rooms)
        self._reaper = Reaper(rooms, self._leases, settings, self.wake_outbox)
        self._schedule = Schedule(rooms, settings, self.wake_outbox)
        self._courier = Courier(rooms, sender, settings, self._courier_bell)
        self._pump = Pump(rooms, self._durable, self._courier_bell.ring)
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await until_kept(self._rooms.clock, self._reaper.end_my_orphans)
            await until_kept(self._rooms.clock, lambda: recordings.salvage(self._rooms))
            await until_kept(self._rooms.clock, self._leases.renew)
            await stack.enter_async_context(self._durable)
            crew = await stack.enter_async_context(Crew("jobs"))
            stack.push_async_callback(self._courier.aclose)
            self._start_loops(crew)
            await stack.enter_async_context(self.receptionist)
            stack.push_async_callback(self.drain, self._settings.drain_seconds)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    def wake_outbox(self) -> None:
        """Says that something was written into the outbox; from the event loop's thread."""
        self._outbox_bell.ring()
        self._campaigns.ring()

    async def under_way(self) -> dict[str, int]:
        """How many durable workflows wait or run, by status."""
        return await self._durable.under_way()

    async def drain(self, patience_seconds: float) -> None:
        """Takes no more calls and waits for those that run."""
        await self.receptionist.drain()
        await self.dialler.drain(patience_seconds)

    def _start_loops(self, crew: Crew) -> None:
        settings = self._settings
        crew.start(self._campaigns.run(), "campaigns")
        for name, work, bell, pause in (
            ("leases", self._leases.renew, Bell(), settings.renew_seconds),
            ("queue", self.dialler.round, Bell(), settings.poll_seconds),
            ("schedule", self._schedule.round, Bell(), settings.poll_seconds),
            ("reaper", self._reaper.round, Bell(), settings.reap_seconds),
            ("credit", self._credit.round, Bell(), settings.credit_seconds),
            ("outbox", self._pump.round, self._outbox_bell, settings.poll_seconds),
            ("deliveries", self._courier.round, self._courier_bell, settings.poll_seconds),
            ("registrations", self._registrar.round, Bell(), settings.register_seconds),
            ("recordings", self._rooms.blobs.settle, Bell(), settings.settle_seconds),
            ("counts", lambda: counting.learn(self._rooms), Bell(), settings.count_seconds),
            ("pruning", self._prune, Bell(), settings.prune_seconds),
            ("retention", self._retention.round, Bell(), settings.retention_seconds),
        ):
            crew.start(keep_doing(name, work, bell, pause), name)

    async def _prune(self) -> bool:
        before = self._rooms.clock.now() - timedelta(seconds=self._settings.kept_seconds)
        async with self._rooms.database.system() as unit:
            await unit.outbox.prune(before)
        await idempotency.prune(self._rooms)
        await self._rooms.database.tidy()
        return await self._durable.prune(before) > 0
