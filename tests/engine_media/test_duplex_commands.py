"""Control of a call with a realtime model: each command does what it does with any other model."""

from typing import Any

import numpy as np
import pytest

from tests.engine_media.duplex_world import SENTENCE, duplex_plan, outcomes, run, session, world
from tests.engine_media.test_transfers import DESK, tone
from tests.engine_media.world import World
from trunkline.domain.call import EndReason
from trunkline.domain.commands import (
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
from trunkline.ports.replies import ToolCall
from trunkline.testing.line import Party, Words
from trunkline.testing.models import Hearing, ScriptedStt, noise
from trunkline.testing.realtime import Talking

pytestmark = pytest.mark.call

QUIET = Party(hangs_up_after=12.0)
SAYS = pytest.mark.parametrize("says", [False, True])


def spoken_by_us(stage: World) -> list[str]:
    return [text for text in stage.models.tts_model.said if text != "Hello, this is Ada."]


def end(stage: World) -> EndReason:
    return stage.journal.ended().reason


# --- inject-context


def test_context_is_a_turn_and_an_instruction_and_asks_for_nothing() -> None:
    stage = world(QUIET)
    run(stage, duplex_plan(), (3.0, InjectContext("It rains.")), (4.0, InjectContext("It snows.")))
    told = session(stage)
    assert ("system", "It rains.") in told.turns
    assert [text.splitlines()[-1] for text in told.of("instruct")] == ["- It rains.", "- It snows."]
    assert all(text.startswith("Be kind.") for text in told.of("instruct"))
    assert "- It rains.\n- It snows." in told.of("instruct")[-1]
    assert told.of("respond") == []
    assert ("system", "It rains.") in stage.journal.said()
    assert outcomes(stage) == [("done", None), ("done", None)]


def test_context_that_wants_an_answer_is_answered_once_after_what_is_being_said() -> None:
    long = "This is a very long answer, which goes on for quite a while, as answers sometimes do."
    stage = world(
        Party(says=(Words(SENTENCE, quiet=0.5),), hangs_up_after=16.0),
        Talking(("Tell me.",), (long, "It rains, by the way.")),
    )
    run(stage, duplex_plan(), (5.0, InjectContext("It rains.", trigger_response=True)))
    kinds = [kind for kind, _ in session(stage).told]
    assert kinds.count("respond") == 1
    assert kinds.index("instruct") < kinds.index("respond")
    assert [text for role, text in stage.journal.said() if role == "assistant"][1:] == [long, "It rains, by the way."]


def test_context_while_the_party_speaks_is_answered_with_what_they_said() -> None:
    stage = world(
        Party(says=(Words(noise(3.0, 8000), after=3.0),), hangs_up_after=12.0), Talking(("Tell me.",), ("It rains.",))
    )
    run(stage, duplex_plan(), (4.5, InjectContext("It rains.", trigger_response=True)))
    assert session(stage).of("respond") == []
    assert [text for role, text in stage.journal.said() if role == "assistant"] == ["Hello, this is Ada.", "It rains."]


# --- say


@SAYS
def test_words_are_said_and_remembered(says: bool) -> None:
    stage = world(QUIET, Talking(says=says))
    run(stage, duplex_plan(), (4.0, Say("Please note the following.")))
    assert ("assistant", "Please note the following.") in stage.journal.said()
    assert outcomes(stage) == [("done", None)]
    assert spoken_by_us(stage) == ([] if says else ["Please note the following."])
    remembered = ("assistant", "Please note the following.") in session(stage).turns
    assert remembered is not says


@SAYS
def test_words_wait_for_the_reply_that_is_being_said_and_never_sound_at_once(says: bool) -> None:
    long = "This is a very long answer, which goes on for quite a while, as answers sometimes do."
    stage = world(
        Party(says=(Words(SENTENCE, quiet=0.5),), hangs_up_after=16.0),
        Talking(("Tell me.",), (long,), says=says, speed=1.5),
    )
    run(stage, duplex_plan(), (4.5, Say("Please note.")))
    assert [text for role, text in stage.journal.said() if role == "assistant"] == [
        "Hello, this is Ada.",
        long,
        "Please note.",
    ]


@SAYS
def test_the_party_stops_words_that_may_be_stopped_and_no_others(says: bool) -> None:
    words = "Please note the following, which is rather long, so that there is time to break in on it."
    party = Party(says=(Words(noise(1.0, 8000), after=5.0),), hangs_up_after=16.0)
    for interruptible in (True, False):
        stage = world(party, Talking(("What?",), ("Never mind.",), says=says))
        run(stage, duplex_plan(), (3.5, Say(words, interruptible=interruptible)))
        said = stage.journal.said()
        if interruptible:
            assert said[1][0] == "assistant"
            assert words.startswith(said[1][1])
            assert said[1][1] != words
            assert outcomes(stage) == [("done", "cut short: the party heard only a part")]
        else:
            assert said[1] == ("assistant", words)
            assert outcomes(stage) == [("done", None)]
        assert said[2:] == [("user", "What?"), ("assistant", "Never mind.")]


@SAYS
def test_last_words_are_played_to_their_end(says: bool) -> None:
    words = "That was all, goodbye."
    stage = world(Party(), Talking(says=says))
    run(stage, duplex_plan(), (4.0, Say(words, end_after=True)))
    assert stage.journal.said()[-1] == ("assistant", words)
    assert end(stage) is EndReason.API_ENDED
    sounding = np.flatnonzero(np.frombuffer(stage.carrier.lines[0].played, "<i2")[3 * 8000 :])
    assert len(sounding) == pytest.approx(len(words) * 0.06 * 8000, rel=0.05)


# --- end-call, keys, mute


@SAYS
def test_the_call_is_ended_after_a_message(says: bool) -> None:
    stage = world(Party(), Talking(says=says))
    run(stage, duplex_plan(), (4.0, EndCall("Bye now.")))
    assert stage.journal.said()[-1] == ("assistant", "Bye now.")
    assert end(stage) is EndReason.API_ENDED
    assert outcomes(stage) == [("done", None)]


def test_the_call_is_cancelled_before_the_answer() -> None:
    stage = world(Party(answers_after=5.0))
    run(stage, duplex_plan(), (1.0, EndCall()))
    assert end(stage) is EndReason.CANCELLED


def test_keys_are_sent_and_keys_of_theirs_are_told_and_answered() -> None:
    stage = world(Party(presses=((3.0, "4"), (3.2, "2")), hangs_up_after=9.0), Talking((), ("You pressed 42.",)))
    run(stage, duplex_plan(), (2.0, SendDtmf("12")))
    assert stage.carrier.lines[0].digits_sent == ["12"]
    assert ("system", "The customer pressed 4 2.") in session(stage).turns
    assert stage.journal.said()[-2:] == [("system", "The customer pressed 4 2."), ("assistant", "You pressed 42.")]
    assert len(session(stage).of("respond")) == 1


def test_who_is_muted_is_not_heard_by_the_model() -> None:
    party = Party(says=(Words(SENTENCE, after=4.0), Words(SENTENCE, after=8.0)), hangs_up_after=13.0)
    stage = world(party, Talking(("Now you hear me.",), ("I do.",)))
    run(stage, duplex_plan(), (3.0, Mute()), (7.0, Unmute()))
    assert stage.journal.said()[1:] == [("user", "Now you hear me."), ("assistant", "I do.")]
    assert session(stage).pushed_bytes == pytest.approx(9.0 * 16_000, rel=0.05)


def test_who_is_muted_in_mid_word_has_finished() -> None:
    party = Party(says=(Words(noise(3.0, 8000), after=4.0),), hangs_up_after=13.0)
    stage = world(party, Talking(("I would like",), ("What would you like?",)))
    run(stage, duplex_plan(), (5.5, Mute()))
    assert stage.journal.said()[1:] == [("user", "I would like"), ("assistant", "What would you like?")]


# --- transfer


@SAYS
def test_a_blind_transfer_is_announced_first(says: bool) -> None:
    stage = world(Party(), Talking(says=says))
    run(stage, duplex_plan(), (4.0, Transfer(DESK, "One moment.")))
    assert stage.journal.said()[-1] == ("assistant", "One moment.")
    assert stage.carrier.lines[0].transferred_to == [DESK]
    assert end(stage) is EndReason.TRANSFERRED


@SAYS
def test_an_announcement_cannot_be_talked_down(says: bool) -> None:
    words = "One moment please, I connect you with somebody who knows everything about this."
    party = Party(says=(Words(noise(1.5, 8000), after=4.2),))
    stage = world(party, Talking(("Wait, no.",), ("What is it?",), says=says))
    run(stage, duplex_plan(), (4.0, Transfer(DESK, words)))
    assert ("assistant", words) in stage.journal.said()
    assert ("assistant", "What is it?") not in stage.journal.said()
    assert end(stage) is EndReason.TRANSFERRED


def two(target: Party, script: Talking, hears: tuple[str, ...] = ("Front desk.", "Yes.")) -> World:
    """A party that waits, and another one who is called."""
    stage = world(Party(says=(Words(SENTENCE, quiet=0.5),), hangs_up_after=60.0), script)
    stage.models.stt_model = ScriptedStt(Hearing(hears))
    party = stage.party
    stage.carrier._party = lambda dial: target if dial.destination == DESK else party
    return stage


WARM = Transfer(DESK, "One moment.", TransferMode.WARM)
TELLING = Talking(("I want to cancel my whole order.",), ("I see, let me think about it.",))


def test_the_human_is_briefed_with_our_voice_and_takes_the_call() -> None:
    target = Party(
        answers_after=1.0, says=(Words(tone(300, 1.0), after=0.3), Words(tone(300, 0.5), quiet=0.3)), hangs_up_after=15
    )
    stage = two(target, TELLING)
    run(stage, duplex_plan(), (8.0, WARM))
    said = stage.journal.said()
    told = " ".join(text for role, text in said if role == "system")
    assert "I want to cancel my whole order." in told
    assert "The agent said: Front desk." in told
    assert ("system", f"The call was handed over to {DESK}.") in said
    assert end(stage) is EndReason.TRANSFERRED
    pushed = session(stage).pushed_bytes
    assert pushed < 11.0 * 16_000


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Party(refuses=(EndReason.BUSY, 486)), "the line was busy"),
        (Party(answers_after=None, rings_after=0.1), "nobody answered"),
    ],
)
def test_the_party_comes_back_with_the_reason_and_the_model_goes_on(target: Party, why: str) -> None:
    replies = ("I see.", "I am sorry, they are not there.")
    stage = two(target, Talking(TELLING.hears, replies))
    run(stage, duplex_plan(silence_timeout_seconds=600), (8.0, WARM))
    reason = f"The transfer failed: {why}. The customer is still on the line."
    assert ("system", reason) in session(stage).turns
    assert reason in session(stage).of("instruct")[-1]
    assert ("assistant", "I am sorry, they are not there.") in stage.journal.said()
    states = [fact.status.value for fact in stage.journal.facts() if isinstance(fact, StatusChanged)]
    assert states == ["ringing", "in-progress", "transferring", "in-progress"]


def test_a_tool_hands_the_call_over_and_is_told_when_that_fails() -> None:
    call = ToolCall("t1", "transfer_call", {"destination": DESK})
    tools: dict[str, Any] = {"tools": [{"type": "transfer_call", "destinations": [{"number": DESK, "mode": "warm"}]}]}
    stage = two(
        Party(refuses=(EndReason.BUSY, 486)), Talking(TELLING.hears, (("Just a second.", call), "They are busy."))
    )
    run(stage, duplex_plan(llm=tools))
    (result,) = [turn for turns in session(stage).of("add") for turn in turns if turn.role == "tool"]
    assert result.tool_call_id == "t1"
    assert "the line was busy" in result.content
    assert [text for role, text in stage.journal.said() if role == "assistant"][1:] == [
        "Just a second.",
        "They are busy.",
    ]
    assert len(session(stage).of("respond")) == 1


def test_the_model_hears_nothing_of_the_hold_and_of_the_bridge() -> None:
    target = Party(answers_after=1.0, presses=((8.0, "1"),), hangs_up_after=20)
    stage = two(target, TELLING)
    run(stage, duplex_plan(), (8.0, WARM))
    assert session(stage).pushed_bytes < 11.0 * 16_000
