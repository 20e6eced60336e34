"""Bringing the wideband codecs' PCM (Opus: 48 kHz stereo) to the rate that a line promised, and back.

The rates on a line are 8, 16 and 48 kHz, so each change is by 2, 3 or 6: one windowed-sinc filter of 16 taps on each
side a phase, 1 ms late at most, instead of a streaming resampler that would keep 50 ms back.
"""

import numpy as np
from numpy.typing import NDArray

_TAPS_A_PHASE = 16
_KAISER_BETA = 6.0
_CUTOFF = 0.92

Samples = NDArray[np.float32]


def _taps(factor: int) -> Samples:
    """A low-pass of odd length at the lower rate's Nyquist frequency, unity gain at zero."""
    half = factor * _TAPS_A_PHASE // 2
    distance = np.arange(-half, half + 1)
    taps = np.sinc(distance * _CUTOFF / factor) * np.kaiser(2 * half + 1, _KAISER_BETA)
    unity: Samples = (taps / taps.sum()).astype(np.float32)
    return unity


def _clipped(samples: Samples) -> NDArray[np.int16]:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2")


class Lower:
    """Interleaved PCM of ``channels`` to mono at a rate ``factor`` times lower; what does not fill a sample waits."""

    def __init__(self, factor: int, channels: int) -> None:
        self._factor = factor
        self._channels = channels
        self._filter = _taps(factor)
        self._past = np.zeros(len(self._filter) - 1, np.float32)
        self._rest = b""

    def push(self, pcm: bytes) -> bytes:
        """The next sound."""
        pcm = self._rest + pcm
        step = 2 * self._channels * self._factor
        whole = len(pcm) - len(pcm) % step
        self._rest = pcm[whole:]
        if not whole:
            return b""
        frames = np.frombuffer(pcm[:whole], "<i2").reshape(-1, self._channels)
        mono = frames[:, 0].astype(np.float32) if self._channels == 1 else frames.mean(axis=1, dtype=np.float32)
        if self._factor == 1:
            return _clipped(mono).tobytes()
        row = np.concatenate([self._past, mono])
        self._past = row[len(mono) :]
        windows = np.lib.stride_tricks.sliding_window_view(row, len(self._filter))[:: self._factor]
        return _clipped(windows @ self._filter).tobytes()


class Higher:
    """Mono PCM to interleaved PCM of ``channels`` at a rate ``factor`` times higher; length in × factor × channels."""

    def __init__(self, factor: int, channels: int) -> None:
        self._factor = factor
        self._channels = channels
        taps = _taps(factor)[:-1].reshape(-1, factor)[::-1] * factor
        self._phases = np.ascontiguousarray(taps)
        self._past = np.zeros(_TAPS_A_PHASE - 1, np.float32)

    def push(self, pcm: bytes) -> bytes:
        """The next sound."""
        mono = np.frombuffer(pcm, "<i2").astype(np.float32)
        if self._factor > 1:
            row = np.concatenate([self._past, mono])
            self._past = row[len(mono) :]
            windows = np.lib.stride_tricks.sliding_window_view(row, _TAPS_A_PHASE)
            mono = (windows @ self._phases).reshape(-1)
        out = _clipped(mono)
        return np.repeat(out, self._channels).tobytes() if self._channels > 1 else out.tobytes()
