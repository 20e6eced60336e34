"""The session: the shell of one call. It takes events in, asks the conversation, and performs what it wants done."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import REALTIME
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Command
from trunkline.domain.events import CallEnded, Fact, Usage
from trunkline.domain.plan import CallPlan
from trunkline.engine import effects, events
from trunkline.engine.conversation import Conversation
from trunkline.engine.duplex_senses import DuplexSenses
from trunkline.engine.gear import Gear
from trunkline.engine.leg import Leg
from trunkline.engine.media import Seat
from trunkline.engine.notebook import Notebook
from trunkline.engine.recorder import Tape
from trunkline.engine.senses import PartySenses, Senses
from trunkline.engine.target import FromTarget, Targets
from trunkline.engine.timers import Due, Timers
from trunkline.engine.toolbox import Toolbox
from trunkline.ports.carrier import Offer

_REPLY_EVENTS = (events.ReplyText, events.ReplyTools, events.ReplyFinished, events.ReplyFailed)

_log = logger("engine")


@dataclass(frozen=True, slots=True)
class _Broken:
    """Something of this call failed that must not: the call ends."""

    error: BaseException


class Session:
    """One call, from the dial (or, with an ``offer``, from the answer) to its last fact. ``crew`` outlives it: it carries
    the tools and the notebook."""

    def __init__(self, plan: CallPlan, gear: Gear, notebook: Notebook, crew: Crew, offer: Offer | None = None) -> None:
        self._plan = plan
        self._offer = offer
        self._gear = gear
        self._notebook = notebook
        self._crew = Crew(plan.call_id, self.break_off)
        self._inbox: asyncio.Queue[events.Event | Due | FromTarget | _Broken] = asyncio.Queue()
        self._timers = Timers(self._inbox.put_nowait, gear.clock)
        self._leg = Leg(plan, gear.carrier, self.tell, self._gone, self._crew)
        self._targets = Targets(plan, gear, self._inbox.put_nowait, self._crew)
        self._tools = Toolbox(plan, gear.tools, self.tell, crew)
        self._senses: PartySenses | None = None
        self._seat: Seat | None = None
        self._tape: Tape | None = None
        self._ended: CallEnded | None = None

    # --- what others may do

    def tell(self, event: events.Event) -> None:
        """Puts an event into the inbox."""
        self._inbox.put_nowait(event)

    def break_off(self, error: BaseException) -> None:
        """Ends the call as an internal error."""
        self._inbox.put_nowait(_Broken(error))

    def order(self, command_id: str, command: Command) -> bool:
        """Hands a command in. False when the leg is gone."""
        if self._leg.closed.is_set() or self._ended is not None:
            return False
        self.tell(events.Ordered(command_id, command))
        return True

    def used(self) -> Usage:
        """What the call used so far, of which providers."""
        return self._targets.usage(self._senses.usage()) if self._senses is not None else Usage()

    # --- its life

    async def run(self) -> None:
        """The whole call. Whatever fails, its leg is hung up, its models are closed and CallEnded is noted."""
        failure: BaseException | None = None
        try:
            await self._live()
        except Exception as error:  # noqa: BLE001 (the outermost shell of a call)
            _log.error("a call broke", call_id=self._plan.call_id, exc_info=error)
            failure = error
        except asyncio.CancelledError as error:
            failure = error
            raise
        finally:
            await self._close(failure)

    async def finish_tools(self) -> None:
        """Lets the tools that still run come to their end."""
        await self._tools.finish()

    async def _live(self) -> None:
        plan, clock = self._plan, self._gear.clock
        if self._offer is None:
            await self._leg.dial()
        conversation = Conversation(plan, clock.monotonic(), clock.now())
        realtime = plan.assistant.llm_config.provider in REALTIME
        senses = self._senses = (DuplexSenses if realtime else Senses)(plan, self._gear, self.tell, self._crew)
        perform = self._performers(senses)
        if self._tools.asks:
            senses.expect_functions()
            self._tools.ask()
        self._perform(perform, conversation.start())
        if self._offer is not None:
            await self._leg.take(self._offer)
        while not conversation.ended:
            event = self._current(await self._inbox.get(), senses)
            if event is None:
                continue
            if isinstance(event, events.LineAnswered):
                self._sit_down(senses)
            if isinstance(event, events.ToolsOffered):
                senses.offer(event.tools)
            self._perform(perform, conversation.handle(event, clock.monotonic()))

    async def _close(self, failure: BaseException | None) -> None:
        self._timers.clear()
        self._gone()
        await asyncio.gather(self._leg.close(), self._targets.aclose())
        recording = await self._tape.finish() if self._tape is not None else None
        first, others = await asyncio.gather(self._leg.signalling(), self._targets.signalling())
        self._notebook.note(replace(self._last_fact(failure, recording), signalling=(*first, *others)))
        if self._senses is not None:
            await self._senses.aclose()
        await self._crew.aclose()

    def _last_fact(self, failure: BaseException | None, recording: str | None) -> CallEnded:
        ended = self._ended
        if ended is None:
            error = f"{type(failure).__name__}: {failure}"
            ended = CallEnded(self._gear.clock.now(), EndReason.INTERNAL_ERROR, error, self._leg.sip)
        usage = self._senses.usage() if self._senses is not None else ended.usage
        return replace(ended, recording=recording, usage=self._targets.usage(usage))

    # --- events in

    def _current(self, item: events.Event | Due | FromTarget | _Broken, senses: PartySenses) -> events.Event | None:
        """The event that the conversation is to see; None for one that was overtaken while it waited."""
        if isinstance(item, _Broken):
            raise RuntimeError("a part of the call failed") from item.error
        if isinstance(item, Due):
            return events.TimerFired(item.name) if self._timers.claim(item) else None
        if isinstance(item, _REPLY_EVENTS) and not senses.wants(item.reply):
            return None
        if isinstance(item, FromTarget):
            return self._of_target(item)
        if self._targets.bridged and isinstance(item, events.DigitHeard):
            self._targets.press(item.digit)
        return item

    def _of_target(self, item: FromTarget) -> events.OfTarget | None:
        if self._targets.bridged and isinstance(item.event, events.DigitHeard):
            self._leg.pass_on(item.event.digit)
        return self._targets.current(item)

    def _bridge(self, senses: PartySenses) -> None:
        """Joins the legs; ears, mind and voice are closed: nobody needs them any more."""
        senses.speaker.background(None)
        if self._seat is not None and self._targets.bridge(self._seat):
            self._crew.start(senses.aclose(), "hush")

    def _sit_down(self, senses: PartySenses) -> None:
        """The party answered: its sound moves from now on."""
        line = self._leg.line
        if line is None or self._seat is not None or self._leg.closed.is_set():
            return
        senses.settle_rate(line.sample_rate_hz)
        senses.speaker.attach(line)
        self._seat = Seat(line, senses.listener, senses.speaker, self._media_lost, self.break_off)
        self._gear.media.join(self._seat)

    def _begin(self, senses: PartySenses) -> None:
        """Starts the recording and what is heard behind us, where they are wanted."""
        line, assistant = self._leg.line, self._plan.assistant
        if line is None or self._seat is None or self._tape is not None:
            return
        if assistant.recording_enabled and not assistant.gdpr_mode:
            self._tape = self._seat.tape = self._gear.recorder.start(self._plan.call_id, line.sample_rate_hz)
        senses.ambience()

    def _sniff(self, on: bool) -> None:
        """Has tones told, or no longer."""
        if self._seat is not None:
            self._seat.sniff(self.tell if on else None)

    def _media_lost(self) -> None:
        self.tell(events.MediaLost())

    def _gone(self) -> None:
        """The leg is closed: no sound moves any more, and what was heard of our words is told."""
        if self._seat is not None:
            self._gear.media.leave(self._seat)
            self._seat = None
        self._targets.hang_up()
        if self._senses is not None:
            self._senses.speaker.close()

    # --- effects out

    def _perform(self, performers: dict[type, Callable[[Any], None]], wanted: Sequence[effects.Effect]) -> None:
        for effect in wanted:
            performers[type(effect)](effect)

    def _performers(self, senses: PartySenses) -> dict[type, Callable[[Any], None]]:
        leg, timers = self._leg, self._timers
        return {
            **senses.performers(),
            effects.JudgeTurn: lambda effect: self._judge_turn(senses, effect.seconds),
            effects.Record: lambda effect: self._begin(senses),
            effects.Sniff: lambda effect: self._sniff(effect.on),
            effects.RunTools: lambda effect: self._tools.run(effect.batch, effect.calls),
            effects.SendDigits: lambda effect: leg.send_digits(effect.digits),
            effects.HandOver: lambda effect: leg.hand_over(effect.destination),
            effects.DialTarget: self._targets.dial,
            effects.ToTarget: self._targets.perform,
            effects.Bridge: lambda effect: self._bridge(senses),
            effects.HangUp: lambda effect: self._hang_up(),
            effects.SetTimer: lambda effect: timers.set(effect.name, effect.at),
            effects.CancelTimer: lambda effect: timers.cancel(effect.name),
            effects.Note: lambda effect: self._note(effect.fact),
        }

    def _hang_up(self) -> None:
        self._targets.hang_up()
        self._leg.hang_up()

    def _judge_turn(self, senses: PartySenses, seconds: float) -> None:
        if self._gear.turn is not None:
            self._crew.start(self._judge(senses, seconds), "turn")

    async def _judge(self, senses: PartySenses, seconds: float) -> None:
        turn, pause = self._gear.turn, senses.listener.pauses
        if turn is None:
            return
        try:
            probability = await turn.finished(senses.last_speech(seconds))
        except Exception as error:  # noqa: BLE001 (it is a hint: without it the pause decides)
            _log.warning("the end-of-turn model failed", call_id=self._plan.call_id, error=repr(error))
            return
        if senses.listener.pauses == pause:
            self.tell(events.TurnJudged(probability))

    def _note(self, fact: Fact) -> None:
        """Hands a fact on; the last one waits until the recording and the usage are known."""
        if isinstance(fact, CallEnded):
            self._ended = fact
        else:
            self._notebook.note(fact)
