"""How long a pause must be, by what was said."""

import pytest
from pydantic import ValidationError

from trunkline.domain.assistant import TurnTaking
from trunkline.engine.overlap import is_backchannel, is_greeting
from trunkline.engine.turns import (
    PLAIN,
    Hold,
    Setting,
    asked_for,
    count_words,
    has_phrase,
    hold,
    likely_over,
    spoken_seconds,
    wait_seconds,
)

pytestmark = pytest.mark.unit
MANNERS = TurnTaking(endpointing_min_delay=0.4, endpointing_max_delay=2.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes, that is fine.", Hold.NONE),
        ("", Hold.NONE),
        ("I would like to book a table and", Hold.FIRM),
        ("Well, um", Hold.FIRM),
        ("I was thinking...", Hold.FIRM),
        ("my number is 0 6", Hold.FIRM),
        ("it is oh six one", Hold.FIRM),
        ("0612345678", Hold.SOFT),
        ("06123456", Hold.FIRM),
        ("06-12-34", Hold.FIRM),
        ("J A N", Hold.FIRM),
        ("I got a 7", Hold.SOFT),
        ("J-A-N-S-E-N", Hold.FIRM),
        ("ik wil graag komen maar", Hold.FIRM),
        ("a table for", Hold.SOFT),
        ("seven", Hold.SOFT),
        ("I am 45", Hold.SOFT),
        ("at 10:30", Hold.NONE),
        ("and then I left", Hold.NONE),
        ("seven of us", Hold.NONE),
        ("oh six twelve", Hold.FIRM),
        ("I am twenty five", Hold.SOFT),
        ("at ten thirty", Hold.NONE),
        ("oh six one two three four five six seven eight", Hold.SOFT),
        ("oh six double one three four five six seven eight", Hold.SOFT),
        ("one two three four five six seven eight nine one two three four five", Hold.FIRM),
        ("four nine one five one one two three four five six seven eight", Hold.SOFT),
        ("my number is two", Hold.FIRM),
        ("john dot", Hold.FIRM),
        ("john dot smith", Hold.FIRM),
        ("john at gmail", Hold.FIRM),
        ("john at gmail dot com", Hold.NONE),
        ("john@gmail.com", Hold.NONE),
        ("john@gmail", Hold.FIRM),
        ("jan apenstaartje ziggo punt nl", Hold.NONE),
        ("my name is", Hold.FIRM),
        ("mijn naam is", Hold.FIRM),
        ("ich hätte gern", Hold.FIRM),
        ("the third of May nineteen", Hold.FIRM),
        ("I want to speak to", Hold.SOFT),
        ("who do you want to speak to?", Hold.NONE),
        ("hold on", Hold.FIRM),
        ("let me see", Hold.FIRM),
        ("sorry", Hold.NONE),
    ],
)
def test_words_hold_a_turn_open(text: str, expected: Hold) -> None:
    assert hold(text) is expected


@pytest.mark.parametrize(
    ("text", "probability", "seconds"),
    [
        ("that is fine", None, 0.4),
        ("that is fine", 1.0, 0.4),
        ("that is fine", 0.5, 1.2),
        ("that is fine", 0.25, 1.6),
        ("that is fine", 0.0, 2.0),
        ("seven", None, 1.2),
        ("seven", 0.9, 1.2),
        ("seven", 0.1, 1.2),
        ("0 6 1 2", None, 2.0),
        ("0 6 1 2", 0.99, 2.0),
        ("I want this and", 0.99, 2.0),
        ("", None, 0.4),
    ],
)
def test_the_wait_lies_between_the_two_delays(text: str, probability: float | None, seconds: float) -> None:
    assert wait_seconds(text, probability, MANNERS) == pytest.approx(seconds)


def test_a_longest_delay_below_the_shortest_is_refused() -> None:
    with pytest.raises(
        ValidationError, match=r"endpointing_min_delay \(1\) must not be greater than endpointing_max_delay"
    ):
        TurnTaking(endpointing_min_delay=1.0, endpointing_max_delay=0.5)
    assert wait_seconds("0 6 1", None, TurnTaking(endpointing_min_delay=1.0, endpointing_max_delay=1.0)) == 1.0


@pytest.mark.parametrize(
    ("text", "probability", "expected"),
    [
        ("that is fine", None, True),
        ("that is fine", 0.9, True),
        ("that is fine", 0.2, False),
        ("um", None, False),
        ("", 0.9, False),
        ("0 6 1", 0.9, False),
    ],
)
def test_thinking_ahead_pays_only_on_a_likely_end(text: str, probability: float | None, expected: bool) -> None:
    assert likely_over(text, probability) is expected


def test_sounds_of_thinking_are_no_words() -> None:
    assert count_words("Um, uh-huh, mm-hmm.") == 0
    assert count_words("Um, wait a moment.") == 3


@pytest.mark.parametrize(("text", "expected"), [("Okay, right.", True), ("mm-hm", True), ("okay but no", False)])
def test_signs_of_listening_are_known(text: str, expected: bool) -> None:
    assert is_backchannel(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello?", True),
        ("Yes, hello?", True),
        ("Good morning.", True),
        ("Yes", False),
        ("Hello, this is John Smith.", True),
        ("Goedemorgen, met Jan.", True),
        ("Hello, this is a wrong number", False),
        ("Hello, who is this?", True),
        ("Hello, who is calling me", False),
    ],
)
def test_greetings_are_known(text: str, expected: bool) -> None:
    assert is_greeting(text) is expected


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("Thank you. Good-bye, then!", "good-bye then", True),
        ("Thank you, have a nice day.", "Have a nice day!", True),
        ("a goodbyes list", "goodbye", False),
        ("anything", "", False),
    ],
)
def test_a_phrase_is_found_word_by_word(text: str, phrase: str, expected: bool) -> None:
    assert has_phrase(text, phrase) is expected


def test_digits_take_longer_to_speak_than_letters() -> None:
    assert spoken_seconds("0612345678") > 2 * spoken_seconds("abcdefghij")
    assert spoken_seconds("hello there", speed=2.0) == spoken_seconds("hello there") / 2


@pytest.mark.parametrize("text", ["Yes.", "No,", "Hello?", "No, thank you.", "Okay, bye-bye."])
def test_a_whole_answer_of_a_word_or_two_never_waits_for_long(text: str) -> None:
    assert wait_seconds(text, 0.0, MANNERS) == pytest.approx(0.8)
    assert wait_seconds(text, 0.9, MANNERS) == pytest.approx(0.4)


@pytest.mark.parametrize("text", ["Yes, but", "No, I", "Okay...", "Hello, this is"])
def test_what_only_begins_like_one_waits(text: str) -> None:
    assert wait_seconds(text, 0.0, MANNERS) == pytest.approx(2.0)


def test_one_digit_alone_waits_less_than_several() -> None:
    assert wait_seconds("Nine.", 0.1, MANNERS) == pytest.approx(1.2)
    assert wait_seconds("Nine, two", 0.1, MANNERS) == pytest.approx(2.0)


DICTATING = Setting(dictating=True)
BARGING = Setting(barging=True)
COUNTING = asked_for("For how many people?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is your phone number?", True),
        ("Thank you. Could you spell that for me, please?", True),
        ("Wat is uw geboortedatum?", True),
        ("Wie lautet Ihre Kundennummer?", True),
        ("How many people will there be?", False),
        ("What is the number of guests?", False),
        ("I have your number. When shall we call?", False),
        ("", False),
    ],
)
def test_who_is_asked_for_digits_or_letters_is_known(text: str, expected: bool) -> None:
    assert asked_for(text).dictating is expected


@pytest.mark.parametrize(
    ("text", "probability", "setting", "seconds"),
    [
        ("Nine.", 0.95, DICTATING, 2.0),
        ("Nine.", 0.95, PLAIN, 1.2),
        ("Nine.", 0.95, COUNTING, 0.4),
        ("Tuesday.", 0.95, PLAIN, 0.8),
        ("Twelve.", 0.95, DICTATING, 2.0),
        ("Here.", 0.95, DICTATING, 1.2),
        ("Yes.", 1.0, DICTATING, 0.4),
        ("I do not have one with me.", 1.0, DICTATING, 0.4),
        ("0612345978.", 1.0, DICTATING, 0.4),
        ("0612345978.", 0.05, DICTATING, 1.2),
        ("Two, zero, four, three, seven.", 0.95, DICTATING, 1.2),
        ("Two, zero, four, three, seven.", 0.85, DICTATING, 2.0),
        ("Two, zero, four, three, seven.", 0.95, PLAIN, 2.0),
        ("Two, zero, four.", 0.95, DICTATING, 2.0),
        ("I moved to another street.", 0.05, PLAIN, 1.2),
        ("I moved to another street", 0.05, PLAIN, 1.92),
        ("I moved to another street,", 0.05, PLAIN, 1.6),
        ("Which of the two packages?", 0.75, PLAIN, 0.4 + 0.8 * 0.5**0.7),
        ("My number is 24.", 0.95, PLAIN, 2.0),
        ("Which of the two packages,", 0.95, PLAIN, 0.8),
        ("Which of the two packages,", 0.6, PLAIN, 1.2),
        ("Nine,", 0.95, PLAIN, 1.2),
        ("Here,", 0.95, PLAIN, 1.2),
        ("Thanks,", 1.0, PLAIN, 0.4),
        ("Which of the two packages,", None, PLAIN, 1.2),
        ("Are you open on Saturday, Agro?", 0.05, PLAIN, 0.8),
        ("Can you help me the price?", 0.05, PLAIN, 0.8),
        ("Can you help me?", 0.05, PLAIN, 1.2),
        ("Wait,", 0.95, BARGING, 2.0),
        ("Stop please.", 0.95, BARGING, 1.2),
        ("Stop please.", 1.0, PLAIN, 0.4),
        ("No.", 0.95, BARGING, 1.2),
        ("No.", 1.0, PLAIN, 0.4),
    ],
)
def test_what_the_turn_is_part_of_counts(
    text: str, probability: float | None, setting: Setting, seconds: float
) -> None:
    assert wait_seconds(text, probability, MANNERS, setting) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "phrase", "there"),
    [
        ("Well, GOOD-BYE then!", "good bye", True),
        ("Good bye.", "Good-bye", True),
        ("It\u2019s been nice", "it's been", True),
        ("Auf Wiederho\u0308ren.", "auf wiederhören", True),
        ("Grüße aus der Straße", "STRASSE", True),
        ("好的,再见!", "再见", True),
        ("では、さようなら。", "さようなら", True),
        ("До свидания!", "до свидания", True),
        ("goodbyes are hard", "goodbye", False),
        ("good, bye", "good bye", True),
        ("anything", "!?", False),
    ],
)
def test_phrases_are_found_in_any_language_and_punctuation(text: str, phrase: str, there: bool) -> None:
    assert has_phrase(text, phrase) is there
