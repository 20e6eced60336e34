"""Whole calls that come in, on scripted models in virtual time: what a caller's sound reaches before key 1."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.engine_media.world import World, plan
from trunkline.audio.wav import decode
from trunkline.domain.call import CallStatus, Direction, EndReason
from trunkline.domain.events import MessageSpoken, StatusChanged
from trunkline.domain.plan import Refusal
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, Words
from trunkline.testing.models import FixedTurnModel, Hearing, ScriptedModels, ScriptedStt, noise
from trunkline.testing.offer import ScriptedOffer

pytestmark = pytest.mark.call

SENTENCE = noise(1.2, 8000)
TALKS_ALL_THE_WHILE = tuple(Words(SENTENCE, after=seconds) for seconds in (0.5, 3.0, 5.5, 8.0, 10.5))
CONSENT: dict[str, Any] = {"recording_consent": {"enabled": True}, "recording_enabled": True}


def world() -> World:
    stt = ScriptedStt(Hearing(("I want a pizza.",), again=True))
    return World(models=ScriptedModels(stt_model=stt), turn=FixedTurnModel(0.99))


async def taken(world: World, party: Party, refusal: Refusal | None = None, **assistant: Any) -> ScriptedOffer:
    """The whole call of a party that rang."""
    offer = ScriptedOffer(party=party)
    inbound = replace(plan(**assistant), direction=Direction.INBOUND, refusal=refusal)
    async with world.supervisor() as supervisor:
        await supervisor.run(inbound, offer)
    return offer


def test_not_a_byte_reaches_recogniser_model_turn_model_or_recording_before_key_1() -> None:
    here = world()
    run_virtual(taken(here, Party(says=TALKS_ALL_THE_WHILE, hangs_up_after=14.0), **CONSENT))
    assert here.models.stt_model.streams[0].pushed_bytes == 0
    assert here.blobs.files == {}
    assert [role for role, _ in here.journal.said()] == ["assistant"] * len(here.journal.said())
    assert here.journal.ended().usage.stt_seconds == 0
    assert here.journal.ended().usage.llm_prompt_tokens == 0


def test_the_same_party_without_the_question_is_heard_and_recorded() -> None:
    """So that the test above can fail."""
    here = world()
    run_virtual(taken(here, Party(says=TALKS_ALL_THE_WHILE, hangs_up_after=14.0), recording_enabled=True))
    assert here.models.stt_model.streams[0].pushed_bytes > 13 * 16_000
    assert len(here.blobs.files) == 1
    assert ("user", "I want a pizza.") in here.journal.said()


def test_after_key_1_everything_begins_and_nothing_of_before_is_in_it() -> None:
    here = world()
    party = Party(says=TALKS_ALL_THE_WHILE, presses=((7.0, "1"),), hangs_up_after=14.0)
    run_virtual(taken(here, party, **CONSENT))
    pushed = here.models.stt_model.streams[0].pushed_bytes
    assert 6.5 * 16_000 < pushed < 7.1 * 16_000
    tape = decode(bytes(next(iter(here.blobs.files.values()))))
    left = np.frombuffer(tape.pcm, "<i2").reshape(-1, 2)[:, 0] if tape.channels == 2 else None
    assert left is not None
    assert 6.5 * 8_000 < len(left) < 7.2 * 8_000
    assert np.abs(left[: int(0.9 * 8_000)]).max() == 0, "the sentence of 5.5 s was over before key 1"
    assert np.abs(left).max() > 1_000


def test_key_2_ends_the_call_with_nothing_kept() -> None:
    here = world()
    run_virtual(taken(here, Party(says=TALKS_ALL_THE_WHILE, presses=((2.0, "2"),)), **CONSENT))
    assert here.journal.ended().reason is EndReason.CONSENT_DECLINED
    assert (here.models.stt_model.streams[0].pushed_bytes, here.blobs.files) == (0, {})


def test_without_a_first_message_the_assistant_waits_for_its_caller() -> None:
    here = world()
    party = Party(says=(Words(SENTENCE, after=3.0),), hangs_up_after=9.0)
    run_virtual(taken(here, party, first_message=None))
    assert here.journal.said()[0] == ("user", "I want a pizza.")


def test_an_inbound_caller_who_says_nothing_is_asked_and_then_left() -> None:
    here = world()
    run_virtual(taken(here, Party(), first_message=None, autonomous_silence_handling=True))
    assert here.journal.ended().reason is EndReason.SILENCE_TIMEOUT
    assert len(here.journal.said()) >= 3


def test_a_refused_caller_hears_the_words_and_is_never_in_a_talk() -> None:
    here = world()
    refusal = Refusal(EndReason.INSUFFICIENT_CREDITS, "We cannot take your call.")
    offer = run_virtual(taken(here, Party(says=TALKS_ALL_THE_WHILE), refusal, recording_enabled=True))
    facts = here.journal.facts()
    assert not [fact for fact in facts if isinstance(fact, StatusChanged) and fact.status is CallStatus.IN_PROGRESS]
    assert [fact.message.content for fact in facts if isinstance(fact, MessageSpoken)] == ["We cannot take your call."]
    assert here.journal.ended().reason is EndReason.INSUFFICIENT_CREDITS
    assert offer.line is not None
    assert any(offer.line.played)
    assert (here.models.stt_model.streams[0].pushed_bytes, here.blobs.files) == (0, {})
