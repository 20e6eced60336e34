"""What the line does to packets, and what the far end keeps of a call: every packet both ways, with its time."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.conversation.script import FRAME_SAMPLES, Line
from bench.rtp_peer import decode


class Fate:
    """What becomes of each packet, one after the other; the same for the same seed."""

    def __init__(self, line: Line, seed: int) -> None:
        self._line = line
        self._random = np.random.default_rng(seed)

    def next(self) -> float | None:
        """The seconds by which the next packet is late, None when it is lost."""
        lost, late = self._random.random(2)
        if lost < self._line.loss:
            return None
        return float(late) * self._line.jitter_seconds


@dataclass(frozen=True, slots=True)
class Mark:
    """A clip began with the far end's packet ``frame``. A step that had no occasion has none (-1)."""

    step: int
    clip: int
    frame: int


@dataclass(slots=True)
class Recording:
    """A call as the far end had it, in seconds since 1970: ``sent_at`` when the phone gave each packet to the line
    (which may lose or delay it), ``got_at`` when each of the assistant's came, with its number and its sound."""

    marks: list[Mark] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    got_at: list[float] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Writes it to a file."""
        with path.open("wb") as out:
            np.savez(
                out,
                marks=np.array(json.dumps([asdict(mark) for mark in self.marks])),
                sent_at=np.array(self.sent_at),
                sent=np.frombuffer(b"".join(self.sent), np.uint8),
                got_at=np.array(self.got_at),
                numbers=np.array(self.numbers),
                got=np.frombuffer(b"".join(self.got), np.uint8),
            )

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """Reads what ``save`` wrote."""
        with np.load(path) as found:
            marks = [Mark(**mark) for mark in json.loads(str(found["marks"]))]
            sent, got = _packets(found["sent"].tobytes()), _packets(found["got"].tobytes())
            return cls(marks, found["sent_at"].tolist(), sent, found["got_at"].tolist(), found["numbers"].tolist(), got)

    def time_of(self, frame: int, sample: int) -> float:
        """When the packet with a clip's sample was given to the line, for a clip that began with ``frame``."""
        return self.sent_at[min(frame + sample // FRAME_SAMPLES, len(self.sent_at) - 1)]

    def heard(self) -> NDArray[np.float32]:
        """All of the assistant's sound, packet by packet in the order of their numbers (one row each)."""
        return decode(b"".join(self.got)).reshape(-1, FRAME_SAMPLES)


def _packets(sound: bytes) -> list[bytes]:
    return [sound[at : at + FRAME_SAMPLES] for at in range(0, len(sound), FRAME_SAMPLES)]
