"""An outbound call that a person, a voicemail, a robot, a menu or an announcement answers."""

from typing import Any

import pytest

from tests.engine_talk.world import SIP, World, plan
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.domain.commands import EndCall, InjectContext, Say
from trunkline.engine.effects import HangUp, Sniff, Speak, Think
from trunkline.engine.events import (
    LineClosed,
    Ordered,
    SpeechEnded,
    SpeechStarted,
    ToneHeard,
    ToneNoticed,
    WordsFinal,
    WordsPartial,
)

pytestmark = pytest.mark.unit

OPENING = "Hello, this is Tina from Smile Dental."
MESSAGE = "Please call us back."
GREETING = "Hi, you have reached Bob. Please leave a message after the tone."


def world(direction: Direction = Direction.OUTBOUND, **assistant: Any) -> World:
    settings = {"first_message": OPENING, "voicemail_detection": True, **assistant}
    return World(plan(direction, **settings))


def spoken(talk: World) -> list[str]:
    return [effect.text for effect in talk.effects(Speak)]


def first_words_at(talk: World) -> float:
    """Seconds from the answer to our first words."""
    return round(talk.when(Speak, 0) - 100.0, 2)


def beep(talk: World, after: float, seconds: float = 0.4) -> World:
    at = talk.now + after
    return talk.tell(ToneHeard(at, seconds, 1000.0), after + 0.1)


# --- people


def test_without_detection_nothing_is_held_back() -> None:
    talk = world(voicemail_detection=False).answer()
    assert spoken(talk) == [OPENING]
    assert talk.effects(Sniff) == []


@pytest.mark.parametrize("direction", [Direction.INBOUND, Direction.WEB])
def test_only_outbound_calls_are_screened(direction: Direction) -> None:
    talk = world(direction).answer()
    assert spoken(talk) == [OPENING]


def test_a_short_hello_is_answered_at_once() -> None:
    talk = world().answer().says("Hello?", after=0.6, seconds=0.4).run(3.0)
    assert spoken(talk) == [OPENING]
    assert first_words_at(talk) == pytest.approx(1.3, abs=0.11)
    assert talk.run(4.0).transcript[:2] == [("user", "Hello?"), ("assistant", OPENING)]
    assert talk.effects(Think) == []


def test_a_long_human_greeting_is_answered_when_it_is_over() -> None:
    greeting = "Good morning, Smile Dental, you're speaking with Anna, how can I help?"
    talk = world().answer().says(greeting, after=0.5, seconds=4.5).run(9.0)
    assert spoken(talk) == [OPENING]
    assert first_words_at(talk) == pytest.approx(5.3, abs=0.11)


def test_somebody_who_waits_is_spoken_to() -> None:
    talk = world().answer().run(3.0)
    assert spoken(talk) == [OPENING]
    assert first_words_at(talk) == pytest.approx(1.2, abs=0.01)


def test_an_assistant_that_waits_answers_the_greeting() -> None:
    talk = world(first_message=None).answer().says("Hello?", after=0.6, seconds=0.4).run(5.0)
    assert spoken(talk) == ["You said Hello?"]


def test_words_in_a_talk_do_not_make_a_machine_of_a_person() -> None:
    talk = world().answer().says("Hello?", after=0.6, seconds=0.4).run(6.0)
    talk.says("He is not available right now, just leave him a voicemail.", seconds=3.0).run(8.0)
    assert talk.end is None
    assert spoken(talk)[-1].startswith("You said He is not available")


def test_tones_are_looked_for_only_until_it_is_clear() -> None:
    talk = world().answer().says("Hello?", after=0.6, seconds=0.4).run(6.0)
    assert [effect.on for effect in talk.effects(Sniff)] == [True]
    talk.says("Yes, this is Bob.").run(6.0).says("Fine, thank you.").run(6.0)
    assert [effect.on for effect in talk.effects(Sniff)] == [True, False]


# --- voicemail


def test_a_voicemail_without_a_message_is_hung_up_on_at_once() -> None:
    talk = world().answer().says(GREETING, after=0.5, seconds=5.0).run(8.0)
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_DETECTED
    assert talk.when(HangUp) < 105.5
    assert spoken(talk) == []
    assert talk.effects(Think) == []
    assert [role for role, _ in talk.transcript] == ["system", "user"]


def test_a_message_is_left_after_the_beep() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=0.5, seconds=5.0)
    beep(talk, 6.5)
    talk.run(15.0)
    assert spoken(talk) == [MESSAGE]
    assert first_words_at(talk) == pytest.approx(6.8, abs=0.01)
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT
    assert talk.transcript == [
        ("system", "A voicemail answered the call."),
        ("user", GREETING),
        ("assistant", MESSAGE),
    ]
    assert talk.effects(Think) == []


def test_without_a_beep_the_message_is_left_after_a_pause() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=0.5, seconds=5.0).run(15.0)
    assert first_words_at(talk) == pytest.approx(7.0, abs=0.01)
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


def test_a_greeting_without_end_gets_the_message_after_30_seconds() -> None:
    talk = world(voicemail_message=MESSAGE).answer().tell(SpeechStarted(100.5), 0.5)
    talk.tell(WordsPartial("Hi, you have"), 1.0).tell(WordsPartial(GREETING), 5.0).run(60.0)
    assert first_words_at(talk) == pytest.approx(35.0, abs=0.01)


def test_a_late_beep_starts_the_message_anew_once() -> None:
    talk = world(voicemail_message="Please call us back when you can, on the number you know.").answer()
    talk.says(GREETING, after=0.5, seconds=5.0)
    beep(talk, 8.0)
    beep(talk, 9.5)
    talk.run(30.0)
    assert len(spoken(talk)) == 2
    assert talk.when(Speak, 1) == pytest.approx(108.3, abs=0.01)
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


def test_nothing_cuts_the_message() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=0.5, seconds=5.0)
    beep(talk, 6.5)
    talk.run(6.0).says("You may now record your message.", after=1.5).run(20.0)
    assert spoken(talk) == [MESSAGE]
    assert talk.interrupted == []
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


def test_a_full_mailbox_takes_no_message() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says("The mailbox is full. Goodbye.", after=0.5).run(8.0)
    assert spoken(talk) == []
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_DETECTED


def test_a_voicemail_that_hangs_up_before_the_message_was_played_has_none() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=0.5, seconds=5.0).run(6.0)
    talk.tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(1.0)
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_DETECTED


def test_a_greeting_that_starts_late_stops_our_words() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=1.6, seconds=5.0)
    beep(talk, 7.6)
    talk.run(20.0)
    assert spoken(talk) == [OPENING, MESSAGE]
    assert talk.interrupted
    assert talk.effects(Think) == []
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


def test_a_greeting_that_began_like_a_person_is_taken_back() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says("Hi, this is Bob.", after=0.5, seconds=0.9)
    talk.says("I can't come to the phone, leave a message after the tone.", after=2.2, seconds=3.5)
    beep(talk, 6.6)
    talk.run(20.0)
    assert spoken(talk) == [OPENING, MESSAGE]
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


def test_a_lone_beep_is_a_voicemail() -> None:
    talk = world(voicemail_message=MESSAGE).answer()
    beep(talk, 2.0)
    talk.run(15.0)
    assert spoken(talk)[-1] == MESSAGE
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


# --- robots, menus, announcements

SCREENER = "Hi, if you record your name and reason for calling, I'll see if this person is available."


def test_a_screening_robot_is_told_who_calls_and_a_person_then_gets_the_first_message() -> None:
    talk = world(name="Tina", business_name="Smile Dental").answer()
    talk.says(SCREENER, after=0.5, seconds=5.0).run(10.0)
    assert spoken(talk) == [f"This is Tina calling from Smile Dental. {OPENING}"]
    talk.run(3.0).says("Thanks. Please stay on the line.", seconds=1.8).run(10.0)
    assert len(spoken(talk)) == 1
    talk.says("Hello?", seconds=0.4).run(4.0)
    assert spoken(talk)[1:] == [OPENING]
    assert talk.effects(Think) == []
    assert talk.end is None


def test_a_screening_robot_hears_the_goal_of_a_script() -> None:
    script = {"goal": "Confirm the appointment on Monday", "steps": [{"id": "a", "say": "Hi"}]}
    settings = {"provider": "local", "model": "scripted", "script": script}
    talk = world(llm_config=settings, business_name="Smile Dental").answer()
    talk.says(SCREENER, after=0.5, seconds=5.0).run(10.0)
    assert spoken(talk) == ["This is Smile Dental calling. I'm calling about: Confirm the appointment on Monday."]


def test_a_robot_that_sends_us_to_voicemail_gets_the_message() -> None:
    talk = world(name="Tina", voicemail_message=MESSAGE).answer().says(SCREENER, after=0.5, seconds=5.0).run(14.0)
    talk.says("The person is not available. Please leave a message after the tone.", seconds=4.0).run(20.0)
    assert spoken(talk)[1:] == [MESSAGE]
    assert talk.end is not None
    assert talk.end.reason is EndReason.VOICEMAIL_MESSAGE_LEFT


def test_a_robot_that_fetches_nobody_does_not_hold_the_call_for_ever() -> None:
    talk = world(name="Tina").answer().says(SCREENER, after=0.5, seconds=5.0).run(70.0)
    assert spoken(talk)[1] == OPENING
    talk.run(60.0)
    assert talk.end is not None
    assert talk.end.reason is EndReason.SILENCE_TIMEOUT


def test_a_menu_is_answered_by_the_model_with_the_verdict_before_it() -> None:
    menu = "Thank you for calling Acme. For sales, press one. For support, press two."
    talk = world().answer().says(menu, after=0.5, seconds=5.0).run(9.0)
    assert OPENING not in spoken(talk)
    assert talk.effects(Think)
    last = talk.asked()[-2:]
    assert last[0][0] == "system"
    assert OPENING in last[0][1]
    assert last[1] == ("user", menu)
    assert talk.end is None


def test_a_menu_that_goes_on_is_heard_out() -> None:
    talk = world().answer().tell(SpeechStarted(100.5), 0.5)
    talk.tell(WordsPartial("For sales press one, for support press two,"), 4.0)
    talk.tell(WordsPartial("For sales press one, for support press two, for all else press three"), 6.0)
    talk.tell(SpeechEnded(106.2), 6.3)
    talk.tell(WordsFinal("For sales press one, for support press two, for all else press three."), 6.5).run(10.0)
    assert talk.asked(0)[-1] == ("user", "For sales press one, for support press two, for all else press three.")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("The number you have dialed is not in service. Please check the number.", EndReason.INVALID_DESTINATION),
        ("The person you have called is not reachable. Please try again later.", EndReason.NO_ANSWER),
    ],
)
def test_an_announcement_ends_the_call_with_what_it_said(words: str, reason: EndReason) -> None:
    talk = world().answer().says(words, after=0.5, seconds=4.0).run(9.0)
    assert spoken(talk) == []
    assert talk.end is not None
    assert talk.end.reason is reason
    assert talk.end.error is not None
    assert words.split(".")[0].lower().split()[1] in talk.end.error.lower()


def test_the_intercept_tone_ends_the_call() -> None:
    talk = world().answer()
    for place, hertz in enumerate((950.0, 1400.0, 1800.0)):
        talk.tell(ToneHeard(100.6 + place * 0.36, 0.33, hertz), 0.7 + place * 0.36)
    talk.run(3.0)
    assert talk.end is not None
    assert talk.end.reason is EndReason.INVALID_DESTINATION


# --- orders meanwhile


def test_a_command_waits_until_it_is_known_who_answered() -> None:
    talk = world().answer().tell(Ordered("1", Say("One moment.", interruptible=True, end_after=False)), 0.2)
    talk.tell(Ordered("2", InjectContext("Be brief.", trigger_response=False)), 0.2).run(0.5)
    assert talk.outcomes == {}
    talk.run(9.0)
    assert spoken(talk) == [OPENING, "One moment."]
    assert talk.outcomes == {"1": ("done", None), "2": ("done", None)}


def test_a_command_to_a_machine_fails() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=0.1, seconds=3.0).run(4.0)
    talk.tell(Ordered("1", Say("Hello", interruptible=True, end_after=False))).run(0.1)
    assert talk.outcomes["1"][0] == "failed"


def test_an_order_to_end_the_call_is_obeyed_at_once() -> None:
    talk = world().answer().tell(Ordered("1", EndCall(None)), 0.2).run(1.0)
    assert talk.end is not None
    assert talk.end.reason is EndReason.API_ENDED
    assert CallStatus.IN_PROGRESS in [getattr(fact, "status", None) for fact in talk.facts]


def test_nothing_is_said_into_a_beep_that_lasts() -> None:
    talk = world(voicemail_message=MESSAGE).answer().says(GREETING, after=0.5, seconds=5.0)
    talk.tell(ToneNoticed(106.9, 1000.0), 6.95)
    beep(talk, 7.6, seconds=0.8)
    talk.run(15.0)
    assert spoken(talk) == [MESSAGE]
    assert first_words_at(talk) == pytest.approx(7.9, abs=0.01)
