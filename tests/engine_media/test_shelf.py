"""What voices have said is not asked for again: which takes are kept, for whom, and how many."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.engine_media.world import World, plan
from trunkline.domain.assistant import Pronunciation, SpeechConfig, TtsConfig
from trunkline.domain.plan import CallPlan
from trunkline.engine.shelf import CallShelf, Shelf
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, Words
from trunkline.testing.models import (
    Hearing,
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

GREETING = "Hello, this is Ada. I call about your order."
PARTY = Party(says=(Words(noise(1.0, 8000), quiet=0.4),), hangs_up_when_quiet=1.0)


def world(speaking: Speaking = Speaking(first_audio_seconds=0.4), **party: Any) -> World:  # noqa: B008 (frozen)
    hearing, thinking = Hearing(("Yes?",), again=True), Thinking(("That is all for now.",), again=True)
    models = ScriptedModels(ScriptedStt(hearing), ScriptedLlm(thinking), ScriptedTts(speaking))
    return World(replace(PARTY, **party), models)


def calls(world: World, *plans: CallPlan) -> list[list[str]]:
    """What the voice was asked for in each of these calls, one after the other on one worker."""

    async def run() -> list[list[str]]:
        asked = []
        async with world.supervisor() as supervisor:
            for one in plans:
                before = len(world.models.tts_model.said)
                await supervisor.run(one)
                asked.append(world.models.tts_model.said[before:])
        return asked

    return run_virtual(run())


def first_sound(world: World, call: int) -> float:
    """How long after the answer the party heard something, in seconds."""
    return float(np.flatnonzero(np.frombuffer(world.carrier.lines[call].played, "<i2"))[0]) / 8000


def test_a_second_call_asks_the_voice_for_nothing_that_it_always_says() -> None:
    platform = world()
    first, second, third = calls(platform, *(plan(f"call-{n}", first_message=GREETING) for n in (1, 2, 3)))
    assert first[0] == GREETING
    assert GREETING not in {*second, *third}
    said = [platform.journal.said(f"call-{number}") for number in (1, 2, 3)]
    assert said[0] == said[1] == said[2]
    assert said[0][0] == ("assistant", GREETING)
    lines = [line.played for line in platform.carrier.lines]
    assert np.count_nonzero(np.frombuffer(lines[0], "<i2")) == np.count_nonzero(np.frombuffer(lines[1], "<i2"))


def test_what_was_not_asked_for_is_not_billed() -> None:
    platform = world()
    calls(platform, *(plan(f"call-{number}", first_message=GREETING) for number in (1, 2, 3)))
    first, second, third = (platform.journal.ended(f"call-{number}").usage.tts_characters for number in (1, 2, 3))
    reply = len("That is all for now.")
    assert first == len(GREETING) + reply
    assert second == reply
    assert third == 0


def test_a_kept_greeting_is_heard_at_once_where_there_is_no_time_to_prepare_it() -> None:
    platform = world(answers_after=0.02, rings_after=None)
    calls(platform, *(plan(f"call-{number}", first_message=GREETING) for number in (1, 2)))
    assert first_sound(platform, 0) == pytest.approx(0.4, abs=0.04)
    assert first_sound(platform, 1) <= 0.04


@pytest.mark.parametrize(
    "other",
    [
        {"tts_config": TtsConfig(provider="scripted", voice_id="tone")},
        {"tts_config": TtsConfig(provider="scripted", speed=1.2)},
        {"tts_config": TtsConfig(provider="scripted", language="nl")},
        {"tts_config": TtsConfig(provider="scripted", model="better")},
        {"tts_config": TtsConfig(provider="local")},
        {"speech_config": SpeechConfig(pronunciation=(Pronunciation(source="Ada", target="Ay-dah"),))},
    ],
)
def test_another_voice_or_another_way_to_say_it_is_another_take(other: dict[str, Any]) -> None:
    one, two = (
        plan("call-1", first_message="Hello, this is Ada."),
        plan("call-2", first_message="Hello, this is Ada.", **other),
    )
    _, second = calls(world(), one, two)
    assert any(text.startswith("Hello, this is") for text in second)


def test_organisations_and_rates_share_nothing() -> None:
    one = plan("call-1", first_message=GREETING)
    _, second = calls(world(), one, replace(one, call_id="call-2", org_id="org-2"))
    assert GREETING in second
    shelf = Shelf()
    CallShelf(shelf, one, 8000).keep(GREETING, GREETING, b"ab")
    assert CallShelf(shelf, one, 16_000).find(GREETING) is None
    assert CallShelf(shelf, one, 8000).find(GREETING) == b"ab"


def test_a_take_that_failed_or_was_given_up_is_not_kept() -> None:
    platform = world(Speaking(trouble=Trouble(stage="middle", times=1)))
    first, second, third = calls(platform, *(plan(f"call-{n}", first_message=GREETING) for n in (1, 2, 3)))
    assert first.count(GREETING) == 2
    assert second.count(GREETING) == 1
    assert GREETING not in third


def test_what_a_model_says_is_kept_once_another_call_has_said_it_too() -> None:
    first, second, third = calls(world(), *(plan(f"call-{number}") for number in (1, 2, 3)))
    reply = "That is all for now."
    assert (reply in first, reply in second, reply in third) == (True, True, False)


def test_a_private_call_leaves_nothing_of_its_own() -> None:
    every = (plan(f"call-{number}", gdpr_mode=True) for number in (1, 2, 3))
    first, second, third = calls(world(), *every)
    reply = "That is all for now."
    assert (reply in first, reply in second, reply in third) == (True, True, True)
    assert "Hello, this is Ada." not in second


def test_a_greeting_by_name_is_no_word_that_every_call_says() -> None:
    greeting = "Hello Mrs. Jansen, how are you?"
    one = replace(plan("call-1", first_message=greeting), variables={"name": "Jansen", "unused": ""})
    _, second, third = calls(world(), one, *(replace(one, call_id=f"call-{number}") for number in (2, 3)))
    assert greeting in second
    assert greeting not in third


def test_the_shelf_makes_room_and_keeps_what_is_wanted() -> None:
    shelf = Shelf(room_bytes=1600)
    for number in range(16):
        shelf.keep(bytes([number]), bytes(100))
    assert shelf.find(b"\x00") == bytes(100)
    shelf.keep(b"new", bytes(100))
    assert shelf.size_bytes == 1600
    assert shelf.find(b"\x01") is None
    assert shelf.find(b"\x00") == bytes(100)
    shelf.keep(b"huge", bytes(101))
    shelf.keep(b"nothing", b"")
    shelf.keep(b"new", bytes(50))
    assert (shelf.find(b"huge"), shelf.find(b"nothing"), shelf.find(b"new")) == (None, None, bytes(100))


def test_calls_at_once_do_not_disturb_each_other() -> None:
    platform = world()

    async def run() -> None:
        async with platform.supervisor() as supervisor:
            await asyncio.gather(*(supervisor.run(plan(f"call-{n}", first_message=GREETING)) for n in range(5)))

    run_virtual(run())
    assert {platform.journal.said(f"call-{number}")[0][1] for number in range(5)} == {GREETING}


def test_words_that_are_on_the_shelf_do_not_hold_up_new_ones_before_them() -> None:
    known = "The parcel is brought to your door between nine in the morning and six in the evening of that same day."
    replies = tuple(f"Very well, number {n} comes. It was packed on day number {n}. {known}" for n in range(1, 5))
    models = ScriptedModels(
        ScriptedStt(Hearing(("Yes?",), again=True)), tts_model=ScriptedTts(Speaking(chunk_seconds=0.1))
    )
    platform = World(replace(PARTY, hangs_up_when_quiet=3.0), models)

    async def run() -> None:
        async with platform.supervisor() as supervisor:
            for n, reply in enumerate(replies):
                models.llm_model = ScriptedLlm(Thinking((reply,)))
                await supervisor.run(plan(f"call-{n}"))

    run_virtual(run())
    assert models.tts_model.said.count(known) == 2
    assert [platform.journal.said(f"call-{n}")[-1] for n in range(4)] == [("assistant", one) for one in replies]
