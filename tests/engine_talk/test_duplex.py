"""What the conversation does about a realtime model, event by event, in no time at all."""

from typing import Any

import pytest

from tests.engine_talk.test_promises import TOOLS
from tests.engine_talk.world import SIP, WALL, plan, wall
from trunkline.base.errors import Upstream
from trunkline.domain.call import Direction, EndReason
from trunkline.domain.commands import InjectContext, Mute, Say
from trunkline.domain.events import CallEnded, CommandDone, MessageSpoken, TurnMeasured
from trunkline.engine import events
from trunkline.engine.conversation import Conversation
from trunkline.engine.effects import (
    Effect,
    HangUp,
    Instruct,
    Note,
    Play,
    Remember,
    Respond,
    RunTools,
    SpeakEnd,
    StopSpeaking,
    StopThinking,
    Truncate,
)
from trunkline.engine.effects import Say as SayWords
from trunkline.engine.rejoining import GO_ON
from trunkline.ports.replies import ToolCall, Turn
from trunkline.ports.toolrunner import ToolResult

pytestmark = pytest.mark.unit

START = 100.0
PROMPT = [{"content": "Be kind."}, {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]


class Call:
    """One conversation; ``tell`` gives what it wants done at that time, without timers."""

    def __init__(self, direction: Direction = Direction.INBOUND, **assistant: Any) -> None:
        llm = {"provider": "openai_realtime", "messages": PROMPT, "tools": TOOLS}
        self.talk = Conversation(plan(direction, llm_config=llm, **assistant), START, WALL)
        self.facts: list[Any] = []
        self.now = START
        self.talk.start()

    def tell(self, event: events.Event, at: float | None = None) -> list[Effect]:
        self.now = self.now if at is None else START + at
        effects = self.talk.handle(event, self.now)
        self.facts += [effect.fact for effect in effects if isinstance(effect, Note)]
        told = (
            Play,
            SayWords,
            SpeakEnd,
            StopSpeaking,
            StopThinking,
            Respond,
            Remember,
            Instruct,
            Truncate,
            RunTools,
            HangUp,
        )
        return [effect for effect in effects if isinstance(effect, told)]

    def up(self) -> "Call":
        """The model is there and the party answered."""
        self.tell(events.ModelReady())
        self.tell(events.LineAnswered(SIP), 0)
        return self

    def party(self, began: float, paused: float) -> None:
        """A turn of the party, as our detector and the model hear it."""
        self.tell(events.SpeechStarted(START + began), began + 0.1)
        self.tell(events.PartyBegan(START + began + 0.1), began + 0.1)
        self.tell(events.SpeechEnded(START + paused - 0.3), paused - 0.2)
        self.tell(events.PartyPaused(START + paused), paused)

    @property
    def said(self) -> list[tuple[str, str, bool]]:
        spoken = [fact.message for fact in self.facts if isinstance(fact, MessageSpoken)]
        return [(message.role.value, message.content, message.interrupted) for message in spoken]


def test_a_session_is_told_what_stood_in_the_prompt_before_all() -> None:
    call = Call()
    assert call.tell(events.ModelReady()) == [Remember((Turn("user", "Hi."), Turn("assistant", "Hello.")))]


def test_words_that_come_after_the_reply_stand_before_it() -> None:
    call = Call().up()
    call.party(1.0, 2.0)
    assert call.tell(events.ReplyBegan(1), 2.2) == [Play(1, 1)]
    call.tell(events.SpeakingStarted(1, START + 2.4, 0.2), 2.4)
    call.tell(events.ReplyText(1, "It is noon."), 2.4)
    assert call.tell(events.ReplyFinished(1), 2.5) == [SpeakEnd(1)]
    call.tell(events.SpeakingFinished(1, START + 3.4), 3.4)
    assert call.said == []
    call.tell(events.PartySaid("a", "What is the", False), 3.5)
    assert call.said == []
    call.tell(events.PartySaid("a", "What is the time?", True), 3.6)
    assert call.said == [("user", "What is the time?", False), ("assistant", "It is noon.", False)]
    messages = [fact.message for fact in call.facts if isinstance(fact, MessageSpoken)]
    assert (messages[0].started_at, messages[0].ended_at) == (wall(1.0), wall(1.7))
    assert (messages[1].started_at, messages[1].ended_at) == (wall(2.4), wall(3.4))
    (measured,) = [fact for fact in call.facts if isinstance(fact, TurnMeasured)]
    assert (measured.end_of_turn, measured.heard, measured.added) == (300.0, 700.0, 0.0)


def test_words_that_never_come_are_not_waited_for_for_ever() -> None:
    call = Call().up()
    call.party(1.0, 2.0)
    call.tell(events.PartySaid("a", "What is", False), 2.1)
    call.tell(events.ReplyBegan(1), 2.2)
    call.tell(events.ReplyText(1, "Yes?"), 2.3)
    call.tell(events.SpeakingStarted(1, START + 2.3), 2.3)
    call.tell(events.ReplyFinished(1), 2.4)
    call.tell(events.SpeakingFinished(1, START + 3.0), 3.0)
    assert call.said == []
    call.tell(events.TimerFired("words"), 7.0)
    assert call.said == [("user", "What is", False), ("assistant", "Yes?", False)]


def test_who_breaks_in_cuts_reply_transcript_and_the_models_conversation() -> None:
    call = Call().up()
    call.tell(events.ReplyBegan(1), 1.0)
    call.tell(events.SpeakingStarted(1, START + 1.2), 1.2)
    call.tell(events.ReplyText(1, "I can tell you all about it."), 1.2)
    assert call.tell(events.PartyBegan(START + 2.0), 2.0) == [StopSpeaking(1)]
    assert call.tell(events.SpeakingStopped(1, "I can tell", "you all about it.", START + 2.0, "", 0.8), 2.0) == [
        Truncate(1, 0.8, "I can tell")
    ]
    assert call.tell(events.ReplyFinished(1, cut=True), 2.1) == []
    assert call.said == [("assistant", "I can tell", True)]


def test_a_reply_that_waits_behind_other_words_is_dropped_unheard() -> None:
    call = Call().up()
    call.tell(events.Ordered("c1", Say("No interruption now.", interruptible=False)), 1.0)
    call.tell(events.ReplyBegan(1), 1.1)
    call.tell(events.ReplyText(1, "As I said."), 1.2)
    assert call.tell(events.PartyBegan(START + 1.5), 1.5) == [Truncate(1, 0.0, "")]
    assert call.tell(events.SpeakingFinished(1, START + 3.0), 3.0)[0] == Remember(
        (Turn("assistant", "No interruption now."),)
    )


def test_given_words_are_cut_as_replies_are() -> None:
    call = Call(first_message="Good day, this is Ada.")
    call.tell(events.ModelReady())
    assert call.tell(events.LineAnswered(SIP), 0) == [SayWords(1, "Good day, this is Ada.")]
    assert call.tell(events.ReplyBegan(1, 1), 0.3) == []
    call.tell(events.SpeakingStarted(1, START + 0.4), 0.4)
    assert call.tell(events.PartyBegan(START + 1.0), 1.0) == [StopSpeaking(1)]
    cut = call.tell(events.SpeakingStopped(1, "Good day,", "this is Ada.", START + 1.0, "", 0.6), 1.0)
    assert cut == [Truncate(1, 0.6, "Good day,")]
    assert call.said == [("assistant", "Good day,", True)]


def test_it_is_asked_when_nobody_speaks_and_only_once() -> None:
    call = Call().up()
    call.tell(events.PartyBegan(START + 1.0), 1.0)
    told = call.tell(events.Ordered("c1", InjectContext("It rains.", trigger_response=True)), 1.5)
    assert told == [
        Remember((Turn("system", "It rains."),)),
        Instruct("Be kind.\n\nWhat you were told since the call began:\n- It rains."),
    ]
    assert call.tell(events.PartyPaused(START + 2.0), 2.0) == []
    assert call.tell(events.ReplyBegan(1), 2.3) == [Play(1, 1)]
    assert call.tell(events.ReplyFinished(1), 2.5) == [SpeakEnd(1)]
    assert call.tell(events.Ordered("c2", InjectContext("It snows.", trigger_response=True)), 2.6)[-1] == Respond()
    assert call.tell(events.Ordered("c3", Mute()), 2.7) == []


def test_a_turn_that_nobody_answers_is_answered_on_request() -> None:
    call = Call().up()
    call.party(1.0, 2.0)
    assert call.tell(events.PartySaid("a", "Hello?", True), 2.5) == []
    assert call.tell(events.TimerFired("reply"), 8.6) == [Respond()]


def test_noise_is_not_answered() -> None:
    call = Call().up()
    call.party(1.0, 2.0)
    assert call.tell(events.PartySaid("a", "", True), 2.5) == []
    assert call.tell(events.TimerFired("reply"), 8.6) == []
    assert call.said == []


def test_tools_run_when_the_reply_is_complete_and_results_are_given_back_and_asked_about() -> None:
    call = Call().up()
    asked = ToolCall("t1", "look_up", {})
    call.tell(events.ReplyBegan(1), 1.0)
    assert call.tell(events.ReplyTools(1, [asked]), 1.1) == []
    assert call.tell(events.ReplyFinished(1), 1.2) == [SpeakEnd(1), RunTools(1, (asked,))]
    call.tell(events.SpeakingFinished(1, START + 1.2), 1.2)
    told = call.tell(events.ToolsFinished(1, [ToolResult("t1", {"at": "noon"})]), 2.0)
    assert told == [Remember((Turn("tool", '{"at": "noon"}', (), "t1"),)), Respond()]


def test_a_new_session_is_told_everything_and_asked_for_what_broke_off() -> None:
    call = Call(first_message="Good day.").up()
    call.tell(events.SpeakingStarted(1, START + 0.1), 0.1)
    call.tell(events.SpeakingFinished(1, START + 1.0), 1.0)
    call.party(2.0, 3.0)
    call.tell(events.PartySaid("a", "Tell me.", True), 3.1)
    call.tell(events.ReplyBegan(1), 3.2)
    call.tell(events.ReplyText(1, "It began long ago."), 3.3)
    call.tell(events.SpeakingStarted(2, START + 3.3), 3.3)
    assert call.tell(events.ModelLost(), 3.6) == [SpeakEnd(2)]
    ready = call.tell(events.ModelReady(again=True), 3.9)
    known = [Turn("user", "Hi."), Turn("assistant", "Hello. Good day."), Turn("user", "Tell me.")]
    assert ready == [Remember(tuple(known))]
    over = call.tell(events.SpeakingStopped(2, "It began", "long ago.", START + 4.0, "", 0.7), 4.0)
    assert over == [Remember((Turn("assistant", "It began"),)), Remember((Turn("system", GO_ON),)), Respond()]
    assert call.said[-1] == ("assistant", "It began", True)


def test_what_was_not_understood_waits_for_the_next_session_to_hear_it_again() -> None:
    call = Call().up()
    call.party(2.0, 3.0)
    call.tell(events.PartySaid("a", "Tell", False), 3.1)
    assert call.tell(events.ModelLost(unheard=True), 8.0) == []
    ready = call.tell(events.ModelReady(again=True), 8.2)
    assert ready == [Remember((Turn("user", "Hi."), Turn("assistant", "Hello.")))]
    call.tell(events.PartyBegan(START + 8.4), 8.4)
    call.tell(events.PartyPaused(START + 8.6), 8.6)
    call.tell(events.PartySaid("a", "Tell me a story.", True), 8.8)
    assert call.said == [("user", "Tell me a story.", False)]
    (message,) = [fact.message for fact in call.facts if isinstance(fact, MessageSpoken)]
    assert (message.started_at, message.ended_at) == (wall(2.0), wall(2.7))
    assert Play(1, 1) in call.tell(events.ReplyBegan(1), 9.0)


def test_who_hears_nothing_again_is_asked_all_the_same() -> None:
    call = Call().up()
    call.party(2.0, 3.0)
    call.tell(events.PartySaid("a", "Tell me", False), 3.1)
    call.tell(events.ModelLost(unheard=True), 8.0)
    call.tell(events.ModelReady(again=True), 8.2)
    assert call.tell(events.TimerFired("reply"), 11.2) == [Remember((Turn("user", "Tell me"),)), Respond()]
    assert call.said == [("user", "Tell me", False)]


@pytest.mark.parametrize("answered", [False, True])
def test_where_it_fails_for_good_the_call_ends(answered: bool) -> None:
    call = Call()
    if answered:
        call.up()
    told = call.tell(events.ModelFailed(Upstream("no route", provider="acme", retryable=False)), 1.0)
    if answered:
        (words,) = told
        assert isinstance(words, SayWords)
        assert (words.firm, words.text[:9]) == (True, "I'm sorry")
        call.tell(events.SpeakingStarted(1, START + 1.1), 1.1)
        told = call.tell(events.SpeakingFinished(1, START + 4.0), 4.0)
    assert told[-1] == HangUp()
    call.tell(events.LineClosed(None, None, SIP), 4.1)
    ended = call.facts[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.reason, ended.error) == (EndReason.PROVIDER_ERROR, "the realtime model (acme) failed: no route")


def test_replies_while_it_may_not_speak_are_given_up_unheard() -> None:
    call = Call(Direction.OUTBOUND, voicemail_detection=True).up()
    assert call.tell(events.ReplyBegan(1), 1.0) == [StopThinking(1), Truncate(1, 0.0, "")]
    outcomes = [fact for fact in call.facts if isinstance(fact, CommandDone)]
    assert outcomes == []
