"""One SIP leg as a line: the stack's call, its sound, its timers and its events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

from baresip import BaresipError, Call, CallState, Event, StackEvent
from baresip import TransferFailed as StackTransferFailed

from trunkline.base.logs import logger
from trunkline.domain.call import EndReason
from trunkline.domain.events import SipFacts
from trunkline.domain.signalling import SignallingMessage
from trunkline.ports.line import Answered, Closed, Digit, Held, LineEvent, Ringing, TransferFailed
from trunkline.telephony.sip.addresses import Undialable, target_uri
from trunkline.telephony.sip.ladder import Ladder
from trunkline.telephony.sip.leg import Leg, Stage
from trunkline.telephony.sip.message import SipMessage
from trunkline.telephony.sip.settings import JITTER_FLOOR_SECONDS
from trunkline.telephony.sip.sound import Sound
from trunkline.telephony.sip.timers import Timers

SILENCE_SECONDS = 10.0
"""How long an INVITE may stay without any response, not even 100 Trying."""

CLOSE_SECONDS = 4.0
"""How long a leg that we hang up may take to be gone before we say so ourselves."""

TRANSFER_SECONDS = 60.0
_CODEC_SECONDS = 0.05
_ESTABLISH_SECONDS = 1.0
_KEY_PAUSE_SECONDS = 0.18
"""Between asking for one key and the next: the stack sends each for 180 ms at least (nine packets, whatever we ask), so
that 100 ms of it are silence on the wire."""
_WAIT_SECONDS = 0.5
_REFER_REFUSED = 603
_REFER_RECORD_SECONDS = 0.2
_TAKEN, _REFUSED = 200, 300
_SETTLE_SECONDS, _SETTLE_LOOKS = 0.025, 12
"""The last answers and ACKs of a leg that is gone are on the wire a moment after the stack says so."""
_CHALLENGES = frozenset({401, 407})
"""Not counted: the REFER comes again with credentials. Where it does not, no answer counts, which is a refusal too."""

_log = logger("telephony")

Spawn = Callable[[Coroutine[Any, Any, Any], str], object]


class SipLine:
    """A leg in either direction. ``domain`` and ``transport`` complete a bare number that it is handed over to."""

    def __init__(
        self,
        leg: Leg,
        ladder: Ladder,
        spawn: Spawn,
        on_closed: Callable[["SipLine"], None],
        domain: str,
        transport: str,
    ) -> None:
        self._leg = leg
        self._ladder = ladder
        self._spawn = spawn
        self._on_closed = on_closed
        self._domain = domain
        self._transport = transport
        self._call: Call | None = None
        self._sound = Sound()
        self._settled = False
        self._timers = Timers()
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._refer_answer: asyncio.Future[int] | None = None
        self.gone = asyncio.Event()

    # --- what the port promises

    @property
    def sample_rate_hz(self) -> int:
        return self._sound.rate_hz

    @property
    def delay_seconds(self) -> float:
        return JITTER_FLOOR_SECONDS

    @property
    def sip(self) -> SipFacts:
        return self._leg.facts

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Closed):
                return

    def read(self) -> bytes:
        return self._sound.read()

    def write(self, pcm: bytes) -> int:
        return self._sound.write(pcm)

    def buffered(self) -> int:
        return self._sound.buffered()

    def flush(self) -> int:
        return self._sound.flush()

    async def send_digits(self, digits: str) -> None:
        for key in digits:
            if key in "wW":
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            if self._call is None or self.closed:
                raise ConnectionError("the line is closed")
            try:
                await self._call.send_dtmf(key)
            except BaresipError as error:
                _log.warning("a key could not be sent", sip_call_id=self.sip.call_id, error=str(error))
                raise ConnectionError("a key could not be sent") from error
            await asyncio.sleep(_KEY_PAUSE_SECONDS)

    async def transfer(self, destination_uri: str) -> None:
        call = self._call
        if call is None or call.state is not CallState.ESTABLISHED:
            raise TransferFailed("only a call that is up can be transferred")
        self._refer_answer = asyncio.get_running_loop().create_future()
        try:
            await call.transfer(target_uri(destination_uri, self._domain, self._transport), timeout=TRANSFER_SECONDS)
        except StackTransferFailed as failure:
            raise TransferFailed(str(failure), failure.status, refused=await self._refer_was_refused()) from failure
        except (BaresipError, Undialable) as failure:
            raise TransferFailed(str(failure), refused=not self.closed) from failure

    async def hang_up(self) -> None:
        self.give_up(None)
        await self._leave()

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        if self.sip.call_id is None:
            return ()
        for _ in range(_SETTLE_LOOKS):
            exchange = self._ladder.exchange(self.sip.call_id)
            if exchange is not None and exchange.settled:
                break
            await asyncio.sleep(_SETTLE_SECONDS)
        return exchange.messages() if exchange is not None else ()

    # --- what the carrier tells it

    @property
    def closed(self) -> bool:
        """Whether the leg is gone."""
        return self._leg.stage is Stage.CLOSED

    @property
    def leaving(self) -> bool:
        """Whether we ended it, gone or not."""
        return self._leg.leaving

    def expect(self, ring_seconds: float) -> None:
        """Starts the clocks of a call that goes out: the first response, and the answer."""
        self._timers.start(
            "silence",
            SILENCE_SECONDS,
            self._drop,
            EndReason.TRUNK_UNREACHABLE,
            f"the trunk sent no response to the INVITE within {SILENCE_SECONDS:g} s",
        )
        self._timers.start(
            "ring", ring_seconds, self._drop, EndReason.NO_ANSWER, f"no answer within {ring_seconds:g} s"
        )

    def adopt(self, call: Call) -> None:
        """Takes the stack's call; hangs it up where the line was given up meanwhile."""
        self._call = call
        self._name(call.handle, call.call_id)
        if self.leaving:
            self._spawn(self._leave(), "leave")

    def fail(self, reason: EndReason | None, error: str | None) -> None:
        """Ends a line whose call never came to be, or whose stack is gone or does not answer."""
        self.give_up(reason, error)
        self._finish("")
        if self._call is not None and self._call.state is not CallState.CLOSED:
            self._spawn(self.leave_now(), "leave")

    async def leave_now(self) -> None:
        """Hangs up without waiting for the first response."""
        self._timers.stop("silence")
        await self._leave()

    def expect_refusal(self) -> None:
        """A call that came in is being refused: it is gone soon."""
        self.give_up(None)
        if not self.closed and "close" not in self._timers:
            self._timers.start("close", CLOSE_SECONDS, self._overdue)

    async def refuse(self) -> None:
        """Answers a call that came in with 486."""
        self.expect_refusal()
        if self._call is not None:
            with suppress(BaresipError):
                await self._call.reject()

    def give_up(self, reason: EndReason | None, error: str | None = None) -> None:
        """Decides why the leg ends; the first decision stands."""
        if not self.closed:
            self._leg.end(reason, error)

    def hear(self, event: StackEvent) -> None:
        """Takes one event of the stack's call."""
        if self.closed:
            self._linger(event)
            return
        self._name(event.call, event.call_id)
        handler = _HANDLERS.get(event.event)
        if handler is not None:
            handler(self, event)

    # --- what the stack reports

    def _ringing(self, event: StackEvent) -> None:
        self._leg.heard = True
        self._timers.stop("silence")
        early = event.event is Event.CALL_PROGRESS
        if early:
            self._settle()
        if self._leg.stage is Stage.TRYING:
            self._events.put_nowait(Ringing(early_media=early))

    def _picked_up(self, _event: StackEvent) -> None:
        self._leg.heard = True
        self._timers.stop("silence")
        self._timers.start("establish", _ESTABLISH_SECONDS, self._never_established)

    def _established(self, _event: StackEvent) -> None:
        if self._leg.stage is not Stage.TRYING:
            return
        self._timers.stop("silence", "ring", "establish")
        self._settle()
        if not self._settled:
            self._timers.start("establish", _ESTABLISH_SECONDS, self._never_established)
        elif self.sip.codec is None:
            self._timers.start("codec", _CODEC_SECONDS, self._answered)
        else:
            self._answered()

    def _never_established(self) -> None:
        """Answered, but not up: the stack missed to say so (1 call in 6,000), or there is no common codec."""
        self._settle()
        if self._settled:
            self._timers.stop("ring")
            self._answered()
        else:
            self._drop(EndReason.TRUNK_ERROR, "the call was answered, but no sound could be agreed on")

    def _answered(self) -> None:
        self._timers.stop("codec")
        if self._leg.stage is Stage.TRYING:
            self._leg.stage = Stage.UP
            self._events.put_nowait(Answered())

    def _pressed(self, event: StackEvent) -> None:
        if event.text:
            self._events.put_nowait(Digit(event.text))

    def _held(self, event: StackEvent) -> None:
        self._events.put_nowait(Held(event.event is Event.CALL_HOLD))

    def _asked_to_call(self, _event: StackEvent) -> None:
        """A peer that sends us REFER would have us call whom it likes, at our cost."""
        self._spawn(self._refuse_transfer(), "refuse transfer")

    def _gone(self, event: StackEvent) -> None:
        self._finish(event.text or "")

    async def _refer_was_refused(self) -> bool:
        """Whether the REFER was not taken. The stack tells of that and of a target that failed in the same words; the
        record of the answer may come a moment after them."""
        if self.closed or self._refer_answer is None:
            return False
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._refer_answer, _REFER_RECORD_SECONDS) >= _REFUSED
        return True

    def _message(self, message: SipMessage) -> None:
        self._leg.note(message)
        answer = self._refer_answer
        final = message.received and message.method == "REFER" and message.status >= _TAKEN
        if final and message.status not in _CHALLENGES and answer is not None and not answer.done():
            answer.set_result(message.status)
        if self._leg.heard:
            self._timers.stop("silence")
        if self.sip.codec is not None and "codec" in self._timers:
            self._answered()

    # --- doing

    def _name(self, handle: int, call_id: str | None) -> None:
        self._sound.open(handle)
        if call_id and self.sip.call_id is None:
            self._leg.name(call_id)
            self._ladder.watch(call_id, self._message)

    def _settle(self) -> None:
        if not self._settled:
            self._settled = self._sound.settle()

    def _drop(self, reason: EndReason, error: str) -> None:
        self.give_up(reason, error)
        self._spawn(self._leave(), "leave")

    async def _leave(self) -> None:
        """Hangs up. The stack forgets an INVITE that nothing answered yet, instead of sending CANCEL when it rings at
        last; so before the first response only the line ends, and the call when there is one or the time for it is up.
        """
        if self._call is not None and not self._leg.heard and "silence" in self._timers:
            self._report("")
            return
        if not self.closed and "close" not in self._timers:
            self._timers.start("close", CLOSE_SECONDS, self._overdue)
        if self._call is not None and self._call.state is not CallState.CLOSED:
            with suppress(BaresipError):
                await self._call.hangup()

    def _linger(self, event: StackEvent) -> None:
        """Ends a call whose line ended before the first response came."""
        if event.event is Event.CALL_CLOSED:
            self._finish("")
        elif event.event in _SIGNS_OF_LIFE:
            self._spawn(self.leave_now(), "leave")

    def _overdue(self) -> None:
        _log.warning("the stack never closed a call that was hung up", sip_call_id=self.sip.call_id)
        self._finish("")

    async def _refuse_transfer(self) -> None:
        if self._call is not None:
            with suppress(BaresipError):
                await self._call.reject_transfer(_REFER_REFUSED)

    def _finish(self, text: str) -> None:
        """The leg is gone, as far as we can tell."""
        self._report(text)
        self._timers.stop("silence")
        self._on_closed(self)

    def _report(self, text: str) -> None:
        """Ends the line, once."""
        if self.closed:
            return
        self._timers.stop("ring", "establish", "codec", "close")
        self._events.put_nowait(self._leg.close(text))
        self.gone.set()
        self._sound.close()
        if self.sip.call_id is not None:
            self._ladder.unwatch(self.sip.call_id)


_SIGNS_OF_LIFE = (Event.CALL_RINGING, Event.CALL_PROGRESS, Event.CALL_ANSWERED, Event.CALL_ESTABLISHED)

_HANDLERS: dict[Event, Callable[[SipLine, StackEvent], None]] = {
    Event.CALL_RINGING: SipLine._ringing,
    Event.CALL_PROGRESS: SipLine._ringing,
    Event.CALL_ANSWERED: SipLine._picked_up,
    Event.CALL_ESTABLISHED: SipLine._established,
    Event.CALL_DTMF_START: SipLine._pressed,
    Event.CALL_HOLD: SipLine._held,
    Event.CALL_RESUME: SipLine._held,
    Event.CALL_TRANSFER: SipLine._asked_to_call,
    Event.CALL_CLOSED: SipLine._gone,
}
