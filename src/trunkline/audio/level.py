"""How loud sound is, and how to make it louder or softer."""

import math

import numpy as np

from trunkline.audio.frame import to_float, to_pcm

SILENCE_DBFS = -100.0
"""What ``dbfs`` gives for digital silence and for nothing."""


def dbfs(pcm: bytes) -> float:
    """The root mean square of PCM in decibels below full scale (0 is as loud as it can be, -100 is silence)."""
    if not pcm:
        return SILENCE_DBFS
    power = float(np.mean(np.square(to_float(pcm), dtype=np.float64)))
    return max(SILENCE_DBFS, 10 * math.log10(power)) if power > 0 else SILENCE_DBFS


def gain(pcm: bytes, decibels: float) -> bytes:
    """PCM made louder (or softer, below zero); what no longer fits is clipped."""
    return to_pcm(to_float(pcm) * np.float32(10 ** (decibels / 20)))
