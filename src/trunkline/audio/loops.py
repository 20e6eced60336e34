"""Sound that repeats without a seam: noise, events and echoes laid down on a circle of samples."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from trunkline.audio.frame import Samples

Wave = NDArray[np.float64]
"""Sound while it is being made, in any scale."""


class Loop:
    """A circle of ``seconds``; what runs over its end goes on at its beginning. ``rng`` decides what is left to chance."""

    def __init__(self, seconds: float, sample_rate_hz: int, rng: Generator) -> None:
        self.rate_hz = sample_rate_hz
        self.rng = rng
        self.length = round(seconds * sample_rate_hz)
        self.wave: Wave = np.zeros(self.length)
        self._hz: Wave = np.arange(self.length // 2 + 1, dtype=np.float64) * sample_rate_hz / self.length

    def seconds(self, duration: float) -> Wave:
        """The times of a stretch of ``duration`` seconds, from 0."""
        return np.arange(round(duration * self.rate_hz)) / self.rate_hz

    def put(self, at: float, sound: Wave) -> None:
        """Adds ``sound`` at ``at`` seconds."""
        start = round(at * self.rate_hz) % self.length
        while len(sound):
            part = sound[: self.length - start]
            self.wave[start : start + len(part)] += part
            sound, start = sound[len(part) :], 0

    def noise(self, shape: Callable[[Wave], Wave]) -> Wave:
        """Noise once round the circle, of power 1, whose spectrum is ``shape`` of the frequency in Hz."""
        count = len(self._hz)
        spectrum = shape(self._hz) * (self.rng.standard_normal(count) + 1j * self.rng.standard_normal(count))
        spectrum[0] = 0
        return level(np.fft.irfft(spectrum, self.length))

    def drift(self, period_seconds: float, low: float, high: float) -> Wave:
        """A slow wandering between about ``low`` and ``high``, once round the circle."""
        wander = self.noise(lambda hz: np.exp(-np.square(hz * period_seconds)))
        return low + (high - low) * (0.5 + 0.5 * np.tanh(wander))

    def filtered(self, wave: Wave, shape: Callable[[Wave], Wave]) -> Wave:
        """``wave`` (once round the circle) with its spectrum multiplied by ``shape`` of the frequency in Hz."""
        return np.fft.irfft(np.fft.rfft(wave) * shape(self._hz), self.length)

    def echoed(self, wave: Wave, seconds: float, wet: float) -> Wave:
        """``wave`` as in a room whose echo dies away (60 dB) in ``seconds``; ``wet`` of it is echo."""
        times = self.seconds(seconds)
        answer = np.zeros(self.length)
        answer[: len(times)] = self.rng.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
        answer /= np.sqrt(np.sum(np.square(answer)))
        room = np.fft.irfft(np.fft.rfft(wave) * np.fft.rfft(answer), self.length)
        return (1 - wet) * wave + wet * room

    def finished(self, rms: float) -> Samples:
        """What was put down, at a loudness of ``rms`` (of full scale 1), its rare peaks rounded off."""
        wave = level(self.filtered(self.wave, _telephone_low_end)) * rms
        rounded: Wave = 0.7 * np.tanh(wave / 0.7)
        return rounded.astype(np.float32)


def level(wave: Wave) -> Wave:
    """``wave`` with power 1."""
    return wave / max(float(np.sqrt(np.mean(np.square(wave)))), 1e-12)


def band(low_hz: float, high_hz: float, slope: float = 2.0) -> Callable[[Wave], Wave]:
    """A spectrum that is flat between two frequencies and falls off by 6 dB an octave per ``slope`` on either side."""

    def shape(hz: Wave) -> Wave:
        hz = np.maximum(hz, 1e-3)
        return 1 / np.sqrt((1 + (low_hz / hz) ** (2 * slope)) * (1 + (hz / high_hz) ** (2 * slope)))

    return shape


def faded(wave: Wave, sample_rate_hz: int, seconds: float = 0.005) -> Wave:
    """``wave`` with soft ends."""
    count = min(round(seconds * sample_rate_hz), len(wave) // 2)
    if count:
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)
        wave = wave.copy()
        wave[:count] *= ramp
        wave[-count:] *= ramp[::-1]
    return wave


def _telephone_low_end(hz: Wave) -> Wave:
    """No telephone carries what is below; it would only cost headroom."""
    return band(120.0, 1e6)(hz)
