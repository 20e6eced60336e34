"""The hand-over of the party to somebody else: announced, by REFER or over a second leg, and back again where it fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import StatusChanged
from trunkline.domain.transcript import Role
from trunkline.engine import events
from trunkline.engine.effects import Bridge, DialTarget, HandOver, HangUp, HoldSound, Listen, Sniff, ToTarget
from trunkline.engine.prompt import language
from trunkline.engine.talk.briefing import Briefing
from trunkline.engine.talk.closing import Closing
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.keys import Origin
from trunkline.engine.talk.summary import Summary
from trunkline.engine.talk.surface import AnyFloor

LONGEST_RING_SECONDS = 45.0
"""By then the second leg must have told that it was answered or closed: its own limit is 30 s."""

_URI = ("sip:", "sips:")
_NO_URI = "the trunk allows no SIP URIs (set allow_sip_uri on it)"
_REASONS = {
    EndReason.BUSY: "the line was busy",
    EndReason.NO_ANSWER: "nobody answered",
    EndReason.DECLINED: "the call was declined",
    EndReason.INVALID_DESTINATION: "the number could not be reached",
    EndReason.USER_HANGUP: "whoever answered hung up",
    None: "the line was closed",
}


class Step(Enum):
    """How far a hand-over is, once it was announced."""

    NONE = "none"
    REFERRING = "referring"
    DIALLING = "dialling"
    BRIEFING = "briefing"
    BRIDGED = "bridged"


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: ``message`` is spoken before, ``summary`` is told to the human who answers a ``warm`` one."""

    destination: str
    message: str | None = None
    warm: bool = False
    summary: bool = True
    origin: Origin = field(default_factory=Origin)


class Transfer:
    """One hand-over at a time; the party cannot stop it by talking. ``answer`` tells whoever ordered it what came of it:
    the reason where it failed, else None."""

    def __init__(
        self, desk: Desk, floor: AnyFloor, closing: Closing, answer: Callable[[Origin, str | None, str], None]
    ) -> None:
        self._desk = desk
        self._floor = floor
        self._closing = closing
        self._answer = answer
        self._order = Order("")
        self._step = Step.NONE
        self._briefing: Briefing | None = None
        self._language = language(desk.plan)
        self._summary = Summary(desk, floor.history, self._language)

    def begin(self, order: Order) -> str | None:
        """Announces it; gives the reason when it cannot be."""
        if self._desk.stage is not Stage.TALKING:
            return "the call is ending, or is being handed over already"
        self._order = order
        self._desk.stage = Stage.ANNOUNCING
        if self._floor.mouth.yielding:
            self._floor.mouth.cut()
        self._floor.mind.cancel()
        self._floor.mind.owed = False
        self._desk.forget(Timer.BARGE_IN, Timer.RESUME)
        if order.message:
            self._floor.mouth.say(order.message, interruptible=False)
        return None

    def proceed(self) -> None:
        """Hands over once everything was played."""
        if self._desk.stage is not Stage.ANNOUNCING or self._floor.mouth.busy:
            return
        self._desk.do(Listen(False))
        self._desk.stage = Stage.TRANSFERRING
        self._floor.deafen()
        self._desk.note(StatusChanged(self._desk.at(self._desk.now), CallStatus.TRANSFERRING))
        self._desk.do(HoldSound(True))
        if self._order.warm:
            self._dial()
        else:
            self._step = Step.REFERRING
            self._desk.do(HandOver(self._order.destination))

    # --- by REFER

    def referred(self) -> None:
        """The target answered, and the party is theirs."""
        if self._step is Step.REFERRING:
            self._answer(self._order.origin, None, "transferred")
            self._closing.hang_up(EndReason.TRANSFERRED)

    def refused(self, event: events.TransferRefused) -> None:
        """The REFER came to nothing. A target that was called is not called again: it was busy, or did not answer, a
        moment ago, and would ring twice."""
        if self._step is not Step.REFERRING or self._desk.done:
            return
        if event.called:
            self._back(event.why)
        else:
            self._tell(f"The transfer by REFER was refused ({event.why}).")
            self._dial()

    # --- over a second leg

    def target(self, event: events.Event) -> None:
        """Something happened on the second leg."""
        match event:
            case events.LineAnswered() if self._step is Step.DIALLING and not self._desk.done:
                self._answered()
            case events.LineClosed():
                self._closed(event)
            case _ if self._briefing is not None:
                self._briefing.handle(event)
                self._conclude()

    def waited(self) -> None:
        """The second leg's time ran out."""
        if self._step is Step.DIALLING:
            self._back(_REASONS[EndReason.NO_ANSWER])
        elif self._briefing is not None:
            self._briefing.waited()
            self._conclude()

    def look(self) -> None:
        """Time passed for the screening of whoever answered."""
        if self._briefing is not None:
            self._briefing.look()
            self._conclude()

    def summary_is_late(self) -> None:
        """The human has waited long enough."""
        if self._briefing is not None:
            self._briefing.summary_is_late()

    def reply(self, event: events.ReplyText | events.ReplyFinished | events.ReplyFailed) -> None:
        """The model's summary, among all replies."""
        if isinstance(event, events.ReplyText):
            self._summary.text(event.reply, event.text)
            return
        self._summary.finished(event.reply, failed=isinstance(event, events.ReplyFailed))
        if self._briefing is not None and not self._summary.pending:
            self._briefing.summed_up()

    # --- its ends

    def abandon(self) -> bool:
        """Gives a second leg up that is not bridged yet, so that last words can be said; says whether there was one."""
        if self._step not in (Step.DIALLING, Step.BRIEFING):
            return False
        self._leave_target()
        self._desk.do(HoldSound(False))
        return True

    def media_lost(self) -> None:
        """No side of a bridge sends anything any more."""
        if self._step is Step.BRIDGED:
            self._closing.hang_up(EndReason.TRANSFERRED, "no audio packet arrived from either side for 20 s")

    def leave(self) -> None:
        """The party's line is gone. A bridge that they left is a hand-over that worked."""
        if self._step is Step.BRIDGED:
            self._closing.settle(EndReason.TRANSFERRED)
        self._step = Step.NONE
        if self._briefing is not None:
            self._briefing.close()
        self._summary.drop()

    def _dial(self) -> None:
        way = self._desk.plan.transfer_trunk or self._desk.plan.trunk
        if self._order.destination.startswith(_URI) and way is not None and not way.allow_sip_uri:
            self._back(_NO_URI)
            return
        self._step = Step.DIALLING
        self._tell(f"Calling {self._order.destination} to hand the call over.")
        self._desk.do(DialTarget(self._order.destination, talks=self._order.warm))
        self._desk.timer(Timer.TARGET, self._desk.now + LONGEST_RING_SECONDS)
        self._briefing = None
        if self._order.warm:
            self._briefing = Briefing(self._desk, self._summary if self._order.summary else None, self._language)

    def _answered(self) -> None:
        self._desk.forget(Timer.TARGET)
        if self._briefing is None:
            self._bridge()
        else:
            self._step = Step.BRIEFING
            self._briefing.answered()
            self._conclude()

    def _conclude(self) -> None:
        briefing = self._briefing
        if self._step is not Step.BRIEFING or briefing is None or self._desk.done:
            return
        if briefing.accepted:
            self._bridge()
        elif briefing.failure is not None:
            self._back(briefing.failure)

    def _bridge(self) -> None:
        self._step = Step.BRIDGED
        self._desk.stage = Stage.BRIDGED
        self._desk.do(ToTarget(Listen(False)))
        self._desk.do(ToTarget(Sniff(False)))
        self._desk.do(HoldSound(False))
        self._desk.do(Bridge())
        self._tell(f"The call was handed over to {self._order.destination}.")
        self._answer(self._order.origin, None, "transferred")

    def _closed(self, event: events.LineClosed) -> None:
        if self._step is Step.BRIDGED:
            self._closing.hang_up(EndReason.TRANSFERRED)
        elif self._step in (Step.DIALLING, Step.BRIEFING) and not self._desk.done:
            if self._briefing is not None:
                self._briefing.close()
            self._back(_REASONS.get(event.reason, event.error or str(event.reason)), there=False)

    def _back(self, why: str, *, there: bool = True) -> None:
        """The party is still here: the model is told why, and goes on talking. ``there``: so is the second leg."""
        if self._step in (Step.DIALLING, Step.BRIEFING):
            self._leave_target(there=there)
        self._step = Step.NONE
        self._desk.do(HoldSound(False))
        self._desk.stage = Stage.TALKING
        self._desk.note(StatusChanged(self._desk.at(self._desk.now), CallStatus.IN_PROGRESS))
        if not self._floor.muted:
            self._desk.do(Listen(True))
        self._answer(self._order.origin, f"the transfer failed: {why}", "")
        self._floor.tell(f"The transfer failed: {why}. The customer is still on the line.", answer=True)

    def _leave_target(self, *, there: bool = True) -> None:
        self._step = Step.NONE
        self._desk.forget(Timer.TARGET)
        if self._briefing is not None:
            self._briefing.stop()
        self._summary.drop()
        if there:
            self._desk.do(ToTarget(HangUp()))

    def _tell(self, text: str) -> None:
        self._desk.message(Role.SYSTEM, text, self._desk.now, self._desk.now)
