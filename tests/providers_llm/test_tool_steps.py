"""Steps of a script that call a tool: their arguments, what is made of the result, and what the party does meanwhile."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.providers_llm.talking import END_CALL, Talk, start
from trunkline.domain.assistant import FunctionSpec, LlmConfig, Script
from trunkline.ports.models import Turn
from trunkline.providers.local.dialogue.sentences import WORDINGS

pytestmark = pytest.mark.unit

CALENDAR = FunctionSpec(
    name="check_calendar",
    description="When there is room.",
    parameters={
        "type": "object",
        "properties": {"day": {"type": "string"}, "minutes": {"type": "integer"}},
        "required": ["day"],
    },
)
STEPS: list[dict[str, Any]] = [
    {"id": "when", "ask": "Which day suits you?", "slot": "day", "type": "choice", "choices": ["Friday", "Monday"]},
    {
        "id": "look",
        "say": "Let me look at the calendar.",
        "tool": "check_calendar",
        "arguments": {"day": "{{day}}", "minutes": 30},
        "slot": "free",
        "next": {"none": "sorry", "failed": "later", "*": "offer"},
    },
    {
        "id": "offer",
        "say": "There is room at {{free}}.",
        "ask": "Shall I book that?",
        "slot": "booked",
        "type": "yes_no",
        "next": "end",
    },
    {"id": "sorry", "say": "That day is full.", "next": "end"},
    {"id": "later", "say": "I cannot see the calendar now. We will call you.", "next": "end"},
]


def _script(**look: Any) -> Script:
    steps = [step | look if step["id"] == "look" else step for step in STEPS]
    return Script.model_validate({"goal": "make an appointment", "steps": steps})


async def _asked(script: Script | None = None) -> Talk:
    talk = await start(script or _script(), tools=(END_CALL, CALENDAR))
    await talk.say("Hello?")
    reply = await talk.say("Friday, please.")
    assert "Let me look at the calendar." in reply
    return talk


def _result(talk: Talk, value: object) -> Turn:
    return Turn("tool", json.dumps(value), (), talk.calls[-1].id)


async def test_a_tool_gets_filled_arguments_and_its_result_fills_the_slot() -> None:
    talk = await _asked()
    assert [(call.name, call.arguments) for call in talk.calls] == [
        ("check_calendar", {"day": "Friday", "minutes": 30})
    ]
    reply = await talk.turn(_result(talk, "ten in the morning"))
    assert reply == "There is room at ten in the morning. Shall I book that?"
    await talk.say("Yes.")
    assert (await talk.outcome()).slots == {"day": "Friday", "free": "ten in the morning", "booked": True}


async def test_without_arguments_of_its_own_they_are_found_in_the_slots() -> None:
    talk = await _asked(_script(arguments=None))
    assert talk.calls[0].arguments == {"day": "Friday"}


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"answer": "ten"}, "There is room at ten."),
        ({"hour": 10}, "There is room at The hour is 10."),
        (10, "There is room at 10."),
        ("none", "That day is full."),
        ({"error": "away"}, "I cannot see the calendar now."),
        ("The tool check_calendar failed: no.", "I cannot see the calendar now."),
    ],
    ids=["answer", "object", "number", "by value", "error", "failure"],
)
async def test_the_result_decides_what_follows(result: object, told: str) -> None:
    talk = await _asked()
    assert told in await talk.turn(_result(talk, result))


async def test_a_failure_that_the_script_does_not_provide_for_is_told() -> None:
    talk = await _asked(_script(next="sorry"))
    reply = await talk.turn(_result(talk, {"error": "away"}))
    assert reply.startswith(tuple(WORDINGS["tool failed"]))
    assert "That day is full." in reply


async def test_a_required_argument_that_is_not_known_is_a_failure_without_a_call() -> None:
    tool = CALENDAR.model_copy(update={"parameters": {"properties": {"doctor": {}}, "required": ["doctor"]}})
    talk = await start(_script(arguments=None), tools=(END_CALL, tool))
    await talk.say("Hello?")
    assert "I cannot see the calendar now." in await talk.say("Friday, please.")
    assert not [call for call in talk.calls if call.name == "check_calendar"]


async def test_who_breaks_in_before_the_call_does_not_keep_it_from_being_made() -> None:
    talk = await start(_script(), tools=(END_CALL, CALENDAR))
    await talk.say("Hello?")
    await talk.say("Friday, please.")
    talk.history[-1] = Turn("assistant", "Okay, Friday. Let me")  # cut off: its call was never made
    await talk.say("Thank you.")
    assert [call.name for call in talk.calls] == ["check_calendar", "check_calendar"]
    assert "There is room at ten." in await talk.turn(_result(talk, "ten"))


async def test_who_speaks_before_the_result_is_told_hears_it_all_the_same() -> None:
    talk = await _asked()
    talk.history.append(_result(talk, "ten"))
    reply = await talk.say("Hello?")
    assert reply == "There is room at ten. Shall I book that?"
    assert len(talk.calls) == 1


@pytest.mark.parametrize(
    "step",
    [
        {"tool": "check_calendar", "ask": "When?", "slot": "when", "type": "text"},
        {"say": "Hello.", "arguments": {"day": "Friday"}},
        {"slot": "free"},
    ],
    ids=["asks too", "no tool", "nothing"],
)
def test_a_step_that_makes_no_sense_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Script.model_validate({"goal": "x", "steps": [{"id": "one", **step}]})


@pytest.mark.parametrize(
    ("tools", "right"),
    [
        ([{"name": "check_calendar", "url": "https://example.com"}], True),
        (
            [
                {
                    "type": "function",
                    "function": {"name": "check_calendar"},
                    "server": {"url": "https://example.com"},
                }
            ],
            True,
        ),
        ([{"type": "mcp", "url": "https://example.com"}], True),
        ([{"type": "mcp", "url": "https://example.com", "allowed_tools": ["check_calendar"]}], True),
        ([{"type": "mcp", "url": "https://example.com", "allowed_tools": ["other"]}], False),
        ([{"name": "other", "url": "https://example.com"}], False),
        ([], False),
    ],
)
def test_the_tools_of_a_script_must_be_among_the_assistants(tools: list[dict[str, Any]], right: bool) -> None:
    config = {"provider": "local", "script": _script().model_dump(), "tools": tools}
    if right:
        LlmConfig.model_validate(config)
    else:
        with pytest.raises(ValidationError, match="none of the tools"):
            LlmConfig.model_validate(config)


def test_own_tools_are_called_by_their_names() -> None:
    script = {"goal": "x", "steps": [{"id": "one", "tool": "transfer_call"}]}
    tools = [{"type": "transferCall", "destinations": [{"number": "+31201234567"}]}]
    LlmConfig.model_validate({"provider": "local", "script": script, "tools": tools})
