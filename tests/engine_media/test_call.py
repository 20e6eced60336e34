"""Whole calls over a scripted line with scripted models, in virtual time."""

import asyncio
from dataclasses import replace

import pytest

from tests.engine_media.world import TRUNK, World, plan
from trunkline.audio.wav import decode
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import EndCall, Say
from trunkline.domain.events import StatusChanged, TurnMeasured
from trunkline.ports.models import ToolCall
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

SENTENCE = noise(1.2, 8000)


def models(
    hearing: Hearing = Hearing(("Yes, that is fine.", "Goodbye.")),
    thinking: Thinking = Thinking(("All right, see you then.", "Goodbye.")),
    speaking: Speaking = Speaking(),
) -> ScriptedModels:
    return ScriptedModels(ScriptedStt(hearing), ScriptedLlm(thinking), ScriptedTts(speaking))


TALKER = Party(says=(Words(SENTENCE, quiet=0.5), Words(SENTENCE, quiet=0.5)), hangs_up_when_quiet=1.0)


async def whole_call(world: World, **assistant: object) -> None:
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
    print(measured)
