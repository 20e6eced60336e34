"""The emulators' partner says sensible words, and calls the tool that is meant with what was said."""

import json

import pytest

from trunkline.testing.emulators.brain import Answer, BrainCall, answer

pytestmark = pytest.mark.unit

BOOK = (
    "book_table",
    "Books a table in the restaurant.",
    {
        "type": "object",
        "properties": {
            "people": {"type": "integer", "minimum": 1},
            "day": {"type": "string"},
            "time": {"type": "string"},
            "guestName": {"type": ["string", "null"]},
            "terrace": {"type": "boolean"},
        },
        "required": ["people", "day"],
    },
)
WEATHER = (
    "get_weather",
    "Tells the forecast of a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["city", "unit"],
    },
)
END = ("end_call", "Ends the call.", {"type": "object", "properties": {}})
TOOLS = (BOOK, WEATHER, END)


def test_it_repeats_what_it_understood() -> None:
    turns = [("system", "Be kind."), ("assistant", "Hello."), ("user", "My order is late."), ("user", "Very late!")]
    assert answer(turns).text == "I understood: My order is late. Very late. What else can I do for you?"


def test_it_calls_the_tool_that_is_meant_with_what_was_said() -> None:
    said = "A table for four people on Friday at 7 pm, please. My name is Jane Doe."
    wanted = {"people": 4, "day": "Friday", "time": "7 pm", "guestName": "Jane Doe"}
    assert answer([("user", said)], TOOLS).calls == (BrainCall("book_table", wanted),)
    asked = answer([("user", "Get weather for Paris in Fahrenheit.")], TOOLS)
    assert asked.calls == (BrainCall("get_weather", {"city": "Paris", "unit": "fahrenheit"}),)


def test_what_is_required_is_there_even_unsaid() -> None:
    (call,) = answer([("user", "book a table")], TOOLS).calls
    assert call.arguments == {"people": 1, "day": "book a table"}


def test_words_that_mean_no_tool_call_none() -> None:
    assert answer([("user", "I have a question about my invoice.")], TOOLS).calls == ()


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            '{"status": "booked", "tables": [4, 5], "late": false}',
            "Here is what I found: status booked, tables 4, 5, late no.",
        ),
        ('{"error": "no such day."}', "I am sorry, that did not work: no such day."),
        ('{"status": "running"}', "I am still working on it."),
        ("null", "That is done."),
        ("It rains.", "Here is what I found: It rains."),
    ],
)
def test_after_a_tool_it_says_what_that_brought(result: str, said: str) -> None:
    turns = [("user", "book a table"), ("assistant", ""), ("tool", result)]
    assert answer(turns, TOOLS) == Answer(said)


def test_a_goodbye_ends_the_call_where_it_may() -> None:
    assert answer([("user", "Thanks, goodbye.")], TOOLS) == Answer("Goodbye!", (BrainCall("end_call"),))
    assert answer([("user", "Thanks, goodbye.")]) == Answer("Goodbye!")


def test_without_words_it_opens_or_asks() -> None:
    assert answer([("system", "Be kind.")]).text == "Hello, this is the assistant. How can I help you?"
    assert answer([("assistant", "Hello."), ("system", "The other party is silent.")]).text == "Are you still there?"


def test_asked_for_json_it_writes_json() -> None:
    schema = '{"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}'
    asked = [("system", f"Answer with one JSON value that fits:\n\n{schema}"), ("user", "user: On Friday, please.")]
    assert json.loads(answer(asked).text) == {"day": "Friday"}
