"""A worker in memory for the tests: journal, blobs, tools, plans."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.domain.assistant import LlmConfig, SttConfig, TransientAssistant, TtsConfig
from trunkline.domain.call import Direction
from trunkline.domain.events import CallEnded, Fact, MessageSpoken
from trunkline.domain.plan import CallPlan, TrunkPlan
from trunkline.engine.supervisor import Supervisor
from trunkline.ports.models import ToolCall
from trunkline.ports.toolrunner import Offered, ToolResult
from trunkline.ports.turn import TurnModel
from trunkline.testing.clock import VirtualClock
from trunkline.testing.line import Party, ScriptedCarrier
from trunkline.testing.models import LoudnessVad, ScriptedModels

TRUNK = TrunkPlan("trunk-1", 1, "test", "127.0.0.1", 5060, codecs=("pcmu",))


def plan(call_id: str = "call-outbound-1", trunk: TrunkPlan | None = TRUNK, **assistant: Any) -> CallPlan:
    """A plan on scripted models."""
    settings: dict[str, Any] = {
        "first_message": "Hello, this is Ada.",
        "llm_config": LlmConfig(provider="scripted"),
        "stt_config": SttConfig(provider="scripted"),
        "tts_config": TtsConfig(provider="scripted"),
        **assistant,
    }
    return CallPlan(
        call_id=call_id,
        org_id="org-1",
        direction=Direction.OUTBOUND,
        destination="+31201234567",
        caller_id="+31207654321",
        number_id="number-1",
        number_name=None,
        trunk=trunk,
        assistant=TransientAssistant(**settings),
    )


@dataclass(slots=True)
class MemoryJournal:
    """Keeps facts; raises for the first ``away`` notes."""

    away: int = 0
    notes: list[tuple[str, Fact]] = field(default_factory=list)

    async def note(self, call_id: str, fact: Fact) -> None:
        if self.away > 0:
            self.away -= 1
            raise ConnectionError("the database is away")
        self.notes.append((call_id, fact))

    def facts(self, call_id: str = "call-outbound-1") -> list[Fact]:
        return [fact for noted, fact in self.notes if noted == call_id]

    def ended(self, call_id: str = "call-outbound-1") -> CallEnded:
        last = self.facts(call_id)[-1]
        assert isinstance(last, CallEnded)
        return last

    def said(self, call_id: str = "call-outbound-1") -> list[tuple[str, str]]:
        messages = [fact.message for fact in self.facts(call_id) if isinstance(fact, MessageSpoken)]
        return [(message.role.value, message.content) for message in messages]


class MemoryWriter:
    """A blob in memory that can run out of room."""

    def __init__(self, files: dict[str, bytearray], name: str, room: int | None) -> None:
        self._files = files
        self._name = name
        self._room = room
        self.closed = False
        files[name] = bytearray()

    def write(self, data: bytes) -> None:
        file = self._files[self._name]
        if self._room is not None and len(file) + len(data) > self._room:
            raise OSError(28, "No space left on device")
        file += data

    def rewrite_head(self, data: bytes) -> None:
        self._files[self._name][: len(data)] = data

    def close(self) -> None:
        self.closed = True

    def abandon(self) -> None:
        self.closed = True
        self._files.pop(self._name, None)


@dataclass(slots=True)
class MemoryBlobs:
    """Files in memory; ``room`` is how many bytes fit into each, ``broken`` refuses to create any."""

    room: int | None = None
    broken: bool = False
    files: dict[str, bytearray] = field(default_factory=dict)
    writers: list[MemoryWriter] = field(default_factory=list)

    def create(self, name: str) -> MemoryWriter:
        if self.broken:
            raise OSError(30, "Read-only file system")
        writer = MemoryWriter(self.files, name, self.room)
        self.writers.append(writer)
        return writer


@dataclass(slots=True)
class Tools:
    """Answers every tool call after ``seconds``."""

    seconds: float = 0.1
    ran: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    offer: Offered = field(default_factory=Offered)
    offer_seconds: float = 1.0
    closed: list[str] = field(default_factory=list)

    async def offered(self, plan: CallPlan) -> Offered:
        await VirtualClock().sleep(self.offer_seconds)
        return self.offer

    async def close(self, call_id: str) -> None:
        self.closed.append(call_id)

    async def run(self, plan: CallPlan, calls: Sequence[ToolCall]) -> list[ToolResult]:
        self.ran.extend(call.name for call in calls)
        await VirtualClock().sleep(self.seconds)
        self.finished.extend(call.name for call in calls)
        return [ToolResult(call.id, {"ok": True}) for call in calls]


@dataclass(slots=True)
class World:
    """Everything that a supervisor stands on."""

    party: Party = field(default_factory=Party)
    models: ScriptedModels = field(default_factory=ScriptedModels)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    tools: Tools = field(default_factory=Tools)
    vad: LoudnessVad = field(default_factory=LoudnessVad)
    turn: TurnModel | None = None
    max_calls: int = 100
    carrier: ScriptedCarrier = field(init=False)

    def __post_init__(self) -> None:
        self.carrier = ScriptedCarrier(self.party)

    def supervisor(self) -> Supervisor:
        return Supervisor(
            self.carrier,
            self.models,
            self.vad,
            self.turn,
            self.tools,
            self.journal,
            self.blobs,
            VirtualClock(),
            self.max_calls,
        )
