"""Tools: run once, never lost, told to the model, and the wait for them is not silent."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.engine_talk.world import Brain, World, plan
from trunkline.domain.call import EndReason
from trunkline.domain.events import DigitPressed
from trunkline.engine.effects import HandOver, RunTools, SendDigits, Speak, Think
from trunkline.engine.talk.tools import MAX_ROUNDS
from trunkline.ports.models import ToolCall, Turn

pytestmark = pytest.mark.unit
LOOK_UP = {"name": "look_up", "url": "https://example.org", "async_response": "One moment, I look it up."}
BOOK = {"name": "book", "url": "https://example.org"}
TRANSFER = {
    "type": "transfer_call",
    "destinations": [{"number": "+31201", "message": "I connect you."}, {"number": "+31202"}],
}


def script(*replies: Sequence[str | ToolCall]) -> Brain:
    """A model that gives these replies, one for each time it has something new to answer."""

    def brain(history: Sequence[Turn]) -> Sequence[str | ToolCall]:
        asked = sum(turn.role == "assistant" for turn in history)
        return replies[min(asked, len(replies) - 1)]

    return brain


def called(name: str, call_id: str = "t1", **arguments: Any) -> ToolCall:
    return ToolCall(call_id, name, arguments)


def world_with(tools: Sequence[dict[str, Any]], brain: Brain, **shells: Any) -> World:
    speech = shells.pop("speech_config", {})
    world = World(plan(llm_config={"provider": "local", "tools": tools}, speech_config=speech), brain, **shells)
    return world.answer().run(1)


def results(world: World) -> list[str]:
    return [turn.content for turn in world.effects(Think)[-1].history if turn.role == "tool"]


def test_a_tool_runs_once_and_its_result_is_answered() -> None:
    brain = script([called("look_up", id=4)], ["It is Tuesday."])
    world = world_with([LOOK_UP], brain, tool_result={"day": "Tuesday"}).says("when is it").run(6)
    assert world.effects(RunTools) == [RunTools(1, (called("look_up", id=4),))]
    assert results(world) == ['{"day": "Tuesday"}']
    assert world.transcript == [("user", "when is it"), ("assistant", "It is Tuesday.")]


def test_words_before_a_tool_are_spoken_while_it_runs() -> None:
    brain = script(["Let me see."], ["Let me see.", called("book")], ["Done."])
    world = world_with([BOOK], brain)
    world.says("hi").run(4).says("book it").run(6)
    assert world.transcript[-2:] == [("assistant", "Let me see."), ("assistant", "Done.")]
    assert world.when(RunTools) < world.when(Speak, 2)


def test_a_slow_tool_has_its_wait_filled() -> None:
    world = world_with([LOOK_UP], script([called("look_up")], ["Tuesday."]), tool_seconds=5.0)
    world.says("when is it").run(12)
    assert world.transcript[1:] == [("assistant", "One moment, I look it up."), ("assistant", "Tuesday.")]
    assert world.when(Speak, 0) == pytest.approx(world.when(RunTools) + 1.0)


def test_a_quick_tool_needs_no_filling() -> None:
    world = world_with([LOOK_UP], script([called("look_up")], ["Tuesday."]), tool_seconds=0.9).says("when").run(6)
    assert world.transcript[1:] == [("assistant", "Tuesday.")]


def test_a_tool_that_started_is_not_lost_when_the_party_talks() -> None:
    brain = script(["Let me look that up for you.", called("book")], ["Booked."])
    world = world_with([BOOK], brain, tool_seconds=3.0)
    world.says("book it", seconds=1.0).run(3.0).says("are you there", seconds=1.0).run(8)
    assert len(world.effects(RunTools)) == 1
    assert results(world) == ['"done"']
    history = world.effects(Think)[-1].history
    assert [turn.role for turn in history] == ["user", "assistant", "tool", "user"]
    assert world.transcript[-1] == ("assistant", "Booked.")


def test_tools_of_a_reply_that_was_interrupted_before_it_was_complete_never_start() -> None:
    brain = script(["One."] * 40 + [called("book")], ["Certainly."])
    world = world_with([BOOK], brain).says("count").run(2.5).says("stop it now please", seconds=1.2).run(8)
    assert world.effects(RunTools) == []
    assert world.transcript[-1] == ("assistant", "Certainly.")


def test_a_tool_waits_while_it_is_open_whether_the_party_interrupted() -> None:
    brain = script(["This takes quite a while to say out loud.", called("book")], ["Booked."])
    world = world_with([BOOK], brain, clause_seconds=1.2).says("book it", seconds=1.0).run(2.3)
    world.says("", seconds=1.2).run(1.3)
    assert world.effects(RunTools) == []
    world.run(10)
    assert len(world.effects(RunTools)) == 1
    assert world.transcript[-1] == ("assistant", "Booked.")


def test_failures_are_told_to_the_model() -> None:
    broken = ToolCall("t3", "book", {}, problem="its arguments are not JSON")
    brain = script([called("nothing", "t1"), called("send_dtmf", "t2", digits="x"), broken], ["Sorry."])
    world = world_with([BOOK, {"type": "send_dtmf"}], brain).says("do it").run(5)
    assert results(world) == [
        '{"error": "there is no tool named \'nothing\'"}',
        '{"error": "\'x\' are no keys: only 0-9 * # A-D and w (a pause) can be sent"}',
        '{"error": "its arguments are not JSON"}',
    ]
    assert world.effects(RunTools) == []
    assert world.transcript[-1] == ("assistant", "Sorry.")


def test_tools_cannot_go_round_for_ever() -> None:
    world = World(
        plan(llm_config={"provider": "local", "tools": [BOOK]}), lambda history: [called("book", f"t{len(history)}")]
    )
    world.answer().run(1).says("book it").run(30)
    assert len(world.effects(RunTools)) == MAX_ROUNDS
    assert len(world.effects(Think)) == MAX_ROUNDS + 2
    assert "too many tool calls" in results(world)[-1]
    world.says("again please").run(30)
    assert len(world.effects(RunTools)) == 2 * MAX_ROUNDS


def test_end_call_ends_after_the_words_were_played() -> None:
    brain = script(["Thank you for your time.", called("end_call")])
    world = world_with([{"type": "end_call"}], brain, speech_config={"end_call_message": "Goodbye!"})
    world.says("that is all").run(8)
    assert world.transcript[1:] == [("assistant", "Thank you for your time."), ("assistant", "Goodbye!")]
    assert world.interrupted == []
    assert world.end is not None
    assert world.end.reason is EndReason.ASSISTANT_ENDED


def test_end_call_waits_for_a_tool_that_was_called_with_it() -> None:
    brain = script([called("book", "t1"), called("end_call", "t2")])
    world = world_with([BOOK, {"type": "end_call"}], brain, tool_seconds=2.0).says("that is all").run(3)
    assert world.end is None
    world.run(2)
    assert world.end is not None
    assert world.end.reason is EndReason.ASSISTANT_ENDED


def test_the_party_talking_does_not_stop_the_last_words() -> None:
    brain = script(["Thank you very much for all of your time today.", called("end_call")])
    world = world_with([{"type": "end_call"}], brain).says("that is all").run(2.0)
    world.says("thank you bye bye", seconds=1.0).run(6)
    assert world.interrupted == []
    assert world.transcript[1:] == [
        ("assistant", "Thank you very much for all of your time today."),
        ("user", "thank you bye bye"),
    ]
    assert world.end is not None


def test_keys_are_pressed_and_the_model_is_told() -> None:
    brain = script([called("send_dtmf", "t1", digits="1w2"), called("send_dtmf", "t2", digits="3")], ["Pressed."])
    world = world_with([{"type": "send_dtmf"}], brain).says("press it").run(6)
    assert world.effects(SendDigits) == [SendDigits("1w2"), SendDigits("3")]
    assert [fact.digit for fact in world.facts if isinstance(fact, DigitPressed)] == ["1", "2", "3"]
    assert results(world) == ['"pressed 1w2"', '"pressed 3"']


def test_a_hand_over_is_announced_and_ends_the_call() -> None:
    brain = script(["Certainly.", called("transfer_call", destination="+31201")])
    world = world_with([TRANSFER], brain).says("a human please").run(8)
    assert world.transcript[1:] == [("assistant", "Certainly."), ("assistant", "I connect you.")]
    assert world.effects(HandOver) == [HandOver("+31201")]
    assert world.end is not None
    assert world.end.reason is EndReason.TRANSFERRED


def test_a_hand_over_that_fails_is_told_and_the_talk_goes_on() -> None:
    brain = script([called("transfer_call", destination="+31202")], ["Nobody answers. Can I help?"])
    world = world_with([TRANSFER], brain, transfer_refusal="603 Decline").says("a human please").run(8)
    assert results(world) == ['{"error": "the transfer failed: 603 Decline"}']
    assert world.transcript[-1] == ("assistant", "Nobody answers. Can I help?")
    assert world.end is None
    assert len(world.effects(Think)) == 2


def test_an_unknown_destination_is_refused() -> None:
    brain = script([called("transfer_call", destination="+1900")], ["I cannot do that."])
    world = world_with([TRANSFER], brain).says("a human please").run(6)
    assert results(world) == ['{"error": "\'+1900\' is none of the destinations: +31201, +31202"}']


def test_a_hand_over_goes_before_the_end_of_the_call() -> None:
    brain = script([called("end_call", "t1"), called("transfer_call", "t2", destination="+31201")])
    world = world_with([TRANSFER, {"type": "end_call"}], brain).says("a human please").run(8)
    assert world.end is not None
    assert world.end.reason is EndReason.TRANSFERRED


def test_a_party_who_objects_to_the_last_words_is_not_hung_up_on() -> None:
    brain = script(["Thank you very much for all of your time today.", called("end_call")], ["Of course, go ahead."])
    world = world_with([{"type": "end_call"}], brain).says("that is all").run(2.0)
    world.says("wait I have one more question", seconds=1.5).run(6)
    assert world.end is None
    assert world.transcript[-1] == ("assistant", "Of course, go ahead.")
