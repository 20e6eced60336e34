"""When the assistant is heard on the wire: where its sound begins and ends, by energy alone."""

from dataclasses import dataclass

import numpy as np

from bench.conversation.script import FRAME_SAMPLES
from bench.conversation.wire import Recording
from bench.rtp_peer import AUDIBLE

WINDOW_SAMPLES = 40
SPURT_GAP_SECONDS = 0.32
"""A quiet this long ends a stretch of speech; the pauses in the assistant's replies are shorter."""
_RATE_HZ = 8000


@dataclass(frozen=True, slots=True)
class Spurt:
    """Speech of the assistant's: from its first audible sample to the end of its last, in seconds since 1970."""

    start: float
    end: float


def spurts(recording: Recording, gap_seconds: float = SPURT_GAP_SECONDS) -> list[Spurt]:
    """What is audible of the assistant, in windows of 5 ms; a packet's samples are heard from its arrival on."""
    if not recording.got:
        return []
    windows = recording.heard().reshape(len(recording.got), -1, WINDOW_SAMPLES)
    loud = np.sqrt(np.mean(np.square(windows), axis=2)) >= AUDIBLE
    step = WINDOW_SAMPLES / _RATE_HZ
    begins = np.array(recording.got_at)[:, None] + np.arange(FRAME_SAMPLES // WINDOW_SAMPLES) * step
    found: list[Spurt] = []
    for at in np.sort(begins[loud]):
        if found and at - found[-1].end < gap_seconds:
            found[-1] = Spurt(found[-1].start, float(at) + step)
        else:
            found.append(Spurt(float(at), float(at) + step))
    return found


def sound_between(recording: Recording, start: float, end: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The assistant's samples that came between two times, on the scale of 16 bits."""
    times = np.array(recording.got_at)
    return recording.heard()[(times >= start) & (times < end)].reshape(-1)
