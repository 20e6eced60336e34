"""Where another voice goes on in a sentence that one broke off: after what the party has heard of it, at a word."""

import numpy as np

from trunkline.engine.utterance import cut, words_between

_QUIET_SHARE = 0.05
_STEP_SECONDS = 0.01
_GAP_SECONDS = 0.06
"""So much quiet within a voice lies between words."""
_ENDS = (".", "!", "?", "…", ",", ";", ":")


def seam(text: str, pcm: bytes, drawn: int, seconds_per_character: float, bytes_per_second: int) -> tuple[int, int]:
    """How much of the sound is kept, in bytes, and where in ``text`` the next voice begins. Of ``pcm`` (PCM16) the first
    ``drawn`` bytes are on their way to the party; what follows can be thrown away. Where a word may have been heard in part
    it is said again: a word too many is better than one lost."""
    if not drawn:
        return 0, 0
    kept = _gap(pcm, drawn, bytes_per_second)
    start, _ = words_between(pcm)
    whole = len(text) * seconds_per_character * bytes_per_second
    end = cut(text, min(1.0, max(0, kept - start) / whole)) if whole else 0
    if end and not text[:end].endswith(_ENDS):
        end = text[:end].rfind(" ") + 1
    return kept, end


def _gap(pcm: bytes, drawn: int, bytes_per_second: int) -> int:
    """The middle of the first pause after ``drawn``; the end of the sound where there is none."""
    step = int(_STEP_SECONDS * bytes_per_second) // 2 * 2
    samples = np.abs(np.frombuffer(pcm, "<i2", len(pcm) // 2).astype(np.int32))
    count = len(samples) // (step // 2)
    if not count:
        return len(pcm)
    peaks = samples[: count * (step // 2)].reshape(count, -1).max(axis=1)
    quiet = peaks <= samples.max() * _QUIET_SHARE
    needed = round(_GAP_SECONDS / _STEP_SECONDS)
    for first in range(-(-drawn // step), count - needed + 1):
        if quiet[first : first + needed].all():
            return (first + needed // 2) * step
    return len(pcm)
