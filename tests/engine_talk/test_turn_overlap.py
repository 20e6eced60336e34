"""Words and sounds that fall into our own: signs of listening, answers, misheard and wordless sounds, interruptions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine_talk.world import World, plan
from trunkline.domain.commands import Say
from trunkline.engine.effects import Prepare, Speak, StopSpeaking, StopThinking, Think
from trunkline.engine.events import Ordered, SpeechEnded, SpeechStarted, WordsFinal, WordsPartial
from trunkline.engine.overlap import Overlap, is_asked, is_backchannel, may_answer, overlap, repeats
from trunkline.engine.wordlists import BACKCHANNELS, INTERRUPTERS

pytestmark = pytest.mark.unit

LONG = "Your appointment is on Tuesday at ten o'clock in the main building on the second floor."
BEFORE_FINAL = 0.2


def speaking(words: str = LONG, **turn_taking: Any) -> World:
    """A world in which the assistant has been saying ``words`` for 1.1 s."""
    world = World(plan(speech_config={"turn_taking": turn_taking}), lambda history: [words])
    world.answer().run(1).says("tell me", seconds=1.0).run(1.0)
    while not world.effects(Speak):
        world.run(0.1)
    return world.run(1.2)


# --- what words are


@pytest.mark.parametrize(
    "text",
    [
        "Right.", "uh-huh", "Mm-hmm.", "I see.", "Got it!", "go on", "That’s right.", "Okay, okay.", "oh, okay I see",
        "ja precies", "dat klopt", "snap ik", "genau", "Ach so, alles klar.", "d'accord", "c'est ça", "claro que sí", "vale",
    ],
)  # fmt: skip
def test_signs_of_listening_are_known_in_five_languages(text: str) -> None:
    assert is_backchannel(text)
    assert overlap(text) is Overlap.LISTENING


@pytest.mark.parametrize(
    "text",
    ["stop", "wait", "hold on", "no", "what?", "okay but no", "yes please do", "right now", "I see a problem", "go",
     "okay okay okay okay okay okay okay"],
)  # fmt: skip
def test_everything_else_wants_the_floor(text: str) -> None:
    assert overlap(text) is Overlap.SPEAKING


@pytest.mark.parametrize("language", sorted(BACKCHANNELS))
def test_no_sign_of_listening_begins_like_an_interruption_by_itself(language: str) -> None:
    assert all((word,) not in BACKCHANNELS[language] for word in INTERRUPTERS)


@pytest.mark.parametrize(
    ("guess", "expected"),
    [
        ("I", Overlap.UNSURE),
        ("that's", Overlap.UNSURE),
        ("ray", Overlap.UNSURE),
        ("well then", Overlap.UNSURE),
        ("okay that makes", Overlap.UNSURE),
        ("well then I", Overlap.SPEAKING),
        ("stop", Overlap.SPEAKING),
        ("wacht", Overlap.SPEAKING),
        ("okay", Overlap.LISTENING),
        ("", Overlap.WORDLESS),
    ],
)
def test_first_guesses_are_not_believed_unless_they_are_clear(guess: str, expected: Overlap) -> None:
    assert overlap(guess, guessing=True) is expected


def test_a_word_or_two_of_a_short_sound_are_taken_for_a_misheard_sign_of_listening() -> None:
    assert overlap("Ray.", short=True) is Overlap.LISTENING
    assert overlap("Ray.") is Overlap.SPEAKING
    assert overlap("Stop.", short=True) is Overlap.SPEAKING
    assert overlap("three short words", short=True) is Overlap.SPEAKING


@pytest.mark.parametrize(
    ("heard", "rest", "complete", "expected"),
    [
        ("Shall I confirm it", "for you?", True, True),
        ("Shall I confirm it", "for you?", False, False),
        ("Shall I", "confirm the appointment on Tuesday for you?", True, False),
        ("Is that right? If", "so I will book it.", True, True),
        ("Is that right? If so, I will book it for you at", "once.", True, False),
        ("I booked it", "for you.", True, False),
        ("?", "", True, False),
    ],
)
def test_a_question_was_just_asked(heard: str, rest: str, complete: bool, expected: bool) -> None:
    assert is_asked(heard, rest, complete=complete) is expected


def test_a_sound_of_thinking_is_no_answer() -> None:
    assert may_answer("mm-hmm")
    assert may_answer("okay")
    assert not may_answer("um, uh")


# --- signs of listening


@pytest.mark.parametrize(
    "text", ["okay", "Right.", "I see.", "mm-hmm", "got it", "dat klopt", "Genau.", "d'accord", "claro"]
)
def test_it_goes_on_as_soon_as_a_sign_of_listening_is_known_for_one(text: str) -> None:
    world = speaking()
    began = world.now
    world.says(text, seconds=0.5).run(14)
    assert world.when(StopSpeaking) == pytest.approx(began + 0.3)
    assert world.when(Speak) == pytest.approx(began + 0.5 + BEFORE_FINAL)
    assert world.effects(Speak)[-1].text == LONG.removeprefix("Your appointment is ")
    assert world.transcript == [("user", "tell me"), ("assistant", LONG), ("user", text)]
    assert world.interrupted == []
    assert len(world.effects(Think)) == 1
    assert world.effects(StopThinking) == []


def test_what_comes_next_is_ready_when_it_goes_on() -> None:
    world = speaking().says("okay", seconds=0.5).run(0.65)
    assert world.effects(Prepare) == [Prepare(LONG.removeprefix("Your appointment is "))]


def test_a_late_final_does_not_keep_it_waiting() -> None:
    world = speaking()
    world.stt_seconds = 2.0
    at = world.now
    world.tell(SpeechStarted(at)).tell(WordsPartial("Okay"), 0.4).tell(SpeechEnded(at + 0.5), 0.6)
    world.tell(WordsFinal("Okay."), 2.0).run(14)
    assert world.when(Speak) == pytest.approx(at + 0.5 + 0.5)
    assert world.transcript[1:] == [("assistant", LONG), ("user", "Okay.")]
    assert len(world.effects(StopSpeaking)) == 1


def test_a_late_final_with_other_words_still_interrupts() -> None:
    world = speaking()
    at = world.now
    world.tell(SpeechStarted(at)).tell(WordsPartial("Okay"), 0.4).tell(SpeechEnded(at + 0.8), 0.9)
    world.tell(WordsFinal("Okay but not on Tuesday."), 2.0).run(14)
    assert len(world.effects(StopSpeaking)) == 2
    assert len(world.interrupted) == 1
    assert ("user", "Okay but not on Tuesday.") in world.transcript


def test_who_goes_on_after_a_sign_of_listening_gets_the_floor() -> None:
    world = speaking().says("okay", seconds=0.5).says("but not on Tuesday", after=0.9).run(14)
    assert len(world.interrupted) == 1
    assert world.asked()[-1] == ("user", "okay but not on Tuesday")


def test_a_misheard_short_sound_does_not_break_it_off() -> None:
    world = speaking().says("Ray.", seconds=0.5).run(14)
    assert world.interrupted == []
    assert world.transcript[1:] == [("assistant", LONG), ("user", "Ray.")]
    assert len(world.effects(Think)) == 1


def test_where_one_word_is_set_to_interrupt_one_word_does() -> None:
    world = speaking(interruption_min_words=1).says("Tuesday?", seconds=0.5).run(14)
    assert len(world.interrupted) == 1


@pytest.mark.parametrize(
    "text", ["stop", "wait", "hold on", "no", "what?", "who is this", "nee", "warte", "attendez", "espera"]
)
def test_who_wants_the_floor_has_it(text: str) -> None:
    world = speaking().says(text, seconds=0.5).run(14)
    assert len(world.interrupted) == 1
    assert world.asked()[-1] == ("user", text)


@pytest.mark.parametrize("text", ["yes", "okay", "mm-hmm", "sure"])
def test_into_the_last_word_of_a_question_it_is_an_answer(text: str) -> None:
    world = speaking("Shall I confirm this now?")
    assert world.effects(StopSpeaking) == []
    world.says(text, seconds=0.5).run(6)
    assert [role for role, _ in world.transcript] == ["user", "assistant", "user", "assistant"]
    assert world.asked()[-1] == ("user", text)
    assert world.interrupted == ["Shall I confirm this"]


def test_right_after_a_question_in_mid_speech_it_is_an_answer() -> None:
    question = "Is that so? Then I will book it for you on Tuesday at ten in the main building."
    world = speaking(question).says("yes", seconds=0.5).run(8)
    assert len(world.interrupted) == 1
    assert world.asked()[-1] == ("user", "yes")


def test_a_short_yes_to_a_question_in_mid_speech_is_answered_afterwards() -> None:
    question = "Is that so? Then I will book it for you on Tuesday at ten in the main building."
    world = speaking(question).says("yes", seconds=0.2).run(8)
    assert world.effects(StopSpeaking) == []
    assert world.asked()[-1] == ("user", "yes")


def test_a_sound_of_thinking_after_a_question_is_waited_out() -> None:
    world = speaking("Shall I confirm this for you?").says("um", seconds=0.5).run(3)
    assert world.interrupted == []


def test_a_yes_to_the_opening_question_is_an_answer() -> None:
    world = World(plan(first_message="Good morning, this is Anna. Is that John?")).answer().run(2.4)
    world.says("yes", seconds=0.4).run(5)
    assert world.asked()[-1] == ("user", "yes")


# --- sounds without words


def test_a_cough_lets_it_go_on_as_soon_as_there_are_no_words() -> None:
    world = speaking()
    began = world.now
    world.says("", seconds=0.4).run(14)
    assert world.when(Speak) == pytest.approx(began + 0.4 + BEFORE_FINAL)
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)]


def test_the_timeout_bounds_the_pause_where_the_recogniser_is_late() -> None:
    world = speaking()
    world.stt_seconds = 2.5
    began = world.now
    world.says("", seconds=0.4).run(14)
    assert world.when(Speak) == pytest.approx(began + 0.4 + 1.5)


def test_noise_that_goes_on_without_a_word_does_not_silence_it_for_long() -> None:
    world = speaking()
    began = world.now
    world.tell(SpeechStarted(began)).run(8)
    assert world.when(Speak) == pytest.approx(began + 0.3 + 3.0)


def test_a_recogniser_that_never_guesses_is_waited_for_longer() -> None:
    world = World(plan(), lambda history: [LONG])
    world.answer().run(1).says("tell me", seconds=1.0, partials=False).run(2.8)
    began = world.now
    world.tell(SpeechStarted(began)).run(10)
    assert world.when(Speak) == pytest.approx(began + 8.0)


def test_a_cough_before_the_reply_costs_its_own_length_and_asks_nothing_twice() -> None:
    world = World(plan(), llm_seconds=0.2, tts_seconds=0.05).answer().run(1)
    world.says("that is fine", seconds=1.0).says("", after=1.25, seconds=0.2).run(6)
    assert len(world.effects(Think)) == 1
    assert world.effects(StopThinking) == []
    assert world.when(Speak) == pytest.approx(101.0 + 1.25 + 0.2 + 0.4)
    assert world.transcript == [("user", "that is fine"), ("assistant", "You said that is fine")]


def test_a_reply_does_not_begin_into_a_sound_of_the_party() -> None:
    world = World(plan(), lambda history: [LONG], tts_seconds=0.3).answer().run(1)
    world.says("tell me", seconds=1.0).run(1.55)
    at = world.now
    assert len(world.effects(Speak)) == 1
    world.says("", seconds=0.2).run(12)
    assert world.when(StopSpeaking, 0) == pytest.approx(at)
    assert world.when(Speak) == pytest.approx(at + 0.2 + BEFORE_FINAL)
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)]


def test_noise_keeps_a_reply_back_only_once() -> None:
    world = World(plan(), lambda history: [LONG], tts_seconds=0.3).answer().run(1)
    world.says("tell me", seconds=1.0).run(1.55).says("", seconds=0.1).says("", after=0.4, seconds=0.1).run(12)
    assert len(world.effects(StopSpeaking)) == 1
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)]


# --- our own voice coming back


@pytest.mark.parametrize(
    ("text", "ours", "expected"),
    [
        ("Your appointment is on", LONG, True),
        ("appointment is on toothday at", LONG, True),
        ("your mumbo appointment", LONG, True),
        ("your appointment", LONG, False),
        ("my appointment was moved to Friday", LONG, False),
        ("is it on the second floor", "Is it the first", False),
        ("", LONG, False),
    ],
)
def test_words_that_we_have_just_said_are_an_echo(text: str, ours: str, expected: bool) -> None:
    assert repeats(text, ours) is expected


def test_an_echo_that_is_heard_as_words_is_no_turn_and_does_not_stop_us_for_good() -> None:
    world = speaking().says("Your appointment is", seconds=1.0).run(14)
    assert world.interrupted == []
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)]
    assert len(world.effects(Think)) == 1


def test_an_echo_of_our_last_words_is_not_answered() -> None:
    world = speaking().run(4.3).says("on the second floor", after=0.0, seconds=1.2).run(10)
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)]


def test_who_says_our_words_back_to_us_is_answered() -> None:
    world = speaking().run(6).says("on the second floor", seconds=1.2).run(10)
    assert world.asked()[-1] == ("user", "on the second floor")


# --- interruptions one after the other, of commands, and while tools run


def test_two_interruptions_in_a_row_cut_both_replies_to_what_was_heard() -> None:
    world = speaking().says("no not on Tuesday", seconds=1.0).run(2.6)
    world.says("wait I mean Wednesday", seconds=1.2).run(14)
    assert len(world.interrupted) == 2
    assert [role for role, _ in world.transcript] == ["user", "assistant", "user", "assistant", "user", "assistant"]
    assert world.transcript[-1] == ("assistant", LONG)


def test_two_sounds_in_a_row_are_gone_on_after_twice() -> None:
    world = speaking().says("okay", seconds=0.4).says("right", after=1.2, seconds=0.4).run(16)
    assert world.interrupted == []
    assert len(world.effects(StopSpeaking)) == 2
    assert world.transcript == [("user", "tell me"), ("assistant", LONG), ("user", "okay"), ("user", "right")]


def test_talking_over_us_without_a_pause_is_one_interruption() -> None:
    world = speaking().says("no I really do not want any of that today thank you", seconds=4.0).run(14)
    assert len(world.effects(StopSpeaking)) == 1
    assert world.interrupted == ["Your appointment is"]


def test_ordered_words_that_may_be_interrupted_are_and_the_sender_is_told() -> None:
    world = World(plan()).answer().run(1).tell(Ordered("c1", Say(LONG))).run(1.5)
    world.says("no thank you very much", seconds=1.2).run(8)
    assert world.outcomes["c1"] == ("done", "cut short: the party heard only a part")
    assert len(world.interrupted) == 1


def test_a_sign_of_listening_does_not_cut_ordered_words() -> None:
    world = World(plan()).answer().run(1).tell(Ordered("c1", Say(LONG))).run(1.5).says("okay", seconds=0.5).run(12)
    assert world.outcomes["c1"] == ("done", None)
    assert world.transcript == [("assistant", LONG), ("user", "okay")]


def test_ordered_words_that_may_not_be_interrupted_are_not_and_the_party_is_answered_afterwards() -> None:
    world = World(plan()).answer().run(1).tell(Ordered("c1", Say(LONG, interruptible=False))).run(1.5)
    world.says("no thank you very much", seconds=1.2).run(14)
    assert world.effects(StopSpeaking) == []
    assert world.transcript[:2] == [("assistant", LONG), ("user", "no thank you very much")]
    assert world.asked()[-1] == ("user", "no thank you very much")


# --- whatever the words


@given(
    text=st.sampled_from(["okay", "I see", "mm-hmm", "uh-huh right", "ja klopt", "", "Ray."]),
    seconds=st.floats(0.05, 0.65),
    after=st.floats(0.0, 2.5),
    stt_seconds=st.floats(0.02, 1.3),
)
def test_no_sound_of_listening_ever_costs_a_word_or_a_reply(
    text: str, seconds: float, after: float, stt_seconds: float
) -> None:
    world = speaking()
    world.stt_seconds = stt_seconds
    world.says(text, after=after, seconds=seconds).run(25)
    assert world.transcript == [("user", "tell me"), ("assistant", LONG)] + ([("user", text)] if text else [])
    assert world.interrupted == []
    assert len(world.effects(Think)) == 1


@pytest.mark.parametrize(
    ("text", "before_the_end", "answered"),
    [("Wednesday", 1.3, True), ("Wednesday", 1.8, False), ("Right", 1.3, False), ("Right", 0.5, True)],
)
def test_a_lone_word_is_answered_when_we_finish_soon_after_it(text: str, before_the_end: float, answered: bool) -> None:
    world = speaking(interruption_min_duration=2.0)
    ends_at = world.when(Speak, 0) + world.tts_seconds + len(LONG) / world.characters_per_second
    thoughts = len(world.effects(Think))
    world.says(text, after=ends_at - before_the_end - 0.4 - world.now, seconds=0.4, partials=False).run(8)
    assert ("user", text) in world.transcript
    assert len(world.effects(Think)) - thoughts == answered
