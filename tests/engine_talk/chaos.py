"""Shells that do whatever they may at any moment, and a conscience that checks the conversation's promises."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from tests.engine_talk.world import SIP, WALL
from trunkline.base.errors import Upstream
from trunkline.domain.assistant import FunctionSpec
from trunkline.domain.call import EndReason
from trunkline.domain.commands import (
    Command,
    EndCall,
    InjectContext,
    Mute,
    Say,
    SendDtmf,
    Transfer,
    TransferMode,
    Unmute,
)
from trunkline.domain.events import CallEnded, CommandDone, Fact
from trunkline.domain.plan import CallPlan
from trunkline.engine.conversation import Conversation
from trunkline.engine.effects import (
    Bridge,
    CancelTimer,
    DialTarget,
    Effect,
    HandOver,
    HangUp,
    Note,
    RunTools,
    SendDigits,
    SetTimer,
    Speak,
    SpeakEnd,
    StopSpeaking,
    StopThinking,
    Think,
    ToTarget,
)
from trunkline.engine.events import (
    DigitHeard,
    DigitsSent,
    Event,
    HearingFailed,
    LineAnswered,
    LineClosed,
    LineHeld,
    LineRinging,
    MediaLost,
    OfTarget,
    Ordered,
    ReplyFailed,
    ReplyFinished,
    ReplyText,
    ReplyTools,
    ShuttingDown,
    SpeakingFailed,
    SpeakingFinished,
    SpeakingStarted,
    SpeakingStopped,
    SpeechEnded,
    SpeechStarted,
    TimerFired,
    ToolsFinished,
    ToolsOffered,
    TransferDone,
    TransferRefused,
    TurnJudged,
    WordsFinal,
    WordsPartial,
)
from trunkline.ports.models import ToolCall, Turn
from trunkline.ports.toolrunner import ToolResult

PHRASES = ("yes", "", "um", "hello", "my number is 0 6", "stop that please", "I would like to and")
AGENT_PHRASES = (
    "hello",
    "",
    "yes put them through",
    "no not now",
    "who is it",
    "please leave a message after the tone",
)
REPLIES = ("All right.", "Let me see,", "goodbye then.", " ")
TOOLS = ("look_up", "book", "theirs", "theirs", "end_call", "transfer_call", "send_dtmf", "unknown")
MILD_COMMANDS: tuple[Command, ...] = (
    InjectContext("It rains."),
    InjectContext("It rains.", trigger_response=True),
    Say("Please note the following."),
    Say("No interruption now.", interruptible=False),
    SendDtmf("12w"),
    SendDtmf("x"),
    Mute(),
    Unmute(),
    Unmute(),
)
COMMANDS: tuple[Command, ...] = (
    *MILD_COMMANDS,
    Say("That was all.", end_after=True),
    EndCall(),
    EndCall("Bye now."),
    Transfer("+31850000000"),
    Transfer("+31850000000", message="I connect you."),
    Transfer("+31850000000", mode=TransferMode.WARM),
)
FAILURE = Upstream("it broke", provider="acme", retryable=False)
T = TypeVar("T")


class SecondLeg:
    """A second leg that does whatever it may."""

    def __init__(self, chaos: "Chaos") -> None:
        self.bridged = False
        self._chaos = chaos
        self._state: str | None = None
        self._line: int | None = None
        self._started = self._stopping = self._speech = False

    @property
    def there(self) -> bool:
        """Whether anything can still come of it."""
        return self._state is not None

    def step(self) -> None:
        """One thing happens on it."""
        if self._state == "leaving":
            self.close(None)
        elif self._state == "dialling":
            self._ring()
        elif self._line is not None and self._chaos.draw((True, False)):
            self._play(self._line)
        else:
            self._act()

    def close(self, reason: EndReason | None) -> None:
        """It goes."""
        if self._line is not None and self._stopping:
            self._play(self._line)
        self._state = None
        self._line = None
        self._tell(LineClosed(reason, None, SIP))

    def leave(self) -> None:
        """Whoever answered hangs up, if anybody did."""
        if self.there:
            self.close(EndReason.USER_HANGUP)

    def perform(self, effect: Effect) -> None:
        """Checks what is wanted of it."""
        match effect:
            case HangUp() if self.there:
                self._state = "leaving"
            case DialTarget():
                assert self._state in (None, "leaving"), "two second legs"
                self._state, self._line, self._stopping = "dialling", None, False
            case Bridge():
                assert self._state == "up"
                assert self._line is None or self._stopping
                self.bridged = True
            case ToTarget(Speak(number)):
                assert self._state == "up"
                assert self._line is None, "two lines at a time"
                self._line, self._started, self._stopping = number, False, False
            case ToTarget(StopSpeaking(number)):
                assert self._line == number
                assert not self._stopping
                self._stopping = True
            case ToTarget(HangUp()):
                assert self._state in ("dialling", "up")
                self._state = "leaving"

    def _tell(self, event: Event) -> None:
        self._chaos.tell(OfTarget(event))

    def _ring(self) -> None:
        events: tuple[Event, ...] = (LineRinging(SIP), LineAnswered(SIP), LineAnswered(SIP))
        if self._chaos.draw(range(5)) == 0:
            self.close(EndReason.BUSY)
            return
        event = self._chaos.draw(events)
        if isinstance(event, LineAnswered):
            self._state = "up"
        self._tell(event)

    def _play(self, number: int) -> None:
        if self._stopping:
            self._line = None
            self._tell(SpeakingStopped(number, "This is", "the rest", self._chaos.now))
        elif not self._started:
            self._started = True
            self._tell(SpeakingStarted(number, self._chaos.now))
        else:
            self._line = None
            failed = self._chaos.draw(range(12)) == 0
            self._tell(SpeakingFailed(number, "", FAILURE) if failed else SpeakingFinished(number, self._chaos.now))

    def _act(self) -> None:
        now = self._chaos.now
        if self._chaos.draw(range(25)) == 0:
            self.close(EndReason.USER_HANGUP)
            return
        if self._speech:
            acts: tuple[Event, ...] = (SpeechEnded(now), WordsPartial("yes"), SpeechEnded(now))
        else:
            words = WordsFinal(self._chaos.draw(AGENT_PHRASES))
            keys = DigitHeard(self._chaos.draw(("1", "2", "3")))
            acts = (SpeechStarted(now), words, words, keys, MediaLost(), HearingFailed(FAILURE))
        event = self._chaos.draw(acts)
        if isinstance(event, SpeechStarted | SpeechEnded):
            self._speech = isinstance(event, SpeechStarted)
        self._tell(event)


class Chaos:
    """One conversation among such shells; ``choose(n)`` picks one of n ways, 0 to n - 1."""

    def __init__(self, plan: CallPlan, choose: Callable[[int], int]) -> None:
        self.now = 50.0
        self.talk = Conversation(plan, self.now, WALL)
        self.facts: list[Fact] = []
        self.orders: list[str] = []
        self._choose = choose
        self._timers: dict[str, float] = {}
        self._thinking: int | None = None
        self._dead: set[int] = set()
        self._from_dead: set[str] = set()
        self._utterance: int | None = None
        self._text = ""
        self._sounding = self._complete = self._stopping = False
        self._batches: dict[int, Sequence[ToolCall]] = {}
        self._ran: set[str] = set()
        self._results: dict[str, str] = {}
        self._digits: list[str] = []
        self._handing_over = self._hung_up = self._closed = self._speech = self._answered = False
        self._serial = 0
        self._second = SecondLeg(self)
        self.perform(self.talk.start())
        self.tell(ToolsOffered([FunctionSpec(name="theirs"), FunctionSpec(name="book"), FunctionSpec(name="end_call")]))

    def draw(self, values: Sequence[T]) -> T:
        return values[self._choose(len(values))]

    def answered(self, command: Command) -> None:
        """The party picks up, and the first thing that happens is a command."""
        self._answered = True
        self.tell(LineAnswered(SIP))
        self.orders.append("c0")
        self.tell(Ordered("c0", command))

    @property
    def bridged(self) -> bool:
        return self._second.bridged

    # --- what may happen now

    def step(self) -> None:
        """One thing happens, or time passes."""
        self.draw(self._possible())()

    def _possible(self) -> list[Callable[[], None]]:
        acts: list[Callable[[], None]] = [self._wait, self._order]
        acts += [self._line, self._voices] if self._answered else [self._call]
        if self._answered:
            acts += [self._hear] * 4
        if self._thinking is not None:
            acts += [self._reply] * 3
        if self._utterance is not None:
            acts += [self._speak] * 3
        if self._batches or self._digits or self._handing_over:
            acts.append(self._work)
        if self._second.there:
            acts += [self._second.step] * 4
        return acts

    def _wait(self) -> None:
        self.now += self.draw((0.02, 0.3, 1.0, 5.0))
        self._fire()

    def _fire(self) -> None:
        for name, at in sorted(self._timers.items(), key=lambda one: one[1]):
            if at <= self.now and self._timers.get(name) == at:
                del self._timers[name]
                self.tell(TimerFired(name))

    def _call(self) -> None:
        events: tuple[Event, ...] = (LineRinging(SIP), LineAnswered(SIP), LineClosed(EndReason.BUSY, None, SIP))
        event = self.draw(events if self._choose(10) == 0 else events[:2])
        self._answered = isinstance(event, LineAnswered)
        self._closed = isinstance(event, LineClosed)
        self.tell(event)

    def _line(self) -> None:
        events: tuple[Event, ...] = (LineHeld(True), LineHeld(False), DigitHeard("1"), DigitHeard("#"))
        self.tell(self.draw(events))

    def _voices(self) -> None:
        rare = self._choose(150)
        events: tuple[Event, ...] = (MediaLost(), HearingFailed(FAILURE), ShuttingDown())
        if rare == 0:
            self.tell(self.draw(events))
        elif rare == 1:
            self.close(EndReason.USER_HANGUP)

    def _hear(self) -> None:
        if self._speech:
            acts: tuple[Event, ...] = (SpeechEnded(self.now - 0.1), WordsPartial(self.draw(PHRASES)))
        else:
            acts = (SpeechStarted(self.now), WordsFinal(self.draw(PHRASES)), TurnJudged(self.draw((0.1, 0.9))))
        event = self.draw(acts)
        if isinstance(event, SpeechStarted | SpeechEnded):
            self._speech = isinstance(event, SpeechStarted)
        self.tell(event)

    def _reply(self) -> None:
        number = self._thinking
        assert number is not None
        kind = self._choose(13)
        if kind < 6:
            self.tell(ReplyText(number, self.draw(REPLIES)))
        elif kind < 8:
            self.tell(ReplyTools(number, [self._call_of_model() for _ in range(1 + self._choose(4))]))
        elif kind < 12:
            self._thinking = None
            self.tell(ReplyFinished(number))
        else:
            self._thinking = None
            self.tell(ReplyFailed(number, FAILURE))

    def _call_of_model(self) -> ToolCall:
        """Most ids are new; some a model has used before, in this reply or another."""
        self._serial += 1
        call_id = f"t{self._serial}" if self._choose(3) else f"t{self._choose(3)}"
        arguments = {"destination": "+31201234567", "digits": "5", "nth": self._choose(2)}
        return ToolCall(call_id, self.draw(TOOLS), arguments)

    def _speak(self) -> None:
        number = self._utterance
        assert number is not None
        if self._choose(200) == 0:
            self._silent()
            self.tell(SpeakingFailed(number, "", FAILURE))
        else:
            self._play()

    def _play(self) -> None:
        number = self._utterance
        assert number is not None
        if self._stopping:
            heard = self._text[: self._choose(len(self._text) + 1)] if self._sounding else ""
            self._silent()
            self.tell(SpeakingStopped(number, heard, self._text[len(heard) :], self.now))
        elif not self._sounding:
            self._sounding = True
            self.tell(SpeakingStarted(number, self.now))
        elif self._complete:
            self._silent()
            self.tell(SpeakingFinished(number, self.now))

    def _silent(self) -> None:
        self._utterance = None
        self._sounding = self._complete = self._stopping = False

    def _work(self) -> None:
        if self._handing_over:
            self._handing_over = False
            refused = TransferRefused("405", called=False)
            outcomes: tuple[Event, ...] = (TransferDone(), TransferRefused("busy"), refused, refused)
            self.tell(self.draw(outcomes))
        elif self._digits:
            self.tell(DigitsSent(self._digits.pop(0), self.draw((None, "the line is closed"))))
        else:
            number, calls = self._batches.popitem()
            answered = [call for call in calls if self._choose(10)]
            self.tell(ToolsFinished(number, [ToolResult(call.id, {"did": call.id}) for call in answered]))

    def _order(self) -> None:
        if self._choose(6) == 0:
            commands = COMMANDS if self._answered and self._choose(8) == 0 else MILD_COMMANDS
            self.orders.append(f"c{len(self.orders)}")
            self.tell(Ordered(self.orders[-1], self.draw(commands)))

    def close(self, reason: EndReason | None = None) -> None:
        """The line goes."""
        self._closed = True
        self.tell(LineClosed(reason, None, SIP))

    def calm_down(self, seconds: float) -> bool:
        """The party says no more and every shell answers; says whether the call was ended within ``seconds``."""
        if not self._answered:
            self._answered = True
            self.tell(LineAnswered(SIP))
        self.tell(LineHeld(False))
        until = self.now + seconds
        while not self._hung_up and self.now < until:
            self.now += 0.5
            self._fire()
            if self._choose(20) == 0:
                self.orders.append(f"c{len(self.orders)}")
                self.tell(Ordered(self.orders[-1], Unmute()))
            if self._speech:
                self._speech = False
                self.tell(SpeechEnded(self.now))
                self.tell(WordsFinal(""))
            if self._thinking is not None:
                number, self._thinking = self._thinking, None
                self.tell(ReplyFinished(number))
            if self._utterance is not None:
                self._play()
            if self._batches or self._digits or self._handing_over:
                self._work()
            self._second.leave()
        return self._hung_up

    # --- the conscience

    def tell(self, event: Event) -> None:
        self.perform(self.talk.handle(event, self.now))

    def perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if self._hung_up:
                assert isinstance(effect, Note | StopThinking | StopSpeaking | CancelTimer)
            self._follow_talk(effect)
            self._follow_work(effect)
            self._second.perform(effect)

    def _follow_talk(self, effect: Effect) -> None:
        match effect:
            case Think(reply, history):
                assert self._thinking is None, "two replies at a time"
                assert not self._second.bridged, "a thought in the bridge"
                self._check(history)
                self._thinking = reply
            case StopThinking(reply):
                assert self._thinking == reply, "no such reply is thought"
                self._thinking = None
            case Speak(utterance, text):
                assert self._utterance in (None, utterance), "two utterances at a time"
                assert not self._second.bridged, "words into the bridge"
                assert not self._stopping
                assert text.strip()
                self._text = text if self._utterance is None else f"{self._text} {text}"
                self._utterance = utterance
            case SpeakEnd(utterance):
                assert self._utterance == utterance
                self._complete = True
            case StopSpeaking(utterance):
                assert self._utterance == utterance
                assert not self._stopping
                self._stopping = True

    def _follow_work(self, effect: Effect) -> None:
        match effect:
            case SetTimer(name, at):
                self._timers[name] = at
            case CancelTimer(name):
                self._timers.pop(name, None)
            case RunTools(batch, calls):
                assert not self._ran & {call.id for call in calls}, "a tool ran twice"
                self._ran |= {call.id for call in calls}
                self._batches[batch] = calls
            case SendDigits(digits):
                self._digits.append(digits)
            case HandOver():
                self._handing_over = True
            case HangUp():
                self._hung_up = True
            case Note(fact):
                assert not any(isinstance(one, CallEnded) for one in self.facts), "a fact after the last"
                self.facts.append(fact)

    def _check(self, history: Sequence[object]) -> None:
        roles = [getattr(turn, "role", "") for turn in history]
        assert all(getattr(turn, "content", "") or getattr(turn, "tool_calls", ()) for turn in history)
        assert not any(one == two == "user" for one, two in pairwise(roles))
        assert not any(getattr(turn, "content", "") == '{"status": "running"}' for turn in history)
        self._check_tools([turn for turn in history if isinstance(turn, Turn)])

    def _check_tools(self, history: Sequence[Turn]) -> None:
        """Each call is answered once, in order, right behind its turn; an answer never changes; what ran is told."""
        calls = [call.id for turn in history for call in turn.tool_calls]
        assert len(set(calls)) == len(calls), "two calls with one id"
        expected: list[str] = []
        for turn in history:
            assert (turn.role == "tool") == bool(expected), "results stand where they should not"
            if turn.role == "tool":
                assert turn.tool_call_id == expected.pop(0)
                assert self._results.setdefault(str(turn.tool_call_id), turn.content) == turn.content
            expected += [call.id for call in turn.tool_calls]
        assert not expected, "a call without a result"
        assert self._ran <= set(calls), "a tool ran and the model is not told"

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def outcomes(self) -> list[str]:
        return [fact.command_id for fact in self.facts if isinstance(fact, CommandDone)]
