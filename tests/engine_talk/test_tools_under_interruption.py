"""Tools among interruptions, repeated ids, parallel calls and slow servers: each runs once, and its result is told."""

from typing import Any

import pytest

from tests.engine_talk.test_tools import BOOK, LOOK_UP, TRANSFER, called, results, script, world_with
from tests.engine_talk.world import World
from trunkline.domain.assistant import OWN_TOOLS, FunctionSpec
from trunkline.domain.call import EndReason
from trunkline.engine.effects import HandOver, RunTools, SendDigits, Think
from trunkline.engine.events import ReplyTools, ToolsOffered
from trunkline.engine.prompt import END_CALL, NO_TOOLS_NOTICE, SEND_DTMF, TRANSFER_CALL
from trunkline.ports.models import Turn

pytestmark = pytest.mark.unit
MCP = {"type": "mcp", "url": "https://example.org/mcp"}
FIND = FunctionSpec(name="find")
OFFER = ToolsOffered((FIND,))
SLOW: dict[str, Any] = {"name": "slow", "url": "https://example.org/slow", "async_response": "This takes a moment."}


def ran(world: World) -> list[str]:
    return [call.id for effect in world.effects(RunTools) for call in effect.calls]


def history(world: World) -> list[Turn]:
    return list(world.effects(Think)[-1].history)


def test_the_names_of_our_own_tools_are_the_same_everywhere() -> None:
    assert {END_CALL, TRANSFER_CALL, SEND_DTMF} == OWN_TOOLS


def test_a_call_that_stands_twice_in_a_reply_runs_once() -> None:
    brain = script([called("book", "t1", day=1), called("book", "t1", day=1)], ["Booked."])
    world = world_with([BOOK], brain).says("book it").run(6)
    assert ran(world) == ["t1"]
    assert results(world) == ['"done"']


def test_two_calls_under_one_id_are_two_calls() -> None:
    brain = script([called("book", "t1", day=1), called("book", "t1", day=2), called("book", "", day=3)], ["Booked."])
    world = world_with([BOOK], brain).says("book it").run(6)
    assert ran(world) == ["t1", "t1_2", "call_2"]
    assert [turn.tool_call_id for turn in history(world) if turn.role == "tool"] == ["t1", "t1_2", "call_2"]
    assert [call.id for turn in history(world) for call in turn.tool_calls] == ["t1", "t1_2", "call_2"]


def test_a_server_that_counts_its_ids_anew_in_every_reply_is_understood() -> None:
    brain = script([called("book", "call_0", day=1)], [called("book", "call_0", day=1)], ["Both are booked."])
    world = world_with([BOOK], brain).says("book it twice").run(6)
    assert ran(world) == ["call_0", "call_0_2"]
    assert len(results(world)) == 2


def test_calls_that_come_twice_for_one_reply_run_once() -> None:
    world = world_with([BOOK], script(["I book it."], ["Booked."]), llm_seconds=3.0)
    world.says("book it").run(2.5)
    reply = world.effects(Think)[-1].reply
    for _ in range(2):
        world.tell(ReplyTools(reply, [called("book")]))
    world.run(6)
    assert ran(world) == ["t1"]


def test_many_tools_of_one_reply_run_side_by_side_and_answer_in_order() -> None:
    calls = [
        called("look_up", "a"),
        called("send_dtmf", "b", digits="12"),
        called("find", "c"),
        called("transfer_call", "d", destination="+1"),
        called("book", "e"),
    ]
    world = world_with([LOOK_UP, BOOK, MCP, TRANSFER, {"type": "send_dtmf"}], script(calls, ["All done."]))
    world.tell(OFFER).says("do it all").run(8)
    assert ran(world) == ["a", "c", "e"]
    assert len(world.effects(RunTools)) == 1
    assert world.effects(SendDigits) == [SendDigits("12")]
    assert results(world) == [
        '"done"',
        '"pressed 12"',
        '"done"',
        '{"error": "\'+1\' is none of the destinations: +31201, +31202"}',
        '"done"',
    ]
    assert world.transcript[-1] == ("assistant", "All done.")


def test_tools_beside_the_end_of_the_call_run_to_their_end_and_are_not_asked_again() -> None:
    calls = [called("end_call", "a"), called("find", "b"), called("send_dtmf", "c", digits="9")]
    world = world_with([MCP, {"type": "end_call"}, {"type": "send_dtmf"}], script(calls), tool_seconds=2.0)
    world.tell(OFFER).says("that is all").run(2.5)
    assert world.end is None
    world.run(4)
    assert (ran(world), world.effects(SendDigits)) == (["b"], [SendDigits("9")])
    assert world.end is not None
    assert world.end.reason is EndReason.ASSISTANT_ENDED


def test_a_tool_beside_a_hand_over_that_fails_is_told_with_it() -> None:
    calls = [called("transfer_call", "a", destination="+31202"), called("book", "b")]
    world = world_with([BOOK, TRANSFER], script(calls, ["Nobody is there."]), transfer_refusal="486 Busy")
    world.says("a human please").run(8)
    assert len(world.effects(HandOver)) == 1
    assert results(world) == ['{"error": "the transfer failed: 486 Busy"}', '"done"']
    assert ran(world) == ["b"]
    assert world.transcript[-1] == ("assistant", "Nobody is there.")


def test_what_the_party_says_while_a_tool_runs_stands_behind_its_result() -> None:
    world = world_with([BOOK], script([called("book")], ["Booked, and yes, it is raining."]), tool_seconds=3.0)
    world.says("book it").run(1.5).says("is it raining").run(8)
    assert ran(world) == ["t1"]
    roles = [(turn.role, turn.content) for turn in history(world)]
    assert roles == [("user", "book it"), ("assistant", ""), ("tool", '"done"'), ("user", "is it raining")]


def test_a_reply_that_was_taken_back_after_its_tools_arrived_runs_none() -> None:
    brain = script(["I book the table", "for you and for all", "of your friends."], ["All right, I do not."])
    world = world_with([BOOK], brain, clause_seconds=1.5)
    world.says("book it", seconds=1.0).run(2.6)
    world.tell(ReplyTools(world.effects(Think)[-1].reply, [called("book")]))
    world.says("no stop do not book it", seconds=1.5).run(8)
    assert world.interrupted
    assert ran(world) == []
    assert all(not turn.tool_calls for turn in history(world))
    assert world.transcript[-1] == ("assistant", "All right, I do not.")


# --- the wait


def test_the_wait_is_filled_once_for_parallel_tools() -> None:
    brain = script([called("look_up", "a"), called("slow", "b"), called("slow", "c", nth=2)], ["Done."])
    world = world_with([LOOK_UP, SLOW], brain, tool_seconds=6.0).says("do it").run(12)
    assert world.transcript[1:] == [("assistant", "One moment, I look it up."), ("assistant", "Done.")]


def test_words_for_the_wait_stand_before_the_results() -> None:
    brain = script(["Certainly.", called("look_up")], ["Tuesday."])
    world = world_with([LOOK_UP], brain, tool_seconds=5.0).says("when is it").run(12)
    turns = history(world)
    assert [turn.role for turn in turns] == ["user", "assistant", "tool"]
    assert turns[1].content == "Certainly. One moment, I look it up."


def test_the_wait_is_not_filled_while_somebody_speaks() -> None:
    long = "This is quite a long sentence that takes about four seconds to say."
    world = world_with([LOOK_UP], script([long, called("look_up")], ["Tuesday."]), tool_seconds=3.0)
    world.says("when is it").run(12)
    assert world.transcript[1:] == [("assistant", long), ("assistant", "Tuesday.")]
    world = world_with([LOOK_UP], script(["Well.", called("look_up")], ["Tuesday."]), tool_seconds=7.0)
    world.says("when is it").run(1.4).says("and tell me where it is too please", seconds=3.0).run(12)
    assert [text for role, text in world.transcript if role == "assistant"] == [
        "Well.",
        "One moment, I look it up.",
        "Tuesday.",
    ]


def test_each_slow_round_has_its_wait_filled() -> None:
    brain = script([called("look_up", "a")], [called("slow", "b")], ["Done."])
    world = world_with([LOOK_UP, SLOW], brain, tool_seconds=3.0).says("do it").run(14)
    said = [text for role, text in world.transcript if role == "assistant"]
    assert said == ["One moment, I look it up.", "This takes a moment.", "Done."]


def test_a_tool_that_nobody_waits_for_fills_no_wait() -> None:
    world = world_with(
        [{**LOOK_UP, "async": True}, BOOK], script([called("look_up", "a"), called("book", "b")], ["Ok."])
    )
    world.tool_seconds = 4.0
    world.says("do it").run(8)
    assert [text for role, text in world.transcript if role == "assistant"] == ["Ok."]


# --- tools that are offered


def test_offered_tools_run_like_any_and_take_no_name_of_ours() -> None:
    brain = script([called("find", "a"), called("end_call", "b")])
    world = world_with([MCP, {"type": "end_call"}], brain)
    world.tell(ToolsOffered((FIND, FunctionSpec(name="end_call")))).says("find it").run(6)
    assert ran(world) == ["a"]
    assert world.end is not None
    assert world.end.reason is EndReason.ASSISTANT_ENDED


def test_the_model_is_told_when_no_offered_tool_can_be_had() -> None:
    world = world_with([MCP], script(["Hello."])).tell(ToolsOffered((), ("example.org: it is gone",)))
    world.says("hi").run(3)
    assert ("system", NO_TOOLS_NOTICE) in world.asked()
    world = world_with([MCP], script(["Hello."])).tell(ToolsOffered((FIND,), ("example.org: it is gone",)))
    world.says("hi").run(3)
    assert [role for role, _ in world.asked()] == ["user"]
