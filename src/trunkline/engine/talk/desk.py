"""The desk that the parts of a conversation share: the time, the plan, the stage of the call, and the effects so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from trunkline.domain.events import CommandDone, Fact, MessageSpoken
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Message, Role
from trunkline.engine.effects import CancelTimer, Effect, Note, SetTimer, StopSpeaking, StopThinking


class Stage(Enum):
    """How far the call is."""

    CALLING = "calling"
    CONSENT = "consent"
    SCREENING = "screening"
    TALKING = "talking"
    ANNOUNCING = "announcing"
    TRANSFERRING = "transferring"
    BRIDGED = "bridged"
    CLOSING = "closing"
    HUNG_UP = "hung up"
    OVER = "over"


class Timer(StrEnum):
    """The names of all timers."""

    TURN = "turn"
    JUDGE = "judge"
    WORDS = "words"
    NOISE = "noise"
    BARGE_IN = "barge-in"
    RESUME = "resume"
    GO_ON = "go-on"
    SILENCE = "silence"
    TOOL = "tool"
    KEYS = "keys"
    LAST_WORDS = "last-words"
    GOODBYE = "goodbye"
    REPLY = "reply"
    LIMIT = "limit"
    SCREENING = "screening"
    CONSENT = "consent"
    TARGET = "target"
    TARGET_SCREENING = "target-screening"
    SUMMARY = "summary"


@dataclass(slots=True, eq=False)
class Slot:
    """The place in the transcript of a turn that began at ``started_at`` and whose words are still to come."""

    started_at: float
    message: Message | None = None
    filled: bool = False


_AFTER_HANGING_UP = (Note, StopThinking, StopSpeaking, CancelTimer)
_TIMER_SLACK_SECONDS = 0.001


class Desk:
    """One call's desk; ``now`` is the time of the event that is being handled."""

    def __init__(self, plan: CallPlan, now: float, wall: datetime) -> None:
        self.plan = plan
        self.now = now
        self.stage = Stage.CALLING
        self._origin = now
        self._wall = wall
        self._effects: list[Effect] = []
        self._timers: dict[str, float] = {}
        self._slots: list[Slot] = []

    @property
    def listening(self) -> bool:
        """Whether the party's words belong to the conversation now."""
        return self.stage in (Stage.TALKING, Stage.ANNOUNCING, Stage.CLOSING)

    @property
    def done(self) -> bool:
        """Whether nothing more can be said."""
        return self.stage in (Stage.HUNG_UP, Stage.OVER)

    def at(self, moment: float) -> datetime:
        """The wall-clock time of a monotonic moment."""
        return self._wall + timedelta(seconds=moment - self._origin)

    def do(self, effect: Effect) -> None:
        """Wants something done; once hung up, only what tidies up."""
        if not self.done or isinstance(effect, _AFTER_HANGING_UP):
            self._effects.append(effect)

    def note(self, fact: Fact) -> None:
        """Keeps a fact."""
        self.do(Note(fact))

    def message(self, role: Role, text: str, started_at: float, ended_at: float, *, interrupted: bool = False) -> None:
        """Puts a turn into the transcript."""
        slot = self.reserve(started_at)
        self.fill(slot, Message(role, text, self.at(started_at), self.at(ended_at), interrupted))

    def reserve(self, started_at: float) -> Slot:
        """Keeps a place in the transcript for a turn, in the order in which turns began: what comes after it waits."""
        slot = Slot(started_at)
        index = len(self._slots)
        while index and self._slots[index - 1].started_at > started_at:
            index -= 1
        self._slots.insert(index, slot)
        return slot

    def fill(self, slot: Slot, message: Message | None) -> None:
        """The words of a turn are there (None: there were none); what waited for them goes into the transcript."""
        slot.message, slot.filled = message, True
        while self._slots and self._slots[0].filled:
            ready = self._slots.pop(0).message
            if ready is not None:
                self.note(MessageSpoken(self.at(self.now), ready))

    def command(self, command_id: str, name: str, failure: str | None = None, detail: str | None = None) -> None:
        """Tells what became of a control command."""
        outcome = "done" if failure is None else "failed"
        self.note(CommandDone(self.at(self.now), command_id, name, outcome, failure or detail))

    def timer(self, name: Timer, at: float) -> None:
        """Sets a timer, or moves it."""
        if not self.done and self._timers.get(name) != at:
            self._timers[name] = at
            self.do(SetTimer(name, at))

    def forget(self, *names: Timer) -> None:
        """Cancels those timers that are set."""
        for name in names:
            if self._timers.pop(name, None) is not None:
                self.do(CancelTimer(name))

    def fired(self, name: str) -> bool:
        """Whether this timer is due; one that was cancelled or moved while it fired is not, nor one that fired early,
        which is set again: a turn that waits for it would never end."""
        at = self._timers.get(name)
        if at is None:
            return False
        if self.now + _TIMER_SLACK_SECONDS < at:
            self.do(SetTimer(name, at))
            return False
        del self._timers[name]
        return True

    def take(self) -> list[Effect]:
        """The effects since the last time, in order."""
        effects, self._effects = self._effects, []
        return effects
