"""The phone leg of one call: dials, tells what happens to it, and is hung up whatever else fails."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

from trunkline.base.errors import Invalid
from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.call import EndReason
from trunkline.domain.events import SipFacts
from trunkline.domain.plan import CallPlan
from trunkline.domain.signalling import SignallingMessage
from trunkline.engine import events
from trunkline.ports import line as ports_line
from trunkline.ports.carrier import Carrier, Dial, Offer
from trunkline.ports.line import Line, LineEvent, TransferFailed

DIAL_SECONDS = 15.0
HANG_UP_SECONDS = 6.0
SIGNALLING_SECONDS = 1.0
RING_SLACK_SECONDS = 10.0
"""So long after the ring time the carrier itself must have given up; then we do."""

_log = logger("engine")


class Leg:
    """One line and what is done with it. ``gone`` is called once when it is closed, right before LineClosed is told."""

    def __init__(
        self,
        plan: CallPlan,
        carrier: Carrier,
        tell: Callable[[events.Event], None],
        gone: Callable[[], None],
        crew: Crew,
    ) -> None:
        self.line: Line | None = None
        self.closed = asyncio.Event()
        self._plan = plan
        self._carrier = carrier
        self._tell = tell
        self._gone = gone
        self._crew = crew
        self._ending: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._nobody_answered = False
        self._keys = ""
        self._passing: asyncio.Task[None] | None = None

    @property
    def sip(self) -> SipFacts:
        """The leg's SIP facts as known now."""
        return self.line.sip if self.line is not None else SipFacts()

    async def dial(self) -> None:
        """Sends the INVITE; from now on it tells what happens."""
        plan = self._plan
        if plan.trunk is None:
            raise Invalid("the plan has no trunk to dial out on")
        ring = float(plan.max_ring_seconds)
        order = Dial(plan.trunk, plan.destination, plan.caller_id, plan.number_name, ring_seconds=ring)
        async with asyncio.timeout(DIAL_SECONDS):
            self.line = await self._carrier.dial(order)
        self._patience = asyncio.get_running_loop().call_later(ring + RING_SLACK_SECONDS, self._give_up)
        self._crew.start(self._follow(self.line), "line")

    async def take(self, offer: Offer) -> None:
        """Answers a call that rings at our side; from now on it tells what happens."""
        async with asyncio.timeout(DIAL_SECONDS):
            self.line = await offer.answer()
        self._crew.start(self._follow(self.line), "line")

    def send_digits(self, digits: str) -> None:
        """Presses keys; DigitsSent tells the outcome."""
        self._with_line(lambda line: self._send_digits(line, digits), "digits")

    def pass_on(self, digit: str) -> None:
        """Presses a key that another party pressed, after those before it; its outcome is not told."""
        self._keys += digit
        if self._passing is None or self._passing.done():
            self._passing = self._crew.start(self._pass_on(), "keys")

    def hand_over(self, destination: str) -> None:
        """Transfers the party; TransferDone or TransferRefused tells the outcome."""
        self._with_line(lambda line: self._hand_over(line, destination), "transfer")

    def hang_up(self) -> None:
        """Ends the leg; LineClosed follows within 6 s even where the line itself says nothing."""
        if self._ending is None and self.line is not None and not self.closed.is_set():
            self._ending = self._crew.start(self._hang_up(self.line), "hang up")

    def fail(self, reason: EndReason, error: str) -> None:
        """Closes a leg that never came to be."""
        self._close(ports_line.Closed(reason, error), self.sip)

    async def close(self) -> None:
        """Hangs up and waits until the leg is gone."""
        self.hang_up()
        if self._ending is not None:
            await asyncio.wait([self._ending])

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        """The SIP messages of a leg that is closed; none where they cannot be had."""
        if self.line is None:
            return ()
        try:
            async with asyncio.timeout(SIGNALLING_SECONDS):
                return await self.line.signalling()
        except Exception as error:  # noqa: BLE001 (a ladder that fails must not keep the call)
            _log.warning("the SIP messages of a leg cannot be had", call_id=self._plan.call_id, error=repr(error))
            return ()

    def _give_up(self) -> None:
        self._nobody_answered = True
        self.hang_up()

    def _with_line(self, work: Callable[[Line], Coroutine[None, None, None]], name: str) -> None:
        if self.line is not None:
            self._crew.start(work(self.line), name)

    async def _follow(self, line: Line) -> None:
        async for event in line.events():
            if isinstance(event, ports_line.Closed):
                self._close(event, line.sip)
                return
            if isinstance(event, ports_line.Answered):
                self._be_patient()
            self._tell(_told(event, line.sip))
        self._close(ports_line.Closed(None, "the line went away"), line.sip)

    def _close(self, event: ports_line.Closed, sip: SipFacts) -> None:
        if self.closed.is_set():
            return
        self.closed.set()
        self._be_patient()
        self._gone()
        reason = EndReason.NO_ANSWER if self._nobody_answered else event.reason
        self._tell(events.LineClosed(reason, event.error, sip))

    def _be_patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    async def _hang_up(self, line: Line) -> None:
        try:
            async with asyncio.timeout(HANG_UP_SECONDS):
                await line.hang_up()
                await self.closed.wait()
        except Exception as error:  # noqa: BLE001 (a stack that fails to hang up must not keep the call)
            _log.error("a leg did not close", call_id=self._plan.call_id, error=repr(error))
            self._close(ports_line.Closed(None, "the leg did not close"), line.sip)

    async def _send_digits(self, line: Line, digits: str) -> None:
        error: str | None = None
        try:
            await line.send_digits(digits)
        except (OSError, RuntimeError, ValueError) as failure:
            error = str(failure)
        self._tell(events.DigitsSent(digits, error))

    async def _pass_on(self) -> None:
        while self._keys and self.line is not None and not self.closed.is_set():
            digit, self._keys = self._keys[0], self._keys[1:]
            with suppress(OSError, RuntimeError, ValueError):
                await self.line.send_digits(digit)

    async def _hand_over(self, line: Line, destination: str) -> None:
        try:
            await line.transfer(destination)
        except TransferFailed as error:
            self._tell(events.TransferRefused(str(error), called=not error.refused))
        else:
            self._tell(events.TransferDone())


def _told(event: LineEvent, sip: SipFacts) -> events.Event:
    match event:
        case ports_line.Ringing():
            return events.LineRinging(sip)
        case ports_line.Answered():
            return events.LineAnswered(sip)
        case ports_line.Digit(digit):
            return events.DigitHeard(digit)
        case ports_line.Held(held):
            return events.LineHeld(held)
        case ports_line.Closed(reason, error):
            return events.LineClosed(reason, error, sip)
