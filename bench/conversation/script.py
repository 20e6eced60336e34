"""What is played to the platform: clips with their labels, the steps of a call, and how both are handed over."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.conversation.voices import RATE_HZ, Sound, trimmed

FRAME_SAMPLES = 160


class Kind(StrEnum):
    """What a stretch of their sound is; only the first two want anything of the assistant."""

    TURN = "turn"
    BARGE_IN = "barge_in"
    BACKCHANNEL = "backchannel"
    NOISE = "noise"

    @property
    def real(self) -> bool:
        """Whether it is a turn of theirs, which stops the assistant and is answered."""
        return self in (Kind.TURN, Kind.BARGE_IN)


class When(StrEnum):
    """What a step waits for: so long a quiet of the assistant, or so long after it began to speak."""

    QUIET = "quiet"
    SPEECH = "speech"


class Then(StrEnum):
    """What a step does after its clip: waits for the assistant to speak, or for so many seconds."""

    REPLY = "reply"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A stretch of their sound with its truth: where it begins and ends in samples, and the words."""

    sound: Sound
    kind: Kind
    start: int
    end: int
    words: str = ""


def clip(kind: Kind, words: str, *parts: Sound | float) -> Clip:
    """A clip of sounds and pauses (seconds) in their order; it begins and ends with sound, and the end is the last of it."""
    joined = np.concatenate([np.zeros(round(part * RATE_HZ)) if isinstance(part, float) else part for part in parts])
    loud = np.flatnonzero(np.abs(joined) > np.abs(trimmed(joined)).max() * 0.03)
    return Clip(joined, kind, int(loud[0]), int(loud[-1]) + 1, words)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the far end does. ``seconds`` belongs to ``when``, ``limit`` (seconds) to ``then``."""

    clip: int
    when: When = When.QUIET
    seconds: float = 0.7
    then: Then = Then.REPLY
    limit: float = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """What the line does to their sound: a share of packets lost, delays of up to so many seconds, an echo of ours.

    ``ambience`` is the seed of nothing: it is sound that goes on under everything, in the case's own array.
    """

    loss: float = 0.0
    jitter_seconds: float = 0.0
    echo_seconds: float = 0.0
    echo_db: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One call: who says what when, over which line. ``style`` tells the assistant to answer shortly or at length."""

    category: str
    condition: str
    style: str
    clips: tuple[Clip, ...]
    steps: tuple[Step, ...]
    line: Line = Line()
    ambience: Sound = field(default_factory=lambda: np.zeros(FRAME_SAMPLES))
    seed: int = 0

    @property
    def name(self) -> str:
        """Names it in files and messages."""
        return f"{self.category}-{self.condition}-{self.seed}"


def save(case: Case, path: Path) -> None:
    """Writes what the far end needs of a case: sounds, steps and the line."""
    plan = {"steps": [asdict(step) for step in case.steps], "line": asdict(case.line), "seed": case.seed}
    sounds = {f"clip{place}": one.sound for place, one in enumerate(case.clips)}
    with path.open("wb") as out:
        np.savez(out, plan=np.array(json.dumps(plan)), ambience=case.ambience, **sounds)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the far end reads of a case: clips in whole frames."""

    clips: tuple[NDArray[np.float64], ...]
    steps: tuple[Step, ...]
    line: Line
    ambience: Sound
    seed: int


def load(path: Path) -> Plan:
    """Reads what ``save`` wrote."""
    with np.load(path) as found:
        plan: dict[str, Any] = json.loads(str(found["plan"]))
        count = sum(name.startswith("clip") for name in found.files)
        clips = tuple(_frames(found[f"clip{place}"]) for place in range(count))
        ambience = found["ambience"]
    steps = tuple(
        Step(one["clip"], When(one["when"]), one["seconds"], Then(one["then"]), one["limit"]) for one in plan["steps"]
    )
    return Plan(clips, steps, Line(**plan["line"]), ambience, plan["seed"])


def _frames(sound: Sound) -> NDArray[np.float64]:
    count = -(-len(sound) // FRAME_SAMPLES)
    return np.pad(sound, (0, count * FRAME_SAMPLES - len(sound))).reshape(count, FRAME_SAMPLES)
