"""Whole dialogues, in virtual time."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.engine_talk.world import World, plan
from trunkline.domain.call import EndReason
from trunkline.domain.commands import InjectContext, Say
from trunkline.engine.effects import RunTools
from trunkline.engine.events import Ordered
from trunkline.ports.models import ToolCall, Turn

pytestmark = pytest.mark.unit


def test_a_dialogue_runs_from_the_first_message_to_the_answers() -> None:
    world = World(plan(first_message="Hello, this is Anna. May I ask you something?")).answer()
    world.run(5).says("yes of course").run(6).says("what is it about").run(6)
    assert world.transcript == [
        ("assistant", "Hello, this is Anna. May I ask you something?"),
        ("user", "yes of course"),
        ("assistant", "You said yes of course"),
        ("user", "what is it about"),
        ("assistant", "You said what is it about"),
    ]
    assert len(world.measured) == 2


def _clerk(history: Sequence[Turn]) -> Sequence[str | ToolCall]:
    """A clerk that books, and says goodbye when there is nothing more."""
    last = history[-1]
    if last.role == "tool":
        return ["It is booked.", "Is there anything else I can do for you today?"]
    if last.role == "system":
        return ["By the way, it will rain."]
    if "book" in last.content:
        return ["I will book that.", ToolCall(f"t{len(history)}", "book", {"what": last.content})]
    if "no" in last.content:
        return ["Thank you for calling.", ToolCall("t9", "end_call", {})]
    return ["What would you like, a table in the garden or one inside of the house?"]


def test_a_dialogue_with_everything_in_it() -> None:
    tools = [{"name": "book", "url": "https://example.org"}, {"type": "end_call"}]
    settings: dict[str, Any] = {
        "first_message": "Welcome to the Swan.",
        "llm_config": {"provider": "local", "tools": tools},
        "speech_config": {"end_call_message": "Goodbye!"},
    }
    world = World(plan(**settings), _clerk, turn_probability=1.0).answer().run(3)
    world.says("I want a table", seconds=1.2).run(4)
    world.says("book the garden", seconds=1.2).run(3)
    world.says("", seconds=0.5).run(5)
    world.tell(Ordered("c1", Say("Our kitchen closes at ten."))).run(3)
    world.tell(Ordered("c2", InjectContext("Rain is forecast.", trigger_response=True))).run(4)
    world.says("no thanks", seconds=0.8).run(6)
    assert world.transcript == [
        ("assistant", "Welcome to the Swan."),
        ("user", "I want a table"),
        ("assistant", "What would you like, a table in the"),
        ("user", "book the garden"),
        ("assistant", "I will book that."),
        ("assistant", "It is booked. Is there anything else I can do for you today?"),
        ("assistant", "Our kitchen closes at ten."),
        ("system", "Rain is forecast."),
        ("assistant", "By the way, it will rain."),
        ("user", "no thanks"),
        ("assistant", "Thank you for calling."),
        ("assistant", "Goodbye!"),
    ]
    assert len(world.interrupted) == 1
    assert len(world.effects(RunTools)) == 1
    assert world.outcomes == {"c1": ("done", None), "c2": ("done", None)}
    assert world.end is not None
    assert world.end.reason is EndReason.ASSISTANT_ENDED
