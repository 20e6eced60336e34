"""Barge-in: when the assistant yields, what the transcript holds then, and when it goes on."""

from typing import Any

import pytest

from tests.engine_talk.world import World, plan
from trunkline.engine.effects import Speak, StopSpeaking, StopThinking, Think
from trunkline.engine.events import SpeechEnded, SpeechStarted, WordsFinal, WordsPartial

pytestmark = pytest.mark.unit
LONG = "Your appointment is on Tuesday at ten o'clock in the main building on the second floor."


def speaking(brain_text: str = LONG, **turn_taking: Any) -> World:
    """A world in which the assistant has been saying ``brain_text`` for a while."""
    brain_parts = [part.strip() + "." for part in brain_text.split(".") if part.strip()]
    world = World(plan(speech_config={"turn_taking": turn_taking}), lambda history: brain_parts)
    world.answer().run(1).says("tell me", seconds=1.0).run(1.0)
    while not world.effects(Speak):
        world.run(0.1)
    return world.run(1.2)


def test_speech_that_lasts_stops_the_voice_and_cuts_the_transcript() -> None:
    world = speaking()
    began = world.now
    world.says("no that is wrong", seconds=1.2).run(8)
    assert world.when(StopSpeaking) == pytest.approx(began + 0.3)
    assert world.interrupted == ["Your appointment is"]
    assert world.transcript[:3] == [
        ("user", "tell me"),
        ("assistant", "Your appointment is"),
        ("user", "no that is wrong"),
    ]
    assert world.asked() == [
        ("system", "Be kind."),
        ("user", "tell me"),
        ("assistant", "Your appointment is"),
        ("user", "no that is wrong"),
    ]


def test_speech_that_is_shorter_does_not_interrupt() -> None:
    world = speaking().says("mm", seconds=0.15).run(8)
    assert world.effects(StopSpeaking) == []
    assert world.transcript == [("user", "tell me"), ("assistant", LONG), ("user", "mm")]


def test_a_duration_that_is_configured_counts() -> None:
    world = speaking(interruption_min_duration=0.8)
    began = world.now
    world.says("no that is wrong", seconds=1.5).run(8)
    assert world.when(StopSpeaking) == pytest.approx(began + 0.8)


def test_words_are_waited_for_when_a_number_of_them_is_wanted() -> None:
    world = speaking(interruption_min_words=2)
    world.tell(SpeechStarted(world.now)).tell(WordsPartial("no"), 0.5).tell(WordsPartial("no that"), 0.9).run(0.8)
    assert world.effects(StopSpeaking) == []
    world.run(0.2)
    assert len(world.effects(StopSpeaking)) == 1


def test_too_few_words_do_not_interrupt_and_are_answered_afterwards() -> None:
    world = speaking(interruption_min_words=3).says("wrong day", seconds=0.9).run(10)
    assert world.interrupted == []
    assert world.transcript[:3] == [("user", "tell me"), ("assistant", LONG), ("user", "wrong day")]
    assert world.asked()[-1] == ("user", "wrong day")


def test_a_recogniser_without_partials_interrupts_with_its_final() -> None:
    world = speaking(interruption_min_words=2).says("wrong day", seconds=0.9, partials=False).run(8)
    assert len(world.effects(StopSpeaking)) == 1
    assert world.interrupted != []
    assert ("user", "wrong day") in world.transcript


def test_generation_is_cancelled_once_words_follow() -> None:
    world = World(plan(), lambda history: ["One."] * 60)
    world.answer().run(1).says("count", seconds=1.0).run(2.5).says("stop that please", seconds=1.0).run(0.6)
    assert len(world.effects(StopSpeaking)) == 1
    assert len(world.effects(StopThinking)) == 1
    world.run(1.5)
    assert len(world.interrupted) == 1


def test_when_no_words_follow_it_goes_on_where_it_stopped() -> None:
    world = speaking()
    began = world.now
    world.says("", seconds=0.5).run(12)
    assert len(world.effects(StopSpeaking)) == 1
    assert world.when(Speak) == pytest.approx(began + 0.5 + 0.1 + world.stt_seconds)
    assert world.effects(Speak)[-1].text == LONG.removeprefix("Your appointment is ")
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)]
    assert world.interrupted == []
    assert len(world.effects(Think)) == 1


def test_what_was_generated_meanwhile_is_spoken_too() -> None:
    world = World(plan(), lambda history: ["First sentence here."] + ["And another one."] * 5, clause_seconds=0.4)
    world.answer().run(1).says("tell me", seconds=1.0).run(2.2).says("", seconds=0.5).run(20)
    assert len(world.effects(StopSpeaking)) == 1
    assert world.transcript[1] == ("assistant", "First sentence here. " + " ".join(["And another one."] * 5))
    assert len(world.effects(Think)) == 1


def test_a_sound_of_thinking_is_no_interruption_for_good() -> None:
    world = speaking().says("mm-hmm", seconds=0.6).run(12)
    assert len(world.effects(StopSpeaking)) == 1
    assert world.transcript == [("user", "tell me"), ("assistant", LONG), ("user", "mm-hmm")]


def test_a_sign_of_listening_wants_no_answer() -> None:
    world = speaking().says("okay", seconds=0.15).run(12)
    assert world.transcript == [("user", "tell me"), ("assistant", LONG), ("user", "okay")]
    assert len(world.effects(Think)) == 1


def test_an_answer_that_falls_into_the_last_words_is_answered() -> None:
    world = World(plan(), lambda history: ["Shall I confirm it for you now?"])
    world.answer().run(1).says("tell me", seconds=1.0).run(1.0)
    world.run(2.9).says("yes", seconds=0.25).run(3)
    assert [role for role, _ in world.transcript[:4]] == ["user", "assistant", "user", "assistant"]
    assert world.transcript[2] == ("user", "yes")


def test_a_second_interruption_after_going_on_cuts_to_all_that_was_heard() -> None:
    world = speaking().says("", seconds=0.5).run(3.0).says("wrong day", seconds=1.0).run(8)
    heard = world.interrupted[0]
    assert heard.startswith("Your appointment is on Tuesday")
    assert LONG.startswith(heard)


def test_hello_does_not_break_the_first_message_off() -> None:
    first = "Good morning, this is Anna of the dentist. Do you have a minute?"
    world = World(plan(first_message=first)).answer().says("Hello?", after=0.3, seconds=0.5).run(10)
    assert world.transcript == [("assistant", first), ("user", "Hello?")]
    assert world.says("yes sure").run(5).asked()[-1] == ("user", "Hello? yes sure")


def test_a_party_that_picks_up_with_its_name_hears_the_whole_first_message() -> None:
    first = "Good morning, this is Anna of the dentist. Do you have a minute?"
    world = World(plan(first_message=first)).answer().says("Hello, this is John Smith.", after=0.2).run(12)
    assert world.transcript == [("assistant", first), ("user", "Hello, this is John Smith.")]


def test_other_words_do_break_the_first_message_off() -> None:
    first = "Good morning, this is Anna of the dentist. Do you have a minute?"
    world = World(plan(first_message=first)).answer().says("who is this", after=0.6, seconds=0.9).run(6)
    assert len(world.interrupted) == 1
    assert world.transcript[1] == ("user", "who is this")


def test_an_interruption_before_the_first_sample_leaves_nothing_in_the_transcript() -> None:
    world = World(plan(), lambda history: [LONG], tts_seconds=2.0)
    world.answer().run(1).says("tell me", seconds=1.0).run(2.0).says("quickly please", seconds=1.0).run(12)
    assert world.transcript == [("user", "tell me"), ("user", "quickly please"), ("assistant", LONG)]
    assert world.asked()[-1] == ("user", "tell me quickly please")


def test_guesses_that_vanish_let_it_go_on_where_it_stopped() -> None:
    world = speaking()
    world.tell(SpeechStarted(world.now)).tell(WordsPartial("well then"), 0.4).tell(SpeechEnded(world.now + 0.5), 0.6)
    world.tell(WordsFinal(""), 0.7).run(8)
    assert world.interrupted == []
    assert world.transcript[:2] == [("user", "tell me"), ("assistant", LONG)]
    assert len(world.effects(Think)) == 1


def test_a_first_guess_at_a_greeting_does_not_break_the_opening_off() -> None:
    world = World(plan(first_message="Hello, this is the clinic.")).answer().run(0.5)
    world.tell(SpeechStarted(world.now)).tell(WordsPartial("Tell"), 0.4).tell(SpeechEnded(world.now + 0.5), 0.6)
    world.tell(WordsFinal("Hello?"), 0.7).run(8)
    assert world.transcript[:2] == [("assistant", "Hello, this is the clinic."), ("user", "Hello?")]
    assert world.interrupted == []


def test_who_greeted_into_the_opening_and_is_quiet_is_talked_to() -> None:
    world = World(plan(first_message="Hello, this is the clinic in the street.")).answer().run(0.3)
    world.says("Hello?").run(8)
    assert world.transcript[2] == ("assistant", "You said Hello?")


def test_who_was_asked_something_is_given_the_time_to_answer() -> None:
    world = World(plan(first_message="Hello, this is the clinic in the street. Is that you?")).answer().run(0.3)
    world.says("Hello?").run(12)
    assert world.effects(Think) == []


def test_who_greeted_and_speaks_again_is_heard_out() -> None:
    world = World(plan(first_message="Hello, this is the clinic in the street.")).answer().run(0.3)
    world.says("Hello?").run(3.5)
    assert world.transcript[1:] == [("user", "Hello?")]
    world.tell(SpeechStarted(world.now)).run(4)
    assert world.effects(Think) == []
