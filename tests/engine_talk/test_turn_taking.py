"""When a turn of the party is over, and what is thought ahead of it."""

from typing import Any

import pytest

from tests.engine_talk.world import SIP, WALL, World, plan
from trunkline.domain.events import PartialHeard
from trunkline.domain.transcript import Role
from trunkline.engine.conversation import Conversation
from trunkline.engine.effects import JudgeTurn, Note, Prepare, SetTimer, Speak, StopThinking, Think
from trunkline.engine.events import (
    LineAnswered,
    ReplyText,
    ReplyTools,
    SpeechEnded,
    SpeechStarted,
    TimerFired,
    TurnJudged,
    WordsFinal,
    WordsPartial,
)
from trunkline.ports.models import ToolCall

pytestmark = pytest.mark.unit


def answered(world_settings: dict[str, Any] | None = None, **settings: Any) -> World:
    return World(plan(**settings), **(world_settings or {})).answer().run(1)


@pytest.mark.parametrize(
    ("text", "probability", "wait"),
    [
        ("that is fine", None, 0.4),
        ("that is fine", 1.0, 0.4),
        ("that is fine", 0.1, 1.84),
        ("my number is 0 6", 0.9, 2.0),
        ("a table for two and", None, 2.0),
    ],
)
def test_the_turn_is_over_after_the_wait_that_fits_it(text: str, probability: float | None, wait: float) -> None:
    world = answered({"turn_probability": probability}).says(text).run(6)
    assert world.transcript == [("user", text), ("assistant", f"You said {text}")]
    assert world.waits == [wait]


def test_the_wait_is_the_one_that_is_configured() -> None:
    manners = {"endpointing_min_delay": 0.7, "endpointing_max_delay": 1.5}
    world = answered(speech_config={"turn_taking": manners}).says("that is fine").run(4).says("it is 1 2").run(5)
    assert world.waits == [0.7, 1.5]


def test_what_sounds_unfinished_is_judged_once_more_in_the_same_pause() -> None:
    world = answered({"turn_probability": 0.2}).says("I want a table", seconds=1.0)
    world.run(1.2)
    world.turn_probability = 1.0
    world.run(6)
    assert [round(world.when(JudgeTurn, number) - 101.0, 2) for number in range(2)] == [1.1, 1.4]
    assert len(world.effects(JudgeTurn)) == 2
    assert world.waits == [pytest.approx(0.45)]


@pytest.mark.parametrize(("text", "probability"), [("that is fine", 0.8), ("my number is 0 6", 0.2)])
def test_a_second_look_is_for_what_may_change_by_it(text: str, probability: float) -> None:
    world = answered({"turn_probability": probability}).says(text).run(6)
    assert len(world.effects(JudgeTurn)) == 1


def test_the_turn_model_is_asked_at_every_pause() -> None:
    world = answered().says("I would like", seconds=0.5).says("a table", after=0.8, seconds=0.5).run(5)
    assert len(world.effects(JudgeTurn)) == 2
    assert world.transcript[0] == ("user", "I would like a table")


def test_a_late_final_still_counts_and_ends_the_turn_at_once() -> None:
    world = answered({"stt_seconds": 1.2}).says("that is fine", partials=False).run(5)
    assert world.waits == [1.3]
    assert world.transcript[0] == ("user", "that is fine")


def test_a_late_final_with_digits_still_gets_the_longer_wait() -> None:
    world = answered({"stt_seconds": 0.9, "turn_probability": 0.95}).says("zero six one", partials=False).run(6)
    assert world.waits == [2.0]


def test_a_late_final_does_not_cut_a_long_wait_short() -> None:
    manners = {"endpointing_max_delay": 5.0}
    world = answered({"stt_seconds": 0.9}, speech_config={"turn_taking": manners})
    assert world.says("zero six one", partials=False).run(8).waits == [5.0]


def test_words_that_come_after_the_turn_was_given_up_open_one_of_their_own() -> None:
    world = answered({"stt_seconds": 4.0}).says("that is fine", partials=False).run(8)
    assert world.transcript == [("user", "that is fine"), ("assistant", "You said that is fine")]


def test_a_final_that_never_comes_leaves_the_partial_words() -> None:
    world = answered().tell(SpeechStarted(101.0)).tell(WordsPartial("that is fine"), 0.5)
    world.tell(SpeechEnded(102.0), 1.1).run(9.5)
    assert world.transcript == [("user", "that is fine")]
    assert world.waits == [8.0]
    assert world.tell(WordsFinal("that is fine")).run(5).transcript[2:] == []


def test_a_final_without_voice_activity_is_a_turn_too() -> None:
    world = answered().tell(WordsFinal("softly spoken")).run(5)
    assert world.transcript[0] == ("user", "softly spoken")


def test_words_long_after_the_last_sound_wait_like_any_others() -> None:
    world = answered().says("that is fine").run(14).tell(WordsPartial("softly")).tell(WordsFinal("softly spoken"), 0.2)
    world.run(4)
    assert world.waits == [0.4, 0.4]


def test_finals_in_mid_speech_are_one_turn() -> None:
    world = answered().tell(SpeechStarted(101.0)).tell(WordsFinal("I would like"), 0.5).tell(WordsPartial("a"), 0.8)
    world.tell(SpeechEnded(102.0), 1.1).tell(WordsFinal("a table"), 1.2).run(5)
    assert world.transcript[0] == ("user", "I would like a table")
    assert world.waits == [0.4]


def test_a_recogniser_that_was_done_before_the_pause_is_not_waited_for() -> None:
    world = answered().tell(SpeechStarted(101.0)).tell(WordsFinal("that is fine"), 0.9)
    assert world.tell(SpeechEnded(102.0), 1.1).run(3).waits == [0.4]


def test_a_sound_without_words_is_ignored() -> None:
    world = answered().says("", seconds=0.5).run(3)
    world.tell(SpeechStarted(world.now)).tell(SpeechEnded(world.now + 0.2), 0.3).run(5)
    assert world.transcript == []
    assert world.effects(Think) == []


def test_partial_words_are_told_with_all_that_was_said_in_this_turn() -> None:
    world = answered().says("I would like", seconds=0.5).says("a small table", after=0.8, seconds=0.5).run(5)
    partials = [fact.content for fact in world.facts if isinstance(fact, PartialHeard) and fact.role is Role.USER]
    assert partials == ["I", "I would", "I would like a", "I would like a small"]


def test_thinking_starts_early_and_its_words_are_held_until_the_turn_is_over() -> None:
    world = answered({"llm_seconds": 0.05, "tts_seconds": 0.0}).says("that is fine", seconds=1.0).run(5)
    assert world.when(Think) == pytest.approx(102.2)
    assert world.effects(Prepare) == [Prepare("You said that is fine")]
    assert world.when(Speak) == pytest.approx(102.4)
    assert len(world.effects(Think)) == 1


def test_a_slow_reply_that_was_begun_early_is_spoken_when_it_comes() -> None:
    world = answered({"llm_seconds": 0.6}).says("that is fine", seconds=1.0).run(5)
    assert len(world.effects(Think)) == 1
    assert world.when(Speak) == pytest.approx(102.8)


def test_an_early_reply_is_thrown_away_when_the_party_goes_on() -> None:
    world = answered({"llm_seconds": 0.05}).says("I want a table", seconds=1.0).says("for two", after=1.35).run(6)
    assert world.transcript == [("user", "I want a table for two"), ("assistant", "You said I want a table for two")]
    assert world.effects(StopThinking) == []
    assert [effect.text for effect in world.effects(Speak)] == ["You said I want a table for two"]
    assert world.asked() == [("system", "Be kind."), ("user", "I want a table for two")]


def test_an_early_reply_that_is_still_being_thought_is_stopped() -> None:
    world = answered({"llm_seconds": 2.0}).says("I want a table", seconds=1.0).says("for two", after=1.35).run(6)
    assert len(world.effects(StopThinking)) == 1


def test_no_reply_is_thought_early_when_more_is_likely() -> None:
    world = answered().says("my number is 0 6", seconds=1.0).run(8)
    assert world.when(Think) == pytest.approx(104.0)
    world = answered({"turn_probability": 0.2, "stt_seconds": 0.2}).says("I want a table", seconds=1.0).run(8)
    assert world.when(Think) == pytest.approx(102.0 + 1.68)


def test_tools_of_an_early_reply_run_only_when_the_turn_is_over() -> None:
    tools = [{"name": "book", "url": "https://example.org"}]
    llm = {"provider": "local", "tools": tools}
    parts: list[str | ToolCall] = [ToolCall("t1", "book", {})]
    world = World(plan(llm_config=llm), lambda history: parts if history[-1].role == "user" else ["Booked."], 0.02)
    world.answer().run(1).says("book it", seconds=1.0).run(1.3)
    assert len(world.effects(Think)) == 1
    assert "RunTools" not in repr(world.log)
    world.says("no wait", seconds=0.5).run(0.8)
    assert "RunTools" not in repr(world.log)
    world.run(5)
    assert repr(world.log).count("RunTools(") == 1
    assert world.transcript == [("user", "book it no wait"), ("assistant", "Booked.")]


def test_the_party_going_on_before_a_word_of_the_reply_was_heard_is_the_same_turn() -> None:
    world = answered({"llm_seconds": 1.0}).says("I want a table", seconds=1.0).says("for two", after=1.9).run(8)
    assert world.transcript == [
        ("user", "I want a table"),
        ("user", "for two"),
        ("assistant", "You said I want a table for two"),
    ]
    assert world.asked() == [("system", "Be kind."), ("user", "I want a table for two")]
    assert len(world.effects(StopThinking)) == 1


def test_a_reply_that_waits_behind_a_noise_is_spoken_after_it() -> None:
    world = answered({"llm_seconds": 0.6}).says("that is fine", seconds=1.0).says("", after=1.7, seconds=0.3).run(6)
    assert world.transcript == [("user", "that is fine"), ("assistant", "You said that is fine")]


def test_endless_noise_does_not_keep_the_assistant_silent() -> None:
    world = answered({"llm_seconds": 0.6}).says("that is fine", seconds=1.0).tell(SpeechStarted(102.7), 1.7).run(14)
    assert world.transcript == [("user", "that is fine"), ("assistant", "You said that is fine")]


def test_events_of_replies_that_were_stopped_are_let_pass() -> None:
    world = answered().says("that is fine").run(0.2)
    before = len(world.log)
    for event in (ReplyText(9, "Hello."), ReplyTools(9, []), TurnJudged(0.9)):
        world.talk.handle(event, world.now)
    assert len(world.log) == before


def _paused(world: World, first: str, second: WordsFinal, pause: float) -> World:
    """The party says ``first``, is quiet for ``pause`` seconds and says the rest."""
    at = world.now
    world.says(first, seconds=0.4, partials=False)
    world.tell(SpeechStarted(at + 0.4 + pause), 0.4 + pause).tell(SpeechEnded(at + 1.4 + pause), 1.5 + pause)
    return world.tell(second, 1.7 + pause)


def test_words_heard_together_replace_those_before_while_the_turn_is_open() -> None:
    world = _paused(answered(), "No,", WordsFinal("I can take it.", "Yes, I can make it.", 1), 0.35).run(5)
    assert world.transcript[0] == ("user", "Yes, I can make it.")


def test_words_of_a_turn_that_is_over_stay_and_are_not_said_twice() -> None:
    heard = WordsFinal("I can make it.", "Yes, I can make it.", 1)
    world = _paused(answered(), "Sure thing.", heard, 0.75).run(5)
    said = [text for role, text in world.transcript if role == "user"]
    assert said == ["Sure thing.", "I can make it."]


def test_three_pieces_become_one_and_a_piece_of_another_turn_does_not() -> None:
    world = _paused(answered(), "Well,", WordsFinal("Yes.", "Oh yes.", 1), 0.3).run(1.8)
    at = world.now
    world.tell(SpeechStarted(at)).tell(SpeechEnded(at + 0.5), 0.6).tell(
        WordsFinal("why not?", "Well yes, why not?", 2), 0.8
    )
    world.run(5)
    assert world.transcript[0] == ("user", "Well yes, why not?")
    world = answered()
    at = world.now
    world.tell(SpeechStarted(at)).tell(SpeechEnded(at + 0.5), 0.6).tell(WordsFinal("Two.", "One, two.", 1), 0.8).run(5)
    assert world.transcript[0] == ("user", "Two.")


def test_a_reply_thought_ahead_starts_anew_when_words_are_replaced() -> None:
    world = answered({"llm_seconds": 3.0})
    _paused(world, "That is fine", WordsFinal("with me", "That is fine with me", 1), 0.3).run(2.05)
    assert [think.history[-1].content for think in world.effects(Think)] == ["That is fine", "That is fine with me"]
    assert len(world.effects(StopThinking)) == 1


def test_who_was_asked_for_a_number_may_pause_after_each_digit() -> None:
    world = World(plan(first_message="What is your phone number?"), turn_probability=0.95).answer().run(4)
    for number, digit in enumerate(("Nine.", "Here.", "four", "five")):
        world.says(digit, after=1.3 * number, seconds=0.3)
    world.run(12)
    assert [text for role, text in world.transcript if role == "user"] == ["Nine. Here. four five"]
    assert len(world.effects(Think)) == 1


def test_who_speaks_word_by_word_is_waited_for_a_little_longer_than_their_pauses() -> None:
    world = answered({"turn_probability": 1.0})
    for number, word in enumerate(("Please call", "me back", "this afternoon", "if you can do it")):
        world.says(word, after=0.9 * number, seconds=0.4 if number < 2 else 0.3, partials=False)
    world.run(8)
    assert [text for role, text in world.transcript if role == "user"][-1].endswith("if you can do it")
    assert len(world.waits) == 2
    assert world.waits[-1] == pytest.approx(0.6 * 1.25, abs=0.02)


def test_a_pace_is_forgotten_by_and_by() -> None:
    world = answered({"turn_probability": 1.0})
    for number, word in enumerate(("I need", "a new", "copy", "of it")):
        world.says(word, after=0.7 * number, seconds=0.35, partials=False)
    world.run(12)
    for _ in range(4):
        world.says("that is fine", seconds=0.8).run(8)
    assert world.waits[-1] == 0.4


def test_a_timer_that_rings_early_rings_again() -> None:
    talk = Conversation(plan(), 0.0, WALL)
    for event, at in ((LineAnswered(SIP), 1.0), (SpeechStarted(2.0), 2.1), (SpeechEnded(3.0), 3.1)):
        talk.handle(event, at)
    talk.handle(WordsFinal("that is fine"), 3.2)
    assert talk.handle(TimerFired("turn"), 3.39) == [SetTimer("turn", 3.4)]
    assert any(isinstance(one, Note) for one in talk.handle(TimerFired("turn"), 3.4))
