"""The summary and the slots of a finished call, read from its transcript alone."""

from datetime import UTC, datetime

import pytest

from tests.providers_llm.talking import VARIABLES, start
from trunkline.domain.assistant import EndCallTool, LlmConfig
from trunkline.domain.transcript import Message, Role
from trunkline.ports.analyst import Analyst
from trunkline.ports.models import Turn
from trunkline.providers.local.scripted import ScriptedAnalyst, outcome
from trunkline.providers.local.scripts import example_script

pytestmark = pytest.mark.unit

AT = datetime(2026, 1, 1, tzinfo=UTC)


def config(name: str | None) -> LlmConfig:
    script = example_script(name) if name else None
    return LlmConfig(provider="local", model="scripted", script=script, tools=(EndCallTool(type="end_call"),))


async def test_the_transcript_of_a_call_gives_its_slots_and_a_summary() -> None:
    talk = await start(example_script("appointment"))
    for line in ("hello", "no i can't", "thursday at two", "do you validate parking", "no"):
        await talk.say(line)
    messages = [Message(Role(turn.role), turn.content, AT) for turn in talk.history]
    analyst: Analyst = ScriptedAnalyst(None)
    found = await analyst.summarise(config("appointment"), VARIABLES, messages)
    assert found.model == "scripted"
    assert found.outcome == "completed"
    assert found.slots == {
        "confirmed": False,
        "new_time": "Thursday at 2 pm",
        "has_message": False,
        "message": None,
    }
    assert found.summary == (
        "Goal: confirm your appointment on Tuesday at 3 pm. The conversation was completed. "
        "Confirmed: no; new time: Thursday at 2 pm; has message: no. Questions left open: do you validate parking."
    )


async def test_a_call_that_broke_off_is_incomplete() -> None:
    messages = [Message(Role.ASSISTANT, "Hello.", AT), Message(Role.USER, "hello", AT)]
    found = await ScriptedAnalyst(None).summarise(config("survey"), VARIABLES, messages)
    assert found.outcome == "incomplete"
    assert set(found.slots.values()) == {None}


async def test_a_call_of_which_nothing_was_heard_has_a_summary_too() -> None:
    found = await ScriptedAnalyst(None).summarise(config("survey"), {}, [])
    assert found.outcome == "incomplete"
    assert found.summary


async def test_a_call_without_a_script_took_a_message() -> None:
    talk = await start(None)
    for line in ("please tell anna that the car is ready", "yes"):
        await talk.say(line)
    messages = [Message(Role(turn.role), turn.content, AT) for turn in talk.history]
    found = await ScriptedAnalyst(None).summarise(config(None), {}, messages)
    assert found.outcome == "message_taken"
    assert found.slots["message"] == "please tell anna that the car is ready"


async def test_what_a_party_said_last_counts_even_before_the_reply() -> None:
    history = [
        Turn("assistant", "Hello."),
        Turn("user", "hello"),
        Turn("assistant", "I'm calling to confirm your appointment on Tuesday at 3 pm. Can you make it then?"),
        Turn("user", "yes"),
    ]
    found = await outcome(example_script("appointment"), history, variables=VARIABLES)
    assert found.slots["confirmed"] is True
