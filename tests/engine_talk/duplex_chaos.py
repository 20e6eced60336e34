"""A realtime model, a line and a party that do whatever they may, and a conscience that checks what they are promised."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.engine_talk.chaos import COMMANDS, FAILURE, MILD_COMMANDS, TOOLS
from tests.engine_talk.world import SIP, WALL
from trunkline.domain.assistant import FunctionSpec
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Unmute
from trunkline.domain.events import CallEnded, CommandDone, Fact, MessageSpoken
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Role
from trunkline.engine import effects, events
from trunkline.engine.conversation import Conversation
from trunkline.ports.replies import ToolCall
from trunkline.ports.toolrunner import ToolResult

WORDS = ("yes", "", "um", "hello", "stop that please", "leave a message after the tone", "I would like to and")
REPLIES = ("All right.", "Let me see,", "goodbye then.", "and so on")
T = TypeVar("T")


class DuplexChaos:
    """One conversation among such shells; ``choose(n)`` picks one of n ways, 0 to n - 1."""

    def __init__(self, plan: CallPlan, choose: Callable[[int], int]) -> None:
        self.now = 50.0
        self.talk = Conversation(plan, self.now, WALL)
        self.facts: list[Fact] = []
        self.orders: list[str] = []
        self.hung_up = self.closed = False
        self._choose = choose
        self._timers: dict[str, float] = {}
        self._ready = self._was_ready = self._failed = False
        self._speaking = self._breaks_off = False
        self._items: list[str] = []
        self._replies = self._serial = 0
        self._making: int | None = None
        self._given: list[int] = []
        self._asked = 0
        self._dead: set[int] = set()
        self._cut: set[int] = set()
        self._live: int | None = None
        self._source: int | None = None
        self._text = ""
        self._sounding = self._complete = self._stopping = False
        self._batches: dict[int, Sequence[ToolCall]] = {}
        self._ran: set[str] = set()
        self._digits: list[str] = []
        self._second: str | None = None
        self._handing_over = self._answered = self._listening = False
        self.perform(self.talk.start())
        self.tell(events.ToolsOffered([FunctionSpec(name="theirs")]))

    def draw(self, values: Sequence[T]) -> T:
        return values[self._choose(len(values))]

    # --- what may happen now

    def step(self) -> None:
        """One thing happens, or time passes. Whoever is not listened to any more has finished."""
        if self._breaks_off and self._ready:
            self._breaks_off = self._speaking = False
            self.tell(events.PartyPaused(self.now))
        else:
            self.draw(self._possible())()

    def _possible(self) -> list[Callable[[], None]]:
        acts: list[Callable[[], None]] = [self._wait, self._order]
        acts += [self._line] if self._answered else [self._call]
        if not self._ready:
            acts += [self._open] * 2
        else:
            acts += [self._model] * 4
            if self._listening:
                acts += [self._party] * 3
        if self._live is not None:
            acts += [self._play] * 3
        if self._batches or self._digits or self._handing_over:
            acts.append(self._work)
        if self._second is not None:
            acts += [self._target] * 2
        return acts

    def _wait(self) -> None:
        self.now += self.draw((0.02, 0.3, 1.0, 6.0))
        self.fire()

    def fire(self) -> None:
        """The timers that are due run out."""
        for name, at in sorted(self._timers.items(), key=lambda one: one[1]):
            if at <= self.now and self._timers.get(name) == at:
                del self._timers[name]
                self.tell(events.TimerFired(name))

    def _call(self) -> None:
        ways: tuple[events.Event, ...] = (events.LineRinging(SIP), events.LineAnswered(SIP), events.LineAnswered(SIP))
        event = self.draw(ways)
        self._answered = isinstance(event, events.LineAnswered)
        self.tell(event)

    def _line(self) -> None:
        rare = self._choose(120)
        if rare == 0:
            self.close(EndReason.USER_HANGUP)
        elif rare == 1:
            ends: tuple[events.Event, ...] = (events.MediaLost(), events.ShuttingDown())
            self.tell(self.draw(ends))
        else:
            speech: tuple[events.Event, ...] = (events.SpeechStarted(self.now), events.SpeechEnded(self.now))
            held = (events.LineHeld(True), events.LineHeld(False))
            self.tell(self.draw((*held, events.DigitHeard(self.draw(("1", "#"))), *speech, *speech)))

    def _open(self) -> None:
        if self._failed:
            return
        if self._choose(25) == 0:
            self._failed = True
            self.tell(events.ModelFailed(FAILURE))
            return
        self._ready = True
        self._told_all = False
        self.tell(events.ModelReady(again=self._was_ready))
        self._was_ready = True
        assert self.hung_up or self.closed or self._told_all, "a new session is told nothing"

    def _break(self) -> None:
        self._ready = self._speaking = self._breaks_off = False
        self._asked = 0
        self._given.clear()
        self._items.clear()
        self._making = None
        self.tell(events.ModelLost(unheard=self._choose(2) == 0))

    def _model(self) -> None:
        if self._choose(60) == 0:
            self._break()
        elif self._making is not None:
            self._reply(self._making)
        elif self._given and not self._speaking:
            self._begin(self._given.pop(0))
        elif self._asked and not self._speaking:
            self._asked -= 1
            self._begin(None)
        elif not self._speaking and self._answered and self._choose(3) == 0:
            self._begin(None)

    def _begin(self, utterance: int | None) -> None:
        self._replies += 1
        self._making = self._replies
        if utterance is not None and utterance == self._live:
            self._source = self._replies
        self.tell(events.ReplyBegan(self._replies, utterance))

    def _reply(self, number: int) -> None:
        kind = self._choose(10)
        if kind < 5:
            self._say(events.ReplyText(number, self.draw(REPLIES)))
        else:
            calls = [self._call_of_model() for _ in range(1 + self._choose(2))] if kind < 7 else []
            if calls:
                self._say(events.ReplyTools(number, calls))
            self._making = None
            self._say(events.ReplyFinished(number, cut=kind == 9 and not calls))

    def _say(self, event: events.ReplyText | events.ReplyTools | events.ReplyFinished) -> None:
        if event.reply not in self._dead:
            if isinstance(event, events.ReplyText) and self._source == event.reply:
                self._text = f"{self._text} {event.text}".strip()
            self.tell(event)

    def _call_of_model(self) -> ToolCall:
        self._serial += 1
        arguments = {"destination": "+31201234567", "digits": "5"}
        return ToolCall(f"t{self._serial}", self.draw(TOOLS), arguments)

    def _party(self) -> None:
        if self._items and self._choose(3) == 0:
            item = self._items[0]
            final = self.draw((True, True, False))
            if final:
                self._items.pop(0)
            self.tell(events.PartySaid(item, self.draw(WORDS), final))
        elif self._speaking:
            self._speaking = False
            self.tell(events.PartyPaused(self.now))
            if self._making is None and self._choose(4):
                self._asked += 1
        else:
            self._speaking = True
            self._serial += 1
            self._items.append(f"item-{self._serial}")
            self.tell(events.PartyBegan(self.now))
            if self._making is not None:
                number, self._making = self._making, None
                self._say(events.ReplyFinished(number, cut=True))

    def _play(self) -> None:
        number = self._live
        assert number is not None
        if self._stopping:
            heard = self._text[: self._choose(len(self._text) + 1)] if self._sounding else ""
            self._silent()
            self.tell(
                events.SpeakingStopped(number, heard, self._text[len(heard) :], self.now, "", 1.0 if heard else 0.0)
            )
        elif number in self._given:
            return
        elif not self._sounding:
            self._sounding = True
            self.tell(events.SpeakingStarted(number, self.now))
        elif self._complete and (self._source is None or self._source != self._making):
            self._silent()
            self.tell(events.SpeakingFinished(number, self.now))

    def _silent(self) -> None:
        self._live = self._source = None
        self._sounding = self._complete = self._stopping = False

    def _work(self) -> None:
        if self._handing_over:
            self._handing_over = False
            refused = events.TransferRefused("405", called=False)
            came: tuple[events.Event, ...] = (events.TransferDone(), events.TransferRefused("busy"), refused)
            self.tell(self.draw(came))
        elif self._digits:
            self.tell(events.DigitsSent(self._digits.pop(0), self.draw((None, "the line is closed"))))
        else:
            number, calls = self._batches.popitem()
            self.tell(events.ToolsFinished(number, [ToolResult(call.id, {"did": call.id}) for call in calls]))

    def _target(self) -> None:
        if self._second == "dialling" and self._choose(2):
            self._second = "up"
            self.tell(events.OfTarget(events.LineAnswered(SIP)))
        else:
            self._second = None
            self.tell(events.OfTarget(events.LineClosed(EndReason.BUSY, None, SIP)))

    def _order(self) -> None:
        if self._choose(5) == 0:
            commands = COMMANDS if self._answered and self._choose(6) == 0 else MILD_COMMANDS
            self.orders.append(f"c{len(self.orders)}")
            self.tell(events.Ordered(self.orders[-1], self.draw(commands)))

    def close(self, reason: EndReason | None = None) -> None:
        """The line goes."""
        self.closed = True
        if self._live is not None and self._sounding:
            number, self._stopping = self._live, True
            self._silent()
            self.tell(events.SpeakingStopped(number, self._text, "", self.now, "", 1.0))
        self.tell(events.LineClosed(reason, None, SIP))

    def calm_down(self, seconds: float) -> bool:
        """The party says no more and every shell answers; says whether the call was ended within ``seconds``."""
        if not self._answered:
            self._answered = True
            self.tell(events.LineAnswered(SIP))
        self.tell(events.LineHeld(False))
        self.tell(events.SpeechEnded(self.now))
        until = self.now + seconds
        while not self.hung_up and self.now < until:
            self.now += 0.5
            self.fire()
            if self._choose(20) == 0:
                self.orders.append(f"c{len(self.orders)}")
                self.tell(events.Ordered(self.orders[-1], Unmute()))
            self._party_rests()
            self._model_goes_on()
            if self._live is not None:
                self._play()
            if self._batches or self._digits or self._handing_over:
                self._work()
            if self._second is not None:
                self._second = None
                self.tell(events.OfTarget(events.LineClosed(EndReason.USER_HANGUP, None, SIP)))
        return self.hung_up

    def _party_rests(self) -> None:
        if self._speaking:
            self._speaking = False
            self.tell(events.PartyPaused(self.now))
        while self._items:
            self.tell(events.PartySaid(self._items.pop(0), "", True))

    def _model_goes_on(self) -> None:
        if not self._ready:
            self._open()
        elif self._making is not None:
            number, self._making = self._making, None
            self._say(events.ReplyFinished(number))
        elif self._given:
            self._begin(self._given.pop(0))
        elif self._asked:
            self._asked -= 1
            self._begin(None)

    # --- the conscience

    def tell(self, event: events.Event) -> None:
        self.perform(self.talk.handle(event, self.now))

    def perform(self, wanted: Sequence[effects.Effect]) -> None:
        for effect in wanted:
            if self.hung_up:
                after = effects.Note | effects.StopThinking | effects.StopSpeaking | effects.CancelTimer
                assert isinstance(effect, after), effect
            self._follow_talk(effect)
            self._follow_model(effect)
            self._follow_work(effect)

    def _follow_talk(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Speak() | effects.Think() | effects.JudgeTurn():
                raise AssertionError("that is not for a realtime model")
            case effects.Say(utterance, text):
                self._starts(utterance, text, None)
                self._complete = True
                if self._ready and not effect.own and self._choose(2):
                    self._given.append(utterance)
            case effects.Play(utterance, reply):
                assert reply not in self._cut, "a reply that was cut is played"
                self._starts(utterance, "", reply)
            case effects.SpeakEnd(utterance):
                assert self._live == utterance
                assert self._making != self._source or self._source is None, "more of it may come"
                self._complete = True
            case effects.StopSpeaking(utterance):
                assert self._live == utterance
                assert not self._stopping
                self._stopping = True
                self._given = [one for one in self._given if one != utterance]

    def _starts(self, utterance: int, text: str, reply: int | None) -> None:
        assert self._live is None, "two utterances at a time"
        assert self._second != "bridged", "words into the bridge"
        self._live, self._source, self._text = utterance, reply, text
        self._sounding = self._complete = self._stopping = False

    def _follow_model(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Remember(turns):
                assert self._ready, "it is told something before it is there"
                self._told_all = True
                assert all(turn.content or turn.tool_calls for turn in turns)
            case effects.Respond():
                assert self._ready
                assert self._making is None, "it is asked while it replies"
                assert not self._speaking or self._breaks_off, "it is asked while the party speaks"
                self._asked += 1
            case effects.Truncate(reply, played, heard):
                assert reply not in self._cut, "cut twice"
                assert bool(heard) <= (played > 0)
                self._cut.add(reply)
            case effects.StopThinking(reply):
                self._dead.add(reply)
                self._asked = 0
                self._given.clear()
                if self._making == reply:
                    self._making = None
            case effects.Listen(on):
                self._breaks_off = self._speaking and not on
                self._listening = on

    def _follow_work(self, effect: effects.Effect) -> None:
        match effect:
            case effects.SetTimer() | effects.CancelTimer():
                self._timers.pop(effect.name, None)
                self._timers |= {effect.name: effect.at} if isinstance(effect, effects.SetTimer) else {}
            case effects.RunTools(batch, calls):
                assert not self._ran & {call.id for call in calls}, "a tool ran twice"
                self._ran |= {call.id for call in calls}
                self._batches[batch] = calls
            case effects.SendDigits(digits):
                self._digits.append(digits)
            case effects.HandOver():
                self._handing_over = True
            case effects.DialTarget() | effects.ToTarget() | effects.Bridge():
                self._follow_second(effect)
            case effects.HangUp():
                self.hung_up = True
            case effects.Note(fact):
                assert not any(isinstance(one, CallEnded) for one in self.facts), "a fact after the last"
                self.facts.append(fact)

    def _follow_second(self, effect: effects.DialTarget | effects.ToTarget | effects.Bridge) -> None:
        if isinstance(effect, effects.DialTarget):
            self._second = "dialling"
        elif isinstance(effect, effects.Bridge):
            self._second = "bridged"
        elif isinstance(effect.effect, effects.HangUp) and self._second is not None:
            self._second = "leaving"

    @property
    def outcomes(self) -> list[str]:
        return [fact.command_id for fact in self.facts if isinstance(fact, CommandDone)]

    def check_order(self) -> None:
        """What either side said stands in the order of its beginning, but for words that came when hope was given up."""
        begun = [
            fact.message.started_at
            for fact in self.facts
            if isinstance(fact, MessageSpoken) and fact.message.role is Role.ASSISTANT
        ]
        assert begun == sorted(begun)
