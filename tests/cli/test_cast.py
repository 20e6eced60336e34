"""Who takes part in the demo: what the personas answer, and the tool that reserves a parking space."""

import aiohttp
import pytest

from trunkline.cli.parking import LOOKING_SECONDS, Used, parking
from trunkline.cli.scene import CAST, SCRIPT, SOPHIE, TOOL, assistant
from trunkline.domain.assistant import AssistantSettings, TransferCallTool
from trunkline.testing.persona import PERSONAS, Mind, Persona, Reaction


@pytest.mark.unit
def test_a_persona_takes_what_is_short_for_noise_and_asks_again_at_most_twice() -> None:
    mind = Mind(Persona("Ann", "None.", "en-US", (Reaction("hello", "Hi."),), lost="What?", lost_words=3))
    assert mind.answer("la la") is None
    answers = [mind.answer("la la la la") for _ in range(3)]
    assert [answer.says if answer else None for answer in answers] == ["What?", "What?", None]
    answer = mind.answer("Oh, hello there")
    assert answer is not None
    assert answer.says == "Hi."
    assert mind.answer("hello") is None


@pytest.mark.unit
def test_everybody_of_the_demo_knows_what_to_say() -> None:
    maria, sophie = (Mind(PERSONAS[name]) for name in CAST.values())
    assert maria.persona.interruption is not None
    question = next(step["ask"] for step in SCRIPT["steps"] if step["id"] == "confirm")
    told = [maria.answer(text) for text in (question, "Is there anything else I can do for you?")]
    assert [answer.says if answer else None for answer in told] == ["I can make it.", "Can I talk to someone?"]
    taken = sophie.answer("Press 1 or say yes to take the call, or press 2 if you can't.")
    assert taken is not None
    assert taken.then is not None
    greeted = maria.answer(taken.then)
    assert greeted is not None
    last = sophie.answer(greeted.says)
    assert last is not None
    goodbye = maria.answer(last.says)
    assert goodbye is not None
    assert goodbye.closes


@pytest.mark.unit
def test_the_assistant_of_the_demo_is_one() -> None:
    made = AssistantSettings.model_validate(assistant("http://127.0.0.1:1/reserve"))
    assert made.llm_config is not None
    transfer = next(tool for tool in made.llm_config.tools if isinstance(tool, TransferCallTool))
    assert [(one.number, one.mode) for one in transfer.destinations] == [(SOPHIE, "warm")]


@pytest.mark.room
async def test_the_tool_answers_and_tells_how_it_was_used() -> None:
    told: list[Used] = []
    call = {"id": "c1", "type": "function", "function": {"name": TOOL, "arguments": {"day": "Tuesday"}}}
    body = {"message": {"tool_call_list": [call]}}
    async with (
        parking("seven", told.append) as url,
        aiohttp.ClientSession() as session,
        session.post(url, json=body) as reply,
    ):
        assert await reply.json() == {"results": [{"tool_call_id": "c1", "result": "seven"}]}
    assert [(used.name, used.arguments, used.result) for used in told] == [(TOOL, {"day": "Tuesday"}, "seven")]
    assert told[0].seconds >= LOOKING_SECONDS
