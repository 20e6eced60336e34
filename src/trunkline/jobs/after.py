"""What happens after a call, as a durable workflow: analysis, report, and forgetting what must not be kept.

A report is never lost: what breaks in the analysis becomes an error in it, and what else breaks (a master key that is
missing, a disk that refuses) is tried again until it works.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from structlog.contextvars import bind_contextvars

from trunkline.base import trace
from trunkline.base.errors import NotFound, Unavailable
from trunkline.base.logs import logger
from trunkline.jobs.analysis import Analyser, Findings
from trunkline.jobs.durable import Run
from trunkline.jobs.letters import report_letter
from trunkline.jobs.report_mail import report_mails
from trunkline.services.aftercall import ClosedCall, closing, forget_content, forget_keys, notified, store_analysis
from trunkline.services.rooms import Rooms
from trunkline.storage.deliveries import Delivery

FIRST_LOOK_SECONDS = 0.2
LAST_LOOK_SECONDS = 30.0
LONGEST_WAIT_FOR_RECEIVERS_SECONDS = 24 * 3600.0
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 600.0
NOT_KEPT = "the analysis could not be kept"

T = TypeVar("T")
_log = logger("jobs")


class AfterCall:
    """The workflow ``<call id>:after``. A call that was deleted meanwhile has nothing after it."""

    def __init__(self, rooms: Rooms, analyser: Analyser, wake_courier: Callable[[], None]) -> None:
        self._rooms = rooms
        self._analyser = analyser
        self._wake_courier = wake_courier

    async def workflow(self, run: Run, call_id: str, position: int) -> None:
        """``position`` is the place of the report among the deliveries of the call."""
        bind_contextvars(call_id=call_id)
        if await run.step("report", lambda: self._surely(call_id, lambda: self._report(call_id, position))):
            await run.step("wait for receivers", lambda: self._surely(call_id, lambda: self._until_told(call_id)))
            await run.step("forget", lambda: self._surely(call_id, lambda: self._forget(call_id)))

    async def _surely(self, call_id: str, work: Callable[[], Awaitable[T]]) -> T:
        """Does ``work`` until it succeeds, ever more slowly; logs the first failure. A database that is away is waited
        for further out."""
        pause = FIRST_RETRY_SECONDS
        while True:
            try:
                return await work()
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001
                if pause == FIRST_RETRY_SECONDS:
                    _log.exception("the work after a call is stuck", call_id=call_id)
            await self._rooms.clock.sleep(pause)
            pause = min(pause * 2, LAST_RETRY_SECONDS)

    async def _report(self, call_id: str, position: int) -> bool:
        """Analysis and report, in one step because each looks first whether it was done. True when the content must
        then be forgotten."""
        closed = await self._settled(call_id)
        if closed is None:
            return False
        if closed.call.analysis_result is None and self._analyser.wanted(closed):
            await self._keep(call_id, await self._analysed(closed))
            closed = await self._settled(call_id) or closed
        now = self._rooms.clock.now()
        letter = report_letter(closed, position, now)
        recipients = await notified(self._rooms, closed.call)
        await self._post(
            [
                *([letter] if letter else []),
                *report_mails(closed, recipients, position, self._rooms.limits, now),
            ]
        )
        await forget_keys(self._rooms, closed)
        return closed.plan.assistant.gdpr_mode

    async def _analysed(self, closed: ClosedCall) -> Findings:
        call, began = trace.parse(closed.plan.traceparent), self._rooms.clock.now()
        with trace.bound(call):
            found = await self._analyser.analyse(closed)
        if call is not None:
            error = "not all could be found out" if found.errors else None
            about = {"trunkline.call_id": closed.call.id}
            span = trace.part_of(call, "analysis")
            self._rooms.spans.note("analysis", span, call, began, self._rooms.clock.now(), about, error)
        return found

    async def _keep(self, call_id: str, found: Findings) -> None:
        try:
            await store_analysis(self._rooms, call_id, found.summary, found.as_json(), found.used)
        except (NotFound, Unavailable):
            raise
        except Exception:  # noqa: BLE001
            _log.exception("an analysis could not be kept", call_id=call_id)
            await store_analysis(
                self._rooms, call_id, None, Findings(found.model, errors=[NOT_KEPT]).as_json(), found.used
            )

    async def _settled(self, call_id: str) -> ClosedCall | None:
        """Waits for the end state, which a power cut may have taken back from the main database. None: no such call."""
        while (closed := await self._closed(call_id)) is not None and not closed.call.is_over:
            await self._rooms.clock.sleep(LAST_LOOK_SECONDS)
        return closed

    async def _post(self, letters: Sequence[Delivery]) -> None:
        if not letters:
            return
        async with self._rooms.database.system() as unit:
            known = {letter.position for letter in await unit.deliveries.of_call(letters[0].call_id)}
            for letter in letters:
                if letter.position not in known:
                    await unit.deliveries.add(letter)
        self._wake_courier()

    async def _until_told(self, call_id: str) -> bool:
        """Waits until nothing of the call is left to deliver, at most so long that no delivery could be alive."""
        pause = FIRST_LOOK_SECONDS
        latest = self._rooms.clock.monotonic() + LONGEST_WAIT_FOR_RECEIVERS_SECONDS
        while await self._untold(call_id) and self._rooms.clock.monotonic() < latest:
            await self._rooms.clock.sleep(pause)
            pause = min(pause * 2, LAST_LOOK_SECONDS)
        return True

    async def _untold(self, call_id: str) -> int:
        async with self._rooms.database.system(write=False) as unit:
            waiting = await unit.deliveries.pending(call_id)
            return waiting or sum(row.taken_at is None for row in await unit.outbox.of_call(call_id))

    async def _forget(self, call_id: str) -> bool:
        try:
            await forget_content(self._rooms, call_id)
        except NotFound:
            _log.info("nothing to forget", call_id=call_id)
        return True

    async def _closed(self, call_id: str) -> ClosedCall | None:
        try:
            return await closing(self._rooms, call_id)
        except NotFound:
            return None
