"""Whole calls that are handed over: two scripted lines, scripted models, the real shells, in virtual time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine_media.world import TRUNK, World, plan
from trunkline.audio.wav import decode
from trunkline.domain.call import EndReason
from trunkline.domain.commands import Command, EndCall, Transfer, TransferMode
from trunkline.domain.events import CommandDone, StatusChanged
from trunkline.domain.plan import TrunkPlan
from trunkline.engine.supervisor import Supervisor
from trunkline.ports.carrier import Dial
from trunkline.testing.clock import run_virtual
from trunkline.testing.line import Party, ScriptedLine, Words
from trunkline.testing.models import Hearing, ScriptedLlm, ScriptedModels, ScriptedStt, ScriptedTts, Speaking, Thinking

pytestmark = pytest.mark.call

DESK = "+31850000001"
WARM = Transfer(DESK, "One moment.", TransferMode.WARM)
BLIND = Transfer(DESK, "One moment.")
WAITS = Party(hangs_up_after=None)


def tone(frequency_hz: float, seconds: float, rate: int = 8000) -> bytes:
    """A steady tone that the scripted voice detector takes for sound and no recogniser for words."""
    wave = np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate)) / rate) * 6000
    return wave.astype("<i2").tobytes()


def share(pcm: bytes, frequency_hz: float, rate: int = 8000) -> float:
    """How much of a sound's energy lies at that frequency, 0 to 1."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    if not samples.any():
        return 0.0
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    at = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(power[np.abs(at - frequency_hz) < 20].sum() / power.sum())


@dataclass
class Two:
    """A call to ``party`` and, once it is handed over, to ``target``."""

    party: Party
    target: Party
    hears: tuple[str, ...] = ("Front desk speaking.", "Yes.")
    prepare: Callable[[], object] = bool
    drains_after: float | None = None
    world: World = field(init=False)

    def __post_init__(self) -> None:
        models = ScriptedModels(
            ScriptedStt(Hearing(self.hears)), ScriptedLlm(Thinking(("All right.",))), ScriptedTts(Speaking())
        )
        self.world = World(self.party, models)
        self.world.carrier._party = lambda dial: self.target if dial.destination == DESK else self.party

    async def call(
        self, *orders: tuple[float, Command], transfer_trunk: TrunkPlan | None = None, **assistant: Any
    ) -> None:
        """The whole call, each order at its time after the dial; nothing may be left when it is over."""
        before = asyncio.all_tasks()
        world = self.world
        async with world.supervisor() as supervisor:
            loop = asyncio.get_running_loop()
            for number, (after, command) in enumerate(orders):
                loop.call_later(after, supervisor.order, "call-outbound-1", f"c{number}", command)
            settings: dict[str, Any] = {"silence_timeout_seconds": 600, **assistant}
            self.prepare()
            if self.drains_after is not None:
                leaving = asyncio.create_task(_leave(supervisor, self.drains_after))
            await supervisor.run(replace(plan(**settings), transfer_trunk=transfer_trunk))
            assert supervisor.live_calls() == 0
            if self.drains_after is not None:
                await leaving
        assert asyncio.all_tasks() == before
        assert all(line.closed for line in world.carrier.lines)
        assert world.vad.taken == set()
        assert world.models.llm_model.open_sessions == 0
        assert world.models.tts_model.open_sessions == 0
        assert all(stream.closed for stream in world.models.stt_model.streams)
        assert all(writer.closed for writer in world.blobs.writers)

    @property
    def legs(self) -> tuple[ScriptedLine, ScriptedLine]:
        party, target = self.world.carrier.lines
        return party, target

    @property
    def dialled(self) -> Dial:
        return self.world.carrier.dials[1]

    @property
    def outcomes(self) -> list[tuple[str, str | None]]:
        return [(fact.outcome, fact.detail) for fact in self.world.journal.facts() if isinstance(fact, CommandDone)]

    @property
    def statuses(self) -> list[str]:
        return [fact.status.value for fact in self.world.journal.facts() if isinstance(fact, StatusChanged)]

    @property
    def reason(self) -> EndReason:
        return self.world.journal.ended().reason


def samples(line: ScriptedLine) -> NDArray[np.int16]:
    """What the party of that line heard, from its answer on."""
    return np.frombuffer(line.played, "<i2")


def test_a_warm_hand_over_that_key_1_takes_joins_the_two() -> None:
    party = Party(says=(Words(tone(500, 60), after=24.0),), hangs_up_after=40.0)
    target = Party(answers_after=2.0, says=(Words(tone(900, 60), after=22.0),), presses=((20.0, "1"),))
    two = Two(party, target)
    run_virtual(two.call((3.0, WARM), recording_enabled=True))
    first, second = two.legs
    assert two.dialled.destination == DESK
    assert two.dialled.caller_id == "+31207654321"
    assert two.statuses == ["ringing", "in-progress", "transferring"]
    assert two.reason is EndReason.TRANSFERRED
    assert two.outcomes == [("done", None)]
    bridged_at = second.answered_at + 20.0 - first.answered_at  # type: ignore[operator]
    heard = samples(first)[int((bridged_at + 5) * 8000) : int((bridged_at + 10) * 8000)].tobytes()
    assert share(heard, 900) > 0.95
    theirs = samples(second)[26 * 8000 : 30 * 8000].tobytes()
    assert share(theirs, 500) > 0.95
    recording = decode(bytes(two.world.blobs.files["call-outbound-1.wav"]))
    both = np.frombuffer(recording.pcm, "<i2").reshape(-1, 2)[(34 * 8000) : (39 * 8000)]
    assert share(np.ascontiguousarray(both[:, 0]).tobytes(), 500) > 0.95
    assert share(np.ascontiguousarray(both[:, 1]).tobytes(), 900) > 0.95


def test_the_party_hears_music_while_the_agent_is_briefed() -> None:
    two = Two(Party(hangs_up_after=12.0), Party(answers_after=2.0))
    run_virtual(two.call((3.0, WARM)))
    first, second = two.legs
    waiting = samples(first)[6 * 8000 : 11 * 8000]
    assert np.sqrt(np.mean(waiting.astype(float) ** 2)) > 200
    assert two.reason is EndReason.USER_HANGUP
    assert np.any(samples(second)), "the agent was told nothing"
    assert second.hung_up


@pytest.mark.parametrize(("theirs", "ours"), [(8000, 16_000), (16_000, 8000)])
def test_lines_of_different_rates_are_joined(theirs: int, ours: int) -> None:
    party = Party(says=(Words(tone(500, 60, ours), after=10.0),), hangs_up_after=30.0, sample_rate_hz=ours)
    says = (Words(tone(900, 60, theirs), after=8.0),)
    two = Two(_refuses(party), Party(answers_after=1.0, says=says, sample_rate_hz=theirs))
    run_virtual(two.call((3.0, BLIND)))
    first, second = two.legs
    assert share(samples(first)[16 * ours : 20 * ours].tobytes(), 900, ours) > 0.95
    assert share(samples(second)[16 * theirs : 20 * theirs].tobytes(), 500, theirs) > 0.95
    assert two.reason is EndReason.TRANSFERRED


def test_the_bridge_is_40_to_60_ms_deep_and_has_no_gaps() -> None:
    party = Party(says=(Words(tone(500, 60), after=10.0),), hangs_up_after=40.0)
    two = Two(_refuses(party), Party(answers_after=1.0))
    depths: list[int] = []

    def watch() -> None:
        if len(two.world.carrier.lines) == 2 and not two.legs[1].closed:
            depths.append(two.legs[1].buffered())
            asyncio.get_running_loop().call_later(0.5, watch)

    two.prepare = lambda: asyncio.get_running_loop().call_later(20.0, watch)
    run_virtual(two.call((3.0, BLIND)))
    assert depths
    assert all(0.02 * 16_000 <= depth <= 0.08 * 16_000 for depth in depths)
    heard = samples(two.legs[1])[15 * 8000 : 30 * 8000].reshape(-1, 160)
    assert np.all(np.abs(heard).max(axis=1) > 1000), "a gap"


def test_keys_go_from_leg_to_leg() -> None:
    party = Party(presses=((10.0, "4"), (10.1, "2"), (20.0, "#")), hangs_up_after=30.0)
    two = Two(_refuses(party), Party(answers_after=1.0, presses=((9.0, "7"),)))
    run_virtual(two.call((3.0, BLIND)))
    first, second = two.legs
    assert second.digits_sent == ["4", "2", "#"]
    assert first.digits_sent == ["7"]


def test_a_refer_that_is_refused_dials_without_opening_ears_and_voice() -> None:
    two = Two(_refuses(Party(hangs_up_after=20.0)), Party(answers_after=1.0))
    run_virtual(two.call((3.0, BLIND)))
    assert len(two.world.models.stt_model.streams) == 1
    assert two.outcomes == [("done", None)]
    assert two.reason is EndReason.TRANSFERRED


def test_the_transfer_trunk_is_the_way_out() -> None:
    other = TrunkPlan("trunk-2", 1, "transfers", "127.0.0.2", 5060, codecs=("pcmu",))
    two = Two(Party(hangs_up_after=20.0), Party(answers_after=1.0, hangs_up_after=3.0))
    run_virtual(two.call((3.0, WARM), transfer_trunk=other))
    assert (two.world.carrier.dials[0].trunk, two.dialled.trunk) == (TRUNK, other)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Party(refuses=(EndReason.BUSY, 486)), "the line was busy"),
        (Party(refuses=(EndReason.DECLINED, 603)), "the call was declined"),
        (Party(answers_after=None), "nobody answered"),
        (Party(answers_after=1.0, hangs_up_after=4.0), "whoever answered hung up"),
        (Party(answers_after=1.0, presses=((15.0, "2"),)), "whoever answered declined"),
        (Party(answers_after=1.0), "whoever answered did not react"),
        (Party(answers_after=1.0, mute_after=0.0), "no sound came from their line"),
    ],
)
def test_the_party_comes_back_and_the_talk_goes_on(target: Party, why: str) -> None:
    two = Two(Party(hangs_up_after=90.0), target)
    run_virtual(two.call((3.0, WARM)))
    assert two.outcomes == [("failed", f"the transfer failed: {why}")]
    assert two.statuses[-1] == "in-progress"
    assert two.world.journal.said()[-1] == ("assistant", "All right.")
    assert two.reason is EndReason.USER_HANGUP


@pytest.mark.parametrize("after", [3.5, 5.05, 5.5, 6.5, 9.0, 20.0, 30.0, 31.0])
@pytest.mark.parametrize("who", ["party", "agent", "order", "worker"])
def test_whoever_ends_it_whenever_nothing_is_left(who: str, after: float) -> None:
    party = Party(answers_after=0.1, hangs_up_after=after - 0.1 if who == "party" else 60.0)
    target = Party(answers_after=2.0, presses=((25.0, "1"),), hangs_up_after=after - 5.0 if who == "agent" else None)
    two = Two(party, target)
    orders: list[tuple[float, Command]] = [(3.0, WARM)]
    if who == "order":
        orders.append((after, EndCall()))
    if who == "worker":
        two.drains_after = after
    run_virtual(two.call(*orders))
    assert two.world.journal.ended() is not None


async def _leave(supervisor: Supervisor, after: float) -> None:
    await asyncio.sleep(after)
    await supervisor.drain(0.0)


def _refuses(party: Party) -> Party:
    return replace(party, transfer_fails=405, transfer_refused=True)


def test_a_carrier_that_cannot_dial_the_second_leg_brings_the_party_back() -> None:
    two = Two(Party(hangs_up_after=20.0), Party())
    dial = two.world.carrier.dial

    async def broken(order: Dial) -> ScriptedLine:
        if order.destination == DESK:
            raise OSError("the stack is gone")
        return await dial(order)

    two.world.carrier.dial = broken  # type: ignore[method-assign]
    run_virtual(two.call((3.0, WARM)))
    assert two.outcomes == [("failed", "the transfer failed: the stack is gone")]
    assert two.reason is EndReason.USER_HANGUP


def test_a_second_leg_whose_sound_breaks_ends_alone() -> None:
    two = Two(Party(hangs_up_after=20.0), Party(answers_after=1.0))
    dial = two.world.carrier.dial

    async def broken(order: Dial) -> ScriptedLine:
        line = await dial(order)
        if order.destination == DESK:
            line.read = _raise  # type: ignore[method-assign]
        return line

    two.world.carrier.dial = broken  # type: ignore[method-assign]
    run_virtual(two.call((3.0, WARM)))
    assert two.outcomes[0][0] == "failed"
    assert two.statuses[-1] == "in-progress"
    assert two.reason is EndReason.USER_HANGUP


def _raise() -> bytes:
    raise RuntimeError("no sound")
