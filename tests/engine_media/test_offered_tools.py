"""Tools that are only known once their servers were asked: what waits for them, and what does not."""

import pytest

from tests.engine_media.test_call import models, whole_call
from tests.engine_media.world import Tools, World
from trunkline.domain.assistant import FunctionSpec
from trunkline.domain.call import EndReason
from trunkline.domain.plan import CallPlan
from trunkline.engine.prompt import NO_TOOLS_NOTICE
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, Words
from trunkline.testing.models import Thinking, noise

pytestmark = pytest.mark.call
MCP = {"type": "mcp", "url": "https://tools.example/mcp"}
LLM = {"provider": "scripted", "tools": [MCP, {"name": "book", "url": "https://tools.example/book"}]}
OFFER = Offered((FunctionSpec(name="find"),))
PARTY = Party(says=(Words(noise(1.2, 8000), quiet=0.3),), hangs_up_after=12.0)


def test_the_first_reply_waits_for_the_tools_and_the_first_message_does_not() -> None:
    thinking = Thinking(((ToolCall("1", "find", {}),), "Found."))
    world = World(PARTY, models(thinking=thinking), tools=Tools(offer=OFFER, offer_seconds=5.0))
    run_virtual(whole_call(world, llm_config=LLM, first_message="Hello."))
    assert world.models.llm_model.functions == [("book",), ("book",)]
    world = World(PARTY, models(thinking=thinking), tools=Tools(offer=OFFER, offer_seconds=3.5))
    run_virtual(whole_call(world, llm_config=LLM, first_message="Hello."))
    assert world.models.llm_model.functions == [("book", "find"), ("book", "find")]
    assert world.tools.ran == world.tools.finished == ["find"]
    assert world.tools.closed == ["call-outbound-1"]
    first = next(turn for turn in world.journal.said() if turn[0] == "assistant")
    assert first == ("assistant", "Hello.")


def test_a_runner_that_breaks_or_never_answers_holds_nobody_up() -> None:
    class Broken(Tools):
        async def offered(self, plan: CallPlan) -> Offered:
            raise RuntimeError("it broke")

    for tools in (Broken(), Tools(offer_seconds=3600.0)):
        world = World(PARTY, models(), tools=tools)
        run_virtual(whole_call(world, llm_config=LLM))
        assert world.journal.said()[-1][0] == "assistant"
        assert world.journal.ended().reason is EndReason.USER_HANGUP
        assert tools.closed == ["call-outbound-1"]


def test_the_model_knows_when_there_are_none() -> None:
    tools = Tools(offer=Offered(problems=("tools.example: it is gone",)), offer_seconds=0.2)
    world = World(PARTY, models(), tools=tools)
    run_virtual(whole_call(world, llm_config=LLM))
    assert NO_TOOLS_NOTICE in [turn.content for turn in world.models.llm_model.asked[0]]


def test_a_call_that_nobody_answers_lets_the_servers_go() -> None:
    world = World(Party(answers_after=None), models(), tools=Tools(offer=OFFER, offer_seconds=2.0))
    run_virtual(whole_call(world, llm_config=LLM))
    assert world.journal.ended().reason is EndReason.NO_ANSWER
    assert world.tools.closed == ["call-outbound-1"]
