"""PCM as it travels: 16-bit little-endian mono bytes, in frames of 20 ms, and the float form that models take."""

import numpy as np
from numpy.typing import NDArray

FRAME_MS = 20
SAMPLE_BYTES = 2

Samples = NDArray[np.float32]
"""Sound as float32 in -1..1."""


def frame_samples(sample_rate_hz: int) -> int:
    """Samples in one frame: 160 at 8 kHz, 320 at 16 kHz."""
    return sample_rate_hz * FRAME_MS // 1000


def frame_bytes(sample_rate_hz: int) -> int:
    """Bytes in one frame: 320 at 8 kHz, 640 at 16 kHz."""
    return frame_samples(sample_rate_hz) * SAMPLE_BYTES


def silence(seconds: float, sample_rate_hz: int) -> bytes:
    """PCM of nothing, to the nearest sample."""
    return bytes(round(seconds * sample_rate_hz) * SAMPLE_BYTES)


def seconds_of(pcm_bytes: int, sample_rate_hz: int) -> float:
    """How long that many bytes of PCM sound."""
    return pcm_bytes / (SAMPLE_BYTES * sample_rate_hz)


def to_float(pcm: bytes | bytearray | memoryview) -> Samples:
    """PCM bytes as float32 in -1..1."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) * np.float32(1 / 32768)


def to_pcm(samples: Samples) -> bytes:
    """Float32 in -1..1 as PCM bytes, rounded; what is louder is clipped."""
    scaled: NDArray[np.float32] = np.rint(samples * np.float32(32768))
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
