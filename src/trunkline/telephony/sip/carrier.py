"""The built-in SIP stack as a carrier: one stack a process, all its legs, the calls that come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from baresip import (
    BaresipError,
    Call,
    CommandTimeout,
    DrainingError,
    Event,
    NoLocalAddressError,
    Runtime,
    RuntimeDead,
    StackEvent,
)

from trunkline.base.errors import Unavailable, Upstream
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.call import EndReason
from trunkline.domain.plan import TrunkPlan
from trunkline.ports.carrier import Dial, ProbeStep
from trunkline.telephony.sip import accounts, probe, stack
from trunkline.telephony.sip.addresses import Undialable, domain_of, header, target_uri, trunk_domain
from trunkline.telephony.sip.agents import Agents
from trunkline.telephony.sip.digest import Doorkeeper
from trunkline.telephony.sip.ladder import Ladder
from trunkline.telephony.sip.leg import Leg
from trunkline.telephony.sip.line import SipLine
from trunkline.telephony.sip.message import key_of
from trunkline.telephony.sip.offers import Desk, SipOffer
from trunkline.telephony.sip.reasons import Refused
from trunkline.telephony.sip.refusing import Refuser
from trunkline.telephony.sip.safedial import safe_dial
from trunkline.telephony.sip.settings import SipSettings

SOURCE_SECONDS = 0.2
"""How long the record of a call that comes in is waited for."""

DRAIN_SECONDS = 5.0

_log = logger("telephony")


class SipCarrier:
    """Dials over SIP trunks and takes SIP calls. One a process, used inside ``async with``."""

    def __init__(self, settings: SipSettings) -> None:
        self._settings = settings
        self._listen = settings.listen
        self._runtime = Runtime()
        self._ladder = Ladder(trace=settings.trace)
        self._crew = Crew("sip")
        self._lines: set[SipLine] = set()
        self._arrivals: asyncio.Queue[SipOffer] = asyncio.Queue()
        self._readers = 0
        self._desk = Desk(Doorkeeper(settings.digest), Refuser(self._runtime))
        self._agents = Agents(self._runtime, settings)
        self._idle = asyncio.Event()
        self._dead = False
        self._draining = False

    async def __aenter__(self) -> Self:
        self._listen = stack.free_address(self._settings.listen)
        self._runtime.on_dead = self._died
        self._ladder.attach(asyncio.get_running_loop())
        try:
            await stack.start(self._runtime, self._settings, self._listen)
            self._runtime.subscribe(self._arrived)
            self._desk.refuser.open()
            await self._agents.catch_all(self._listen)
        except BaresipError as error:
            self._ladder.detach()
            raise Unavailable(
                f"SIP could not be started at {self._listen}: {error}. Is the port taken? Set TRUNKLINE_SIP_LISTEN."
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drain(0)
        if not self._dead:
            await self._agents.aclose()
        await self._crew.aclose()
        self._desk.refuser.close()
        self._ladder.detach()
        await stack.leave(self._runtime, tear_down=self._settings.tear_down)

    @property
    def listen(self) -> str:
        """The ``address:port`` that SIP is taken at; the port is known where 0 was asked for."""
        return self._listen

    async def dial(self, order: Dial) -> SipLine:
        port = f":{order.trunk.port}" if order.trunk.port else ""
        line = self._line(inbound=False, domain=order.trunk.host + port, transport=order.trunk.transport)
        if self._dead:
            line.fail(EndReason.INTERNAL_ERROR, "the SIP stack is down; the process must be restarted")
        elif self._draining:
            line.fail(EndReason.AT_CAPACITY, "the process is shutting down and takes no new calls")
        elif len(self._lines) > self._settings.max_legs:
            line.fail(EndReason.AT_CAPACITY, f"the SIP stack holds no more than {self._settings.max_legs} legs")
        else:
            line.expect(order.ring_seconds)
            self._crew.start(self._place(order, line), "dial")
        return line

    async def offers(self) -> AsyncIterator[SipOffer]:
        self._readers += 1
        try:
            while True:
                offer = await self._arrivals.get()
                if not offer.withdrawn:
                    yield offer
        finally:
            self._readers -= 1

    async def probe(self, trunk: TrunkPlan) -> list[ProbeStep]:
        dns = await probe.step("dns", probe.resolve(trunk))
        if not dns.ok:
            return [dns, ProbeStep("options", None, "not tried", 0.0), ProbeStep("register", None, "not tried", 0.0)]
        asked = await probe.step("options", probe.options(trunk, dns.detail, self._settings.tls_context))
        if not trunk.register:
            return [dns, asked, ProbeStep("register", None, "the trunk takes calls without registration", 0.0)]
        return [dns, asked, await probe.step("register", self._register(trunk))]

    async def keep_registered(self, trunk: TrunkPlan) -> None:
        try:
            await self._agents.keep_registered(trunk)
        except (Refused, BaresipError) as error:
            raise Upstream(str(error), provider="sip", retryable=True) from error

    async def forget(self, trunk_id: str) -> None:
        await self._agents.forget(trunk_id)

    def health(self) -> dict[str, object]:
        return {
            "status": "down" if self._dead else "ok",
            "listen": self._listen,
            "live_legs": len(self._lines),
            "agents": self._agents.made,
        }

    async def drain(self, patience_seconds: float = DRAIN_SECONDS) -> None:
        """Takes no new calls and waits for the live ones; hangs up what is left when the patience is over."""
        self._draining = True
        await self._until_idle(patience_seconds)
        for line in list(self._lines):
            line.give_up(None)
            self._crew.start(line.leave_now(), "hang up")
        await self._until_idle(DRAIN_SECONDS)

    async def _until_idle(self, patience_seconds: float) -> None:
        if not self._lines:
            return
        self._idle.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), patience_seconds)

    def _line(self, *, inbound: bool, domain: str, transport: str) -> SipLine:
        line = SipLine(
            Leg(inbound=inbound),
            self._ladder,
            self._crew.start,
            self._closed,
            domain=domain,
            transport=transport,
        )
        self._lines.add(line)
        return line

    def _closed(self, line: SipLine) -> None:
        self._lines.discard(line)
        if not self._lines:
            self._idle.set()

    async def _place(self, order: Dial, line: SipLine) -> None:
        """Dials; whatever goes wrong becomes the line's Closed."""
        try:
            uri = _uri(order)
            agent = await self._agents.for_call(order)
            if line.leaving:
                line.fail(None, None)
                return
            headers = {"P-Asserted-Identity": accounts.asserted_identity(order)}
            line.adopt(await safe_dial(self._runtime, agent, uri, headers, line.hear))
        except (Refused, BaresipError) as error:
            refusal = _refusal(error, order.trunk.host)
            line.fail(refusal.reason, refusal.error)

    async def _register(self, trunk: TrunkPlan) -> str:
        try:
            await self._agents.register(trunk)
        except (Refused, BaresipError) as error:
            raise probe.Failed(str(error)) from error
        return "registered"

    def _arrived(self, event: StackEvent) -> None:
        """Takes a call that comes in, for whoever reads the offers; refuses it where nobody does."""
        if event.event is not Event.CALL_INCOMING:
            return
        call = Call._from_incoming(self._runtime, event)
        twin = any(line.sip.call_id == event.call_id for line in self._lines)
        line = self._line(inbound=True, domain=domain_of(event.peer or ""), transport="udp")
        call.on(line.hear)
        line.adopt(call)
        if self._readers and not self._draining and not twin and len(self._lines) <= self._settings.max_legs:
            self._crew.start(self._offer(call, line), "offer")
        else:
            _log.info("a call that came in was refused", sip_call_id=event.call_id, readers=self._readers)
            self._crew.start(line.refuse(), "refuse")

    async def _offer(self, call: Call, line: SipLine) -> None:
        """Offers a call once it is known where it came from, or that nobody can say."""
        key = key_of(header(call.headers, "Via", "v"), header(call.headers, "CSeq"))
        invite = await self._ladder.arrival(call.call_id or "", key, SOURCE_SECONDS)
        self._arrivals.put_nowait(SipOffer(call, line, invite, self._desk))

    def _died(self) -> None:
        self._dead = True
        _log.critical("the SIP stack died", live_legs=len(self._lines))
        for line in list(self._lines):
            line.fail(EndReason.INTERNAL_ERROR, "the SIP stack died")


def _uri(order: Dial) -> str:
    try:
        domain = trunk_domain(order.trunk)
    except Undialable as error:
        raise Refused(EndReason.TRUNK_UNREACHABLE, f"the trunk cannot be called: {error}") from error
    try:
        return target_uri(order.destination, domain, order.trunk.transport)
    except Undialable as error:
        raise Refused(EndReason.INVALID_DESTINATION, str(error)) from error


def _refusal(error: Refused | BaresipError, host: str) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, NoLocalAddressError):
        return Refused(
            EndReason.TRUNK_UNREACHABLE,
            f"no local address reaches {host}: set TRUNKLINE_SIP_LISTEN to 127.0.0.1:<port> for a trunk on this machine, "
            "or to 0.0.0.0:<port> for one on the network",
        )
    if isinstance(error, DrainingError):
        return Refused(EndReason.AT_CAPACITY, "the process is shutting down and takes no new calls")
    if isinstance(error, RuntimeDead | CommandTimeout):
        return Refused(EndReason.INTERNAL_ERROR, "the SIP stack does not respond; the process must be restarted")
    return Refused(EndReason.TRUNK_ERROR, f"the SIP stack refused to dial: {error}")
