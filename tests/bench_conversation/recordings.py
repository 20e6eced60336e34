"""Recordings whose answers are known: packets at even times, sound where a test says so."""

from collections.abc import Sequence

import numpy as np
from bench.conversation.calls import Played
from bench.conversation.script import FRAME_SAMPLES, Case, Clip, Kind, Step
from bench.conversation.wire import Mark, Recording
from bench.rtp_peer import encode

RATE_HZ = 8000
BEGAN_AT = 1_800_000_000.0
"""The second that every recording begins with, seconds since 1970."""


def tone(seconds: float, level: float = 4000.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A square wave, as loud at its first sample as at its last."""
    return np.where(np.arange(round(seconds * RATE_HZ)) % 8 < 4, level, -level).astype(np.float64)


def recording(
    ours: Sequence[tuple[float, float]] = (),
    seconds: float = 20.0,
    marks: Sequence[tuple[int, float]] = (),
    level: float = 4000.0,
) -> Recording:
    """The assistant speaks from one second to another (after the beginning), clips begin at ``marks``
    (clip, second)."""
    frames = round(seconds * 50)
    sound = np.zeros(frames * FRAME_SAMPLES)
    for start, end in ours:
        first, last = round(start * RATE_HZ), round(end * RATE_HZ)
        sound[first:last] = tone((last - first) / RATE_HZ, level)
    payload = encode(sound.astype(np.int16))
    times = [BEGAN_AT + frame * 0.02 for frame in range(frames)]
    packets = [payload[at : at + FRAME_SAMPLES] for at in range(0, len(payload), FRAME_SAMPLES)]
    found = [Mark(place, clip, round(second * 50)) for place, (clip, second) in enumerate(marks)]
    return Recording(found, times, [b"\xff" * FRAME_SAMPLES] * frames, list(times), list(range(frames)), packets)


def sounding(kind: Kind, seconds: float, words: str = "hello there") -> Clip:
    """A clip that is loud from its first sample to its last."""
    return Clip(tone(seconds), kind, 0, round(seconds * RATE_HZ), words)


def message(
    role: str, start: float, end: float, text: str = "words", *, interrupted: bool = False
) -> dict[str, object]:
    """A message of a transcript, in seconds after the beginning."""
    times = (np.datetime64(round((BEGAN_AT + at) * 1000), "ms") for at in (start, end))
    started, ended = (f"{at}Z" for at in times)
    return {"role": role, "content": text, "started_at": started, "ended_at": ended, "interrupted": interrupted}


def played(wire: Recording, clips: Sequence[Clip], messages: Sequence[dict[str, object]] = ()) -> Played:
    """A call with that recording and that transcript."""
    steps = tuple(Step(place) for place in range(len(clips)))
    return Played(Case("plain", "clean", "short", tuple(clips), steps), wire, [*messages], 0.0)
