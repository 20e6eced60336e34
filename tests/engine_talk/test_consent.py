"""Asking a caller's consent by keypad, and telling a caller why the call is not taken."""

from dataclasses import replace

import pytest

from tests.engine_talk.world import SIP, World, plan
from trunkline.base.errors import Upstream
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.domain.commands import EndCall, Mute, Say, Unmute
from trunkline.domain.events import DigitPressed, StatusChanged
from trunkline.domain.plan import Refusal
from trunkline.engine.effects import HangUp, JudgeTurn, Listen, Prepare, Record, SetTimer, Speak, Think
from trunkline.engine.events import DigitHeard, LineClosed, MediaLost, Ordered, SpeakingFailed
from trunkline.engine.talk.consent import AGREED, QUESTIONS

pytestmark = pytest.mark.unit

ASKED = QUESTIONS["en"]
ASKING_SECONDS = 0.1 + len(ASKED) / 15
CONSENT = {"recording_consent": {"enabled": True}, "first_message": "Hello, how can I help?"}


def asked(**assistant: object) -> World:
    """A caller who hears the question."""
    return World(plan(Direction.INBOUND, **{**CONSENT, **assistant})).answer()


def end(world: World) -> EndReason:
    assert world.end is not None
    return world.end.reason


def test_the_question_is_prepared_and_is_the_first_that_is_said() -> None:
    world = asked().run(1)
    assert world.effects(Prepare) == [Prepare(ASKED), Prepare("Hello, how can I help?")]
    assert [effect.text for effect in world.effects(Speak)] == [ASKED]
    assert [fact.status for fact in world.facts if isinstance(fact, StatusChanged)] == [
        CallStatus.RINGING,
        CallStatus.IN_PROGRESS,
    ]


def test_nothing_is_heard_kept_or_thought_before_key_1_whatever_is_said() -> None:
    world = asked().run(1).says("I agree, go ahead, please").run(9).tell(DigitHeard("5")).tell(DigitHeard("*")).run(3)
    assert world.effects(Listen, Record, Think, JudgeTurn) == []
    assert [role for role, _ in world.transcript] == ["assistant"]
    world.tell(DigitHeard("1")).run(5)
    assert world.effects(Listen, Record) == [Listen(True), Record()]
    assert world.effects(Speak)[-1].text == "Hello, how can I help?"
    assert world.transcript == [("assistant", ASKED), ("system", AGREED), ("assistant", "Hello, how can I help?")]
    world.says("I want a pizza").run(5)
    assert world.transcript[-2:] == [("user", "I want a pizza"), ("assistant", "You said I want a pizza")]
    assert [fact.digit for fact in world.facts if isinstance(fact, DigitPressed)] == ["5", "*", "1"]


def test_key_1_during_the_question_counts_at_once() -> None:
    world = asked().run(1).tell(DigitHeard("1")).run(0.01)
    assert world.effects(Listen) == [Listen(True)]
    world.run(4)
    assert world.interrupted[0] in ASKED
    assert world.transcript[-1] == ("assistant", "Hello, how can I help?")


@pytest.mark.parametrize("after", [0.5, ASKING_SECONDS + 3])
def test_key_2_ends_the_call_at_once(after: float) -> None:
    world = asked().run(after).tell(DigitHeard("2")).run(0.3)
    assert end(world) is EndReason.CONSENT_DECLINED
    assert world.effects(Listen, Record) == []


def test_ten_seconds_of_nothing_repeat_the_question_once_and_then_end_the_call() -> None:
    world = asked().run(ASKING_SECONDS + 9.9)
    assert len(world.effects(Speak)) == 1
    world.run(0.2)
    assert [effect.text for effect in world.effects(Speak)] == [ASKED, ASKED]
    world.run(ASKING_SECONDS + 9.7)
    assert world.end is None
    world.run(0.5)
    assert end(world) is EndReason.CONSENT_TIMEOUT
    assert world.effects(Listen, Record) == []


def test_key_1_after_the_second_question_counts() -> None:
    world = asked().run(2 * ASKING_SECONDS + 15).tell(DigitHeard("1")).run(20)
    assert world.effects(Listen) == [Listen(True)]
    assert world.end is None


def test_a_key_is_a_key_again_afterwards() -> None:
    world = asked().run(1).tell(DigitHeard("1")).run(5).tell(DigitHeard("2")).run(4)
    assert world.end is None
    assert ("system", "The customer pressed 2.") in world.transcript


def test_silence_rests_and_the_longest_duration_counts_from_the_answer() -> None:
    world = asked(silence_timeout_seconds=3, max_duration_seconds=60).run(14)
    assert world.end is None
    world.tell(DigitHeard("1")).run(1)
    assert [effect.at for effect in world.effects(SetTimer) if effect.name == "limit"] == [160.0]


def test_the_question_may_be_ones_own_and_speaks_the_assistants_language() -> None:
    own = asked(recording_consent={"enabled": True, "message": " Press one. "}).run(1)
    assert own.effects(Speak)[0].text == "Press one."
    dutch = asked(tts_config={"provider": "local", "language": "nl-NL"}).run(1)
    assert dutch.effects(Speak)[0].text == QUESTIONS["nl"]
    assert set(QUESTIONS) >= {"en", "nl", "de", "fr", "es"}


@pytest.mark.parametrize("direction", [Direction.OUTBOUND, Direction.WEB])
def test_other_calls_are_not_asked(direction: Direction) -> None:
    world = World(plan(direction, **CONSENT)).answer().run(1)
    assert world.effects(Listen) == [Listen(True)]
    assert ASKED not in [effect.text for effect in world.effects(Speak)]


def test_commands_wait_for_consent_but_for_the_end() -> None:
    world = asked().run(1).tell(Ordered("c1", Say("Hi."))).run(1)
    assert world.outcomes["c1"][0] == "failed"
    assert "not agreed" in str(world.outcomes["c1"][1])
    world.tell(Ordered("c2", EndCall("Goodbye."))).run(15)
    assert end(world) is EndReason.API_ENDED
    assert world.effects(Listen, Record) == []


def test_last_words_without_consent_cannot_be_used_to_listen() -> None:
    world = asked().run(1).tell(Ordered("c1", EndCall("We call you back later. Goodbye."))).run(1)
    world.tell(Ordered("c2", Mute())).tell(Ordered("c3", Unmute())).run(15)
    assert world.outcomes["c2"] == world.outcomes["c3"] == ("failed", "the call is ending")
    assert world.effects(Listen, Record) == []
    assert end(world) is EndReason.API_ENDED


def test_the_caller_may_hang_up_and_a_dead_line_or_voice_ends_the_call() -> None:
    assert end(asked().run(1).tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(1)) is EndReason.USER_HANGUP
    assert end(asked().run(1).tell(MediaLost()).run(1)) is EndReason.MEDIA_TIMEOUT
    failed = SpeakingFailed(1, "", Upstream("down", provider="local", retryable=False))
    assert end(asked().run(1).tell(failed).run(8)) is EndReason.PROVIDER_ERROR


# --- calls that are not taken


def refused() -> World:
    refusal = Refusal(EndReason.REJECTED_BY_WEBHOOK, "We are closed today.")
    return World(replace(plan(Direction.INBOUND, **CONSENT), refusal=refusal))


def test_a_refused_caller_hears_why_and_nothing_else() -> None:
    world = refused().answer().says("Hello? Is anybody there?", after=0.2).run(10)
    assert world.effects(Prepare) == [Prepare("We are closed today.")]
    assert [effect.text for effect in world.effects(Speak)] == ["We are closed today."]
    assert world.effects(Listen, Record, Think) == []
    assert len(world.effects(HangUp)) == 1
    assert CallStatus.IN_PROGRESS not in [fact.status for fact in world.facts if isinstance(fact, StatusChanged)]
    assert end(world) is EndReason.REJECTED_BY_WEBHOOK


def test_a_refused_caller_who_hangs_up_during_the_words_was_refused() -> None:
    world = refused().answer().run(0.5).tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(1)
    assert end(world) is EndReason.REJECTED_BY_WEBHOOK


def test_a_caller_who_gave_up_before_the_answer_was_not_refused() -> None:
    world = refused().tell(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(1)
    assert end(world) is EndReason.USER_HANGUP
