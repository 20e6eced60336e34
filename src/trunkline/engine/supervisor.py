"""The supervisor: the calls of one worker, how many more there is room for, and how they end when it leaves."""

import asyncio
from contextlib import AsyncExitStack

from structlog.contextvars import bound_contextvars

from trunkline.base import trace
from trunkline.base.clock import Clock
from trunkline.base.errors import Unavailable
from trunkline.base.logs import PRIVATE, logger
from trunkline.base.tasks import Crew
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Command
from trunkline.domain.events import CallEnded, Usage
from trunkline.domain.plan import CallPlan
from trunkline.engine.backdrop import Loops
from trunkline.engine.breaker import BreakerFacts, Breakers
from trunkline.engine.events import ShuttingDown
from trunkline.engine.furnishing import furnished
from trunkline.engine.gear import Gear
from trunkline.engine.media import Lateness, Media
from trunkline.engine.notebook import Notebook
from trunkline.engine.recorder import Recorder
from trunkline.engine.session import Session
from trunkline.engine.shelf import Shelf
from trunkline.engine.wording import in_its_language
from trunkline.ports.blobs import BlobMaker
from trunkline.ports.carrier import Carrier, Offer
from trunkline.ports.journal import Journal
from trunkline.ports.models import Models
from trunkline.ports.toolrunner import ToolRunner
from trunkline.ports.turn import TurnModel
from trunkline.ports.vad import Vad

GOODBYE_SECONDS = 10.0
FORCE_SECONDS = 10.0
LAST_FACTS_SECONDS = 10.0

_log = logger("engine")


class Supervisor:
    """Runs calls. Used as ``async with``; leaving it ends what still runs."""

    def __init__(
        self,
        carrier: Carrier,
        models: Models,
        vad: Vad,
        turn: TurnModel | None,
        tools: ToolRunner,
        journal: Journal,
        blobs: BlobMaker,
        clock: Clock,
        max_calls: int,
    ) -> None:
        self._media = Media(vad, clock)
        self._recorder = Recorder(blobs, clock)
        self._breakers = Breakers(clock.monotonic)
        self._gear = Gear(
            carrier,
            models,
            turn,
            tools,
            journal,
            self._media,
            self._recorder,
            Shelf(),
            Loops(),
            clock,
            self._breakers,
        )
        self._max_calls = max_calls
        self._sessions: dict[str, Session] = {}
        self._crew = Crew("supervisor")
        self._leaving = False
        self._changed = asyncio.Event()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Supervisor":
        await self._stack.enter_async_context(self._recorder)
        await self._stack.enter_async_context(self._media)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.drain(0.0)
        await self._crew.aclose()
        await self._stack.aclose()

    async def run(self, plan: CallPlan, offer: Offer | None = None) -> None:
        """A whole call, from the dial until CallEnded is kept. Raises nothing; without room the call ends so.

        With an ``offer`` that call is answered instead; whoever gives it sees that it is not left ringing.
        """
        private = {PRIVATE: True} if plan.assistant.gdpr_mode else {}
        with bound_contextvars(call_id=plan.call_id, **private), trace.bound(plan.traceparent):
            await self._run(plan, offer)

    async def _run(self, plan: CallPlan, offer: Offer | None) -> None:
        notebook = Notebook(plan.call_id, self._gear.journal, self._gear.clock, self._crew)
        if plan.call_id in self._sessions:
            _log.error("a call that is live was started again", call_id=plan.call_id)
            return
        if self.room() <= 0:
            notebook.note(CallEnded(self._gear.clock.now(), EndReason.AT_CAPACITY, "this worker has no room"))
            await notebook.written()
            return
        voices = self._gear.models.voices()
        plan = furnished(in_its_language(plan, voices), voices)
        session = Session(plan, self._gear, notebook, self._crew, offer)
        self._sessions[plan.call_id] = session
        try:
            await session.run()
        except Exception as error:  # noqa: BLE001 (nothing that a call does may reach the worker)
            _log.error("a call could not be closed", call_id=plan.call_id, exc_info=error)
            notebook.note(CallEnded(self._gear.clock.now(), EndReason.INTERNAL_ERROR, repr(error)))
        finally:
            del self._sessions[plan.call_id]
            self._changed.set()
        await notebook.written()
        await session.finish_tools()

    def room(self) -> int:
        """How many more calls fit; none while it leaves."""
        return 0 if self._leaving else max(0, self._max_calls - len(self._sessions))

    def live_calls(self) -> int:
        """How many calls have a leg now."""
        return len(self._sessions)

    def breakers(self) -> list[BreakerFacts]:
        """How the circuits to the providers stand."""
        return self._breakers.facts()

    def failing_providers(self) -> list[str]:
        """Which are not asked for now on the platform's key, as ``llm openai``."""
        return sorted({f"{one.stage} {one.provider}" for one in self.breakers() if one.failing and not one.own_key})

    def provider_results(self) -> dict[tuple[str, str, str], int]:
        """How often a provider brought a result or failed since the start, by stage, provider and ``ok``, ``refused`` (this
        request is to blame) or ``failed``."""
        return dict(self._breakers.tally)

    def lateness_since(self, passes: int) -> tuple[int, list[float]]:
        """How many passes of the media clock there were, and how late those after the first ``passes`` began."""
        return self._media.lateness_since(passes)

    def lateness_ms(self) -> Lateness:
        """How punctual the media clock is."""
        return self._media.lateness_ms()

    def forget_lateness(self) -> None:
        """Measures the clock afresh from now on."""
        self._media.forget_lateness()

    def order(self, call_id: str, command_id: str, command: Command) -> bool:
        """Hands a command to a live call. False when it is not here."""
        session = self._sessions.get(call_id)
        return session is not None and session.order(command_id, command)

    def used(self, call_id: str) -> Usage | None:
        """What a live call used so far; None when it is not here."""
        session = self._sessions.get(call_id)
        return None if session is None else session.used()

    async def drain(self, patience_seconds: float) -> None:
        """Takes no new calls, waits for those that run, tells what is left to end, and breaks off what does not; then
        waits for the last facts as long as the journal may reasonably need."""
        self._leaving = True
        if await self._emptied(patience_seconds):
            await self._wait_for_facts()
            return
        for session in self._sessions.values():
            session.tell(ShuttingDown())
        if not await self._emptied(GOODBYE_SECONDS):
            for session in self._sessions.values():
                session.break_off(Unavailable("the worker left"))
            if not await self._emptied(FORCE_SECONDS):
                _log.error("calls were left behind", calls=len(self._sessions))
        await self._wait_for_facts()

    async def _emptied(self, seconds: float) -> bool:
        """Whether the last call ended in time."""
        try:
            async with asyncio.timeout(seconds):
                while self._sessions:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return not self._sessions
        return True

    async def _wait_for_facts(self) -> None:
        waited = 0.0
        while len(self._crew) and waited < LAST_FACTS_SECONDS:
            await self._gear.clock.sleep(0.05)
            waited += 0.05
