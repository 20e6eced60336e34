"""A small world in virtual time: shells that answer the conversation's effects with events, and a party with a script."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self

from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.events import CallEnded, CommandDone, Fact, MessageSpoken, SipFacts, TurnMeasured
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Role
from trunkline.engine.conversation import Conversation
from trunkline.engine.effects import (
    CancelTimer,
    Effect,
    HandOver,
    HangUp,
    JudgeTurn,
    Note,
    RunTools,
    SendDigits,
    SetTimer,
    Speak,
    SpeakEnd,
    StopSpeaking,
    StopThinking,
    Think,
)
from trunkline.engine.events import (
    DigitsSent,
    Event,
    LineAnswered,
    LineClosed,
    LineRinging,
    ReplyFailed,
    ReplyFinished,
    ReplyText,
    ReplyTools,
    SpeakingFailed,
    SpeakingFinished,
    SpeakingStarted,
    SpeakingStopped,
    SpeechEnded,
    SpeechStarted,
    TimerFired,
    ToolsFinished,
    TransferDone,
    TransferRefused,
    TurnJudged,
    WordsFinal,
    WordsPartial,
)
from trunkline.ports.models import ToolCall, Turn
from trunkline.ports.toolrunner import ToolResult

WALL = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SIP = SipFacts(call_id="abc", status_code=200)
Brain = Callable[[Sequence[Turn]], Sequence[str | ToolCall]]


def wall(seconds: float) -> datetime:
    """The wall-clock time ``seconds`` after the start."""
    return WALL + timedelta(seconds=seconds)


def plan(direction: Direction = Direction.OUTBOUND, **assistant: Any) -> CallPlan:
    """A plan whose assistant has the given settings beside those it needs."""
    settings = {"llm_config": {"provider": "local", "messages": [{"content": "Be kind."}]}, **assistant}
    return CallPlan(
        call_id="call-outbound-1",
        org_id="org",
        direction=direction,
        destination="+31612345678",
        caller_id="+31850835037",
        number_id=None,
        number_name=None,
        trunk=None,
        assistant=TransientAssistant.model_validate(settings),
    )


def echo_brain(history: Sequence[Turn]) -> Sequence[str]:
    """Says back what was said last."""
    return [f"You said {history[-1].content}"]


@dataclass
class _Playing:
    number: int
    text: str = ""
    until: float = 0.0
    started: float | None = None
    ended: bool = False


@dataclass
class World:
    """Everything around one conversation. The seconds are those that each shell takes."""

    plan: CallPlan
    brain: Brain = echo_brain
    llm_seconds: float = 0.3
    clause_seconds: float = 0.05
    tts_seconds: float = 0.1
    characters_per_second: float = 15.0
    stt_seconds: float = 0.1
    tool_seconds: float = 0.4
    turn_probability: float | None = None
    tool_result: Any = "done"
    transfer_refusal: str | None = None
    now: float = 100.0
    log: list[tuple[float, Effect]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.talk = Conversation(self.plan, self.now, WALL)
        self._events: list[tuple[float, int, Event]] = []
        self._order = count()
        self._timers: dict[str, float] = {}
        self._dead: set[int] = set()
        self._thinking: int | None = None
        self._hung_up = False
        self._playing: _Playing | None = None
        self._perform(self.talk.start())

    # --- the script of a test

    def answer(self) -> Self:
        """It rings and the party picks up, now."""
        self._give(LineRinging(SIP), 0)
        self._give(LineAnswered(SIP), 0)
        return self.run(0)

    def says(self, text: str, *, after: float = 0.0, seconds: float | None = None, partials: bool = True) -> Self:
        """The party says ``text``, beginning ``after`` seconds from now."""
        length = max(0.35, len(text) / 15) if seconds is None else seconds
        self._give(SpeechStarted(self.now + after), after)
        words = text.split()
        for share in range(1, len(words)) if partials else ():
            self._give(WordsPartial(" ".join(words[:share])), after + length * share / len(words))
        self._give(SpeechEnded(self.now + after + length), after + length + 0.1)
        self._give(WordsFinal(text), after + length + 0.1 + self.stt_seconds)
        return self

    def tell(self, event: Event, after: float = 0.0) -> Self:
        """Anything else happens."""
        self._give(event, after)
        return self

    def run(self, seconds: float) -> Self:
        """Lets time pass."""
        until = self.now + seconds
        while True:
            timer = min(self._timers.items(), key=lambda one: one[1], default=None)
            event_at = self._events[0][0] if self._events else float("inf")
            if timer is not None and timer[1] < event_at and timer[1] <= until:
                del self._timers[timer[0]]
                self._tell(TimerFired(timer[0]), timer[1])
            elif event_at <= until:
                _, _, event = heapq.heappop(self._events)
                self._tell(event, event_at)
            else:
                self.now = until
                return self

    # --- what came of it

    @property
    def facts(self) -> list[Fact]:
        return [effect.fact for _, effect in self.log if isinstance(effect, Note)]

    @property
    def transcript(self) -> list[tuple[str, str]]:
        return [
            (fact.message.role.value, fact.message.content) for fact in self.facts if isinstance(fact, MessageSpoken)
        ]

    @property
    def interrupted(self) -> list[str]:
        spoken = [fact.message for fact in self.facts if isinstance(fact, MessageSpoken)]
        return [message.content for message in spoken if message.interrupted]

    @property
    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        return {fact.command_id: (fact.outcome, fact.detail) for fact in self.facts if isinstance(fact, CommandDone)}

    @property
    def waits(self) -> list[float]:
        """The end-of-turn wait of each turn of the party: from the end of their speech to the decision."""
        spoken = [fact for fact in self.facts if isinstance(fact, MessageSpoken) and fact.message.role is Role.USER]
        ends = [(fact.at, fact.message.ended_at or fact.at) for fact in spoken]
        return [round((decided - ended).total_seconds(), 2) for decided, ended in ends]

    @property
    def measured(self) -> list[TurnMeasured]:
        return [fact for fact in self.facts if isinstance(fact, TurnMeasured)]

    @property
    def end(self) -> CallEnded | None:
        last = self.facts[-1] if self.facts else None
        return last if isinstance(last, CallEnded) else None

    def effects(self, *kinds: type) -> list[Any]:
        return [effect for _, effect in self.log if isinstance(effect, kinds)]

    def when(self, kind: type, index: int = -1) -> float:
        return [moment for moment, effect in self.log if isinstance(effect, kind)][index]

    def asked(self, index: int = -1) -> list[tuple[str, str]]:
        """The history of a Think, without tools."""
        return [(turn.role, turn.content) for turn in self.effects(Think)[index].history]

    # --- the shells

    def _give(self, event: Event, after: float) -> None:
        heapq.heappush(self._events, (self.now + after, next(self._order), event))

    def _tell(self, event: Event, at: float) -> None:
        self.now = max(self.now, at)
        reply = getattr(event, "reply", None)
        if reply in self._dead:
            return
        if isinstance(event, ReplyFinished | ReplyFailed):
            self._thinking = None
        if isinstance(event, SpeakingFinished | SpeakingFailed):
            self._playing = None
        self._perform(self.talk.handle(event, self.now))

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self.log.append((self.now, effect))
            match effect:
                case SetTimer(name, at):
                    self._timers[name] = at
                case CancelTimer(name):
                    self._timers.pop(name, None)
                case JudgeTurn() if self.turn_probability is not None:
                    self._give(TurnJudged(self.turn_probability), 0.05)
                case _:
                    self._perform_work(effect)
                    self._perform_talk(effect)

    def _perform_work(self, effect: Effect) -> None:
        match effect:
            case HangUp():
                assert not self._hung_up
                self._hung_up = True
                self._give(LineClosed(None, None, SIP), 0.05)
            case RunTools(batch, calls):
                results = [ToolResult(call.id, self.tool_result) for call in calls]
                self._give(ToolsFinished(batch, results), self.tool_seconds)
            case SendDigits(digits):
                self._give(DigitsSent(digits), 0.2 * len(digits))
            case HandOver():
                refusal = self.transfer_refusal
                self._give(TransferDone() if refusal is None else TransferRefused(refusal), 1.0)

    def _perform_talk(self, effect: Effect) -> None:
        match effect:
            case Think(reply, history):
                assert self._thinking is None, "two replies at a time"
                assert not self._hung_up
                self._thinking = reply
                self._think(reply, self.brain(history))
            case StopThinking(reply):
                self._dead.add(reply)
                self._thinking = None
            case Speak(utterance, text):
                self._speak(utterance, text)
            case SpeakEnd(utterance):
                assert self._playing is not None
                assert self._playing.number == utterance
                self._playing.ended = True
                self._finish_later(self._playing)
            case StopSpeaking(utterance):
                self._stop(utterance)

    def _think(self, reply: int, parts: Sequence[str | ToolCall]) -> None:
        after = self.llm_seconds
        calls = [part for part in parts if isinstance(part, ToolCall)]
        for part in parts:
            if isinstance(part, str):
                self._give(ReplyText(reply, part), after)
                after += self.clause_seconds
        if calls:
            self._give(ReplyTools(reply, calls), after)
        self._give(ReplyFinished(reply), after)

    def _speak(self, utterance: int, text: str) -> None:
        assert not self._hung_up, "words after the hang-up"
        playing = self._playing
        if playing is None:
            playing = self._playing = _Playing(utterance, until=self.now + self.tts_seconds)
            playing.started = playing.until
            self._give(SpeakingStarted(utterance, playing.until), self.tts_seconds)
        assert playing.number == utterance, "two utterances at a time"
        playing.text = f"{playing.text} {text}".strip()
        playing.until = max(playing.until, self.now) + len(text) / self.characters_per_second

    def _finish_later(self, playing: _Playing) -> None:
        self._give(SpeakingFinished(playing.number, playing.until), playing.until - self.now)

    def _stop(self, utterance: int) -> None:
        playing = self._playing
        assert playing is not None
        assert playing.number == utterance
        started = self.now if playing.started is None else playing.started
        characters = max(0, int((self.now - started) * self.characters_per_second))
        heard = playing.text[:characters].rpartition(" ")[0] if characters < len(playing.text) else playing.text
        self._playing = None
        self._forget_playback(utterance)
        self._give(SpeakingStopped(utterance, heard, playing.text[len(heard) :].strip(), self.now), 0.02)

    def _forget_playback(self, utterance: int) -> None:
        playback = (SpeakingStarted, SpeakingFinished)
        self._events = [
            one for one in self._events if not (isinstance(one[2], playback) and one[2].utterance == utterance)
        ]
        heapq.heapify(self._events)
