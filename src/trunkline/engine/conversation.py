"""The conversation machine: told what happens on one call, it decides what is to be done. It waits for nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trunkline.base.errors import Upstream
from trunkline.domain.assistant import REALTIME
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import EndCall, EndUnpaid
from trunkline.domain.events import CallEnded, StatusChanged
from trunkline.domain.plan import CallPlan
from trunkline.engine import events
from trunkline.engine.effects import Effect, Listen, Prepare, Record
from trunkline.engine.latency import DuplexMeter, Meter
from trunkline.engine.prompt import apology, first_message
from trunkline.engine.talk.closing import Closing
from trunkline.engine.talk.consent import Consent
from trunkline.engine.talk.deeds import Deeds
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.duplex import DuplexFloor
from trunkline.engine.talk.ear import Said
from trunkline.engine.talk.floor import Floor
from trunkline.engine.talk.keys import KeysHeard
from trunkline.engine.talk.limits import Duration, Silence
from trunkline.engine.talk.mouth import Utterance
from trunkline.engine.talk.screening import Reception
from trunkline.engine.talk.surface import AnyFloor, happened
from trunkline.engine.turns import has_phrase
from trunkline.engine.wording import goodbye_notice

_HEARING = (
    events.SpeechStarted,
    events.SpeechEnded,
    events.WordsPartial,
    events.WordsFinal,
    events.TurnJudged,
)


class Conversation:
    """One call, from the dial to its end.

    ``now`` is monotonic seconds, the same clock as the times in events; ``wall`` is the wall-clock time at ``now``.
    The effects are to be performed in their order. Events after ``ended`` change nothing.
    """

    def __init__(self, plan: CallPlan, now: float, wall: datetime) -> None:
        self._desk = Desk(plan, now, wall)
        self._duplex = self._hears_by_itself() if plan.assistant.llm_config.provider in REALTIME else None
        self._floor: AnyFloor = self._duplex or Floor(self._desk, self._turn_over, self._spoken)
        self._closing = Closing(self._desk, self._floor.mind, self._floor.mouth)
        self._deeds = Deeds(self._desk, self._floor, self._closing)
        self._keys = KeysHeard(self._desk)
        self._silence = Silence(self._desk, self._floor.mouth, self._closing)
        self._duration = Duration(self._desk, self._closing)
        self._meter = Meter(self._desk) if self._duplex is None else DuplexMeter(self._desk)
        self._reception = Reception(self._desk, self._floor, self._closing, self._open_talk)
        self._consent = Consent(self._desk, self._floor.mouth, self._closing, self._begin)
        self._ringing = False
        self._held = False
        self._deaf: str | None = None
        self._react = self._reactions()

    def _reactions(self) -> dict[type, Callable[[Any], None]]:
        floor, deeds = self._floor, self._deeds
        return {
            events.LineRinging: self._rings,
            events.LineAnswered: self._answered,
            events.LineClosed: self._closed,
            events.LineHeld: self._hold,
            events.DigitHeard: self._pressed,
            events.MediaLost: self._media_lost,
            events.SpeechStarted: lambda event: floor.speech_started(event.at),
            events.SpeechEnded: lambda event: floor.speech_ended(event.at),
            events.WordsPartial: lambda event: floor.partial(event.text),
            events.WordsFinal: floor.final,
            events.TurnJudged: lambda event: floor.judged(event.probability),
            events.ToneNoticed: self._reception.hear,
            events.ToneHeard: self._reception.hear,
            **(self._reactions_to(self._duplex) if self._duplex is not None else {}),
            events.ReplyText: self._reply_text,
            events.ReplyTools: lambda event: floor.mind.tools(event.reply, event.calls),
            events.ReplyFinished: self._reply_finished,
            events.ReplyFailed: self._reply_failed,
            events.SpeakingStarted: self._sounds,
            events.SpeakingFinished: lambda event: floor.mouth.finished(event.utterance, event.at),
            events.SpeakingStopped: self._silent,
            events.SpeakingFailed: self._speaking_failed,
            events.ToolsFinished: deeds.tools_finished,
            events.ToolsOffered: deeds.tools_offered,
            events.Ordered: self._ordered,
            events.TransferDone: lambda event: deeds.transfer.referred(),
            events.TransferRefused: deeds.transfer.refused,
            events.OfTarget: lambda event: deeds.transfer.target(event.event),
            events.DigitsSent: deeds.digits_sent,
            events.HearingFailed: self._hearing_failed,
            events.TimerFired: self._time,
            events.ShuttingDown: self._shutting_down,
        }

    def _hears_by_itself(self) -> DuplexFloor:
        return DuplexFloor(self._desk, self._turn_over, self._spoken)

    def _reactions_to(self, duplex: DuplexFloor) -> dict[type, Callable[[Any], None]]:
        """What a realtime model tells."""
        return {
            events.ModelReady: lambda event: duplex.ready(),
            events.ModelLost: lambda event: duplex.lost(unheard=event.unheard),
            events.ModelFailed: lambda event: self._deafened("realtime model", event.error),
            events.PartyBegan: lambda event: duplex.party_began(event.at),
            events.PartyPaused: lambda event: duplex.party_paused(event.at),
            events.PartySaid: lambda event: self._party_said(duplex, event),
            events.ReplyBegan: duplex.reply_began,
        }

    @property
    def ended(self) -> bool:
        """Whether the line is closed and the last fact noted."""
        return self._desk.stage is Stage.OVER

    def start(self) -> list[Effect]:
        """What is to be done while it rings."""
        refusal = self._desk.plan.refusal
        self._consent.prepare()
        words = first_message(self._desk.plan) if refusal is None else refusal.words
        if words:
            self._desk.do(Prepare(words))
        return self._desk.take()

    def handle(self, event: events.Event, now: float) -> list[Effect]:
        """What is to be done about ``event``."""
        if self.ended:
            return []
        self._desk.now = max(now, self._desk.now)
        if not isinstance(event, _HEARING):
            self._react[type(event)](event)
            self._settle()
        elif not self._floor.muted:
            self._heard(event)
        effects = self._desk.take()
        self._meter.watch(event, effects)
        return effects + self._desk.take()

    def _heard(self, event: events.Event) -> None:
        """The party was heard; until it is known who it is, only the reception listens."""
        listening = self._desk.listening
        self._reception.hear(event)
        if listening:
            self._react[type(event)](event)
        self._settle()

    def _party_said(self, duplex: DuplexFloor, event: events.PartySaid) -> None:
        """Words from a realtime model."""
        words = events.WordsFinal(event.text) if event.final else events.WordsPartial(event.text)
        listening = self._desk.listening
        self._reception.hear(words)
        if listening or not self._reception.listens:
            duplex.said(event)
        else:
            duplex.overheard(event)

    def _settle(self) -> None:
        """Goes on with all there is room for now; the parts say what that is."""
        if self.ended:
            return
        self._reception.review()
        self._consent.review()
        for order in self._reception.due():
            self._deeds.ordered(order)
        if self._deaf is not None and self._desk.stage is Stage.TALKING:
            self._closing.begin(EndReason.PROVIDER_ERROR, apology(self._desk.plan), error=self._deaf)
        reply = self._floor.mind.conclude()
        if reply is not None and self._desk.stage is Stage.TALKING:
            self._deeds.run(reply)
        self._deeds.proceed()
        self._floor.settle()
        self._deeds.leave_if_all_is_said()
        self._duration.review()
        self._silence.review(self._quiet())

    def _quiet(self) -> bool:
        floor = self._floor
        resting = self._held or floor.muted or self._keys.gathering or self._desk.stage is not Stage.TALKING
        thinking = floor.mind.busy or floor.mind.owed or floor.mind.waiting
        return not (resting or thinking or floor.mouth.busy or floor.engaged)

    # --- the line

    def _rings(self, event: events.LineRinging) -> None:
        if self._desk.stage is Stage.CALLING and not self._ringing:
            self._ringing = True
            self._desk.note(StatusChanged(self._desk.at(self._desk.now), CallStatus.RINGING, event.sip))

    def _answered(self, event: events.LineAnswered) -> None:
        if self._desk.stage is not Stage.CALLING:
            return
        refusal = self._desk.plan.refusal
        if refusal is not None:
            self._closing.begin(refusal.reason, refusal.words)
            return
        self._desk.stage = Stage.TALKING
        self._desk.note(StatusChanged(self._desk.at(self._desk.now), CallStatus.IN_PROGRESS, event.sip))
        if self._consent.wanted:
            self._duration.begin()
            self._consent.begin()
        else:
            self._begin()

    def _begin(self) -> None:
        """The talk begins: from now on the party is listened to and recorded."""
        self._desk.do(Listen(True))
        self._desk.do(Record())
        if not self._consent.wanted:
            self._duration.begin()
        if self._reception.wanted:
            self._reception.begin()
        else:
            self._open_talk()

    def _open_talk(self) -> None:
        """The first words are said."""
        words = first_message(self._desk.plan)
        if words:
            self._floor.mouth.say(words, opening=True)

    def _closed(self, event: events.LineClosed) -> None:
        if event.reason is EndReason.TRANSFERRED:  # the leg may close before the hand-over is told to have worked
            self._deeds.transfer.referred()
        screened = self._reception.reason
        self._reception.leave()
        self._desk.stage = Stage.OVER
        for order in self._reception.due():
            self._deeds.ordered(order)
        self._floor.leave()
        self._deeds.leave()
        ours = self._closing.reason
        theirs = event.reason or EndReason.USER_HANGUP
        reason = ours or (screened if screened and theirs is EndReason.USER_HANGUP else theirs)
        error = self._closing.error if ours is not None else event.error
        self._desk.note(CallEnded(self._desk.at(self._desk.now), reason, error, event.sip))

    def _hold(self, event: events.LineHeld) -> None:
        self._held = event.held

    def _media_lost(self, _event: events.MediaLost) -> None:
        deaf_too = self._desk.stage in (Stage.SCREENING, Stage.CONSENT)
        if (self._desk.listening or deaf_too) and not self._held:
            self._closing.hang_up(EndReason.MEDIA_TIMEOUT, "no audio packet arrived for 20 s")
        self._deeds.transfer.media_lost()

    def _shutting_down(self, _event: events.ShuttingDown) -> None:
        self._closing.hang_up(EndReason.WORKER_LOST, "the worker was shut down")

    def _ordered(self, event: events.Ordered) -> None:
        """A command came in; until it is known who answered, all but the end of the call waits."""
        if isinstance(event.command, EndCall | EndUnpaid) or not self._reception.defer(event):
            self._deeds.ordered(event)

    # --- keys and time

    def _pressed(self, event: events.DigitHeard) -> None:
        if self._consent.pending:
            self._consent.press(event.digit)
        elif self._desk.listening and self._keys.press(event.digit):
            self._all_pressed()

    def _all_pressed(self) -> None:
        if self._keys.gathering:
            happened(self._floor, self._desk, self._keys.take())

    def _time(self, event: events.TimerFired) -> None:
        if self._desk.fired(event.name):
            self._alarms[Timer(event.name)]()

    @property
    def _alarms(self) -> dict[Timer, Callable[[], None]]:
        return {
            **self._floor.alarms,
            Timer.SILENCE: self._silence.passed,
            Timer.TOOL: self._deeds.tool_is_slow,
            Timer.KEYS: self._all_pressed,
            Timer.LAST_WORDS: self._closing.hang_up,
            Timer.GOODBYE: self._say_goodbye,
            Timer.LIMIT: self._duration.passed,
            Timer.TARGET: self._deeds.transfer.waited,
            Timer.TARGET_SCREENING: self._deeds.transfer.look,
            Timer.SUMMARY: self._deeds.transfer.summary_is_late,
            Timer.SCREENING: self._reception.review,
            Timer.CONSENT: self._consent.passed,
        }

    def _say_goodbye(self) -> None:
        if self._desk.stage is Stage.TALKING:
            self._floor.history.add("system", goodbye_notice(self._desk.plan))
            self._floor.mind.owed = True

    # --- turns

    def _turn_over(self, said: Said) -> None:
        self._deeds.tools.rounds = 0
        self._silence.heard()
        self._reception.turn_over()
        self._meter.turn_over(said)

    def _spoken(self, utterance: Utterance, cut: bool) -> None:
        self._deeds.spoken(utterance, cut)
        self._reception.spoken(utterance, cut)
        self._consent.spoken(utterance)
        phrases = self._desk.plan.assistant.speech_config.end_call_phrases
        if self._desk.stage is Stage.TALKING and any(has_phrase(utterance.entry.content, one) for one in phrases):
            self._closing.begin(EndReason.ASSISTANT_ENDED)

    def _sounds(self, event: events.SpeakingStarted) -> None:
        self._floor.mouth.started(event.utterance, event.at)
        self._closing.sounding()

    def _silent(self, event: events.SpeakingStopped) -> None:
        number, heard, rest = event.utterance, event.heard, event.rest
        self._floor.mouth.stopped(number, heard, rest, event.at, event.broken, event.played_seconds)

    def _reply_text(self, event: events.ReplyText) -> None:
        self._floor.mind.text(event.reply, event.text)
        self._deeds.transfer.reply(event)

    def _reply_finished(self, event: events.ReplyFinished) -> None:
        self._floor.mind.finished(event.reply, cut=event.cut, failed=event.failed)
        self._deeds.transfer.reply(event)

    # --- failures

    def _reply_failed(self, event: events.ReplyFailed) -> None:
        self._deeds.transfer.reply(event)
        if self._floor.mind.failed(event.reply):
            error = _failure("language model", event.error)
            self._closing.begin(EndReason.PROVIDER_ERROR, apology(self._desk.plan), error=error)

    def _speaking_failed(self, event: events.SpeakingFailed) -> None:
        self._floor.mouth.failed(event.utterance, event.heard)
        error = _failure("voice", event.error)
        if self._desk.stage is Stage.CLOSING:
            self._closing.hang_up(EndReason.PROVIDER_ERROR, error)
        elif self._desk.stage is not Stage.CALLING:
            self._closing.begin(EndReason.PROVIDER_ERROR, apology(self._desk.plan), error=error)

    def _hearing_failed(self, event: events.HearingFailed) -> None:
        self._deafened("speech recogniser", event.error)

    def _deafened(self, stage: str, error: Upstream) -> None:
        """Nobody hears the party any more: it is told so as soon as the assistant may speak."""
        self._deaf = _failure(stage, error)
        if self._desk.stage is Stage.CALLING:
            self._closing.hang_up(EndReason.PROVIDER_ERROR, self._deaf)


def _failure(stage: str, error: Upstream) -> str:
    return f"the {stage} ({error.provider}) failed: {error.message}"
