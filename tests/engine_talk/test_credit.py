"""A call that nobody pays for any more: its last words, in its language, and its end, wherever it stands."""

from typing import Any

import pytest

from tests.engine_talk.second_leg import WARM, TwoLegs
from tests.engine_talk.second_leg import world as two_legs
from tests.engine_talk.world import SIP, World, plan
from trunkline.domain.call import EndReason
from trunkline.domain.commands import EndCall, EndUnpaid, Transfer
from trunkline.domain.plan import CallPlan
from trunkline.engine.effects import HangUp, Think
from trunkline.engine.events import LineClosed, LineRinging, Ordered
from trunkline.engine.wording import CREDIT_WORDS, credit_words, known_sentences

pytestmark = pytest.mark.unit
LONG = "Your appointment is on Tuesday at ten o'clock in the main building."
WISH = "I would like to talk to a person about my bill"


def unpaid(world: World) -> World:
    return world.tell(Ordered("platform", EndUnpaid())).run(0)


def answered(**settings: Any) -> World:
    return World(plan(**settings)).answer().run(1)


def reason(world: World) -> EndReason | None:
    return world.end.reason if world.end else None


def test_the_assistant_says_its_last_words_and_hangs_up() -> None:
    world = unpaid(answered(first_message=LONG)).run(12)
    assert world.transcript == [("assistant", LONG), ("assistant", CREDIT_WORDS["en"])]
    assert reason(world) is EndReason.INSUFFICIENT_CREDITS
    assert world.outcomes == {}


def test_the_words_are_in_the_language_of_the_call() -> None:
    assert credit_words(_in("de-DE")) == CREDIT_WORDS["de"]
    assert credit_words(_in("ja")) == CREDIT_WORDS["en"]
    assert CREDIT_WORDS["nl"] in known_sentences(_in("nl"))


def _in(language: str) -> CallPlan:
    return plan(tts_config={"provider": "scripted", "language": language})


def test_what_is_being_thought_is_not_said_any_more() -> None:
    world = answered().says("that is fine").run(1.2)
    assert len(world.effects(Think)) == 1
    unpaid(world).run(8)
    assert [text for role, text in world.transcript if role == "assistant"] == [CREDIT_WORDS["en"]]


def test_being_told_again_changes_nothing() -> None:
    world = unpaid(unpaid(answered()).run(0.5)).run(8)
    assert [text for _, text in world.transcript] == [CREDIT_WORDS["en"]]
    assert reason(world) is EndReason.INSUFFICIENT_CREDITS


def test_the_first_reason_counts() -> None:
    world = unpaid(answered().tell(Ordered("c1", EndCall("Bye for now."))).run(0)).run(8)
    assert [text for _, text in world.transcript] == ["Bye for now."]
    assert reason(world) is EndReason.API_ENDED


def test_ours_is_the_reason_when_the_party_hangs_up_during_the_words() -> None:
    world = unpaid(answered()).run(0.2).tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(0)
    assert reason(world) is EndReason.INSUFFICIENT_CREDITS


def test_who_has_not_answered_yet_is_not_hung_up_on() -> None:
    world = unpaid(World(plan(first_message=LONG)).tell(LineRinging(SIP)).run(0.5)).run(1)
    assert world.effects(HangUp) == []


def test_a_hand_over_is_broken_off() -> None:
    world = unpaid(answered().tell(Ordered("c1", Transfer("+31201"))).run(0)).run(2)
    assert reason(world) is EndReason.INSUFFICIENT_CREDITS
    assert world.outcomes["c1"][0] == "failed"


@pytest.mark.parametrize("step", ["dialling", "briefing", "bridged"])
def test_a_second_leg_is_given_up_and_a_bridge_ended(step: str) -> None:
    call: TwoLegs = {
        "dialling": lambda: two_legs(WISH, target_answers=None).order(WARM).run(5),
        "briefing": lambda: two_legs(WISH).order(WARM).run(6),
        "bridged": lambda: (
            two_legs(WISH).order(WARM).run(5).target_says("Front desk, Tom speaking").run(25).target_presses("1").run(1)
        ),
    }[step]()
    call.order(EndUnpaid(), "platform").run(8)
    assert call.end is not None
    assert call.end.reason is EndReason.INSUFFICIENT_CREDITS
    spoken = [text for role, text in call.transcript if role == "assistant"]
    assert (CREDIT_WORDS["en"] in spoken) == (step != "bridged")
