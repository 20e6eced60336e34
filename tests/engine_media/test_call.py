"""Whole calls over a scripted line with scripted models, in virtual time."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine_media.world import MemoryBlobs, Tools, World, plan
from trunkline.audio.wav import decode
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import EndCall, Say
from trunkline.domain.events import CallEnded, StatusChanged, TurnMeasured
from trunkline.ports.carrier import Dial
from trunkline.ports.models import ToolCall
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, ScriptedLine, Words
from trunkline.testing.models import (
    FixedTurnModel,
    Hearing,
    LoudnessVad,
    ScriptedLlm,
    ScriptedModels,
    ScriptedStt,
    ScriptedTts,
    Speaking,
    Thinking,
    Trouble,
    noise,
)

pytestmark = pytest.mark.call

SENTENCE = noise(1.2, 8000)


HEARING = Hearing(("Yes, that is fine.", "Goodbye."))
THINKING = Thinking(("All right, see you then.", "Goodbye."))
SPEAKING = Speaking()


def models(hearing: Hearing = HEARING, thinking: Thinking = THINKING, speaking: Speaking = SPEAKING) -> ScriptedModels:
    return ScriptedModels(ScriptedStt(hearing), ScriptedLlm(thinking), ScriptedTts(speaking))


TALKER = Party(says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, quiet=0.5)), hangs_up_when_quiet=1.0)


async def whole_call(world: World, **assistant: Any) -> None:
    before = asyncio.all_tasks()
    async with world.supervisor() as supervisor:
        await supervisor.run(plan(**assistant))
        assert supervisor.live_calls() == 0
    assert asyncio.all_tasks() == before
    assert all(line.closed for line in world.carrier.lines)
    assert world.vad.taken == set()
    assert world.models.llm_model.open_sessions == 0
    assert world.models.tts_model.open_sessions == 0
    assert all(stream.closed for stream in world.models.stt_model.streams)
    assert all(writer.closed for writer in world.blobs.writers)


def test_a_call_is_dialled_talked_through_and_ended_by_the_party() -> None:
    world = World(TALKER, models())
    run_virtual(whole_call(world))
    assert world.journal.ended().reason is EndReason.USER_HANGUP
    assert world.journal.said() == [
        ("assistant", "Hello, this is Ada."),
        ("user", "Yes, that is fine."),
        ("assistant", "All right, see you then."),
        ("user", "Goodbye."),
        ("assistant", "Goodbye."),
    ]
    states = [fact.status for fact in world.journal.facts() if isinstance(fact, StatusChanged)]
    assert states == [CallStatus.RINGING, CallStatus.IN_PROGRESS]
    usage = world.journal.ended().usage
    assert usage.stt_seconds == 2.0
    assert usage.llm_prompt_tokens == 20
    assert usage.tts_characters == len("Hello, this is Ada.All right,see you then.Goodbye.")
    measured = [fact for fact in world.journal.facts() if isinstance(fact, TurnMeasured)]
    assert [fact.turn for fact in measured] == [1, 2]
    assert all(fact.added is not None and fact.added <= 20 for fact in measured)


def test_the_first_words_follow_the_answer_at_once() -> None:
    world = World(TALKER, models(speaking=Speaking(first_audio_seconds=0.08)))
    run_virtual(whole_call(world))
    played = np.frombuffer(world.carrier.lines[0].played, "<i2")
    assert np.flatnonzero(played)[0] < 0.06 * 8000


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_the_transcript_holds_what_was_heard_when_the_party_breaks_in(rate: int) -> None:
    words = "Of course, I can tell you all about it. There is a lot to say about that, believe me. It began long ago."
    party = Party(
        says=(Words(noise(1.0, rate), quiet=0.5), Words(noise(2.0, rate), after=8.0)),
        hangs_up_after=14.0,
        sample_rate_hz=rate,
    )
    world = World(party, models(Hearing(("Tell me.", "Stop, please stop.")), Thinking((words, "Sorry."))))
    run_virtual(whole_call(world))
    said = world.journal.said()
    assert said[:2] == [("assistant", "Hello, this is Ada."), ("user", "Tell me.")]
    role, heard = said[2]
    assert role == "assistant"
    assert words.startswith(heard)
    assert heard != words
    samples = np.flatnonzero(np.frombuffer(world.carrier.lines[0].played, "<i2"))
    reply = samples[samples > 2.5 * rate]
    stopped = reply[np.flatnonzero(np.diff(reply) > rate)[0]] / rate
    assert 8.25 < stopped < 8.6
    assert len(heard) * 0.06 == pytest.approx(stopped - reply[0] / rate, abs=0.35)
    assert said[3] == ("user", "Stop, please stop.")


def test_the_party_that_leaves_in_mid_word_is_told_no_more_than_it_heard() -> None:
    words = "This is a rather long first message, which nobody will ever hear to its end because they hang up."
    world = World(Party(hangs_up_after=2.0), models())
    run_virtual(whole_call(world, first_message=words))
    ((_, heard),) = world.journal.said()
    assert words.startswith(heard)
    assert len(heard) * 0.06 == pytest.approx(1.95, abs=0.4)
    assert world.journal.ended().reason is EndReason.USER_HANGUP


def test_our_own_echo_interrupts_nobody() -> None:
    words = "This is a rather long first message, and the line sends all of it back to us, loud and clear, as lines do."
    world = World(Party(hangs_up_after=9.0), models(speaking=Speaking(level=0.3)))
    original = world.carrier.dial

    async def dial(order: Dial) -> ScriptedLine:
        line = await original(order)
        read, echoed = line.read, 0

        def echo() -> bytes:
            nonlocal echoed
            size = len(read())
            delayed = bytes(1600) + line.played
            back = delayed[echoed : echoed + size]
            echoed += size
            return back + bytes(size - len(back))

        line.read = echo  # type: ignore[method-assign]
        return line

    world.carrier.dial = dial  # type: ignore[method-assign]
    run_virtual(whole_call(world, first_message=words))
    assert world.journal.said() == [("assistant", words)]


@pytest.mark.parametrize(
    ("party", "reason"),
    [
        (Party(refuses=(EndReason.BUSY, 486)), EndReason.BUSY),
        (Party(refuses=(EndReason.INVALID_DESTINATION, 404), rings_after=None), EndReason.INVALID_DESTINATION),
        (Party(hangs_up_after=0.0), EndReason.USER_HANGUP),
        (Party(mute_after=0.0), EndReason.MEDIA_TIMEOUT),
    ],
)
def test_each_end_of_a_leg_has_its_reason(party: Party, reason: EndReason) -> None:
    world = World(party, models())
    run_virtual(whole_call(world, silence_timeout_seconds=60))
    assert world.journal.ended().reason is reason


def test_a_call_on_hold_is_not_lost_for_its_silence() -> None:
    party = Party(mute_after=1.0, holds=((1.0, True), (50.0, False)), hangs_up_after=52.0)
    world = World(party, models())
    run_virtual(whole_call(world, silence_timeout_seconds=600))
    assert world.journal.ended().reason is EndReason.USER_HANGUP


@pytest.mark.parametrize("stage", ["open", "first", "middle"])
@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("part", ["stt", "llm", "tts"])
def test_a_provider_that_fails_for_good_ends_the_call_and_says_so(part: str, stage: str, hangs: bool) -> None:
    if (part, stage) == ("stt", "middle"):
        stage = "first"
    trouble = Trouble(stage, hangs)
    world = World(
        replace(TALKER, hangs_up_when_quiet=None),
        models(
            replace(HEARING, trouble=trouble if part == "stt" else None),
            replace(THINKING, trouble=trouble if part == "llm" else None),
            replace(SPEAKING, trouble=trouble if part == "tts" else None),
        ),
    )
    run_virtual(whole_call(world))
    assert world.journal.ended().reason is EndReason.PROVIDER_ERROR
    assert world.journal.ended().error


@pytest.mark.parametrize("stage", ["open", "first"])
@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("part", ["stt", "llm", "tts"])
def test_a_provider_that_fails_once_is_asked_again_and_the_call_goes_on(part: str, stage: str, hangs: bool) -> None:
    trouble = Trouble(stage, hangs, times=1)
    world = World(
        TALKER,
        models(
            replace(HEARING, trouble=trouble if part == "stt" else None),
            replace(THINKING, trouble=trouble if part == "llm" else None),
            replace(SPEAKING, trouble=trouble if part == "tts" else None),
        ),
    )
    run_virtual(whole_call(world))
    assert world.journal.ended().reason is EndReason.USER_HANGUP
    said = world.journal.said()
    assert said[0] == ("assistant", "Hello, this is Ada.")
    assert said[-1] == ("assistant", "Goodbye.")


def test_a_provider_that_refuses_for_good_is_not_asked_again() -> None:
    asked = []
    for retryable in (True, False):
        trouble = Trouble("first", retryable=retryable)
        world = World(replace(TALKER, hangs_up_when_quiet=None), models(thinking=replace(THINKING, trouble=trouble)))
        run_virtual(whole_call(world))
        assert world.journal.ended().reason is EndReason.PROVIDER_ERROR
        asked.append(len(world.models.llm_model.asked))
    assert asked[0] == 2 * asked[1]


def test_the_end_of_turn_model_is_asked_at_each_pause_and_may_fail() -> None:
    sure = FixedTurnModel(0.9)
    world = World(TALKER, models(), turn=sure)
    run_virtual(whole_call(world))
    assert len(sure.asked_seconds) == 2
    assert all(0.5 < seconds < 4.0 for seconds in sure.asked_seconds)

    class Sick(FixedTurnModel):
        async def finished(self, speech: NDArray[np.float32]) -> float:
            raise RuntimeError("no model")

    world = World(TALKER, models(), turn=Sick(0.5))
    run_virtual(whole_call(world))
    assert world.journal.said()[-1] == ("assistant", "Goodbye.")


def test_a_tool_that_runs_when_the_party_leaves_is_let_finish() -> None:
    thinking = Thinking(((ToolCall("1", "book", {}),), "Booked."))
    party = Party(says=(Words(SENTENCE, quiet=0.5),), hangs_up_after=5.0)
    world = World(party, models(thinking=thinking), tools=Tools(seconds=6.0))
    tool = {"name": "book", "url": "https://tools.example/book"}
    run_virtual(whole_call(world, llm_config={"provider": "scripted", "tools": [tool]}))
    assert world.tools.ran == world.tools.finished == ["book"]
    assert world.journal.ended().reason is EndReason.USER_HANGUP


def test_the_recording_holds_both_sides_at_their_times() -> None:
    world = World(TALKER, models())
    run_virtual(whole_call(world, recording_enabled=True))
    assert world.journal.ended().recording == "call-outbound-1.wav"
    wav = decode(bytes(world.blobs.files["call-outbound-1.wav"]))
    left, right = np.frombuffer(wav.pcm, "<i2").reshape(-1, 2).T
    played = np.frombuffer(world.carrier.lines[0].played, "<i2")
    assert np.flatnonzero(right)[0] == pytest.approx(np.flatnonzero(played)[0], abs=640)
    assert np.flatnonzero(right)[-1] == pytest.approx(np.flatnonzero(played)[-1], abs=640)
    assert np.count_nonzero(right) == np.count_nonzero(played)
    assert np.count_nonzero(left) > 2.3 * 8000


def test_a_full_disk_costs_the_recording_and_not_the_call() -> None:
    world = World(TALKER, models(), blobs=MemoryBlobs(room=40_000))
    run_virtual(whole_call(world, recording_enabled=True))
    assert world.journal.ended().reason is EndReason.USER_HANGUP
    assert world.journal.ended().recording is None
    assert world.blobs.files == {}
    assert world.journal.said()[-1] == ("assistant", "Goodbye.")


def test_facts_wait_for_a_journal_that_is_away_and_keep_their_order() -> None:
    world, settled = World(TALKER, models()), World(TALKER, models())
    run_virtual(whole_call(settled))
    world.journal.away = 12
    run_virtual(whole_call(world))
    assert world.journal.said() == settled.journal.said()
    assert world.journal.ended().reason is EndReason.USER_HANGUP


def test_a_part_that_breaks_ends_the_call_as_an_internal_error_with_the_leg_hung_up() -> None:
    world = World(TALKER, models())

    class Broken(LoudnessVad):
        def run(self, slots: NDArray[np.intp], windows: NDArray[np.float32]) -> NDArray[np.float32]:
            world.carrier.lines[0].read = lambda: 1 / 0  # type: ignore[assignment,method-assign,return-value]
            return super().run(slots, windows)

    world.vad = Broken()
    run_virtual(whole_call(world))
    assert world.journal.ended().reason is EndReason.INTERNAL_ERROR
    assert world.carrier.lines[0].hung_up


def test_a_plan_that_cannot_run_ends_as_an_internal_error() -> None:
    world = World(TALKER, models())

    async def work() -> None:
        async with world.supervisor() as supervisor:
            await supervisor.run(plan(trunk=None))

    run_virtual(work())
    assert world.journal.ended().reason is EndReason.INTERNAL_ERROR
    assert world.carrier.dials == []


def test_orders_reach_the_live_call_and_no_other() -> None:
    world = World(Party(), models())

    async def work() -> None:
        async with world.supervisor() as supervisor:
            running = asyncio.create_task(supervisor.run(plan()))
            await asyncio.sleep(4.0)
            assert supervisor.order("call-outbound-1", "c1", Say("One moment.", end_after=True))
            assert not supervisor.order("call-outbound-2", "c2", EndCall())
            await running
            assert not supervisor.order("call-outbound-1", "c3", EndCall())

    run_virtual(work())
    assert world.journal.said()[-1] == ("assistant", "One moment.")
    assert world.journal.ended().reason is EndReason.API_ENDED


def test_a_worker_without_room_refuses_and_one_that_leaves_ends_its_calls() -> None:
    world = World(Party(), models(), max_calls=1)

    async def work() -> None:
        async with world.supervisor() as supervisor:
            first = asyncio.create_task(supervisor.run(plan("call-1")))
            await asyncio.sleep(3.0)
            assert supervisor.room() == 0
            await supervisor.run(plan("call-2"))
            await supervisor.drain(5.0)
            assert supervisor.room() == 0
            assert supervisor.live_calls() == 0
            await first

    run_virtual(work())
    assert world.journal.ended("call-2").reason is EndReason.AT_CAPACITY
    assert isinstance(world.journal.facts("call-1")[-1], CallEnded)
    assert len(world.carrier.dials) == 1
    assert world.carrier.lines[0].closed


def test_a_call_that_is_cancelled_leaves_nothing_behind() -> None:
    world = World(Party(), models())

    async def work() -> None:
        before = asyncio.all_tasks()
        async with world.supervisor() as supervisor:
            running = asyncio.create_task(supervisor.run(plan(recording_enabled=True)))
            await asyncio.sleep(3.0)
            running.cancel()
            await asyncio.wait([running])
        assert asyncio.all_tasks() == before

    run_virtual(work())
    assert world.carrier.lines[0].closed
    assert world.journal.ended().reason is EndReason.INTERNAL_ERROR
    assert world.vad.taken == set()


def some_party(rng: random.Random) -> Party:
    return Party(
        answers_after=rng.choice([0.05, 0.5, None]),
        refuses=rng.choice([None, None, None, (EndReason.DECLINED, 603)]),
        says=tuple(
            Words(noise(rng.uniform(0.1, 3.0), 8000, seed=rng.randrange(99)), quiet=rng.uniform(0, 1))
            for _ in range(rng.randrange(4))
        ),
        presses=((rng.uniform(0, 9), "1"),),
        holds=rng.choice([(), ((1.0, True), (3.0, False))]),
        hangs_up_after=rng.choice([None, rng.uniform(0, 12)]),
        hangs_up_when_quiet=rng.choice([None, 1.0]),
        mute_after=rng.choice([None, None, rng.uniform(0, 9)]),
        hang_up_seconds=rng.choice([0.01, 2.0]),
    )


def some_models(rng: random.Random) -> ScriptedModels:
    def trouble() -> Trouble | None:
        stage = rng.choice(["open", "first", "middle"])
        return rng.choice([None, None, None, Trouble(stage, rng.random() < 0.5, times=rng.randrange(1, 4))])

    return models(
        replace(HEARING, trouble=trouble(), delay_seconds=rng.uniform(0, 0.5)),
        replace(THINKING, trouble=trouble(), first_token_seconds=rng.uniform(0, 0.5)),
        replace(SPEAKING, trouble=trouble(), first_audio_seconds=rng.uniform(0, 0.5), speed=rng.choice([0.8, 10])),
    )


@pytest.mark.parametrize("seed", range(100))
def test_whatever_happens_two_random_calls_end_and_leave_nothing(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(2):
        world = World(some_party(rng), some_models(rng), blobs=MemoryBlobs(room=rng.choice([None, 50_000])))
        world.journal.away = rng.choice([0, 3])
        run_virtual(whole_call(world, recording_enabled=rng.random() < 0.5, max_duration_seconds=30))
        ends = [fact for fact in world.journal.facts() if isinstance(fact, CallEnded)]
        assert ends == world.journal.facts()[-1:]
        assert ends[0].reason is not EndReason.INTERNAL_ERROR
