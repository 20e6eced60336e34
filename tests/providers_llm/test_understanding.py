"""What single answers mean: yes and no, numbers, days and times, choices, as recognisers write them."""

import pytest

from trunkline.domain.assistant import ScriptStep
from trunkline.providers.local.dialogue.answers import understand, yes_or_no
from trunkline.providers.local.dialogue.dates import find_when
from trunkline.providers.local.dialogue.numbers import as_number
from trunkline.providers.local.dialogue.rules import Intent, detour, hard_rule, likely
from trunkline.providers.local.dialogue.text import fill, normalise, questions

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Yes.", True),
        ("Yes, Tuesday at three is fine.", True),
        ("yeah sure", True),
        ("yep that works for me", True),
        ("uh yeah i think so", True),
        ("that's fine", True),
        ("that's right", True),
        ("okay", True),
        ("mm hmm", True),
        ("no problem", True),
        ("no problem at all i'll be there", True),
        ("i don't see why not", True),
        ("i wouldn't mind", True),
        ("of course", True),
        ("i will be there", True),
        ("Speaking.", True),
        ("it sounds good", True),
        ("No.", False),
        ("nope", False),
        ("no thank you", False),
        ("no i can't", False),
        ("I'm afraid not", False),
        ("unfortunately i have to work", False),
        ("i can't make it", False),
        ("i cant make it on tuesday", False),
        ("that doesn't work for me", False),
        ("not yet", False),
        ("not really", False),
        ("I'd like to reschedule", False),
        ("could we do another day", False),
        ("i haven't", False),
        ("of course not", False),
        ("the bananas are yellow", None),
        ("maybe", None),
        ("i don't know", None),
        ("", None),
    ],
)
def test_yes_and_no(said: str, meant: bool | None) -> None:
    found = yes_or_no(normalise(said))
    assert (found.value if found else None) is meant
    assert found is None or found.sure


@pytest.mark.parametrize("said", ["yes but i can't come", "no that's fine", "no it's okay", "yes no wait"])
def test_a_yes_or_no_that_contradicts_itself_is_not_sure(said: str) -> None:
    found = yes_or_no(normalise(said))
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize(
    ("said", "value", "sure"),
    [
        ("seven", 7, True),
        ("7", 7, True),
        ("I'd say a seven", 7, True),
        ("seven out of ten", 7, True),
        ("7/10", 7, True),
        ("an eight I guess", 8, True),
        ("twenty five", 25, True),
        ("Twenty-five.", 25, True),
        ("one hundred and five", 105, True),
        ("two thousand three hundred", 2300, True),
        ("a hundred", 100, True),
        ("1,250", 1250, True),
        ("seven point five", 7.5, True),
        ("four seven one one", 4711, True),
        ("none", 0, True),
        ("seven or eight", 7, False),
        ("a couple", 2, False),
        ("ate", 8, False),
        ("ten ten", 10, True),
    ],
)
def test_numbers(said: str, value: float, sure: bool) -> None:
    assert as_number(normalise(said)) == (value, sure)


@pytest.mark.parametrize("said", ["", "no idea", "for sure", "very likely"])
def test_no_number(said: str) -> None:
    assert as_number(normalise(said)) is None


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("Tuesday at three", "Tuesday at 3 pm"),
        ("tuesday at 3 p.m.", "Tuesday at 3 pm"),
        ("Tuesday, 3 PM", "Tuesday at 3 pm"),
        ("on thursday half past two", "Thursday at 2:30 pm"),
        ("friday at two thirty", "Friday at 2:30 pm"),
        ("wednesday 10:15", "Wednesday at 10:15 am"),
        ("quarter to four on monday", "Monday at 3:45 pm"),
        ("tomorrow morning", "tomorrow morning"),
        ("tomorrow morning at eight", "tomorrow at 8 am"),
        ("tomorrow at 8 in the evening", "tomorrow at 8 pm"),
        ("the day after tomorrow at noon", "the day after tomorrow at 12 pm"),
        ("next Tuesday", "next Tuesday"),
        ("march 5th", "March 5"),
        ("the fifth of march at nine", "March 5 at 9 am"),
        ("march the twenty first", "March 21"),
        ("the 3rd", "the 3rd"),
        ("at fifteen thirty", "3:30 pm"),
        ("in two weeks", "in 2 weeks"),
        ("any time", "any time"),
        ("thursdays are good", "Thursday"),
        ("not tuesday but wednesday at ten", "Wednesday at 10 am"),
        ("i can't do tuesday, thursday is better", "Thursday"),
        ("five o'clock", "5 pm"),
        ("at 5", "5 pm"),
        ("around eleven", "11 am"),
        ("ten past nine", "9:10 am"),
    ],
)
def test_days_and_times(said: str, when: str) -> None:
    assert str(find_when(normalise(said))) == when


@pytest.mark.parametrize(
    "said",
    [
        "",
        "i can't do tuesday",
        "that one is fine",
        "no idea",
        "you are the first one",
        "tuesday doesn't really work",
        "hold on a second",
    ],
)
def test_no_day_and_no_time(said: str) -> None:
    assert find_when(normalise(said)) is None


WAYS = ScriptStep(
    id="way",
    ask="Neighbour, pickup point or another day?",
    slot="way",
    type="choice",
    choices={"neighbour": ("neighbor", "next door"), "pickup point": ("pick it up",), "another day": ("later",)},
)


@pytest.mark.parametrize(
    ("said", "value", "sure"),
    [
        ("the neighbor please", "neighbour", True),
        ("just leave it next door", "neighbour", True),
        ("I'll pick it up", "pickup point", True),
        ("the second one", "pickup point", True),
        ("option 3", "another day", True),
        ("the last one", "another day", True),
        ("not the neighbour, another day", "another day", True),
        ("neighbour or later", "neighbour", False),
        ("the nighbour", "neighbour", False),
        ("the pickup pint", "pickup point", False),
    ],
)
def test_choices(said: str, value: str, sure: bool) -> None:
    found = understand(WAYS, said)
    assert found is not None
    assert (found.value, found.sure) == (value, sure)


SURE_RULES = [
    ("stop calling me", Intent.OPT_OUT),
    ("Please stop calling.", Intent.OPT_OUT),
    ("don't call me again", Intent.OPT_OUT),
    ("do not call me anymore please", Intent.OPT_OUT),
    ("take me off your list", Intent.OPT_OUT),
    ("remove my number from your system", Intent.OPT_OUT),
    ("i dont want these calls", Intent.OPT_OUT),
    ("never call this number again", Intent.OPT_OUT),
    ("you have the wrong number", Intent.WRONG_NUMBER),
    ("there's nobody here by that name", Intent.WRONG_NUMBER),
    ("she doesn't live here anymore", Intent.WRONG_NUMBER),
    ("can I talk to someone", Intent.HUMAN),
    ("i want to speak to a real person", Intent.HUMAN),
    ("let me speak with your manager", Intent.HUMAN),
    ("human please", Intent.HUMAN),
    ("put me through to an agent", Intent.HUMAN),
    ("Are you a robot?", Intent.ROBOT),
    ("is this a recording", Intent.ROBOT),
    ("am i talking to a machine", Intent.ROBOT),
    ("are you a real person", Intent.ROBOT),
    ("help i have an emergency", Intent.EMERGENCY),
    ("my house is on fire", Intent.EMERGENCY),
    ("i need an ambulance", Intent.EMERGENCY),
    ("i think i'm having a heart attack", Intent.EMERGENCY),
]


@pytest.mark.parametrize(("said", "intent"), SURE_RULES)
def test_hard_rules(said: str, intent: Intent) -> None:
    assert hard_rule(normalise(said)) is intent


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "no i can't make it",
        "it's not an emergency",
        "don't call me before nine",
        "call me tomorrow",
        "i stopped smoking",
        "i would like to talk to you about the price",
        "can you tell me the price",
        "the number is four seven one one",
        "that is the wrong day",
        "i am the right person",
    ],
)
def test_what_is_no_hard_rule(said: str) -> None:
    assert hard_rule(normalise(said)) is None


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("who is this", Intent.WHO),
        ("Sorry, who's calling?", Intent.WHO),
        ("where are you calling from", Intent.WHO),
        ("what is this about", Intent.WHY),
        ("why are you calling me", Intent.WHY),
        ("can you repeat that", Intent.REPEAT),
        ("sorry what", Intent.REPEAT),
        ("pardon?", Intent.REPEAT),
        ("i didn't catch that", Intent.REPEAT),
        ("i'm busy", Intent.CALLBACK),
        ("i'm driving right now", Intent.CALLBACK),
        ("can you call me back later", Intent.CALLBACK),
        ("it's not a good time", Intent.CALLBACK),
        ("hold on", Intent.HOLD),
        ("just a second please", Intent.HOLD),
        ("hello?", Intent.GREETING),
        ("hi", Intent.GREETING),
        ("are you still there", Intent.GREETING),
        ("thanks", Intent.THANKS),
        ("not interested", Intent.NOT_INTERESTED),
        ("bye", Intent.GOODBYE),
        ("fuck off", Intent.INSULT),
        ("tuesday", None),
    ],
)
def test_detours(said: str, intent: Intent | None) -> None:
    assert detour(normalise(said)) is intent


def test_what_only_may_be_meant_is_no_hard_rule() -> None:
    assert hard_rule(normalise("leave me alone")) is None
    assert likely(normalise("leave me alone")) is Intent.OPT_OUT


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Yes. How long does it take?", ["How long does it take?"]),
        ("yes but how long does it take", ["yes but how long does it take"]),
        ("and what does it cost", ["and what does it cost"]),
        ("tuesday", []),
        ("i can do that", []),
    ],
)
def test_questions_are_found_with_and_without_a_mark(said: str, asked: list[str]) -> None:
    assert questions(said) == asked


def test_a_sentence_whose_value_is_not_known_is_left_out() -> None:
    assert fill("See you {{day}}. Your dentist is {{who}}.", {"day": "Tuesday"}) == "See you Tuesday."
    assert fill("See you {{day}}.", {}) == "See you."
