"""A small platform for the jobs: real database, scripted models, a runner of calls that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from trunkline.base.clock import SystemClock
from trunkline.base.ids import new_call_id
from trunkline.domain.assistant import LlmConfig, TransientAssistant
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.domain.commands import Command
from trunkline.domain.events import CallEnded, LiveEvent, MessageSpoken, StatusChanged, Usage
from trunkline.domain.organisation import Organisation
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Message, Role
from trunkline.jobs.room import Jobs
from trunkline.jobs.settings import JobSettings, jobs_database
from trunkline.ports.analyst import Analysis
from trunkline.ports.carrier import Offer
from trunkline.ports.journal import Journal
from trunkline.services import claims
from trunkline.services.journal import ServiceJournal
from trunkline.services.rooms import Limits, Rooms
from trunkline.storage.blobs import DiskBlobs
from trunkline.storage.calls import Call
from trunkline.storage.database import Database
from trunkline.storage.deliveries import Delivery
from trunkline.storage.plans import plan_to_json
from trunkline.storage.secrets import public
from trunkline.storage.vault import Vault
from trunkline.testing.line import ScriptedCarrier
from trunkline.testing.models import ScriptedLlm, ScriptedModels, Thinking
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.sender import Sender

ORG = "org-a"
SECRET = "the receiver's secret"
WORKER = "worker-1"
QUICK = (0.05, 0.05, 0.05)
SAID = (("assistant", "Hello, can you make it on Monday?"), ("user", "Yes, at ten."))


class Nobody:
    """Live traffic that nobody follows."""

    def __init__(self) -> None:
        self.published: list[LiveEvent] = []

    async def wake(self, call_id: str) -> bool:
        return False

    async def send(self, call_id: str, command_id: str, command: Command) -> bool:
        return False

    def used(self, call_id: str) -> Usage | None:
        return None

    def publish(self, event: LiveEvent) -> None:
        self.published.append(event)

    async def follow(self, call_id: str) -> AsyncIterator[LiveEvent]:
        for event in [event for event in self.published if event.call_id == call_id]:
            yield event

    def room(self) -> int:
        return 1


class FixedAnalyst:
    """Always comes to the same."""

    def __init__(self, found: Analysis | None = None) -> None:
        self.found = found or Analysis("They agreed on Monday.", {"day": "Monday"}, "completed", "scripted")

    async def summarise(
        self, plan_llm: LlmConfig, variables: Mapping[str, str], messages: Sequence[Message]
    ) -> Analysis:
        return self.found


Behaviour = Callable[[CallPlan, Journal], Awaitable[None]]


async def whole_call(plan: CallPlan, journal: Journal) -> None:
    """Rings, is answered, a few words, and the party hangs up."""
    now = SystemClock().now
    await journal.note(plan.call_id, StatusChanged(now(), CallStatus.RINGING))
    await journal.note(plan.call_id, StatusChanged(now(), CallStatus.IN_PROGRESS))
    for role, content in SAID:
        message = Message(Role(role), content, now(), now())
        await journal.note(plan.call_id, MessageSpoken(now(), message))
    await journal.note(plan.call_id, CallEnded(now(), EndReason.USER_HANGUP))


@dataclass
class ScriptedRunner:
    """Runs every call by ``behaviour``, at most ``max_calls`` at a time."""

    journal: Journal
    behaviour: Behaviour = whole_call
    max_calls: int = 10
    ran: list[str] = field(default_factory=list)
    live: int = 0
    draining: bool = False

    async def run(self, plan: CallPlan, offer: Offer | None = None) -> None:
        self.live += 1
        self.ran.append(plan.call_id)
        try:
            await self.behaviour(plan, self.journal)
        finally:
            self.live -= 1

    def room(self) -> int:
        return 0 if self.draining else self.max_calls - self.live

    async def drain(self, patience_seconds: float) -> None:
        self.draining = True
        async with asyncio.timeout(patience_seconds + 5):
            while self.live:
                await SystemClock().sleep(0.01)


@dataclass
class World:
    """The rooms, and what the tests do in them."""

    rooms: Rooms
    vault: Vault
    settings: JobSettings
    runner: ScriptedRunner
    analyst: FixedAnalyst = field(default_factory=FixedAnalyst)

    @asynccontextmanager
    async def jobs(self, *, patience_seconds: float = 5, **changes: Any) -> AsyncIterator[Jobs]:
        """The jobs at work; times are short unless ``changes`` say otherwise. Receivers have ``patience_seconds``."""
        clock = self.rooms.clock
        async with (
            Sender(Guard(allow_insecure=True), clock, patience_seconds=patience_seconds) as sender,
            Jobs(self.rooms, self.runner, self.analyst, sender, replace(self.settings, **changes)) as jobs,
        ):
            yield jobs

    async def place(
        self,
        url: str | None = None,
        *,
        age_seconds: float = 0,
        keys: dict[str, str] | None = None,
        org_id: str = ORG,
        **assistant: Any,
    ) -> str:
        """A queued call whose events go to ``url``; ``keys`` are the organisation's own for vendors."""
        now = self.rooms.clock.now() - timedelta(seconds=age_seconds)
        settings = TransientAssistant.model_validate(
            {"llm_config": {"provider": "local"}, "name": "Anna", "webhook_url": url, **assistant}
        )
        plan = CallPlan(
            call_id=new_call_id(Direction.OUTBOUND),
            org_id=org_id,
            direction=Direction.OUTBOUND,
            destination="+31612345678",
            caller_id="+31850835037",
            number_id=None,
            number_name="Main line",
            trunk=None,
            assistant=settings,
            metadata={"order": 7},
            webhook_url=url,
            webhook_secret=SECRET if url else None,
            keys=keys or {},
        )
        call = Call(
            plan.call_id,
            org_id,
            Direction.OUTBOUND,
            CallStatus.QUEUED,
            now,
            now,
            caller_phone=plan.destination,
            assistant_phone=plan.caller_id,
            number_name=plan.number_name,
            metadata={"order": 7},
            assistant_public=public(settings),
            tells_status=url is not None and "status-update" in settings.webhook_events,
        )
        async with self.rooms.database.system() as unit:
            if await unit.organisations.find(org_id) is None:
                await unit.organisations.add(Organisation(org_id, "The org", now, now))
            await unit.calls.add(call, self.vault.seal(plan_to_json(plan)))
        return call.id

    async def ended(self, url: str | None = None, **assistant: Any) -> str:
        """A call that was placed, held and ended, by the journal alone."""
        call_id = await self.place(url, **assistant)
        plan = await claims.claim(self.rooms, call_id, WORKER)
        assert plan is not None
        await whole_call(plan, ServiceJournal(self.rooms))
        return call_id

    async def call(self, call_id: str) -> Call:
        async with self.rooms.database.system(write=False) as unit:
            return await unit.calls.get(call_id)

    async def deliveries(self, call_id: str) -> list[Delivery]:
        async with self.rooms.database.system(write=False) as unit:
            return await unit.deliveries.of_call(call_id)

    async def until(self, check: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
        """Waits until ``check`` says yes."""
        async with asyncio.timeout(seconds):
            while not await check():
                await self.rooms.clock.sleep(0.02)

    async def until_over(self, call_id: str) -> Call:
        async def over() -> bool:
            return (await self.call(call_id)).is_over

        await self.until(over)
        return await self.call(call_id)

    async def until_told(self, call_id: str, count: int) -> list[Delivery]:
        """Waits until ``count`` deliveries of a call are there and none of them is pending."""

        async def told() -> bool:
            found = await self.deliveries(call_id)
            return len(found) >= count and all(delivery.status != "pending" for delivery in found)

        await self.until(told)
        return await self.deliveries(call_id)


def make_world(database: Database, database_url: str, folder: Path, vault: Vault, *replies: str) -> World:
    """A world on a database; ``replies`` are what its language model answers, in turn."""
    models = ScriptedModels(
        llm_model=ScriptedLlm(Thinking(replies or ("All right.",), first_token_seconds=0, token_seconds=0)),
        known=frozenset({"local", "openai_compatible"}),
    )
    rooms = Rooms(
        database=database,
        vault=vault,
        clock=SystemClock(),
        live=Nobody(),
        models=models,
        carrier=ScriptedCarrier(),
        blobs=DiskBlobs(folder / "recordings"),
        limits=Limits(signing_key=b"k" * 32, public_url="https://phone.example"),
    )
    settings = JobSettings(
        worker_id=WORKER,
        database_url=jobs_database(database_url, folder),
        retry_seconds=QUICK,
        jitter=0.0,
        poll_seconds=0.05,
        reap_seconds=0.1,
        drain_seconds=1.0,
        analysis_seconds=5.0,
    )
    return World(rooms, vault, settings, ScriptedRunner(ServiceJournal(rooms)))
