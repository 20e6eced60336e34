"""Whole conversations with the scripted brain, with detours and the sloppy text that recognisers give."""

import json

import pytest

from tests.providers_llm.talking import END_CALL, TRANSFER, VARIABLES, Talk, start
from trunkline.domain.assistant import FunctionSpec, Script
from trunkline.ports.models import Turn
from trunkline.providers.local.scripts import example_script

pytestmark = pytest.mark.unit

# (script, [(what they say, a part of the reply)], ended, outcome, slots)
Exchange = tuple[str, str]
DIALOGUES: list[tuple[str, list[Exchange], bool, str, dict[str, object]]] = [
    (
        "appointment",
        [
            ("hello", "confirm your appointment on Tuesday at 3 pm. Can you make it"),
            ("Yes, Tuesday at three is fine.", "Great, see you on Tuesday"),
            ("no thank you", "have a nice day. Goodbye."),
        ],
        True,
        "completed",
        {"confirmed": True, "new_time": None, "has_message": False},
    ),
    (
        "appointment",
        [
            ("hi um who is this", "This is the assistant of Bright Dental. I'm calling to confirm"),
            ("no i cant make it then", "When would suit you better?"),
            ("thursday", "at what time?|What time would suit you?"),
            ("half past two", "Thursday at 2:30 pm"),
            ("uh no i meant friday", "Friday at 2:30 pm"),
            ("yes tell them i need a new crown", "Goodbye."),
        ],
        True,
        "completed",
        {"confirmed": False, "new_time": "Friday at 2:30 pm", "message": "tell them i need a new crown"},
    ),
    (
        "appointment",
        [
            ("yeah speaking", "Can you make it then?"),
            ("Are you a robot?", "Can you make it then?"),
            ("sorry what", "confirm your appointment"),
            ("how much does it cost", "insurance covers a check-up"),
            ("and where is that", "Can you make it then?"),
            ("hold on a second", ""),
            ("okay i can make it yes", "see you on Tuesday"),
            ("no bye", "Goodbye"),
        ],
        True,
        "completed",
        {"confirmed": True},
    ),
    (
        "appointment",
        [
            ("hello", "Can you make it then?"),
            ("no but wednesday at ten works", "Wednesday at 10 am"),
            ("actually can we change it to eleven", "Wednesday at 11 am"),
            ("no", "Goodbye."),
        ],
        True,
        "completed",
        {"confirmed": False, "new_time": "Wednesday at 11 am"},
    ),
    (
        "appointment",
        [
            ("hello", "Can you make it then?"),
            ("yes how long does it take", "about thirty minutes. Great, see you"),
            ("wait no i meant i can't make it", "changed that to no|no it is"),
            ("monday at nine", "Monday at 9 am"),
        ],
        False,
        "incomplete",
        {"confirmed": False, "new_time": "Monday at 9 am"},
    ),
    (
        "appointment",
        [
            ("hello", ""),
            ("stop calling me", "I apologise for the disturbance. I'll record that you don't want to be called again"),
        ],
        True,
        "opted_out",
        {"do_not_call": True, "confirmed": None},
    ),
    (
        "appointment",
        [
            ("hello", ""),
            ("leave me alone", "would you like us not to call you again?"),
            ("yes", "I'll record"),
        ],
        True,
        "opted_out",
        {"do_not_call": True},
    ),
    (
        "appointment",
        [
            ("hello", ""),
            ("leave me alone", "would you like us not to call you again?"),
            ("no it's fine", "Can you make it then?"),
            ("yes", "see you"),
        ],
        False,
        "incomplete",
        {"confirmed": True},
    ),
    (
        "appointment",
        [("who is that", ""), ("there's nobody here called that", "I'm sorry for the mistake")],
        True,
        "wrong_number",
        {"wrong_number": True},
    ),
    (
        "appointment",
        [("hello", ""), ("i think i'm having a heart attack", "call 112")],
        True,
        "emergency",
        {},
    ),
    (
        "appointment",
        [
            ("i'm driving right now", "better time|call you back"),
            ("um tomorrow at ten", "we'll call you back tomorrow at 10 am"),
        ],
        True,
        "callback_requested",
        {"callback_time": "tomorrow at 10 am"},
    ),
    (
        "appointment",
        [("hello", ""), ("can you call me back on thursday", "we'll call you back on Thursday")],
        True,
        "callback_requested",
        {"callback_time": "Thursday"},
    ),
    (
        "appointment",
        [("i'm busy", "better time|call you back"), ("oh never mind go ahead", "Can you make it then?")],
        False,
        "incomplete",
        {},
    ),
    (
        "appointment",
        [
            ("hello", ""),
            ("can i talk to someone", "I can take a message"),
            ("please ask doctor jones to ring me", "I'll pass that on"),
        ],
        True,
        "human_requested",
        {"message": "ask doctor jones to ring me"},
    ),
    (
        "appointment",
        [
            ("hello", ""),
            ("purple monkey dishwasher", "Sorry, I didn't quite get that. Can you make it then?"),
            ("purple monkey dishwasher", "A simple yes or no is enough|Is that a yes, or a no?"),
            ("purple monkey dishwasher", "Somebody will get back to you"),
        ],
        True,
        "not_understood",
        {"confirmed": None},
    ),
    (
        "appointment",
        [("hello", ""), ("you stupid machine", "sorry"), ("shut up", "end the call now")],
        True,
        "declined",
        {},
    ),
    (
        "survey",
        [
            ("okay", "three short questions"),
            ("sure go ahead", "From zero to ten"),
            ("maybe a seven", "What did you like most?"),
            ("the uh friendly staff", "how was our service"),
            ("it was alright i guess", "May we call you again"),
            ("yes of course", "Goodbye"),
        ],
        True,
        "completed",
        {"score": 7, "reason": "the uh friendly staff", "service": "good", "call_again": True},
    ),
    (
        "survey",
        [
            ("yes", "Is that all right?"),
            ("how long will it take", "less than two minutes"),
            ("all right then", "From zero to ten"),
            ("fifteen", "didn't quite get that"),
            ("sorry i mean three", "What could we do better?"),
            ("you were late and nobody said why", "how was our service"),
            ("it was really terrible", "May we call you again"),
            ("no", "Goodbye"),
        ],
        True,
        "completed",
        {"score": 3, "reason": "you were late and nobody said why", "service": "poor", "call_again": False},
    ),
    (
        "appointment",
        [
            ("Hello? Who's this?", "Bright Dental"),
            ("Oh, right. Um, what time was it again?", "on Tuesday at 3 pm. Can you make it then?"),
            ("How about Thursday afternoon at four?", "Thursday at 4 pm"),
            ("Skip it.", "Can you|anything you would like|simple yes|didn't quite"),
        ],
        False,
        "incomplete",
        {"confirmed": False, "new_time": "Thursday at 4 pm"},
    ),
    (
        "appointment",
        [
            ("hi", ""),
            ("tuesday at three", "take that as a yes|a yes, correct"),
            ("yes", "see you on Tuesday"),
            ("hmm tuesday doesn't really work for me", "When would suit you better?"),
            ("friday noon", "Friday at 12 pm"),
        ],
        False,
        "incomplete",
        {"confirmed": False, "new_time": "Friday at 12 pm"},
    ),
    (
        "appointment",
        [("hello", ""), ("yes", ""), ("no", "Goodbye"), ("are you a robot", "automated assistant|computer program")],
        True,
        "completed",
        {"confirmed": True},
    ),
    (
        "delivery",
        [("hello", ""), ("No, can you leave it at the shop?", "Okay, pickup point|All right, pickup point")],
        True,
        "completed",
        {"at_home": False, "alternative": "pickup point"},
    ),
    (
        "survey",
        [("okay", ""), ("yes", ""), ("I'd rather not say", "What did you like most?"), ("good coffee", "service")],
        False,
        "incomplete",
        {"score": None, "reason": "good coffee"},
    ),
    (
        "survey",
        [
            ("yes", ""),
            ("yes", "From zero to ten"),
            ("seven or eight", "I understood 7"),
            ("no eight", "Okay, 8|All right, 8"),
        ],
        False,
        "incomplete",
        {"score": 8},
    ),
    ("survey", [("hi", ""), ("no not really", "Goodbye")], True, "completed", {"willing": False, "score": None}),
    (
        "delivery",
        [
            ("hello", "order 4711 will be delivered on Tuesday between two and four"),
            ("what is in the package", "I only know the order number"),
            ("no i'll be at work", "neighbour, at a pickup point"),
            ("i don't know", ""),
            ("leave it with the neighbor", "house number"),
            ("number twenty five", "Goodbye"),
        ],
        True,
        "completed",
        {"at_home": False, "alternative": "neighbour", "neighbour_number": 25},
    ),
    (
        "delivery",
        [
            ("hello", ""),
            ("no can you bring it on another day", "On which day"),
            ("the day after tomorrow", "the day after tomorrow"),
        ],
        True,
        "completed",
        {"at_home": False, "alternative": "another day", "new_day": "the day after tomorrow"},
    ),
    (
        "payment",
        [
            ("who is calling please", "your invoice of 50 euros was due"),
            ("what is the invoice for", "It is for your new boiler"),
            ("no not yet", "this week?"),
            ("i'm afraid i can't", "On which day can you pay?"),
            ("the fifth of march", "I've noted March 5"),
        ],
        True,
        "completed",
        {"paid": False, "pays_this_week": False, "payment_day": "March 5"},
    ),
    (
        "payment",
        [("hello", ""), ("I already paid it last week", "everything is settled")],
        True,
        "completed",
        {"paid": True},
    ),
]


async def hold(talk: Talk, lines: list[Exchange]) -> None:
    for said, part in lines:
        reply = await talk.say(said)
        assert any(option in reply for option in part.split("|")), (said, reply)


@pytest.mark.parametrize(("name", "lines", "ended", "outcome", "slots"), DIALOGUES)
async def test_a_dialogue(
    name: str, lines: list[Exchange], ended: bool, outcome: str, slots: dict[str, object]
) -> None:
    talk = await start(example_script(name))
    await hold(talk, lines)
    found = await talk.outcome()
    assert talk.ended is ended
    assert found.outcome == outcome
    assert {key: found.slots.get(key) for key in slots} == slots


async def test_without_the_end_call_tool_the_closing_is_only_said() -> None:
    talk = await start(example_script("appointment"), tools=())
    await hold(talk, [("hello", ""), ("yes", ""), ("no", "Goodbye.")])
    assert talk.calls == []


async def test_a_person_is_wanted_and_the_call_is_handed_over() -> None:
    talk = await start(example_script("appointment"), tools=(END_CALL, TRANSFER))
    await hold(talk, [("hello", ""), ("i want to talk to a human", "connect you")])
    assert [(call.name, call.arguments) for call in talk.calls] == [("transfer_call", {"destination": "+31201234567"})]


async def test_a_handover_that_fails_ends_in_a_message() -> None:
    talk = await start(example_script("appointment"), tools=(END_CALL, TRANSFER))
    await hold(talk, [("hello", ""), ("i want to talk to a human", "connect you")])
    failure = Turn("tool", json.dumps({"error": "The other party is busy."}), (), talk.calls[0].id)
    reply = await talk.turn(failure)
    assert "nobody can take the call" in reply or "couldn't reach" in reply
    await hold(talk, [("tell them i called", "I'll pass that on")])
    assert (await talk.outcome()).slots["message"] == "tell them i called"


async def test_nobody_understood_twice_is_handed_over_where_that_is_possible() -> None:
    talk = await start(example_script("appointment"), tools=(END_CALL, TRANSFER))
    await hold(talk, [("hello", ""), ("zzz qqq", ""), ("zzz qqq", ""), ("zzz qqq", "connect you")])
    assert talk.calls[-1].name == "transfer_call"


async def test_context_answers_later_questions() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    talk.history.append(Turn("system", "The customer's appointment was moved to 4 pm"))
    assert "our appointment was moved to 4 pm" in await talk.say("what time is my appointment")


async def test_context_that_asks_for_a_reply_is_told_and_the_question_comes_again() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    reply = await talk.turn(Turn("system", "The customer's appointment was moved to 4 pm"))
    assert "your appointment was moved to 4 pm. Can you make it then?" in reply
    assert "see you" in await talk.say("yes")


async def test_context_that_tells_the_assistant_to_ask_is_asked() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    reply = await talk.turn(Turn("system", "Ask the customer for their email address"))
    assert reply.lower() == "may i have your email address?"


@pytest.mark.parametrize("note", ["day: Friday", "day = Friday", "Please note:\nday: Friday\ntime: 5 pm"])
async def test_context_overrides_variables_by_name(note: str) -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    talk.history.append(Turn("system", note))
    assert "see you on Friday" in await talk.say("yes")


async def test_when_time_is_nearly_up_it_closes_politely() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    reply = await talk.turn(Turn("system", "The call ends in 10 seconds; say goodbye now."))
    assert "time is nearly up" in reply
    assert talk.ended
    assert (await talk.outcome()).outcome == "out_of_time"


async def test_a_pressed_key_is_an_answer() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    assert "see you on Tuesday" in await talk.turn(Turn("system", "The customer pressed 1."))


async def test_a_yes_to_a_check_in_is_no_yes_to_the_question() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    talk.history[-1] = Turn("assistant", talk.history[-1].content + " Are you still there?")
    assert "Can you make it then?" in await talk.say("yes")
    assert "see you" in await talk.say("yes")


async def test_a_yes_to_a_question_that_was_cut_off_is_no_answer() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    talk.history[-1] = Turn("assistant", "I'm calling to confirm your appointment on")
    assert "Can you make it then?" in await talk.say("yes")
    assert (await talk.outcome()).slots["confirmed"] is None


async def test_a_turn_that_goes_on_is_understood_as_one() -> None:
    talk = await start(example_script("appointment"))
    await talk.say("hello")
    await talk.say("no i can't")
    talk.history.pop()
    assert "Thursday at 2 pm" in await talk.say("but thursday at two works")


async def test_a_first_message_that_asks_already_is_answered() -> None:
    talk = await start(example_script("appointment"), first="Hi, it's about Tuesday at 3 pm. Can you make it then?")
    assert "see you on Tuesday" in await talk.say("yes i can")


async def test_no_to_are_you_the_right_person_is_asked_about() -> None:
    talk = await start(example_script("appointment"), first="Hello, am I speaking with Anna Smith?")
    await hold(talk, [("no", "wrong number?"), ("yes", "sorry for the mistake")])
    assert (await talk.outcome()).outcome == "wrong_number"


async def test_no_to_is_this_a_good_time_asks_for_a_better_one() -> None:
    talk = await start(example_script("appointment"), first="Hello, is this a good time to talk?")
    await hold(talk, [("no", "better time|call you back"), ("tonight", "tonight")])


async def test_without_a_first_message_it_greets_and_begins() -> None:
    talk = await start(example_script("appointment"), first=None)
    assert "I'm calling to confirm" in await talk.say("hello?")


async def test_asked_to_speak_first_it_begins() -> None:
    talk = await start(example_script("appointment"), first=None)
    assert "I'm calling to confirm" in await talk.reply()


async def test_why_and_who_are_answered_from_goal_and_variables() -> None:
    script = example_script("delivery")
    talk = await start(script, first=None)
    await hold(
        talk,
        [
            ("why are you calling", "tell you about your delivery from Bright Dental"),
            ("who are you", "calling for Bright Dental"),
        ],
    )


ORDERS = FunctionSpec(
    name="order_status",
    description="Looks up where the package is now.",
    parameters={"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"status": "in Utrecht", "driver": "Kim"}, "The status is in Utrecht and the driver is Kim."),
        ({"message": "It is in Utrecht"}, "It is in Utrecht."),
        ("It is in Utrecht.", "It is in Utrecht."),
        ({"error": "The tool did not answer."}, "couldn't find that out"),
        ({"status": "running"}, "passed that on"),
        ({}, "done"),
    ],
)
async def test_a_tool_that_fits_the_question_is_asked_and_its_result_told(result: object, told: str) -> None:
    talk = await start(example_script("delivery"), tools=(END_CALL, ORDERS))
    await talk.say("hello")
    reply = await talk.say("where is my package now")
    assert "check that" in reply or "look that up" in reply
    (call,) = talk.calls
    assert (call.name, call.arguments) == ("order_status", {"order": "4711"})
    reply = await talk.turn(Turn("tool", json.dumps(result), (), call.id))
    assert (
        told in reply
        or (told == "couldn't find that out" and "lookup" in reply)
        or "on its way" in reply
        or "taken care" in reply
    )
    assert "Will somebody be at home" in reply
    assert "have to be" not in await talk.say("yes")


async def test_a_tool_without_its_arguments_is_not_called() -> None:
    tool = ORDERS.model_copy(
        update={"parameters": {"type": "object", "properties": {"zip": {"type": "string"}}, "required": ["zip"]}}
    )
    talk = await start(example_script("delivery"), tools=(END_CALL, tool))
    await talk.say("hello")
    await talk.say("where is my package now")
    assert talk.calls == []


async def test_without_a_script_it_takes_a_message() -> None:
    talk = await start(None, first=None)
    await hold(
        talk,
        [
            ("hello", "I'm an automated assistant and can take a message"),
            (
                "please tell john that i'll be late tonight",
                "I've noted: please tell john that i'll be late tonight. Is that right?",
            ),
            ("no", "say your message once more"),
            ("tell john i'll be very late", "tell john i'll be very late. Is that right?"),
            ("yes that's right", "Goodbye"),
        ],
    )
    found = await talk.outcome()
    assert (found.outcome, found.slots["message"]) == ("message_taken", "tell john i'll be very late")
    assert talk.ended


async def test_without_a_script_the_hard_rules_hold() -> None:
    talk = await start(None)
    await hold(talk, [("stop calling me", "I'll record")])
    assert talk.ended


async def test_a_prompt_is_no_script() -> None:
    talk = await start(None, first=None)
    talk.history.insert(0, Turn("system", "You are Bob, a pirate. Sell a boat."))
    reply = await talk.say("hello")
    assert "pirate" not in reply
    assert "automated assistant" in reply


async def test_an_opening_prompt_fills_no_slots_but_known_names() -> None:
    talk = await start(example_script("appointment"))
    talk.history.insert(0, Turn("system", "Style: short\nday: Monday"))
    assert "appointment on Monday" in await talk.say("hello")


async def test_the_same_history_gives_the_same_reply_in_any_session() -> None:
    one = await start(example_script("appointment"))
    for line in ("hello", "no", "thursday at two"):
        last = await one.say(line)
    other = await start(example_script("appointment"))
    other.history = one.history[:-1]
    assert await other.reply() == last


async def test_numbers_lead_by_range() -> None:
    script = Script.model_validate(
        {
            "goal": "ask",
            "steps": [
                {"id": "a", "ask": "How many?", "slot": "n", "type": "number", "next": {"0-4": "few", "*": "many"}},
                {"id": "few", "say": "That is few.", "next": "end"},
                {"id": "many", "say": "That is many.", "next": "end"},
            ],
        }
    )
    for said, part in (("three", "few"), ("five", "many")):
        talk = await start(script, variables=VARIABLES)
        await hold(talk, [("hello", "How many?"), (said, part)])
