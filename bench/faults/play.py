"""One call of the matrix: the worker's own code, a party on a line in memory that speaks when it is its turn."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.faults.cells import Cell, Course
from bench.faults.models import SAID, CellModels, furnished
from trunkline.base.clock import SystemClock
from trunkline.domain.assistant import TransientAssistant
from trunkline.domain.call import Direction
from trunkline.domain.events import CallEnded, Fact, MessageSpoken
from trunkline.domain.plan import CallPlan, TrunkPlan
from trunkline.domain.transcript import Message, Role
from trunkline.engine.supervisor import Supervisor
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered, ToolResult
from trunkline.providers.local.silero import SileroVad
from trunkline.testing.emulators.speaking import speech
from trunkline.testing.line import Party, ScriptedCarrier, ScriptedLine

GREETING = "Good afternoon, how can I help you today?"
RATE_HZ = 8000
LIMIT_SECONDS = 75.0
"""A call that still goes on then hangs."""
ANSWERS_SECONDS = 1.0
AGAIN_SECONDS = 12.0
PAUSE_SECONDS = 1.5
"""Whoever talks with a realtime model waits so long for more of its words."""
PAUSES = 10
_LOUD = 300
_TRUNK = TrunkPlan("trunk", 1, "bench", "127.0.0.1", 5060, codecs=("pcmu",))


@dataclass(slots=True)
class Played:
    """What came of a call: its last fact (None: it hung), its messages, how long the longest silence was in which the party
    waited, how long the party heard something, and whether what was to go wrong did."""

    cell: Cell
    ended: CallEnded | None = None
    messages: list[Message] = field(default_factory=list)
    waited_seconds: float = 0.0
    heard_seconds: float = 0.0
    struck: bool = False
    answered: bool = False


class _Journal:
    """Keeps facts, and lets others wait for them."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._changed = asyncio.Event()

    async def note(self, call_id: str, fact: Fact) -> None:
        """A fact of the call."""
        self.facts.append(fact)
        self._changed.set()

    @property
    def messages(self) -> list[Message]:
        """What was said."""
        return [fact.message for fact in self.facts if isinstance(fact, MessageSpoken)]

    @property
    def ended(self) -> CallEnded | None:
        """The last fact."""
        return next((fact for fact in self.facts if isinstance(fact, CallEnded)), None)

    def turns(self) -> int:
        """How often the assistant spoke."""
        return sum(message.role is Role.ASSISTANT for message in self.messages)

    async def reached(self, so: Callable[[], bool], seconds: float) -> bool:
        """Whether it became ``so``, or the call ended, in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self.until(so)
        except TimeoutError:
            return False
        return True

    async def until(self, so: Callable[[], bool]) -> None:
        """Waits until ``so``, or until the end of the call."""
        while self.ended is None and not so():
            self._changed.clear()
            await self._changed.wait()


class _NoBlobs:
    """Nothing is recorded."""

    def create(self, name: str) -> Any:
        raise OSError(30, "Read-only file system")


class _NoTools:
    """There are none."""

    async def offered(self, plan: CallPlan) -> Offered:
        return Offered()

    async def run(self, plan: CallPlan, calls: Any) -> list[ToolResult]:
        return [ToolResult(call.id, {}) for call in calls if isinstance(call, ToolCall)]

    async def close(self, call_id: str) -> None:
        """Nothing is open."""


async def play(cell: Cell, vad: SileroVad) -> Played:
    """Plays one cell; never longer than ``LIMIT_SECONDS``."""
    played, journal = Played(cell), _Journal()
    carrier = ScriptedCarrier(Party(answers_after=ANSWERS_SECONDS, sample_rate_hz=RATE_HZ))
    async with furnished(cell) as (models, failing):
        async with _supervisor(carrier, models, vad, journal) as supervisor:
            spoken: list[tuple[float, float]] = []
            calling = asyncio.create_task(supervisor.run(_plan(cell)))
            try:
                async with asyncio.timeout(LIMIT_SECONDS):
                    await _talk(carrier, journal, models, spoken, cell)
                    await calling
                played.ended = journal.ended
            except TimeoutError:
                calling.cancel()
                await asyncio.wait([calling])
        played.struck = failing.struck > 0
    played.messages = journal.messages
    if carrier.lines:
        played.answered = carrier.lines[0].answered_at is not None
        _listen(played, carrier.lines[0].played, spoken)
    return played


async def _talk(
    carrier: ScriptedCarrier,
    journal: _Journal,
    models: CellModels,
    spoken: list[tuple[float, float]],
    cell: Cell,
) -> None:
    """Speaks each time when the assistant has spoken, and hangs up at last. Where nobody stands by it is said once more when
    nobody answers."""
    turns = 0
    for words in SAID:
        turns = await _turns(carrier, journal, turns, cell)
        if journal.ended is not None:
            return
        pcm = await speech(words, RATE_HZ)
        spoken.append(_say(carrier.lines[0], models, words, pcm))
        if cell.course is not Course.ALONE:
            continue
        if not await journal.reached(lambda turns=turns: journal.turns() > turns, AGAIN_SECONDS):  # type: ignore[misc]
            spoken.append(_say(carrier.lines[0], models, words, pcm))
    await _turns(carrier, journal, turns, cell)
    if journal.ended is None:
        carrier.lines[0].leave()


def _say(line: ScriptedLine, models: CellModels, words: str, pcm: bytes) -> tuple[float, float]:
    """The party speaks; gives from when to when."""
    begun = _now(line)
    line.say(pcm)
    models.ears.said.append(words)
    return begun, begun + len(pcm) / 2 / RATE_HZ


async def _turns(carrier: ScriptedCarrier, journal: _Journal, before: int, cell: Cell) -> int:
    """Waits until the assistant has spoken more often than ``before``; gives how often. A realtime model that breaks in
    mid-word speaks on in a turn of its own."""
    await journal.until(lambda: journal.turns() > before)
    if cell.stage != "realtime":
        return before + 1
    pause = 0
    while journal.ended is None and pause < PAUSES:
        turns = journal.turns()
        await asyncio.sleep(PAUSE_SECONDS / PAUSES)
        pause = 0 if journal.turns() > turns or _is_heard(carrier.lines[0]) else pause + 1
    return journal.turns()


def _is_heard(line: ScriptedLine) -> bool:
    """Whether there was anything to hear of late."""
    newest = line.played[-int(PAUSE_SECONDS / PAUSES * RATE_HZ) * 2 :]
    return bool(np.abs(np.frombuffer(newest, "<i2").astype(np.int32)).max(initial=0) > _LOUD)


def _now(line: ScriptedLine) -> float:
    return asyncio.get_running_loop().time() - (line.answered_at or 0.0)


def _listen(played: Played, pcm: bytes, spoken: list[tuple[float, float]]) -> None:
    """Measures what the party heard."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    size = RATE_HZ // 50
    frames = samples[: len(samples) // size * size].reshape(-1, size).max(axis=1) > _LOUD
    played.heard_seconds = float(frames.sum()) / 50
    loud = frames.copy()
    for begun, ended in spoken:
        loud[int(begun * 50) : int(ended * 50)] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[1], loud.astype(np.int8), [1]])))
    played.waited_seconds = float(max((b - a for a, b in zip(edges[::2], edges[1::2], strict=False)), default=0)) / 50


def _supervisor(carrier: ScriptedCarrier, models: CellModels, vad: SileroVad, journal: _Journal) -> Supervisor:
    return Supervisor(carrier, models, vad, None, _NoTools(), journal, _NoBlobs(), SystemClock(), 1)


def _plan(cell: Cell) -> CallPlan:
    assistant = TransientAssistant.model_validate(
        {"first_message": GREETING, "silence_timeout_seconds": 60, "max_duration_seconds": 300, **_stages(cell)}
    )
    return CallPlan("call", "bench", Direction.OUTBOUND, "+31612345678", "+31850835037", None, None, _TRUNK, assistant)


def _stages(cell: Cell) -> dict[str, Any]:
    fallbacks = [{"provider": cell.fallback}] if cell.fallback is not None else []
    tried = {"provider": cell.provider, "fallbacks": fallbacks}
    if cell.stage == "realtime":
        return {"llm_config": tried, "stt_config": None, "tts_config": None}
    settings: dict[str, dict[str, Any]] = {f"{stage}_config": {"provider": "local"} for stage in ("llm", "stt", "tts")}
    settings[f"{cell.stage}_config"] = tried
    settings["stt_config"]["language"] = "en"
    return settings
