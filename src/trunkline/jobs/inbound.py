"""Calls that come in: read from the carrier one by one, each then in a task of its own until it has surely ended."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from structlog.contextvars import bind_contextvars

from trunkline.base import trace
from trunkline.base.errors import Invalid, Unavailable
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.call import EndReason
from trunkline.domain.commands import COMMAND_NAMES, Command, EndCall
from trunkline.domain.events import CommandDone, SipFacts
from trunkline.domain.plan import CallPlan
from trunkline.jobs.calls import LEAVING, Dialler
from trunkline.jobs.patience import until_kept
from trunkline.jobs.resolving import Resolver
from trunkline.jobs.settings import JobSettings
from trunkline.ports.carrier import Offer
from trunkline.services import admission, answering, inbound, signalling
from trunkline.services.inbound import Decided, Hold, Ringing
from trunkline.services.rooms import Rooms

BUSY, UNAVAILABLE, NO_ROOM, DECLINED = 486, 480, 503, 603

_log = logger("jobs")


class AssistantAsker(Protocol):
    """Asks a receiver which assistant shall speak."""

    async def ask(self, plan: CallPlan, *, known: bool) -> dict[str, Any] | None:
        """Its reply; None where there was no good one."""


class Receptionist:
    """Takes the calls that come in; used inside ``async with``, on whose leaving it takes no more."""

    def __init__(
        self,
        rooms: Rooms,
        dialler: Dialler,
        asker: AssistantAsker,
        wake_outbox: Callable[[], None],
        settings: JobSettings,
    ) -> None:
        self._rooms = rooms
        self._dialler = dialler
        self._asker = asker
        self._wake_outbox = wake_outbox
        self._settings = settings
        self._resolver = Resolver(rooms.clock)
        self._reader = Crew("inbound")
        self._ringing = Crew("ringing")
        self._running = Crew("inbound calls")
        self._asking: dict[str, asyncio.Future[str]] = {}

    async def __aenter__(self) -> "Receptionist":
        self._reader.start(self._read(), "offers")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.drain()
        await self._running.aclose()
        await self._resolver.aclose()

    async def drain(self) -> None:
        """Takes no more calls, and refuses those that only ring."""
        await self._reader.aclose()
        await self._ringing.aclose()

    def order(self, call_id: str, command_id: str, command: Command) -> bool:
        """Calls off a call that rings and has no session yet. False for any other command, and where it is not here."""
        called_off = self._asking.get(call_id)
        if called_off is None or called_off.done() or not isinstance(command, EndCall):
            return False
        called_off.set_result(command_id)
        return True

    async def _read(self) -> None:
        async for offer in self._rooms.carrier.offers():
            self._ringing.start(self._receive(offer), "offer")

    async def _receive(self, offer: Offer) -> None:
        """The outermost shell of a call that rings: it is taken, or it is refused, whatever happens inside."""
        status = NO_ROOM
        try:
            plan, status = await self._admitted(offer)
            if plan is not None:
                self._running.start(self._run(plan, offer), "call")
                return
        except Unavailable as error:
            _log.warning("a call was refused, because the database is away", error=error.message)
        except Exception:  # noqa: BLE001
            _log.exception("a call broke while it rang")
        await _refuse(offer, status)

    async def _admitted(self, offer: Offer) -> tuple[CallPlan | None, int]:
        """The plan of a call that is to be taken, or the status that it is refused with (0: it is being challenged)."""
        found = await admission.admit(self._rooms, offer, self._resolver.resolve)
        match found:
            case admission.Asked(stale):
                _log.info("a caller was asked to prove who it is", source=offer.source, stale=stale)
                await offer.challenge(stale=stale)
                return None, 0
            case admission.Turned(status, why):
                _log.info("a call was refused", source=offer.source, status=status, why=why)
                return None, status
            case admission.Admitted():
                return await self._rings(found, offer)

    async def _rings(self, admitted: admission.Admitted, offer: Offer) -> tuple[CallPlan | None, int]:
        room = self._dialler.room() > 0
        hold = Hold(self._settings.worker_id, self._rooms.limits.lease_seconds)
        with self._dialler.reserved():
            ringing = await inbound.ring(self._rooms, admitted, offer.caller, offer.call_id, hold, room=room)
            self._wake_outbox()
            call_id = ringing.plan.call_id
            bind_contextvars(call_id=call_id)
            if ringing.full is not None:
                _log.info("a call was refused", call_id=call_id, why=ringing.full)
                self._running.start(self._keep_ladder(offer, call_id), "ladder")
                return None, BUSY if room else NO_ROOM
            _log.info("a call came in", call_id=call_id, admitted_by=admitted.by)
            try:
                plan, status = await self._answered_by(ringing, offer)
                if plan is None:
                    self._running.start(self._keep_ladder(offer, call_id), "ladder")
                return plan, status
            except asyncio.CancelledError:
                await self._end(offer, call_id, EndReason.AT_CAPACITY, LEAVING)
                await _refuse(offer, NO_ROOM)
                raise
            except Exception as error:
                await self._end(offer, call_id, EndReason.INTERNAL_ERROR, f"the call broke while it rang: {error!r}")
                raise

    async def _answered_by(self, ringing: Ringing, offer: Offer) -> tuple[CallPlan | None, int]:
        call_id = ringing.plan.call_id
        called_off = self._asking[call_id] = asyncio.get_running_loop().create_future()
        try:
            decided = await self._decided(ringing, offer)
        finally:
            del self._asking[call_id]
        if called_off.done():
            await self._dialler.note(call_id, self._carried_out(called_off.result()))
            await self._end(offer, call_id, EndReason.CANCELLED)
            return None, DECLINED
        if offer.withdrawn:
            await self._end(offer, call_id, EndReason.USER_HANGUP)
            return None, UNAVAILABLE
        if not await inbound.settle(self._rooms, decided):
            return None, UNAVAILABLE
        if decided.problem is not None:
            _log.warning("a call has nobody to answer it", call_id=call_id, why=decided.problem)
            await self._end(offer, call_id, EndReason.NO_ASSISTANT, decided.problem)
            return None, UNAVAILABLE
        return decided.plan, 0

    async def _decided(self, ringing: Ringing, offer: Offer) -> Decided:
        if ringing.broke is not None:
            return answering.without_credit(ringing)
        reply = await self._asked(ringing, offer) if ringing.asks else None
        if reply is not None and not offer.withdrawn:
            try:
                return await answering.decide(self._rooms, ringing, reply)
            except Invalid as error:
                _log.warning(
                    "the reply to assistant-request makes no sense; the number's own assistant answers",
                    call_id=ringing.plan.call_id,
                    problems=list(error.details) or [error.message],
                )
        return answering.own(ringing)

    async def _asked(self, ringing: Ringing, offer: Offer) -> dict[str, Any] | None:
        """The webhook's reply; None also when the caller gave up first, or we did."""
        async with Crew("asking") as crew:
            with trace.bound(ringing.plan.traceparent):
                asking = crew.start(self._asker.ask(ringing.plan, known=ringing.problem is None), "assistant-request")
            leaving = crew.start(offer.gone(), "caller")
            called_off = self._asking[ringing.plan.call_id]
            await asyncio.wait([asking, leaving, called_off], return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None

    async def _run(self, plan: CallPlan, offer: Offer) -> None:
        try:
            await self._dialler.carry(plan, offer)
        finally:
            await _refuse(offer, NO_ROOM)

    async def _keep_ladder(self, offer: Offer, call_id: str) -> None:
        """Keeps the SIP messages of a call that was refused, once it is gone."""
        await offer.gone()
        messages = await offer.signalling()
        await until_kept(self._rooms.clock, lambda: signalling.keep(self._rooms, call_id, messages))

    def _carried_out(self, command_id: str) -> CommandDone:
        return CommandDone(self._rooms.clock.now(), command_id, COMMAND_NAMES[EndCall], "done")

    async def _end(self, offer: Offer, call_id: str, reason: EndReason, error: str | None = None) -> None:
        await self._dialler.end(call_id, reason, error, SipFacts(call_id=offer.call_id))


async def _refuse(offer: Offer, status: int) -> None:
    """Refuses a call that still rings; one that was taken, or is being challenged, is not touched."""
    if status and not offer.withdrawn:
        await offer.reject(status)
