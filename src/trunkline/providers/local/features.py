"""Log-mel features as Whisper defines them (80 Slaney mels, 25 ms windows every 10 ms), for Smart Turn and Whisper."""

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trunkline.audio.frame import Samples

RATE_HZ = 16_000
HOP_SAMPLES = 160
_WINDOW_SAMPLES = 400
_MELS = 80
_LINEAR_HZ_PER_MEL = 200 / 3
_LOG_FROM_MEL = 15.0
_LOG_FROM_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mel - _LOG_FROM_MEL))
    return np.where(mel < _LOG_FROM_MEL, mel * _LINEAR_HZ_PER_MEL, logarithmic)


@functools.cache
def _window() -> NDArray[np.float64]:
    return np.hanning(_WINDOW_SAMPLES + 1)[:-1]


@functools.cache
def _mel_filters() -> NDArray[np.float64]:
    """Triangles of equal area, [80, 201]."""
    top_mel = _LOG_FROM_MEL + np.log(RATE_HZ / 2 / _LOG_FROM_HZ) / _LOG_STEP
    corners = _mel_to_hz(np.linspace(0.0, top_mel, _MELS + 2))
    bins = np.linspace(0.0, RATE_HZ / 2, _WINDOW_SAMPLES // 2 + 1)
    rising = (bins[None] - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - bins[None]) / np.diff(corners)[1:, None]
    area = 2.0 / (corners[2:] - corners[:-2])
    return np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """Features float32 [80, len(samples) // 160] of sound at 16 kHz, about -1..1."""
    padded = np.pad(samples.astype(np.float64), _WINDOW_SAMPLES // 2, mode="reflect")
    windows = sliding_window_view(padded, _WINDOW_SAMPLES)[::HOP_SAMPLES][: len(samples) // HOP_SAMPLES]
    power = np.abs(np.fft.rfft(windows * _window(), axis=-1)) ** 2
    mel: NDArray[np.float64] = np.log10(np.maximum(_mel_filters() @ power.T, 1e-10))
    mel = np.maximum(mel, mel.max() - 8.0)
    scaled: NDArray[np.float32] = ((mel + 4.0) / 4.0).astype(np.float32)
    return scaled
