"""Two sounds as one: side by side in stereo, or on top of each other."""

import numpy as np


def interleave(left: bytes, right: bytes) -> bytes:
    """Stereo PCM of two mono sounds; the shorter one is filled up with silence."""
    length = max(len(left), len(right)) // 2
    stereo = np.zeros((length, 2), dtype="<i2")
    stereo[: len(left) // 2, 0] = np.frombuffer(left, "<i2", len(left) // 2)
    stereo[: len(right) // 2, 1] = np.frombuffer(right, "<i2", len(right) // 2)
    return stereo.tobytes()


def split(stereo: bytes) -> tuple[bytes, bytes]:
    """The left and the right of stereo PCM."""
    both = np.frombuffer(stereo, "<i2").reshape(-1, 2)
    return both[:, 0].tobytes(), both[:, 1].tobytes()


def mix(one: bytes, other: bytes) -> bytes:
    """Both at once, clipped where they are too loud together; as long as the longer one."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = np.frombuffer(longer, "<i2").astype(np.int32)
    total[: len(shorter) // 2] += np.frombuffer(shorter, "<i2")
    return np.clip(total, -32768, 32767).astype("<i2").tobytes()
