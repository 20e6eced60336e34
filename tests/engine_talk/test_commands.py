"""Control commands: what they do, and what is told of them."""

from typing import Any

import pytest

from tests.engine_talk.world import SIP, World, plan
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import (
    Command,
    EndCall,
    InjectContext,
    Mute,
    Say,
    SendDtmf,
    Transfer,
    TransferMode,
    Unmute,
)
from trunkline.domain.events import StatusChanged
from trunkline.engine.effects import HandOver, HangUp, Listen, Prepare, Speak, StopSpeaking, Think
from trunkline.engine.events import DigitsSent, LineClosed, Ordered

pytestmark = pytest.mark.unit
LONG = "Your appointment is on Tuesday at ten o'clock in the main building."


def order(world: World, command: Command, command_id: str = "c1") -> World:
    return world.tell(Ordered(command_id, command)).run(0)


def answered(**settings: Any) -> World:
    return World(plan(**settings)).answer().run(1)


def test_context_goes_into_the_history_and_the_transcript() -> None:
    world = order(answered(), InjectContext("The customer is a doctor.")).run(2)
    assert world.outcomes == {"c1": ("done", None)}
    assert world.effects(Think) == []
    assert world.transcript == [("system", "The customer is a doctor.")]
    world.says("hello").run(3)
    assert world.asked() == [("system", "Be kind."), ("system", "The customer is a doctor."), ("user", "hello")]


def test_context_that_wants_an_answer_is_spoken_about_at_once() -> None:
    world = order(answered(), InjectContext("It rains.", trigger_response=True)).run(4)
    assert world.transcript == [("system", "It rains."), ("assistant", "You said It rains.")]


def test_context_that_wants_an_answer_is_spoken_about_after_the_words_that_are_being_said() -> None:
    world = order(answered(first_message=LONG), InjectContext("It rains.", trigger_response=True)).run(12)
    assert [text for role, text in world.transcript if role == "assistant"] == [LONG, "You said It rains."]


def test_context_that_wants_an_answer_waits_for_the_party() -> None:
    world = order(answered().says("I would like a table", seconds=2.0).run(1.0), InjectContext("It rains.", True))
    world.run(1)
    assert world.effects(Think) == []
    world.run(5)
    assert len(world.effects(Think)) == 1


def test_say_is_spoken_as_it_stands() -> None:
    world = order(answered(), Say("Please hold the line.")).run(4)
    assert world.transcript == [("assistant", "Please hold the line.")]
    assert world.outcomes == {"c1": ("done", None)}
    assert world.effects(Think) == []


def test_say_comes_after_what_is_being_said_and_is_prepared_meanwhile() -> None:
    world = order(answered(first_message=LONG), Say("Please hold the line."))
    assert world.outcomes == {}
    assert world.effects(Prepare)[-1] == Prepare("Please hold the line.")
    world.run(12)
    assert world.transcript == [("assistant", LONG), ("assistant", "Please hold the line.")]
    assert world.outcomes == {"c1": ("done", None)}


def test_say_does_not_talk_over_the_party() -> None:
    world = answered().says("I would like a table", seconds=2.0).run(1.0)
    world = order(world, Say("Please hold the line.")).run(1.0)
    assert world.effects(Speak) == []
    world.run(8)
    assert [role for role, _ in world.transcript] == ["user", "assistant", "assistant"]


def test_say_can_be_interrupted_and_this_is_told() -> None:
    world = order(answered(), Say(LONG)).run(1.5).says("no that is wrong", seconds=1.0).run(6)
    assert len(world.interrupted) == 1
    assert world.outcomes == {"c1": ("done", "cut short: the party heard only a part")}


def test_say_that_must_not_be_interrupted_is_not() -> None:
    world = order(answered(), Say(LONG, interruptible=False)).run(1.5).says("no that is wrong", seconds=1.0).run(10)
    assert world.effects(StopSpeaking) == []
    assert world.transcript[:2] == [("assistant", LONG), ("user", "no that is wrong")]
    assert world.asked()[-1] == ("user", "no that is wrong")


def test_say_with_end_after_ends_the_call_when_it_was_played() -> None:
    world = order(answered(), Say("That was all. Goodbye.", end_after=True)).run(6)
    assert world.transcript == [("assistant", "That was all. Goodbye.")]
    assert world.outcomes == {"c1": ("done", None)}
    assert world.end is not None
    assert world.end.reason is EndReason.API_ENDED


def test_last_words_that_never_end_are_not_waited_for() -> None:
    world = World(plan(), characters_per_second=3).answer().run(1)
    order(world, Say("That was all. Goodbye.", end_after=True)).run(10)
    assert world.end is not None
    assert world.end.reason is EndReason.API_ENDED
    assert world.interrupted != []
    assert world.outcomes == {"c1": ("done", "cut short: the party heard only a part")}


def test_nothing_to_say_is_a_failure() -> None:
    assert order(answered(), Say("  ")).outcomes == {"c1": ("failed", "there is nothing to say")}


def test_end_call_hangs_up_at_once_when_nothing_is_being_said() -> None:
    world = order(answered(), EndCall())
    assert world.effects(HangUp) == [HangUp()]
    assert world.outcomes == {"c1": ("done", None)}
    assert world.run(1).end is not None


def test_end_call_lets_the_words_be_played_and_says_its_own() -> None:
    world = order(answered(first_message=LONG), EndCall("We have to stop. Goodbye.")).run(12)
    assert world.transcript == [("assistant", LONG), ("assistant", "We have to stop. Goodbye.")]
    assert world.end is not None
    assert world.end.reason is EndReason.API_ENDED


def test_end_call_cancels_what_is_being_thought() -> None:
    world = answered().says("that is fine").run(1.2)
    assert len(world.effects(Think)) == 1
    order(world, EndCall()).run(3)
    assert world.effects(Speak) == []
    assert world.end is not None


def test_our_reason_counts_when_the_party_hangs_up_during_the_last_words() -> None:
    world = order(answered(), EndCall(LONG)).run(1).tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(0)
    assert world.end is not None
    assert world.end.reason is EndReason.API_ENDED
    assert world.outcomes == {"c1": ("done", None)}


def test_commands_while_the_call_ends_fail_but_for_end_call() -> None:
    world = order(answered(), EndCall(LONG)).run(1)
    order(order(world, Say("More."), "c2"), EndCall(), "c3").run(12)
    assert world.outcomes == {"c1": ("done", None), "c2": ("failed", "the call is ending"), "c3": ("done", None)}


def test_what_is_open_when_the_party_hangs_up_fails() -> None:
    world = order(answered(first_message=LONG), Say("Please hold the line."))
    world.tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(0)
    assert world.outcomes == {"c1": ("failed", "the call ended")}


def test_a_hand_over_by_command() -> None:
    world = order(answered(first_message=LONG), Transfer("sip:desk@example.org", message="I connect you."))
    world.run(1.5).says("no please wait", seconds=1.0).run(12)
    assert [text for role, text in world.transcript if role == "assistant"] == [LONG, "I connect you."]
    assert world.effects(HandOver) == [HandOver("sip:desk@example.org")]
    assert [fact.status for fact in world.facts if isinstance(fact, StatusChanged)][-1] is CallStatus.TRANSFERRING
    assert world.outcomes == {"c1": ("done", None)}
    assert world.end is not None
    assert world.end.reason is EndReason.TRANSFERRED


def test_a_hand_over_whose_leg_closes_before_its_success_is_told_is_done() -> None:
    world = order(answered(), Transfer("+31201234567")).run(0.2)
    assert world.effects(HandOver)
    world.tell(LineClosed(EndReason.TRANSFERRED, None, SIP)).run(3)
    assert world.outcomes == {"c1": ("done", None)}
    assert world.end is not None
    assert world.end.reason is EndReason.TRANSFERRED


def test_a_hand_over_that_is_refused_brings_the_party_back() -> None:
    world = World(plan(), transfer_refusal="486 Busy Here").answer().run(1)
    order(world, Transfer("+31201")).run(10)
    statuses = [fact.status for fact in world.facts if isinstance(fact, StatusChanged)]
    assert statuses[-2:] == [CallStatus.TRANSFERRING, CallStatus.IN_PROGRESS]
    assert world.effects(Listen) == [Listen(True), Listen(False), Listen(True)]
    assert world.outcomes == {"c1": ("failed", "the transfer failed: 486 Busy Here")}
    assert world.transcript[0] == (
        "system",
        "The transfer failed: 486 Busy Here. The customer is still on the line.",
    )
    assert world.transcript[1][0] == "assistant"
    assert world.says("never mind").run(5).transcript[-1] == ("assistant", "You said never mind")


def test_a_second_hand_over_is_refused() -> None:
    world = order(order(answered(), Transfer("+31201")), Transfer("+31202", mode=TransferMode.WARM), "c2")
    assert world.outcomes == {"c2": ("failed", "the call is being transferred")}


def test_end_call_during_a_hand_over_ends_the_call() -> None:
    world = order(order(answered(), Transfer("+31201")), EndCall(), "c2").run(1)
    assert world.end is not None
    assert world.end.reason is EndReason.API_ENDED
    assert world.outcomes == {"c2": ("done", None), "c1": ("failed", "the call ended")}


def test_keys_are_sent_one_order_after_the_other() -> None:
    world = order(order(order(answered(), SendDtmf("12")), SendDtmf("#"), "c2"), SendDtmf(""), "c3").run(3)
    assert world.outcomes["c1"] == world.outcomes["c2"] == ("done", None)
    assert world.outcomes["c3"][0] == "failed"


def test_keys_that_could_not_be_sent_are_told() -> None:
    world = order(answered(), SendDtmf("1"))
    world.talk.handle(DigitsSent("1", "no telephone events"), world.now)
    effects = world.talk.handle(DigitsSent("1"), world.now)
    assert effects == []


def test_a_muted_assistant_hears_nothing_until_it_is_unmuted() -> None:
    world = order(answered(), Mute()).says("can you hear me").run(4)
    assert world.transcript == []
    order(world, Unmute(), "c2").says("and now").run(4)
    assert world.transcript == [("user", "and now"), ("assistant", "You said and now")]
    assert world.effects(Listen) == [Listen(True), Listen(False), Listen(True)]
    assert world.outcomes == {"c1": ("done", None), "c2": ("done", None)}


def test_what_was_said_before_the_mute_is_a_turn() -> None:
    world = answered().says("that is fine", seconds=1.0).run(0.9)
    order(world, Mute()).run(4)
    assert world.transcript[0] == ("user", "that is")
