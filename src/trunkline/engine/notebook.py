"""The notebook: hands the facts of one call to the journal in order, and keeps them while the journal is away."""

import asyncio
from collections import deque

from trunkline.base.clock import Clock
from trunkline.base.errors import Conflict, Invalid, NotFound
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.events import Fact, PartialHeard
from trunkline.ports.journal import Journal

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
NOTE_SECONDS = 30.0
KEPT_FACTS = 10_000

_log = logger("engine")


class Notebook:
    """Facts of one call. ``note`` never fails and never waits; a journal that raises is asked again, with back-off,
    but for a fact that it refuses for good."""

    def __init__(self, call_id: str, journal: Journal, clock: Clock, crew: Crew) -> None:
        self._call_id = call_id
        self._journal = journal
        self._clock = clock
        self._crew = crew
        self._facts: deque[Fact] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._failing = False

    def note(self, fact: Fact) -> None:
        """Keeps a fact. Words that are not final are left out while the journal is away."""
        if isinstance(fact, PartialHeard) and (self._failing or len(self._facts) > KEPT_FACTS):
            return
        self._facts.append(fact)
        if self._writer is None or self._writer.done():
            self._writer = self._crew.start(self._write(), "notebook")

    async def written(self) -> None:
        """Waits until every fact was taken."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while self._facts:
            if await self._noted(self._facts[0]):
                self._facts.popleft()
                wait = FIRST_WAIT_SECONDS
            else:
                await self._clock.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    async def _noted(self, fact: Fact) -> bool:
        try:
            async with asyncio.timeout(NOTE_SECONDS):
                await self._journal.note(self._call_id, fact)
        except (Conflict, Invalid, NotFound) as error:
            _log.error("the journal refuses a fact", call_id=self._call_id, code=error.code, fact=type(fact).__name__)
        except Exception as error:  # noqa: BLE001 (whatever ails the journal, the call goes on and the fact is kept)
            if not self._failing:
                _log.warning("the journal is away", call_id=self._call_id, error=repr(error), fact=type(fact).__name__)
            self._failing = True
            return False
        if self._failing:
            _log.info("the journal is back", call_id=self._call_id, waiting=len(self._facts) - 1)
        self._failing = False
        return True
