"""The second leg of a call, the party that it is handed over to: the shell that dials, hears, speaks and hangs up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from trunkline.base.logs import logger
from trunkline.base.tasks import Crew
from trunkline.domain.call import EndReason
from trunkline.domain.events import Usage
from trunkline.domain.plan import CallPlan
from trunkline.domain.signalling import SignallingMessage, of_leg
from trunkline.engine import bridge, effects, events
from trunkline.engine.gear import Gear
from trunkline.engine.leg import Leg
from trunkline.engine.media import Seat
from trunkline.engine.senses import LegSenses
from trunkline.engine.usage import usage_of

RING_SECONDS = 30

_log = logger("engine")


class Target:
    """One second leg with ears and voice of its own. Whatever fails in it ends it alone: the party is still there."""

    def __init__(
        self, plan: CallPlan, gear: Gear, order: effects.DialTarget, tell: Callable[[events.Event], None]
    ) -> None:
        trunk = plan.transfer_trunk or plan.trunk
        plan = replace(plan, trunk=trunk, destination=order.destination, max_ring_seconds=RING_SECONDS)
        self._gear = gear
        self._tell = tell
        self._crew = Crew(f"{plan.call_id}:target", self._broken)
        self._leg = Leg(plan, gear.carrier, tell, self._gone, self._crew)
        self._senses = LegSenses(plan, gear, tell, self._crew, talked=order.talks)
        self._seat: Seat | None = None
        self._leaving = False
        self._performers = self._made()
        self._dialling = self._crew.start(self._dial(), "dial")

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self._senses.usage()

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        """Its SIP messages, once it is closed."""
        return await self._leg.signalling()

    def perform(self, effect: object) -> None:
        """Does one thing on this leg."""
        self._performers[type(effect)](effect)

    def sit_down(self) -> None:
        """It was answered: its sound moves from now on."""
        line = self._leg.line
        if line is None or self._seat is not None or self._leg.closed.is_set():
            return
        self._senses.settle_rate(line.sample_rate_hz)
        self._senses.speaker.attach(line)
        self._seat = Seat(line, self._senses.listener, self._senses.speaker, self._media_lost, self._broken)
        self._gear.media.join(self._seat)

    def bridge(self, party: Seat) -> bool:
        """Joins it with the party; False where it is gone already. Ears and voice are closed: nobody needs them any more."""
        if self._seat is None:
            return False
        bridge.join(party, self._seat)
        self._crew.start(self._senses.aclose(), "hush")
        return True

    def press(self, digit: str) -> None:
        """Passes a key on."""
        self._leg.pass_on(digit)

    def hang_up(self) -> None:
        """Ends it, in whatever state it is."""
        self._leaving = True
        self._leg.hang_up()

    async def aclose(self) -> None:
        """Hangs up, and waits until the leg is gone and everything of it is closed. Raises nothing."""
        self.hang_up()
        await asyncio.wait([self._dialling])
        await self._leg.close()
        self._gone()
        try:
            await self._senses.aclose()
        except Exception as error:  # noqa: BLE001 (nothing that a second leg does may reach the call)
            _log.error("a second leg could not be closed", exc_info=error)
        await self._crew.aclose()

    def _made(self) -> dict[type, Callable[[Any], None]]:
        senses = self._senses
        return {
            effects.Speak: lambda effect: senses.speaker.speak(effect.utterance, effect.text),
            effects.SpeakEnd: lambda effect: senses.speaker.end(effect.utterance),
            effects.StopSpeaking: lambda effect: senses.speaker.stop(effect.utterance),
            effects.Prepare: lambda effect: senses.prepare(effect.text),
            effects.Listen: lambda effect: senses.listener.listen(effect.on),
            effects.Sniff: lambda effect: self._sniff(effect.on),
            effects.SendDigits: lambda effect: self._leg.send_digits(effect.digits),
            effects.HangUp: lambda effect: self.hang_up(),
        }

    def _sniff(self, on: bool) -> None:
        if self._seat is not None:
            self._seat.sniff(self._tell if on else None)

    async def _dial(self) -> None:
        try:
            await self._leg.dial()
        except Exception as error:  # noqa: BLE001 (whatever keeps it from being dialled, the party is still there)
            _log.warning("a second leg could not be dialled", error=repr(error))
            self._leg.fail(EndReason.TRUNK_ERROR, str(error) or type(error).__name__)
        if self._leaving:
            self._leg.hang_up()

    def _broken(self, error: BaseException) -> None:
        _log.error("a second leg broke", error=repr(error))
        self.hang_up()

    def _media_lost(self) -> None:
        self._tell(events.MediaLost())

    def _gone(self) -> None:
        if self._seat is not None:
            self._gear.media.leave(self._seat)
            self._seat = None
        self._senses.speaker.close()


@dataclass(frozen=True, slots=True)
class FromTarget:
    """An event of one second leg, before it is known whether it is still the one that counts."""

    target: Target
    event: events.Event


class Targets:
    """The second legs of one call, one at a time. ``put`` takes what happens on them."""

    def __init__(self, plan: CallPlan, gear: Gear, put: Callable[[FromTarget], None], crew: Crew) -> None:
        self._plan = plan
        self._gear = gear
        self._put = put
        self._crew = crew
        self._now: Target | None = None
        self._all: list[Target] = []
        self._bridged = False

    @property
    def bridged(self) -> bool:
        """Whether the legs are joined."""
        return self._bridged

    def dial(self, order: effects.DialTarget) -> None:
        """Calls another party; what an earlier one still does is of no interest any more."""
        self.hang_up()

        def tell(event: events.Event) -> None:
            self._put(FromTarget(target, event))

        target = Target(self._plan, self._gear, order, tell)
        self._now = target
        self._all.append(target)

    def perform(self, effect: effects.ToTarget) -> None:
        """Does something on the second leg."""
        if self._now is not None:
            self._now.perform(effect.effect)

    def current(self, item: FromTarget) -> events.OfTarget | None:
        """The event as the conversation sees it; None where it is of an earlier leg."""
        target = item.target
        if isinstance(item.event, events.LineClosed):
            self._crew.start(target.aclose(), "close target")
        if target is not self._now:
            return None
        if isinstance(item.event, events.LineAnswered):
            target.sit_down()
        return events.OfTarget(item.event)

    def bridge(self, party: Seat) -> bool:
        """Joins the legs; False where the second one is gone."""
        self._bridged = self._now is not None and self._now.bridge(party)
        return self._bridged

    def press(self, digit: str) -> None:
        """Passes a key of the party's on."""
        if self._now is not None:
            self._now.press(digit)

    def hang_up(self) -> None:
        """Ends the second leg."""
        if self._now is not None:
            self._now.hang_up()

    def usage(self, first: Usage) -> Usage:
        """What the call used, with its second legs."""
        return usage_of((*first.stages, *(part for target in self._all for part in target.usage.stages)))

    async def signalling(self) -> tuple[SignallingMessage, ...]:
        """The SIP messages of all, the first as those of the call's leg 2."""
        told = await asyncio.gather(*(target.signalling() for target in self._all))
        return tuple(message for leg, messages in enumerate(told, 2) for message in of_leg(messages, leg))

    async def aclose(self) -> None:
        """Ends them all, and waits until they are gone."""
        await asyncio.gather(*(target.aclose() for target in self._all))
