"""Calls with a scripted realtime model over a scripted line, in virtual time."""

import asyncio
from dataclasses import replace
from typing import Any

from tests.engine_media.world import World, plan
from trunkline.domain.assistant import LlmConfig
from trunkline.domain.call import Direction
from trunkline.domain.commands import Command
from trunkline.domain.events import CommandDone
from trunkline.domain.plan import CallPlan
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party
from trunkline.testing.models import ScriptedTts, noise
from trunkline.testing.offer import ScriptedOffer
from trunkline.testing.realtime import RealtimeModels, ScriptedRealtime, ScriptedRealtimeSession, Talking

SENTENCE = noise(1.2, 8000)
PROVIDER = "openai_realtime"


def world(party: Party, *scripts: Talking, **settings: Any) -> World:
    """A world whose realtime models follow these scripts: that of the provider, then of its fallbacks."""
    names = (PROVIDER, "xai_realtime", "google_realtime")
    realtimes = {
        name: ScriptedRealtime(script, name) for name, script in zip(names, scripts or (Talking(),), strict=False)
    }
    return World(party, RealtimeModels(tts_model=ScriptedTts(), realtimes=realtimes), **settings)


def duplex_plan(
    direction: Direction = Direction.OUTBOUND, llm: dict[str, Any] | None = None, **assistant: Any
) -> CallPlan:
    """A plan on the realtime model, with nothing of our own configured."""
    config = LlmConfig(provider=PROVIDER, messages=[{"content": "Be kind."}], **(llm or {}))
    made = plan(llm_config=config, stt_config=None, tts_config=None, **assistant)
    return replace(made, direction=direction)


def vendor(world: World, provider: str = PROVIDER) -> ScriptedRealtime:
    """The scripted vendor."""
    assert isinstance(world.models, RealtimeModels)
    return world.models.realtimes[provider]


def session(world: World, index: int = -1, provider: str = PROVIDER) -> ScriptedRealtimeSession:
    """A session that was opened with it."""
    return vendor(world, provider).sessions[index]


async def whole_call(
    world: World, made: CallPlan, *orders: tuple[float, Command], offer: ScriptedOffer | None = None
) -> None:
    """One call, each order at its time after the dial; nothing may be left behind."""
    before = asyncio.all_tasks()
    async with world.supervisor() as supervisor:
        loop = asyncio.get_running_loop()
        for number, (after, command) in enumerate(orders):
            loop.call_later(after, supervisor.order, made.call_id, f"c{number}", command)
        await supervisor.run(made, offer)
        assert supervisor.live_calls() == 0
    check_closed(world)
    assert asyncio.all_tasks() == before


def check_closed(world: World) -> None:
    """Every line, session and file of the world is closed."""
    assert isinstance(world.models, RealtimeModels)
    assert all(line.closed for line in world.carrier.lines)
    assert world.vad.taken == set()
    assert [one.provider for one in world.models.realtimes.values() if one.open_sessions] == []
    assert world.models.tts_model.open_sessions == 0
    assert all(stream.closed for stream in world.models.stt_model.streams)
    assert all(writer.closed for writer in world.blobs.writers)


def run(world: World, made: CallPlan, *orders: tuple[float, Command]) -> None:
    """One call in virtual time."""
    run_virtual(whole_call(world, made, *orders))


def take(world: World, party: Party, made: CallPlan) -> ScriptedOffer:
    """A call that comes in, in virtual time."""

    async def taken() -> ScriptedOffer:
        offer = ScriptedOffer(party=party)
        await whole_call(world, replace(made, direction=Direction.INBOUND), offer=offer)
        return offer

    return run_virtual(taken())


def outcomes(world: World) -> list[tuple[str, str | None]]:
    """What became of the orders."""
    return [(fact.outcome, fact.detail) for fact in world.journal.facts() if isinstance(fact, CommandDone)]
