"""Every setting of turn taking does what it says, for all its values; and no tool runs for words that may go on."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.engine_talk.world import World, plan
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.events import MessageSpoken
from trunkline.domain.transcript import Role
from trunkline.engine.effects import Note, RunTools, Speak, StopSpeaking, Think
from trunkline.ports.models import ToolCall, Turn

pytestmark = pytest.mark.unit

LONG = "Your appointment is on Tuesday at ten o'clock in the main building on the second floor."
TOOLS = [{"name": "book", "url": "https://example.org"}]
_SLACK = 0.002


def answered(probability: float | None = None, **turn_taking: Any) -> World:
    world = World(plan(speech_config={"turn_taking": turn_taking}), turn_probability=probability)
    return world.answer().run(1)


def speaking(**turn_taking: Any) -> World:
    world = World(plan(speech_config={"turn_taking": turn_taking}), lambda history: [LONG])
    world.answer().run(1).says("tell me", seconds=1.0).run(1.0)
    while not world.effects(Speak):
        world.run(0.1)
    return world.run(1.0)


delays = st.tuples(st.floats(0.25, 3.0), st.floats(0.0, 4.0))
probabilities = st.one_of(st.none(), st.floats(0, 1))
texts = st.sampled_from(
    ["that is fine", "yes", "No,", "zero six", "a table and", "Ray", "john at gmail dot com", "wait", "is it open?"]
)


@given(delays, probabilities, texts)
def test_every_wait_lies_between_the_two_delays(
    delays: tuple[float, float], probability: float | None, text: str
) -> None:
    shortest, longest = delays[0], delays[0] + delays[1]
    world = answered(probability, endpointing_min_delay=shortest, endpointing_max_delay=longest).says(text).run(12)
    assert shortest - 0.01 <= world.waits[0] <= longest + 0.01


@given(delays)
def test_a_finished_sentence_waits_for_the_shortest_delay_and_digits_for_the_longest(
    delays: tuple[float, float],
) -> None:
    shortest, longest = delays[0], delays[0] + delays[1]
    manners = {"endpointing_min_delay": shortest, "endpointing_max_delay": longest}
    assert answered(1.0, **manners).says("that is fine").run(12).waits == [pytest.approx(shortest, abs=0.01)]
    assert answered(0.95, **manners).says("zero six one").run(12).waits == [pytest.approx(longest, abs=0.01)]


@given(st.floats(0.0, 2.0), st.floats(0.05, 2.5))
def test_speech_interrupts_from_the_very_duration_that_is_set(wanted: float, lasts: float) -> None:
    world = speaking(interruption_min_duration=wanted)
    began = world.now
    world.says("no I do not", seconds=lasts, partials=False).run(8)
    if lasts >= wanted:
        assert world.when(StopSpeaking, 0) == pytest.approx(began + wanted, abs=_SLACK)
    elif lasts < wanted - 0.12:  # the end of speech is known about 0.1 s after it
        assert world.effects(StopSpeaking) == []


@given(st.integers(0, 6), st.integers(1, 8))
def test_speech_interrupts_from_the_very_word_that_is_set(wanted: int, said: int) -> None:
    world = speaking(interruption_min_words=wanted)
    text = " ".join(["no", "one", "two", "three", "four", "five", "six", "seven"][:said])
    world.says(text, seconds=2.0, partials=False).run(14)
    assert bool(world.interrupted) == (said >= wanted)


@given(st.floats(0.0, 3.0))
def test_without_words_it_goes_on_after_the_timeout_at_the_latest(timeout: float) -> None:
    world = speaking(false_interruption_timeout=timeout)
    world.stt_seconds = 2.8
    began = world.now
    world.says("", seconds=0.5, partials=False).run(12)
    known_at = began + 0.5 + 0.1
    assert world.when(Speak) == pytest.approx(min(max(began + 0.5 + timeout, known_at), known_at + 2.8), abs=_SLACK)
    assert world.interrupted == []


def test_delays_in_the_wrong_order_are_refused_and_the_answer_says_which() -> None:
    settings = {
        "llm_config": {"provider": "local"},
        "speech_config": {"turn_taking": {"endpointing_min_delay": 2.5, "endpointing_max_delay": 2}},
    }
    with pytest.raises(ValidationError) as refused:
        TransientAssistant.model_validate(settings)
    (error,) = refused.value.errors()
    assert error["loc"] == ("speech_config", "turn_taking")
    assert "endpointing_min_delay (2.5) must not be greater than endpointing_max_delay (2)" in error["msg"]


# --- what is thought ahead


def _book(history: Sequence[Turn]) -> Sequence[str | ToolCall]:
    if history[-1].role == "tool":
        return ["Done."]
    return ["One moment.", ToolCall(f"t{len(history[-1].content)}", "book", {"what": history[-1].content})]


@given(
    gaps=st.lists(st.floats(0.05, 1.5), min_size=1, max_size=4),
    llm_seconds=st.floats(0.01, 1.0),
    stt_seconds=st.floats(0.01, 0.6),
    probability=probabilities,
)
def test_no_tool_of_a_reply_runs_before_the_words_it_answers_are_a_turn(
    gaps: list[float], llm_seconds: float, stt_seconds: float, probability: float | None
) -> None:
    world = World(
        plan(llm_config={"provider": "local", "tools": TOOLS}),
        _book,
        llm_seconds=llm_seconds,
        stt_seconds=stt_seconds,
        turn_probability=probability,
    )
    world.answer().run(1)
    at = 0.0
    for number, gap in enumerate(gaps):
        world.says(f"part{number}", after=at, seconds=0.5, partials=False)
        at += 0.5 + gap
    world.run(at + 15)
    heard: list[str] = []
    for _, effect in world.log:
        match effect:
            case Note(MessageSpoken(message=message)) if message.role is Role.USER:
                heard.append(message.content)
            case RunTools(calls=calls):
                assert all(str(call.arguments["what"]) in " ".join(heard) for call in calls)
    assert " ".join(heard) == " ".join(f"part{number}" for number in range(len(gaps)))


@given(st.lists(st.floats(0.02, 0.3), min_size=0, max_size=4), st.floats(0.01, 0.3))
def test_nothing_is_asked_twice_with_the_same_words_whatever_sounds_follow(
    sounds: list[float], llm_seconds: float
) -> None:
    world = World(plan(), llm_seconds=llm_seconds).answer().run(1).says("that is fine", seconds=1.0)
    for number, seconds in enumerate(sounds):
        world.says("", after=1.3 + 0.5 * number, seconds=seconds)
    world.run(12)
    assert len(world.effects(Think)) == 1
    assert world.transcript == [("user", "that is fine"), ("assistant", "You said that is fine")]
