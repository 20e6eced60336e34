"""The small world with a second leg: a target that rings, answers, talks and presses keys in virtual time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from tests.engine_talk.world import SIP, World
from tests.engine_talk.world import plan as plan_of
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Command, Transfer, TransferMode
from trunkline.domain.events import StatusChanged
from trunkline.engine.effects import (
    DialTarget,
    Effect,
    HandOver,
    HangUp,
    Speak,
    SpeakEnd,
    StopSpeaking,
    ToTarget,
)
from trunkline.engine.events import (
    DigitHeard,
    Event,
    LineAnswered,
    LineClosed,
    LineRinging,
    OfTarget,
    Ordered,
    SpeakingFailed,
    SpeakingFinished,
    SpeakingStarted,
    SpeakingStopped,
    SpeechEnded,
    SpeechStarted,
    TransferDone,
    TransferRefused,
    WordsFinal,
)

DESK = "+31207654321"
WARM = Transfer(DESK, "One moment, please.", TransferMode.WARM)
BLIND = Transfer(DESK, "One moment, please.")
CHARACTERS_PER_SECOND = 15.0


@dataclass
class TwoLegs(World):
    """``target_answers`` after so many seconds (None: never), ``target_closes`` with that reason instead."""

    target_answers: float | None = 2.0
    target_closes: EndReason | None = None
    refer_called: bool = True

    def __post_init__(self) -> None:
        self.told: list[str] = []
        self._line: tuple[int, str, float] | None = None
        self._target_up = False
        super().__post_init__()

    # --- the script of a test

    def order(self, command: Command, command_id: str = "c1") -> Self:
        """A control command comes in now."""
        self.tell(Ordered(command_id, command)).run(0)
        return self

    def of_target(self, event: Event, after: float = 0.0) -> Self:
        """Something happens on the second leg."""
        self.tell(OfTarget(event), after)
        return self

    def target_says(self, text: str, after: float = 0.0, seconds: float | None = None) -> Self:
        """The human says something, beginning ``after`` seconds from now."""
        length = max(0.4, len(text) / 15) if seconds is None else seconds
        self.of_target(SpeechStarted(self.now + after), after)
        self.of_target(SpeechEnded(self.now + after + length), after + length + 0.1)
        return self.of_target(WordsFinal(text), after + length + 0.2)

    def target_presses(self, digit: str, after: float = 0.0) -> Self:
        """The human presses a key."""
        return self.of_target(DigitHeard(digit), after)

    def hangs_up(self, after: float = 0.0) -> Self:
        """The party hangs up."""
        self.tell(LineClosed(EndReason.USER_HANGUP, None, SIP), after)
        return self

    # --- what came of it

    @property
    def statuses(self) -> list[str]:
        return [fact.status.value for fact in self.facts if isinstance(fact, StatusChanged)]

    @property
    def notes(self) -> list[str]:
        """The system messages of the transcript."""
        return [content for role, content in self.transcript if role == "system"]

    @property
    def on_target(self) -> list[Effect]:
        return [effect.effect for effect in self.effects(ToTarget)]

    @property
    def target_hung_up(self) -> bool:
        return any(isinstance(effect, HangUp) for effect in self.on_target)

    # --- the shells

    def _perform_work(self, effect: Effect) -> None:
        match effect:
            case HandOver():
                refusal = self.transfer_refusal
                done = TransferDone() if refusal is None else TransferRefused(refusal, called=self.refer_called)
                self._give(done, 1.0)
            case DialTarget():
                self._dial()
            case ToTarget(inner):
                self._perform_target(inner)
            case _:
                super()._perform_work(effect)

    def _dial(self) -> None:
        self._target_up = True
        self._line = None
        self._give(OfTarget(LineRinging(SIP)), 0.3)
        if self.target_closes is not None:
            self._give(OfTarget(LineClosed(self.target_closes, None, SIP)), 1.0)
        elif self.target_answers is not None:
            self._give(OfTarget(LineAnswered(SIP)), self.target_answers)

    def _perform_target(self, effect: Any) -> None:
        match effect:
            case Speak(number, text):
                assert self._target_up
                assert self._line is None, "two lines at a time"
                self.told.append(text)
                self._line = (number, text, self.now)
                self._give(OfTarget(SpeakingStarted(number, self.now + 0.1)), 0.1)
            case SpeakEnd(number):
                assert self._line is not None
                seconds = 0.1 + len(self._line[1]) / CHARACTERS_PER_SECOND
                self._give(OfTarget(SpeakingFinished(number, self.now + seconds)), seconds)
            case StopSpeaking(number):
                self._stop_target(number)
            case HangUp():
                self._target_up = False
                self._give(OfTarget(LineClosed(None, None, SIP)), 0.05)

    def _tell(self, event: Event, at: float) -> None:
        if isinstance(event, OfTarget):
            if isinstance(event.event, SpeakingFinished):
                if self._line is None or self._line[0] != event.event.utterance:
                    return
                self._line = None
            elif isinstance(event.event, SpeakingFailed):
                self._line = None
            elif isinstance(event.event, LineClosed):
                self._target_up = False
        super()._tell(event, at)

    def _stop_target(self, number: int) -> None:
        assert self._line is not None
        assert self._line[0] == number
        _, text, since = self._line
        self._line = None
        heard = text[: int((self.now - since) * CHARACTERS_PER_SECOND)].rpartition(" ")[0]
        self._give(OfTarget(SpeakingStopped(number, heard, text[len(heard) :], self.now)), 0.0)


def world(*talk: str, assistant: dict[str, Any] | None = None, **world_options: Any) -> TwoLegs:
    """A call in progress in which the party has said ``talk``, sentence by sentence."""
    call = TwoLegs(plan_of(**{"business_name": "Bright Smile Dental", **(assistant or {})}), **world_options)
    call.answer().run(1)
    for sentence in talk:
        call.says(sentence).run(8)
    return call


def names(effects: Sequence[Effect]) -> list[str]:
    """What kinds of effects these are."""
    return [type(effect).__name__ for effect in effects]
