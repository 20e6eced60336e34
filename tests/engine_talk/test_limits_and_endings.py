"""Silence, duration, keys, failures, and the last fact of a call."""

from typing import Any

import pytest

from tests.engine_talk.world import SIP, World, echo_brain, plan
from trunkline.base.errors import Upstream
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Mute, Say
from trunkline.domain.events import CallEnded, DigitPressed
from trunkline.engine.effects import StopSpeaking, Think
from trunkline.engine.events import (
    DigitHeard,
    HearingFailed,
    LineClosed,
    LineHeld,
    MediaLost,
    Ordered,
    ReplyFailed,
    SpeakingFailed,
)

pytestmark = pytest.mark.unit
LONG = "Your appointment is on Tuesday at ten o'clock in the main building."
FAILURE = Upstream("it timed out", provider="acme", retryable=True)
PATIENT = {
    "messages": ["Hello?", "Are you there?"],
    "final_message": "Goodbye then.",
    "first_check_seconds": 5,
    "interval_seconds": 10,
    "max_attempts": 3,
}


def answered(**settings: Any) -> World:
    return World(plan(**settings)).answer()


def reason(world: World) -> EndReason | None:
    return world.end.reason if world.end else None


# --- silence


def test_a_silent_party_is_asked_in_turn_and_then_left() -> None:
    world = answered(autonomous_silence_handling=True, speech_config={"silence": PATIENT}).run(60)
    assert [text for _, text in world.transcript] == ["Hello?", "Are you there?", "Hello?", "Goodbye then."]
    assert reason(world) is EndReason.SILENCE_TIMEOUT
    assert world.end is not None
    spoken = 6 / 15 + 14 / 15 + 6 / 15 + 13 / 15 + 4 * 0.1
    assert (world.end.at - world.facts[0].at).total_seconds() == pytest.approx(5 + 3 * 10 + spoken, abs=0.1)


def test_speech_begins_the_checks_anew() -> None:
    world = answered(autonomous_silence_handling=True, speech_config={"silence": PATIENT}).run(17)
    assert [text for _, text in world.transcript] == ["Hello?", "Are you there?"]
    world.says("yes I am").run(3).run(6)
    assert [text for role, text in world.transcript if role == "assistant"][-2:] == ["You said yes I am", "Hello?"]


def test_a_check_goes_into_the_history() -> None:
    world = answered(autonomous_silence_handling=True, speech_config={"silence": PATIENT}).run(7).says("sorry").run(2)
    assert world.asked()[1:] == [("assistant", "Hello?"), ("user", "sorry")]


def test_without_checks_silence_ends_the_call() -> None:
    world = answered(silence_timeout_seconds=8).run(7.9)
    assert world.end is None
    assert reason(world.run(0.5)) is EndReason.SILENCE_TIMEOUT


def test_silence_rests_while_the_assistant_speaks_or_thinks_and_begins_after() -> None:
    world = World(plan(silence_timeout_seconds=3, first_message=LONG), llm_seconds=5.0).answer().run(6)
    assert world.end is None
    world.says("go on").run(8.5)
    assert world.end is None
    assert reason(world.run(6)) is EndReason.SILENCE_TIMEOUT


def test_silence_rests_on_hold_and_while_muted() -> None:
    world = answered(silence_timeout_seconds=3).run(1).tell(LineHeld(True)).run(20)
    assert world.end is None
    world.tell(LineHeld(False)).run(2).tell(Ordered("c1", Mute())).run(20)
    assert world.end is None


# --- duration


def test_the_assistant_is_told_to_close_and_the_call_ends_at_the_limit() -> None:
    world = answered(max_duration_seconds=30, silence_timeout_seconds=100).run(20)
    assert world.asked() == [("system", "Be kind."), ("system", "The call ends in 10 seconds; say goodbye now.")]
    assert reason(world.run(10.1)) is EndReason.MAX_DURATION


def test_words_that_are_cut_by_the_limit_are_cut_in_the_transcript() -> None:
    world = World(plan(max_duration_seconds=10, first_message=LONG), characters_per_second=2).answer().run(11)
    assert reason(world) is EndReason.MAX_DURATION
    assert world.interrupted == ["Your appointment"]
    assert len(world.effects(StopSpeaking)) == 1


# --- keys


def test_keys_are_gathered_and_answered() -> None:
    world = answered()
    for place, digit in enumerate("123#"):
        world.tell(DigitHeard(digit), place * 0.5)
    world.run(4)
    assert world.transcript[0] == ("system", "The customer pressed 1 2 3 #.")
    assert len(world.effects(Think)) == 1
    assert [(fact.digit, fact.direction) for fact in world.facts if isinstance(fact, DigitPressed)] == [
        (digit, "received") for digit in "123#"
    ]


def test_keys_without_hash_are_answered_after_a_moment() -> None:
    world = answered().run(1).tell(DigitHeard("5")).run(1.4)
    assert world.effects(Think) == []
    assert len(world.run(0.2).effects(Think)) == 1


def test_keys_interrupt_as_words_do() -> None:
    world = answered(first_message=LONG).run(2).tell(DigitHeard("1")).tell(DigitHeard("#"), 0.1).run(6)
    assert len(world.interrupted) == 1
    assert world.transcript[1] == ("system", "The customer pressed 1 #.")
    assert world.transcript[2][0] == "assistant"


# --- failures


def test_a_model_that_fails_for_good_ends_the_call_with_an_apology() -> None:
    world = World(plan(), llm_seconds=50).answer().run(1).says("hello there", seconds=1.0).run(2)
    world.tell(ReplyFailed(world.effects(Think)[-1].reply, FAILURE)).run(8)
    assert world.transcript[-1] == ("assistant", "I'm sorry, I have a technical problem and can't go on. Goodbye.")
    assert world.end is not None
    assert (world.end.reason, world.end.error) == (
        EndReason.PROVIDER_ERROR,
        "the language model (acme) failed: it timed out",
    )


def test_a_reply_that_failed_ahead_of_the_turn_is_asked_for_again() -> None:
    world = World(plan(), echo_brain, llm_seconds=50).answer().run(1).says("hello there", seconds=1.0).run(1.25)
    early = world.effects(Think)[-1].reply
    world.llm_seconds = 0.3
    world.tell(ReplyFailed(early, FAILURE)).run(5)
    assert world.end is None
    assert world.transcript[-1] == ("assistant", "You said hello there")


def test_a_voice_that_fails_ends_the_call_with_an_apology_if_another_can_say_it() -> None:
    failed = SpeakingFailed(1, "Your appointment", FAILURE)
    for again in (False, True):
        world = answered(first_message=LONG).run(2).tell(failed)
        if again:
            world.tell(SpeakingFailed(2, "", FAILURE))
        world.run(10)
        assert world.transcript[0] == ("assistant", "Your appointment")
        assert [role for role, _ in world.transcript[1:]] == ([] if again else ["assistant"])
        assert world.interrupted == ["Your appointment"]
        assert world.end is not None
        assert (world.end.reason, world.end.error) == (
            EndReason.PROVIDER_ERROR,
            "the voice (acme) failed: it timed out",
        )


def test_a_recogniser_that_fails_ends_the_call_with_an_apology() -> None:
    world = answered(first_message=LONG).run(2).tell(HearingFailed(FAILURE)).run(12)
    assert [role for role, _ in world.transcript] == ["assistant", "assistant"]
    assert reason(world) is EndReason.PROVIDER_ERROR


def test_no_sound_at_all_ends_the_call_unless_it_is_on_hold() -> None:
    world = answered(silence_timeout_seconds=100).run(1).tell(LineHeld(True)).tell(MediaLost()).run(20)
    assert world.end is None
    assert reason(world.tell(LineHeld(False)).tell(MediaLost()).run(1)) is EndReason.MEDIA_TIMEOUT


# --- the end


def test_a_party_that_hangs_up_in_mid_word_leaves_a_true_transcript() -> None:
    world = answered(first_message=LONG).run(2.0).says("no that is wrong", seconds=1.5, after=0.0).run(1.2)
    world.tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(0)
    assert world.transcript == [("assistant", "Your appointment is on Tuesday"), ("user", "no that is")]
    assert reason(world) is EndReason.USER_HANGUP
    assert world.talk.ended


def test_what_was_heard_is_reckoned_when_the_voice_tells_nothing_at_the_end() -> None:
    world = answered(first_message=LONG).run(2.1).tell(LineClosed(None, None, SIP)).run(0)
    assert world.interrupted == ["Your appointment is on"]
    assert reason(world) is EndReason.USER_HANGUP


def test_an_end_call_phrase_ends_the_call_once_it_was_heard() -> None:
    speech = {"end_call_phrases": ["have a nice day"]}
    world = World(plan(speech_config=speech), lambda history: ["Thank you.", "Have a nice day!"])
    world.answer().run(1).says("that is all").run(6)
    assert world.transcript[-1] == ("assistant", "Thank you. Have a nice day!")
    assert reason(world) is EndReason.ASSISTANT_ENDED


def test_an_end_call_phrase_that_was_not_heard_ends_nothing() -> None:
    speech = {"end_call_phrases": ["have a nice day"]}
    world = World(plan(speech_config=speech), lambda history: ["Thank you very much indeed.", "Have a nice day!"])
    world.answer().run(1).says("that is all", seconds=1.0).run(2.2).says("one more thing", seconds=1.0).run(1.6)
    assert world.interrupted != []
    assert world.end is None


PHRASES = {"end_call_phrases": ["Auf Wiederhören", "tot ziens"]}


def test_an_end_call_phrase_counts_wherever_the_assistant_says_it() -> None:
    ordered = World(plan(speech_config=PHRASES, first_message="Hallo."), lambda history: ["Ja."]).answer().run(2)
    ordered.tell(Ordered("c1", Say("Dann bis morgen, auf Wiederhören!"))).run(5)
    assert reason(ordered) is EndReason.ASSISTANT_ENDED
    opening = World(
        plan(speech_config=PHRASES, first_message="Verkeerd verbonden. Tot ziens."), lambda history: ["Ja."]
    )
    assert reason(opening.answer().run(6)) is EndReason.ASSISTANT_ENDED


def test_an_end_call_phrase_may_be_cut_between_clauses() -> None:
    replies = ["Gut, dann sage ich auf", "Wiederhören."]
    world = World(plan(speech_config=PHRASES), lambda history: replies).answer().run(1).says("das ist alles").run(8)
    assert world.transcript[-1] == ("assistant", "Gut, dann sage ich auf Wiederhören.")
    assert reason(world) is EndReason.ASSISTANT_ENDED


def test_the_party_saying_an_end_call_phrase_ends_nothing() -> None:
    world = World(plan(speech_config=PHRASES), lambda history: ["Noch etwas?"])
    world.answer().run(1).says("auf Wiederhören").run(5)
    assert world.end is None


def test_nothing_is_noted_after_the_last_fact() -> None:
    world = answered().tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(0)
    assert world.talk.handle(LineClosed(None, None, SIP), world.now) == []
    assert world.talk.handle(Ordered("c1", Mute()), world.now) == []
    assert isinstance(world.facts[-1], CallEnded)


# --- latency


def test_a_turn_is_measured_from_the_end_of_speech() -> None:
    world = World(plan(), llm_seconds=0.5).answer().run(1).says("that is fine", seconds=1.0).run(5)
    (turn,) = world.measured
    assert turn.turn == 1
    assert turn.end_of_turn == pytest.approx(400)
    assert turn.stt == pytest.approx(200)
    assert turn.llm_first_token == pytest.approx(500)
    assert turn.tts_first_audio == pytest.approx(100)
    assert turn.heard == pytest.approx(800)
    assert turn.added == pytest.approx(100)


def test_time_that_ran_within_the_wait_is_not_counted_as_ours() -> None:
    world = World(plan(), llm_seconds=0.1, tts_seconds=0.0).answer().run(1).says("that is fine", seconds=1.0).run(5)
    (turn,) = world.measured
    assert turn.heard == pytest.approx(400)
    assert turn.added == pytest.approx(0)
