"""Hand-overs: by REFER, over a second leg with a briefing, and how the party comes back where they fail."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.engine_talk.chaos import Chaos
from tests.engine_talk.second_leg import BLIND, DESK, WARM, TwoLegs, names, world
from tests.engine_talk.world import SIP
from tests.engine_talk.world import plan as plan_of
from trunkline.base.errors import Upstream
from trunkline.domain.call import EndReason
from trunkline.domain.commands import EndCall, Say, Transfer, TransferMode
from trunkline.domain.events import CallEnded
from trunkline.domain.plan import TrunkPlan
from trunkline.engine.effects import (
    Bridge,
    DialTarget,
    HandOver,
    HangUp,
    HoldSound,
    Listen,
    SetTimer,
    Think,
    ToTarget,
)
from trunkline.engine.events import (
    HearingFailed,
    LineClosed,
    MediaLost,
    OfTarget,
    ShuttingDown,
    SpeakingFailed,
    SpeechStarted,
    TimerFired,
)
from trunkline.ports.models import ToolCall

pytestmark = pytest.mark.unit

BROKEN = Upstream("it broke", provider="acme", retryable=False)
INTRODUCTION = (
    "This is the assistant of Bright Smile Dental. I have the number 3 1 6, 1 2 3, 4 5 6, 7 8 on the line for you."
)
QUESTION = "Press 1 or say yes to take the call, or press 2 if you can't."
WISH = "I would like to talk to a person about my bill"
QUOTE = f"They said: {WISH}"


def warm(**options: Any) -> TwoLegs:
    """A warm hand-over whose target has been told everything and is asked."""
    call = world(WISH, **options).order(WARM)
    return call.run(5).target_says("Front desk, Tom speaking").run(25)


def reason(call: TwoLegs) -> EndReason | None:
    return call.end.reason if call.end is not None else None


# --- by REFER


def test_a_blind_hand_over_announces_then_refers() -> None:
    call = world().order(BLIND).run(6)
    assert call.effects(HandOver) == [HandOver(DESK)]
    assert not call.effects(DialTarget)
    assert call.statuses[-1] == "transferring"
    assert reason(call) is EndReason.TRANSFERRED
    assert call.outcomes == {"c1": ("done", None)}


def test_where_the_trunk_takes_no_refer_the_target_is_dialled_and_bridged_at_its_answer() -> None:
    call = world(transfer_refusal="405 Method Not Allowed", refer_called=False).order(BLIND).run(10)
    assert call.effects(DialTarget) == [DialTarget(DESK, talks=False)]
    assert len(call.effects(Bridge)) == 1
    assert call.when(Bridge) - call.when(DialTarget) == pytest.approx(2.0)
    assert call.told == []
    assert [effect.on for effect in call.effects(HoldSound)] == [True, False]
    assert call.outcomes == {"c1": ("done", None)}
    assert call.end is None


def test_a_target_that_a_refer_reached_is_not_called_again() -> None:
    call = world(transfer_refusal="486 Busy Here").order(BLIND).run(10)
    assert not call.effects(DialTarget)
    assert call.statuses[-1] == "in-progress"
    assert call.outcomes["c1"] == ("failed", "the transfer failed: 486 Busy Here")


def test_only_when_the_second_leg_fails_too_the_party_comes_back() -> None:
    call = world(transfer_refusal="405", refer_called=False, target_closes=EndReason.BUSY).order(BLIND).run(10)
    assert call.outcomes["c1"] == ("failed", "the transfer failed: the line was busy")
    assert "The transfer failed: the line was busy. The customer is still on the line." in call.notes
    assert call.transcript[-1][0] == "assistant"
    assert call.says("never mind").run(6).transcript[-1] == ("assistant", "You said never mind")


# --- warm


def test_the_human_is_told_who_is_calling_and_why_and_asked() -> None:
    call = warm()
    assert call.told[:3] == [INTRODUCTION, QUOTE, QUESTION]
    assert call.effects(DialTarget) == [DialTarget(DESK, talks=True)]
    assert call.end is None
    assert not call.effects(Bridge)


def test_any_words_after_the_question_take_the_call() -> None:
    call = warm().target_says("Who is it again?").run(3)
    assert len(call.effects(Bridge)) == 1
    assert call.outcomes == {"c1": ("done", None)}
    assert call.statuses[-1] == "transferring"


def test_key_1_takes_the_call_even_in_the_middle_of_the_briefing() -> None:
    call = world(WISH).order(WARM).run(6).target_presses("1").run(1)
    assert len(call.effects(Bridge)) == 1
    assert "StopSpeaking" in names(call.on_target)
    assert call.told == [INTRODUCTION]


@pytest.mark.parametrize("words", ["Yes, put him through", "Go ahead.", "Okay I'll take it"])
def test_a_whole_answer_during_the_briefing_takes_the_call(words: str) -> None:
    call = world(WISH).order(WARM).run(5).target_says("Hello?").run(2).target_says(words).run(2)
    assert len(call.effects(Bridge)) == 1


@pytest.mark.parametrize("words", ["Okay", "yes", "uh-huh", "who is this"])
def test_signs_of_listening_during_the_briefing_do_not(words: str) -> None:
    call = world(WISH).order(WARM).run(5).target_says("Hello?").run(2).target_says(words).run(2)
    assert not call.effects(Bridge)
    assert call.end is None


def test_a_yes_that_falls_into_the_question_takes_the_call() -> None:
    call = world(WISH).order(WARM).run(5).target_says("Hello?").run(1)
    while QUESTION not in call.told:
        call.run(0.2)
    assert len(call.target_says("yes").run(1).effects(Bridge)) == 1


def test_the_party_hears_hold_music_until_the_bridge_and_is_not_listened_to() -> None:
    call = warm().target_presses("1").run(1)
    assert [effect.on for effect in call.effects(HoldSound)] == [True, False]
    assert call.when(HoldSound, 0) <= call.when(DialTarget)
    assert call.effects(Listen) == [Listen(True), Listen(False)]
    assert Listen(False) in call.on_target


@pytest.mark.parametrize("words", ["No, not now please", "I'm in a meeting", "No.", "Sorry, I can't take it"])
def test_a_refusal_brings_the_party_back(words: str) -> None:
    call = warm().target_says(words).run(14)
    assert not call.effects(Bridge)
    assert call.target_hung_up
    assert call.outcomes["c1"] == ("failed", "the transfer failed: whoever answered declined")
    assert call.statuses[-1] == "in-progress"
    assert call.transcript[-1][0] == "assistant"


def test_key_2_declines() -> None:
    call = warm().target_presses("2").run(1)
    assert call.outcomes["c1"] == ("failed", "the transfer failed: whoever answered declined")


def test_no_problem_is_a_yes() -> None:
    assert len(warm().target_says("No problem, put her through").run(3).effects(Bridge)) == 1


@pytest.mark.parametrize(
    ("closed", "why"),
    [
        (EndReason.BUSY, "the line was busy"),
        (EndReason.NO_ANSWER, "nobody answered"),
        (EndReason.DECLINED, "the call was declined"),
        (EndReason.INVALID_DESTINATION, "the number could not be reached"),
        (EndReason.TRUNK_UNREACHABLE, "trunk_unreachable"),
    ],
)
def test_a_second_leg_that_fails_brings_the_party_back_with_the_reason(closed: EndReason, why: str) -> None:
    call = world(target_closes=closed).order(WARM).run(8)
    assert call.outcomes["c1"] == ("failed", f"the transfer failed: {why}")
    assert f"The transfer failed: {why}. The customer is still on the line." in call.notes
    assert call.statuses[-2:] == ["transferring", "in-progress"]
    assert [effect.on for effect in call.effects(HoldSound)] == [True, False]
    assert call.effects(Listen) == [Listen(True), Listen(False), Listen(True)]


@pytest.mark.parametrize(("allowed", "dialled"), [(False, 0), (True, 1)])
def test_a_second_leg_goes_to_a_sip_uri_only_where_its_trunk_allows_that(allowed: bool, dialled: int) -> None:
    way = TrunkPlan("t2", 1, "Desk", "sip.example.com", None, allow_sip_uri=allowed)
    call = TwoLegs(replace(plan_of(), transfer_trunk=way)).answer()
    call.order(Transfer("sip:ann@pbx.example.com", mode=TransferMode.WARM)).run(3)
    assert len(call.effects(DialTarget)) == dialled
    if not allowed:
        why = "the transfer failed: the trunk allows no SIP URIs (set allow_sip_uri on it)"
        assert call.outcomes["c1"] == ("failed", why)


def test_a_second_leg_of_which_nothing_is_ever_told_is_given_up() -> None:
    call = world(target_answers=None).order(WARM).run(60)
    assert call.target_hung_up
    assert call.outcomes["c1"] == ("failed", "the transfer failed: nobody answered")


def test_a_voicemail_brings_the_party_back() -> None:
    call = world(WISH).order(WARM).run(4.2)
    call.target_says("Hi, you've reached Tom. I can't come to the phone, please leave a message after the tone.").run(
        12
    )
    assert call.outcomes["c1"] == ("failed", "the transfer failed: a voicemail answered")
    assert call.target_hung_up
    assert not call.effects(Bridge)


def test_silence_after_the_question_is_asked_once_more_then_given_up() -> None:
    call = warm()
    assert call.told.count(QUESTION) == 1
    call.run(20)
    assert call.told == [INTRODUCTION, QUOTE, QUESTION, INTRODUCTION, QUESTION]
    call.run(40)
    assert call.outcomes["c1"] == ("failed", "the transfer failed: whoever answered did not react")
    assert call.target_hung_up


@pytest.mark.parametrize("words", ["Yes", "Who is it again?"])
def test_an_answer_while_it_is_said_once_more_takes_the_call(words: str) -> None:
    call = warm()
    while call.told.count(INTRODUCTION) < 2:
        call.run(0.2)
    assert len(call.target_says(words).run(2).effects(Bridge)) == 1
    assert call.told == [INTRODUCTION, QUOTE, QUESTION, INTRODUCTION]
    assert "StopSpeaking" in names(call.on_target)


def test_a_refusal_while_it_is_said_once_more_brings_the_party_back() -> None:
    call = warm()
    while call.told.count(INTRODUCTION) < 2:
        call.run(0.2)
    call.target_says("No, not now please").run(2)
    assert not call.effects(Bridge)
    assert call.outcomes["c1"] == ("failed", "the transfer failed: whoever answered declined")


def test_noise_on_the_line_does_not_hold_the_party_for_ever() -> None:
    call = warm()
    for _ in range(12):
        call.target_says("", seconds=3.0).run(8)
    assert call.outcomes["c1"][0] == "failed"


def test_a_human_who_says_nothing_is_told_after_a_moment() -> None:
    call = world(WISH).order(WARM).run(4.5)
    while not call.told:
        call.run(0.1)
    assert call.when(ToTarget) - call.when(DialTarget) == pytest.approx(2.0 + 1.2, abs=0.15)


def test_an_agent_who_hangs_up_during_the_briefing_brings_the_party_back() -> None:
    call = world(WISH).order(WARM).run(7).of_target(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(3)
    assert call.outcomes["c1"] == ("failed", "the transfer failed: whoever answered hung up")


@pytest.mark.parametrize(
    ("event", "why"),
    [(MediaLost(), "no sound came from their line"), (SpeakingFailed(1, "", BROKEN), "the voice failed: it broke")],
)
def test_a_second_leg_without_sound_or_voice_is_given_up(event: MediaLost | SpeakingFailed, why: str) -> None:
    call = world(WISH).order(WARM).run(6).of_target(event).run(2)
    assert call.outcomes["c1"] == ("failed", f"the transfer failed: {why}")
    assert call.target_hung_up


def test_without_a_recogniser_key_1_still_takes_the_call() -> None:
    call = world(WISH).order(WARM).run(6).of_target(HearingFailed(BROKEN)).run(15).target_presses("1").run(1)
    assert len(call.effects(Bridge)) == 1


def test_the_party_cannot_stop_it_by_talking() -> None:
    call = warm().says("Hello? Are you there? Forget it!").run(3)
    assert call.end is None
    assert call.statuses[-1] == "transferring"


# --- the bridge and its end


def test_an_agent_who_hangs_up_ends_the_call_as_transferred() -> None:
    call = warm().target_presses("1").run(30).of_target(LineClosed(EndReason.USER_HANGUP, None, SIP)).run(1)
    assert len(call.effects(HangUp)) == 1
    assert reason(call) is EndReason.TRANSFERRED


def test_a_party_who_hangs_up_in_the_bridge_was_transferred() -> None:
    call = warm().target_presses("1").run(30).hangs_up().run(1)
    assert reason(call) is EndReason.TRANSFERRED


@pytest.mark.parametrize("after", [2.5, 3.5, 6.0, 20.0])
def test_a_party_who_hangs_up_before_the_bridge_hung_up(after: float) -> None:
    call = world(WISH).order(WARM).run(after)
    assert call.statuses[-1] == "transferring"
    call.hangs_up().run(1)
    assert reason(call) is EndReason.USER_HANGUP
    assert call.outcomes == {"c1": ("failed", "the call ended")}


def test_silence_and_duration_limits_rest_during_the_bridge() -> None:
    call = warm(assistant={"max_duration_seconds": 60, "silence_timeout_seconds": 5}).target_presses("1").run(200)
    call.of_target(MediaLost()).run(1)
    assert call.end is None
    assert call.effects(HangUp) == []


def test_a_bridge_in_which_no_side_sends_anything_ends() -> None:
    call = warm().target_presses("1").run(30).tell(MediaLost()).run(1)
    assert len(call.effects(HangUp)) == 1
    assert reason(call) is EndReason.TRANSFERRED


def test_nothing_of_the_talk_is_heard_or_thought_during_the_bridge() -> None:
    call = warm().target_presses("1").run(1)
    thought, spoken = len(call.effects(Think)), len(call.transcript)
    call.says("And now to something else").target_says("Indeed").run(10)
    assert (len(call.effects(Think)), len(call.transcript)) == (thought, spoken)


@pytest.mark.parametrize("step", ["dialling", "briefing", "bridged"])
def test_end_call_ends_it_at_every_step(step: str) -> None:
    call = {
        "dialling": lambda: world(WISH, target_answers=None).order(WARM).run(5),
        "briefing": lambda: world(WISH).order(WARM).run(6),
        "bridged": lambda: warm().target_presses("1").run(1),
    }[step]()
    call.order(EndCall(), "c2").run(1)
    assert reason(call) is EndReason.API_ENDED
    assert call.outcomes["c2"] == ("done", None)


def test_last_words_are_spoken_to_the_party_before_the_bridge() -> None:
    call = world(WISH).order(WARM).run(6).order(EndCall("We will call you back."), "c2").run(6)
    assert call.transcript[-1] == ("assistant", "We will call you back.")
    assert call.target_hung_up
    assert reason(call) is EndReason.API_ENDED


def test_a_worker_that_leaves_ends_the_bridge() -> None:
    call = warm().target_presses("1").run(1)
    call.tell(ShuttingDown()).run(1)
    assert reason(call) is EndReason.WORKER_LOST


def test_other_commands_are_refused_with_a_reason() -> None:
    call = warm().order(Say("Hello"), "c2").target_presses("1").run(1).order(Say("Hello"), "c3").order(WARM, "c4")
    assert call.outcomes["c2"] == ("failed", "the call is being transferred")
    assert call.outcomes["c3"] == call.outcomes["c4"] == ("failed", "the call was handed over")


def test_the_limit_that_passed_meanwhile_ends_the_call_when_the_party_is_back() -> None:
    call = warm(assistant={"max_duration_seconds": 30}).target_says("no").run(2)
    assert reason(call) is EndReason.MAX_DURATION


# --- who wanted it, and what is kept


def test_the_tool_does_the_same_as_the_command() -> None:
    tools = [{"type": "transfer_call", "destinations": [{"number": DESK, "mode": "warm", "message": "Hold on."}]}]
    llm = {"provider": "openai_compatible", "model": "m", "messages": [], "tools": tools}
    call = world(assistant={"llm_config": llm}, brain=lambda history: _brain(history[-1].content, history[-1].role))
    call.says("Please connect me to a person").run(8).target_says("Hello, Tom here").run(30).target_presses("1").run(1)
    assert len(call.effects(Bridge)) == 1
    assert ("assistant", "Hold on.") in call.transcript


def _brain(content: str, role: str) -> list[str | ToolCall]:
    if role == "user" and "connect" in content and "Customer" not in content:
        return [ToolCall("t1", "transfer_call", {"destination": DESK})]
    return ["The customer wants to talk to a person."]


MODEL = {"llm_config": {"provider": "openai_compatible", "model": "m", "messages": []}}


def test_the_model_sums_the_talk_up_while_it_rings() -> None:
    call = warm(assistant=MODEL, brain=lambda history: ["They have a question", "about a bill."])
    asked = call.effects(Think)[-1]
    assert asked.with_tools is False
    assert "in English" in asked.history[0].content
    assert f"Customer: {WISH}" in asked.history[1].content
    assert call.told == [INTRODUCTION, "They have a question about a bill.", QUESTION]


def test_a_summary_that_is_late_is_not_waited_for() -> None:
    call = world(WISH, assistant=MODEL)
    call.llm_seconds = 60.0
    call.order(WARM).run(5).target_says("Hello?").run(30)
    assert call.told == [INTRODUCTION, QUOTE, QUESTION]


def test_without_a_summary_only_the_caller_is_named() -> None:
    order = Transfer(DESK, None, TransferMode.WARM, summary_for_agent=False)
    call = world(WISH, assistant=MODEL).order(order).run(5).target_says("Hello?").run(20)
    assert call.told == [INTRODUCTION, QUESTION]


def test_the_transcript_tells_what_happened_and_what_the_agent_was_told() -> None:
    call = warm().target_says("Sure").run(1)
    assert call.notes == [
        f"Calling {DESK} to hand the call over.",
        "The agent said: Front desk, Tom speaking",
        f"Said to the agent: {INTRODUCTION}",
        f"Said to the agent: {QUOTE}",
        f"Said to the agent: {QUESTION}",
        "The agent said: Sure",
        f"The call was handed over to {DESK}.",
    ]


def test_what_the_agent_heard_of_a_briefing_that_was_cut_off_is_kept() -> None:
    call = world(WISH).order(WARM).run(7).target_presses("1").run(1)
    (said,) = [note for note in call.notes if note.startswith("Said to the agent: ")]
    heard = said.removeprefix("Said to the agent: ")
    assert INTRODUCTION.startswith(heard)
    assert heard != INTRODUCTION
    assert said in call.interrupted


def test_after_a_failure_another_hand_over_can_be_made() -> None:
    call = warm().target_says("no").run(6)
    call.order(WARM, "c2").run(5).target_says("Hello?").run(30).target_presses("1").run(1)
    assert call.outcomes["c2"] == ("done", None)
    assert len(call.effects(DialTarget)) == 2


def test_nothing_is_left_behind_when_the_party_is_back() -> None:
    call = warm().target_says("no").run(1)
    pending = {effect.name for effect in call.effects(SetTimer)} & set(call._timers)
    assert not pending & {"target", "target-screening", "summary"}
    before = len(call.log)
    call.of_target(SpeechStarted(call.now)).tell(OfTarget(TimerFired("target"))).run(0)
    assert len(call.log) == before


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_wild_second_legs_keep_every_promise(first: int) -> None:
    bridged = 0
    for seed in range(first, first + 50):
        dice = Random(seed)
        chaos = Chaos(plan_of(max_duration_seconds=14400, business_name="Bright Smile"), dice.randrange)
        chaos.answered(dice.choice((WARM, WARM, BLIND)))
        for _ in range(200):
            if not chaos.closed:
                chaos.step()
        bridged += chaos.bridged
        if not chaos.closed:
            chaos.close(EndReason.USER_HANGUP)
        assert chaos.talk.ended
        assert sorted(chaos.outcomes) == sorted(chaos.orders)
        assert sum(isinstance(fact, CallEnded) for fact in chaos.facts) == 1
    assert bridged >= 5, "hardly any of them got through"
