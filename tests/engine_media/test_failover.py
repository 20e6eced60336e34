"""No call is lost while a configured provider works: whole calls with providers that fail, in virtual time."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from tests.engine_media.failing import (
    HEARING,
    SENTENCE,
    TALKER,
    THINKING,
    WORDS,
    BreakingLlm,
    StallingTts,
    TiringLlm,
    TwoProviders,
    run_calls,
    scripted,
    used,
    with_fallbacks,
    world_of,
)
from trunkline.domain.assistant import LlmConfig, SttConfig
from trunkline.domain.call import EndReason
from trunkline.engine.breaker import COOL_DOWN_SECONDS, FAILURES_IN_A_ROW, State
from trunkline.ports.models import ToolCall
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, Words
from trunkline.testing.models import Hearing, ScriptedModels, ScriptedStt, ScriptedSttStream, Speaking, Trouble, _Mishap

pytestmark = pytest.mark.call

WAITING = Party(says=(Words(SENTENCE, quiet=5.0), Words(SENTENCE, quiet=5.0)), hangs_up_when_quiet=6.0)
"""Somebody who does not speak into the pauses of a voice that fails."""
PATIENT = replace(TALKER, hangs_up_when_quiet=None, hangs_up_after=60.0)


def failing(part: str, trouble: Trouble) -> ScriptedModels:
    """The models of ``first``, of which one fails."""
    return scripted(
        replace(HEARING, trouble=trouble if part == "stt" else None),
        replace(THINKING, trouble=trouble if part == "llm" else None),
        Speaking(trouble=trouble if part == "tts" else None),
    )


@pytest.mark.parametrize("retryable", [True, False])
@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize(
    ("part", "stage"),
    [(part, stage) for part in ("llm", "tts") for stage in ("open", "first", "middle")]
    + [("stt", "open"), ("stt", "first")],
)
def test_a_call_goes_on_with_the_fallback_and_loses_no_words(
    part: str, stage: str, hangs: bool, retryable: bool
) -> None:
    party = WAITING if (part, stage, hangs) == ("tts", "middle", True) else TALKER
    world = world_of(failing(part, Trouble(stage, hangs, retryable=retryable)), party, second=scripted())
    run_virtual(run_calls(world, with_fallbacks("second")))
    assert world.journal.ended().reason is EndReason.USER_HANGUP, world.journal.ended().error
    assert world.journal.said() == WORDS
    assert (part, "second") in used(world)
    assert {stage for stage, provider in used(world) if provider == "second"} == {part}


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("part", ["stt", "llm", "tts"])
def test_where_all_fail_the_call_ends_with_an_apology_and_the_error_names_them_all(part: str, hangs: bool) -> None:
    trouble = Trouble("first", hangs)
    world = world_of(failing(part, trouble), PATIENT, second=failing(part, trouble), third=failing(part, trouble))
    run_virtual(run_calls(world, with_fallbacks("second", "third")))
    ended = world.journal.ended()
    assert ended.reason is EndReason.PROVIDER_ERROR
    assert ended.error
    if hangs:
        assert all(name in ended.error for name in ("first", "second", "third"))
    if part != "tts":
        assert "sorry" in world.journal.said()[-1][1].lower()


def test_a_provider_that_failed_is_passed_over_for_the_rest_of_the_call() -> None:
    first = scripted(thinking=replace(THINKING, trouble=Trouble("first", times=2)))
    world = world_of(first, second=scripted())
    run_virtual(run_calls(world, with_fallbacks("second")))
    assert world.journal.said() == WORDS
    assert len(first.llm_model.asked) == 2


def test_one_that_was_passed_over_is_asked_again_when_the_others_fail() -> None:
    first = scripted(thinking=replace(THINKING, replies=("Goodbye.",), trouble=Trouble("first", times=2)))
    world = world_of(first, second=scripted())
    assert isinstance(world.models, TwoProviders)
    second = world.models.others["second"].llm_model = TiringLlm("All right, see you then.")
    run_virtual(run_calls(world, with_fallbacks("second")))
    assert world.journal.said() == WORDS
    assert len(first.llm_model.asked) == 3
    assert len(second.asked) == 2


@pytest.mark.parametrize(("part", "most_seconds"), [("stt", 4.5), ("llm", 6.5), ("tts", 4.5)])
def test_a_provider_that_is_silent_is_not_waited_for_twice_where_another_is_left(
    part: str, most_seconds: float
) -> None:
    trouble = Trouble("first", hangs=True)
    silent = world_of(failing(part, trouble), second=scripted())
    well = world_of(scripted(), second=scripted())
    run_virtual(run_calls(well, with_fallbacks("second")))
    run_virtual(run_calls(silent, with_fallbacks("second")))
    assert silent.journal.said() == well.journal.said() == WORDS
    longer = [len(one.carrier.lines[0].played) / 16_000 for one in (silent, well)]
    assert longer[0] - longer[1] < most_seconds


def test_a_reply_that_breaks_off_is_completed_and_nothing_is_said_twice() -> None:
    handed = "Of course, I can do that for you."
    for then in (f"{handed} Is Tuesday fine?", "for you. Is Tuesday fine?", "Is Tuesday fine?"):
        world = world_of(scripted(), PATIENT, second=scripted())
        llm = BreakingLlm(f"{handed} Is", then)
        world.models.llm_model = llm
        run_virtual(run_calls(world, with_fallbacks("second")))
        assert ("assistant", f"{handed} Is Tuesday fine?") in world.journal.said()
        again = llm.asked[1]
        assert again[: len(llm.asked[0])] == llm.asked[0]
        assert (again[-2].role, again[-2].content) == ("assistant", handed)
        assert again[-1].role == "system"


def test_a_reply_that_breaks_off_at_one_provider_is_completed_by_the_next() -> None:
    world = world_of(scripted(), PATIENT, second=scripted())
    world.models.llm_model = BreakingLlm("Of course, I can do that for you. Is")
    assert isinstance(world.models, TwoProviders)
    second = BreakingLlm("", "Is Tuesday fine?")
    second.asked.append(())
    world.models.others["second"].llm_model = second
    run_virtual(run_calls(world, with_fallbacks("second")))
    assert ("assistant", "Of course, I can do that for you. Is Tuesday fine?") in world.journal.said()


def test_tools_of_a_reply_that_breaks_off_run_once_and_it_is_not_asked_again() -> None:
    world = world_of(scripted(), PATIENT, second=scripted())
    llm = BreakingLlm("One moment please.", "Booked.", calls=(ToolCall("1", "book", {}),))
    world.models.llm_model = llm
    tool = {"name": "book", "url": "https://tools.example/book"}
    config = LlmConfig.model_validate({"provider": "first", "tools": [tool], "fallbacks": [{"provider": "second"}]})
    run_virtual(run_calls(world, with_fallbacks("second", llm_config=config)))
    assert world.tools.ran == ["book"]
    assert ("assistant", "One moment please.") in world.journal.said()
    assert ("assistant", "Booked.") in world.journal.said()


# --- hearing


def test_what_was_being_said_is_heard_again_by_the_next() -> None:
    party = replace(TALKER, says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, quiet=0.5)))
    world = world_of(failing("stt", Trouble("first", hangs=True)), party, second=scripted())
    run_virtual(run_calls(world, with_fallbacks("second")))
    (stream,) = world.models.others["second"].stt_model.streams  # type: ignore[attr-defined]
    assert world.journal.said() == WORDS
    assert stream.pushed_bytes >= 2 * len(SENTENCE)


class Ears(ScriptedSttStream):
    """A recogniser that hears only what comes from a little before the beginning of speech to its end."""

    before, heard, speaking = 0, 0, False

    def push(self, pcm: bytes) -> None:
        super().push(pcm)
        if self.speaking:
            self.heard += len(pcm)
        else:
            self.before = min(4800, self.before + len(pcm))

    def speech_started(self) -> None:
        super().speech_started()
        self.heard, self.speaking = self.before, True

    def speech_ended(self) -> None:
        super().speech_ended()
        self.before, self.speaking = 0, False


def test_ears_that_hear_only_speech_are_told_of_its_beginning_before_they_are_given_it() -> None:
    world = world_of(failing("stt", Trouble("first", hangs=True)), second=scripted())
    assert isinstance(world.models, TwoProviders)
    second = world.models.others["second"].stt_model
    ears = Ears(HEARING, iter(HEARING.texts), _Mishap(None, "second"), 8000)
    heard: list[int] = []
    ended = ears.speech_ended

    def speech_ended() -> None:
        heard.append(ears.heard)
        ended()

    async def opened(config: SttConfig, sample_rate_hz: int) -> ScriptedSttStream:
        second.streams.append(ears)
        return ears

    second.open = opened  # type: ignore[method-assign]
    ears.speech_ended = speech_ended  # type: ignore[method-assign]
    run_virtual(run_calls(world, with_fallbacks("second")))
    assert world.journal.said() == WORDS
    assert len(SENTENCE) <= heard[0] <= len(SENTENCE) + 2 * 8000


def test_ears_that_close_again_and_again_while_nobody_speaks_cost_nothing() -> None:
    party = Party(says=(Words(SENTENCE, after=45.0), Words(SENTENCE, quiet=0.5)), hangs_up_when_quiet=1.0)
    world = world_of(scripted(), party)

    async def close_often() -> None:
        streams = world.models.stt_model.streams
        for _ in range(5):
            await asyncio.sleep(7.0)
            streams[-1]._out.put_nowait(None)

    async def whole() -> None:
        running = asyncio.create_task(close_often())
        async with world.supervisor() as supervisor:
            await supervisor.run(with_fallbacks(silence_timeout_seconds=120))
        await running

    run_virtual(whole())
    assert world.journal.ended().reason is EndReason.USER_HANGUP, world.journal.ended().error
    assert ("user", "Yes, that is fine.") in world.journal.said()
    assert len(world.models.stt_model.streams) == 6


class SilentAfter(_Mishap):
    """Nothing more comes after so many results."""

    def __init__(self, results: int) -> None:
        super().__init__(None, "first")
        self.left = results

    async def at(self, stage: str) -> None:
        self.left -= 1
        if self.left < 0:
            await asyncio.Event().wait()


class Deaf(ScriptedStt):
    """Is silent when it hears speech for the first time, and finds no words in it when it hears it again."""

    async def open(self, config: SttConfig, sample_rate_hz: int) -> ScriptedSttStream:
        mishap = SilentAfter(1 if self.streams else 0)
        self.streams.append(ScriptedSttStream(Hearing(), iter(()), mishap, sample_rate_hz))
        return self.streams[-1]


def test_ears_that_find_no_words_in_what_they_failed_on_are_not_well_again() -> None:
    party = Party(says=(Words(SENTENCE, after=3.0), Words(SENTENCE, after=14.0)), hangs_up_after=60.0)
    world = world_of(scripted(), party)
    world.models.stt_model = Deaf(Hearing())
    run_virtual(run_calls(world, with_fallbacks(silence_timeout_seconds=60)))
    assert world.journal.ended().reason is EndReason.PROVIDER_ERROR
    assert "sorry" in world.journal.said()[-1][1].lower()


# --- speaking


def test_another_voice_goes_on_at_a_word_after_what_was_heard() -> None:
    words = "This is a long sentence about many things and it goes on for quite a while before it comes to its end."
    world = world_of(scripted(), Party(answers_after=0.5, hangs_up_after=20.0), second=scripted())
    first = world.models.tts_model = StallingTts(2.5)
    assert isinstance(world.models, TwoProviders)
    run_virtual(run_calls(world, with_fallbacks("second", first_message=words)))
    assert world.journal.said()[0] == ("assistant", words)
    assert first.said == [words]
    rest = world.models.others["second"].tts_model.said[0]
    assert words.endswith(f" {rest}")
    assert 20 < len(rest) < len(words) - 20


def test_what_was_not_heard_yet_is_said_by_the_other_voice_alone() -> None:
    words = "This is a long sentence about many things and it goes on for quite a while before it comes to its end."
    world = world_of(scripted(), Party(answers_after=8.0, hangs_up_after=20.0), second=scripted())
    world.models.tts_model = StallingTts(2.5)
    assert isinstance(world.models, TwoProviders)
    run_virtual(run_calls(world, with_fallbacks("second", first_message=words)))
    assert world.models.others["second"].tts_model.said == [words]
    sound = len(words) * Speaking().seconds_per_character
    heard = np.count_nonzero(np.frombuffer(world.carrier.lines[0].played, "<i2")) / 8000
    assert heard == pytest.approx(sound, abs=0.1)


def test_the_shelf_keeps_voices_apart() -> None:
    world = world_of(failing("tts", Trouble("first", times=2)), second=scripted())
    plans = [with_fallbacks("second", call_id=f"call-{number}") for number in (1, 2)]
    run_virtual(run_calls(world, *plans))
    second = world.models.others["second"].tts_model  # type: ignore[attr-defined]
    assert "Hello, this is Ada." in second.said
    assert world.models.tts_model.said.count("Hello, this is Ada.") == 3
    assert [world.journal.said(one.call_id) for one in plans] == [WORDS, WORDS]


def test_where_no_voice_is_left_our_own_says_the_apology() -> None:
    world = world_of(
        failing("tts", Trouble("first")), PATIENT, second=failing("tts", Trouble("first")), local=scripted()
    )
    run_virtual(run_calls(world, with_fallbacks("second")))
    ended = world.journal.ended()
    assert ended.reason is EndReason.PROVIDER_ERROR
    assert "voice" in (ended.error or "")
    assert isinstance(world.models, TwoProviders)
    (apology,) = world.journal.said()
    assert "sorry" in apology[1].lower()
    assert " ".join(world.models.others["local"].tts_model.said) == apology[1]
    assert np.any(np.frombuffer(world.carrier.lines[0].played, "<i2"))


# --- what it cost


def test_what_each_provider_was_used_for_is_told_apart() -> None:
    world = world_of(failing("llm", Trouble("first")), second=scripted())
    settings = replace(with_fallbacks("second"), keys={"second": "sk-own"})
    run_virtual(run_calls(world, settings))
    usage, by = world.journal.ended().usage, used(world)
    assert by["llm", "second"].own_key
    assert not by["stt", "first"].own_key
    assert by["llm", "second"].prompt_tokens == usage.llm_prompt_tokens == 20
    assert by["stt", "first"].seconds == usage.stt_seconds == 2.0
    assert by["tts", "first"].characters == usage.tts_characters > 0
    assert by["tts", "first"].seconds == pytest.approx(usage.tts_characters * 0.06, rel=0.05)
    assert ("llm", "first") not in by
    assert isinstance(world.models, TwoProviders)
    assert ("second", "sk-own") in world.models.keys
    assert ("first", None) in world.models.keys


# --- all calls together


def test_a_provider_that_fails_in_many_calls_is_not_asked_until_it_has_rested() -> None:
    first = failing("llm", Trouble("first"))
    world = world_of(first, second=scripted())
    plans = [with_fallbacks("second", call_id=f"call-{number}") for number in range(6)]

    async def work() -> None:
        async with world.supervisor() as supervisor:
            for one in plans[:3]:
                await supervisor.run(one)
            assert len(first.llm_model.asked) == FAILURES_IN_A_ROW
            (facts,) = [one for one in supervisor.breakers() if (one.stage, one.provider) == ("llm", "first")]
            assert facts.state is State.OPEN
            assert supervisor.failing_providers() == ["llm first"]
            await supervisor.run(plans[3])
            assert len(first.llm_model.asked) == FAILURES_IN_A_ROW
            first.llm_model._mishap._left = 0
            await asyncio.sleep(COOL_DOWN_SECONDS)
            await supervisor.run(plans[4])
            (facts,) = [one for one in supervisor.breakers() if (one.stage, one.provider) == ("llm", "first")]
            assert facts.state is State.CLOSED
            assert supervisor.failing_providers() == []
            await supervisor.run(plans[5])

    run_virtual(work())
    assert all(world.journal.said(one.call_id) == WORDS for one in plans)
    assert len(first.llm_model.asked) == FAILURES_IN_A_ROW + 4


def test_an_open_circuit_does_not_keep_the_last_provider_from_being_asked() -> None:
    world = world_of(failing("llm", Trouble("first", times=8)))
    plans = [with_fallbacks(call_id=f"call-{number}") for number in range(5)]
    run_virtual(run_calls(world, *plans))
    reasons = [world.journal.ended(one.call_id).reason for one in plans]
    assert reasons == [EndReason.PROVIDER_ERROR] * 2 + [EndReason.USER_HANGUP] * 3
