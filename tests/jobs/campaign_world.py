"""Campaigns at work on a real database: calls that end as they are told, hours that pass in seconds, processes that die."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from tests.storage import world as things
from trunkline.base.clock import Clock, SystemClock
from trunkline.base.tasks import Crew
from trunkline.domain.access import Caller
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.campaign import Campaign, CampaignStatus, Lead, LeadStatus, outcome
from trunkline.domain.commands import Command, EndCall
from trunkline.domain.events import CallEnded, CommandDone, StatusChanged
from trunkline.domain.pacing import is_open
from trunkline.domain.plan import CallPlan
from trunkline.engine.live import LocalLive
from trunkline.jobs.calls import Dialler, Leases
from trunkline.jobs.campaigns import Campaigns
from trunkline.jobs.outbox import WakingJournal
from trunkline.jobs.patience import Bell, keep_doing
from trunkline.jobs.reaper import Reaper
from trunkline.jobs.settings import JobSettings
from trunkline.ports.carrier import Offer
from trunkline.ports.journal import Journal
from trunkline.services import campaigns, outreach
from trunkline.services.callee_zones import zones
from trunkline.services.campaigns import Counted
from trunkline.services.journal import ServiceJournal
from trunkline.services.rooms import Limits, Rooms
from trunkline.storage.blobs import DiskBlobs
from trunkline.storage.calls import Call, CallFilters
from trunkline.storage.database import Database
from trunkline.storage.steps import Steps
from trunkline.storage.vault import Vault
from trunkline.testing.line import ScriptedCarrier
from trunkline.testing.models import ScriptedModels

T = TypeVar("T")

ORG = "org-a"
CALLER = Caller(ORG)
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
POLL_SECONDS = 0.02


class HurriedClock:
    """A clock that runs so many times as fast as the machine's."""

    def __init__(self, factor: float, epoch: datetime = MONDAY) -> None:
        self._factor = factor
        self._epoch = epoch
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._factor

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._factor)


@dataclass(frozen=True, slots=True)
class Fate:
    """How a call goes: how long it takes until it is over, and why that is; ``holds``: until it is told to end."""

    reason: EndReason = EndReason.USER_HANGUP
    seconds: float = 30.0
    answered: bool = True
    holds: bool = False


Fates = Callable[[CallPlan, int], Fate]
"""The fate of the nth call (from 1) of a number."""


def reached(_plan: CallPlan, _attempt: int) -> Fate:
    """Everybody picks up and hangs up in the end."""
    return Fate()


def mixed(plan: CallPlan, attempt: int) -> Fate:
    """By chance, but the same each time: most are reached, some are not, some calls fail."""
    chance = random.Random(f"{plan.destination}:{attempt}")
    fates = [
        Fate(EndReason.USER_HANGUP, chance.uniform(5, 90), answered=False),
        Fate(EndReason.ASSISTANT_ENDED, chance.uniform(5, 90), answered=False),
        Fate(EndReason.NO_ANSWER, 45, answered=False),
        Fate(EndReason.BUSY, 2, answered=False),
        Fate(EndReason.DECLINED, 5, answered=False),
        Fate(EndReason.VOICEMAIL_DETECTED, 8, answered=False),
        Fate(EndReason.INVALID_DESTINATION, 1, answered=False),
        Fate(EndReason.TRUNK_ERROR, 1, answered=False),
        Fate(EndReason.AT_CAPACITY, 0, answered=False),
    ]
    return chance.choices(fates, [40, 15, 15, 10, 5, 5, 3, 4, 3])[0]


@dataclass
class FatedRunner:
    """Runs every call by its fate, and knows which rang, and how many at once."""

    clock: Clock
    fates: Fates
    max_calls: int
    rang: list[tuple[str, str]] = field(default_factory=list)
    live: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    orders: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    journal: Journal | None = None

    async def run(self, plan: CallPlan, offer: Offer | None = None) -> None:
        assert self.journal is not None
        campaign = str(plan.metadata["campaign_id"])
        self.rang.append((plan.call_id, plan.destination))
        self.times[plan.destination] += 1
        fate = self.fates(plan, self.times[plan.destination])
        self.live[campaign] += 1
        self.most[campaign] = max(self.most[campaign], self.live[campaign])
        told = self.orders[plan.call_id] = asyncio.get_running_loop().create_future()
        try:
            await self._talk(plan.call_id, fate, told, self.journal)
        finally:
            self.live[campaign] -= 1
            del self.orders[plan.call_id]

    async def _talk(self, call_id: str, fate: Fate, told: "asyncio.Future[str]", journal: Journal) -> None:
        if fate.answered:
            await journal.note(call_id, StatusChanged(self.clock.now(), CallStatus.IN_PROGRESS))
        elif fate.holds:
            await journal.note(call_id, StatusChanged(self.clock.now(), CallStatus.RINGING))
        if fate.holds:
            command_id = await told
            await journal.note(call_id, CommandDone(self.clock.now(), command_id, "end-call", "done"))
            reason = EndReason.API_ENDED if fate.answered else EndReason.CANCELLED
            await journal.note(call_id, CallEnded(self.clock.now(), reason))
            return
        await self.clock.sleep(fate.seconds)
        await journal.note(call_id, CallEnded(self.clock.now(), fate.reason))

    def order(self, call_id: str, command_id: str, command: Command) -> bool:
        told = self.orders.get(call_id)
        if told is None or told.done() or not isinstance(command, EndCall):
            return False
        told.set_result(command_id)
        return True

    def room(self) -> int:
        return self.max_calls - self.live.total()

    async def drain(self, patience_seconds: float) -> None:
        """Never asked: these processes die."""


class Died(BaseException):
    """The process ended inside a transaction."""


class MortalDatabase(Database):
    """The database as a process sees it that may die: a transaction that is open then is undone, or it is kept and nobody
    ever hears of it."""

    def __init__(self, real: Database) -> None:
        """Works on what the real one has opened."""
        self.__dict__.update(real.__dict__)
        self._dead = False
        self._working = 0

    async def die(self) -> None:
        """Nothing gets through any more; returns when the last transaction is over."""
        self._dead = True
        async with asyncio.timeout(30):
            while self._working:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def brief(self, steps: Steps[T], *, write: bool = True) -> T:
        if not self._trips:
            return await super().brief(steps, write=write)
        await self._only_alive()
        self._working += 1
        try:
            value = await super().brief(steps, write=write)
        finally:
            self._working -= 1
        await self._only_alive()
        return value

    @asynccontextmanager
    async def transaction(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        await self._only_alive()
        self._working += 1
        try:
            async with super().transaction(write=write) as connection:
                yield connection
                if self._dead:
                    raise Died
        except Died:
            pass
        finally:
            self._working -= 1
        await self._only_alive()

    async def _only_alive(self) -> None:
        if self._dead:
            await asyncio.Event().wait()


class Process:
    """What of a process calls the leads: the campaigns' loop, the dialler, the leases and the reaper."""

    def __init__(self, rooms: Rooms, runner: FatedRunner, settings: JobSettings) -> None:
        live = LocalLive(lambda: self.dialler.room())
        self._database = MortalDatabase(rooms.database)
        self.rooms = replace(rooms, live=live, database=self._database)
        self.runner = runner
        self._settings = settings
        self.campaigns = Campaigns(self.rooms, settings.poll_seconds)
        journal = WakingJournal(ServiceJournal(self.rooms), self.campaigns.ring)
        runner.journal = journal
        runner.live.clear()
        self.dialler = Dialler(self.rooms, runner, journal, settings)
        self._leases = Leases(self.rooms, settings)
        self._reaper = Reaper(self.rooms, self._leases, settings, self.campaigns.ring)
        self._crew = Crew("process")
        live.attach(self.dialler.offer, runner.order)

    async def start(self) -> None:
        await self._reaper.end_my_orphans()
        await self._leases.renew()
        loops = (("leases", self._leases.renew), ("queue", self.dialler.round), ("reaper", self._reaper.round))
        for name, work in loops:
            self._crew.start(keep_doing(name, work, Bell(), self._settings.reap_seconds), name)
        self._crew.start(self.campaigns.run(), "campaigns")

    async def die(self) -> None:
        """Stops in the midst of whatever goes on; nothing is ended, noted or given back."""
        await self._database.die()
        await asyncio.gather(self._crew.aclose(), self.dialler._crew.aclose())


@dataclass(frozen=True, slots=True)
class Dialled:
    """Of a call what tells whether it was placed rightly."""

    id: str
    lead_id: str
    caller_phone: str
    created_at: datetime
    ended_at: datetime | None
    end_reason: EndReason | None


@dataclass
class CampaignWorld:
    """An organisation with a number and an assistant, and the processes that call for it."""

    rooms: Rooms
    runner: FatedRunner
    settings: JobSettings
    assistant_id: str
    number_id: str
    trunk_id: str

    async def campaign(self, leads: Sequence[dict[str, Any] | str], **settings: Any) -> Campaign:
        """A campaign of these numbers, scheduled unless told otherwise."""
        rows = [{"phone_number": lead} if isinstance(lead, str) else lead for lead in leads]
        body = {
            "name": "Reminders",
            "assistant_id": self.assistant_id,
            "status": "scheduled",
            **settings,
            "leads": rows,
        }
        return (await campaigns.create(self.rooms, CALLER, body)).counted.campaign

    @asynccontextmanager
    async def process(self, **changes: Any) -> AsyncIterator[Process]:
        """A process that dies when the test is through with it."""
        one = Process(self.rooms, self.runner, replace(self.settings, **changes))
        await one.start()
        try:
            yield one
        finally:
            await one.die()

    async def set(self, campaign: Campaign, **changes: Any) -> Counted:
        return await campaigns.update(self.rooms, CALLER, campaign.id, changes)

    async def now(self, campaign: Campaign) -> Counted:
        return await campaigns.get(self.rooms, CALLER, campaign.id)

    async def leads(self, campaign: Campaign) -> list[Lead]:
        async with self.rooms.unit(CALLER, write=False) as unit:
            return (await unit.leads.page(campaign.id, None, 100_000, 0))[0]

    async def calls(self, campaign: Campaign) -> list[Call]:
        """All its calls, in the order in which they were placed."""
        async with self.rooms.unit(CALLER, write=False) as unit:
            found, _ = await unit.calls.list_(CallFilters(campaign_id=campaign.id), 100_000, 0)
        return sorted(found, key=lambda call: call.created_at)

    async def dialled(self, campaign: Campaign) -> list[Dialled]:
        """All its calls in the order in which they were placed, with what is to be checked of them."""
        async with self.rooms.unit(CALLER, write=False) as unit:
            c = unit.calls.table.c
            columns = [c[name] for name in Dialled.__dataclass_fields__]
            rows = await unit.calls._rows(unit.calls._select(*columns).where(c.campaign_id == campaign.id))
        found = [Dialled(**{**row, "end_reason": row["end_reason"] and EndReason(row["end_reason"])}) for row in rows]
        return sorted(found, key=lambda call: call.created_at)

    async def is_through(self, campaigns: Sequence[Campaign]) -> bool:
        """Whether all of them are completed."""
        async with self.rooms.unit(CALLER, write=False) as unit:
            stands = [(await unit.campaigns.get(campaign.id)).status for campaign in campaigns]
        return all(status is CampaignStatus.COMPLETED for status in stands)

    async def until(self, true: Callable[[Counted], bool], campaign: Campaign, seconds: float = 30) -> Counted:
        async with asyncio.timeout(seconds):
            while not true(counted := await self.now(campaign)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return counted

    async def until_status(self, status: CampaignStatus, campaign: Campaign, seconds: float = 30) -> Counted:
        return await self.until(lambda counted: counted.campaign.status is status, campaign, seconds)

    async def check(self, campaign: Campaign) -> None:
        """All that must be true of a campaign, whatever happened to it."""
        leads, calls = await self.leads(campaign), await self.dialled(campaign)
        counted = await self.now(campaign)
        assert counted.counts == Counter(lead.status for lead in leads)
        dialled = [call_id for call_id, _ in self.runner.rang]
        assert len(set(dialled)) == len(dialled)
        of_lead: defaultdict[str, list[Dialled]] = defaultdict(list)
        for call in calls:
            of_lead[call.lead_id].append(call)
        for lead in leads:
            _check_lead(campaign, lead, of_lead[lead.id])
        _check_limits(campaign, calls)
        assert self.runner.most[campaign.id] <= (campaign.max_concurrent_calls or self.runner.max_calls)


def _check_lead(campaign: Campaign, lead: Lead, calls: list[Dialled]) -> None:
    """Its attempts are its calls that were dialled, each but the last was to be repeated, and the last says what it is."""
    real = [call for call in calls if call.end_reason is not EndReason.AT_CAPACITY]
    assert lead.attempts == len(real) <= campaign.max_attempts, (lead, calls)
    for early, late in pairwise(calls):
        assert early.ended_at is not None
        assert early.ended_at <= late.created_at
    if lead.status is LeadStatus.CALLING:
        assert [(call.ended_at, call.id) for call in real[-1:]] == [(None, lead.call_id)]
        real = real[:-1]
    for number, call in enumerate(real, 1):
        assert call.end_reason is not None
        assert call.ended_at is not None
        became = outcome(campaign, number, call.end_reason, call.ended_at)
        last = call is real[-1] and lead.status is not LeadStatus.CALLING
        assert became.status is (lead.status if last else LeadStatus.PENDING), (lead, call)
    for early, late in pairwise(real):
        delay = timedelta(minutes=campaign.retry_delay_minutes)
        assert early.ended_at is not None
        assert late.created_at - early.ended_at >= delay


def _check_limits(campaign: Campaign, calls: list[Dialled]) -> None:
    hours = outreach.hours(campaign)
    for call in calls:
        for zone in zones(campaign.timezone, call.caller_phone):
            assert is_open(hours, zone, call.created_at), (call.created_at, zone)
    if campaign.calls_per_minute is not None:
        for early, late in zip(calls, calls[campaign.calls_per_minute :], strict=False):
            assert late.created_at - early.created_at >= timedelta(minutes=1)
    if campaign.max_concurrent_calls is not None:
        changes = sorted(
            [(call.created_at, 1) for call in calls] + [(call.ended_at, -1) for call in calls if call.ended_at],
            key=lambda change: (change[0], change[1]),
        )
        live = 0
        for _, change in changes:
            live += change
            assert live <= campaign.max_concurrent_calls


def rooms_on(database: Database, vault: Vault, folder: Path, factor: float = 1.0) -> Rooms:
    """The rooms on a database, where time runs ``factor`` times as fast."""
    clock: Clock = HurriedClock(factor) if factor != 1 else SystemClock()
    return Rooms(
        database=database,
        vault=vault,
        clock=clock,
        live=LocalLive(lambda: 0),
        models=ScriptedModels(known=frozenset({"local"})),
        carrier=ScriptedCarrier(),
        blobs=DiskBlobs(folder / "recordings"),
        limits=Limits(signing_key=b"k" * 32, unclaimed_seconds=10 * factor, lease_seconds=15 * factor),
    )


async def make_campaign_world(
    database: Database, vault: Vault, folder: Path, fates: Fates = reached, *, factor: float = 1.0, max_calls: int = 10
) -> CampaignWorld:
    """A world on a fresh database, where time runs ``factor`` times as fast."""
    rooms = rooms_on(database, vault, folder, factor)
    trunk = things.trunk()
    number = things.number(trunk_id=trunk.id)
    assistant = things.assistant(stt_config={"provider": "local"}, tts_config={"provider": "local"})
    await things.two_organisations(database)
    async with database.unit(ORG) as unit:
        await unit.trunks.add(trunk)
        await unit.numbers.add(number)
        await unit.assistants.add(assistant)
    settings = JobSettings(
        worker_id="worker-1", database_url="", poll_seconds=POLL_SECONDS, reap_seconds=0.3, renew_seconds=1.0
    )
    return CampaignWorld(rooms, FatedRunner(rooms.clock, fates, max_calls), settings, assistant.id, number.id, trunk.id)


def numbers(count: int, first: int = 0) -> list[str]:
    """So many phone numbers."""
    return [f"+3161{first + number:07d}" for number in range(count)]
