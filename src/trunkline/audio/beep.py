"""Hears steady tones in a party's sound, such as the beep of an answering machine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 350.0, 2500.0
SHORTEST_SECONDS = 0.15
TOLD_SECONDS = 2.0
"""A tone that lasts so long is told while it goes on."""
PURITY = 0.8
"""The share of the sound's power that a tone has to itself; two tones together (keys) stay below."""
STEADY_HZ = 12.0
QUIETEST = 40.0
"""Root mean square of PCM16: 58 dB below full scale."""
PROGRESS_HZ = (390.0, 495.0)
LOW_HZ, LOW_SHORTEST_SECONDS = 520.0, 0.3
"""So low a voice may be a tone for a moment: a beep must be longer there."""

_WINDOW_SECONDS, _HOP_SECONDS = 0.064, 0.02
_BATCH = 4
_LOBE_BINS = 2
_HUM_HZ = 150.0
_GAP_HOPS = 4
_EDGE_SECONDS = 0.025
"""A window is as good as pure when so much of it is still outside the tone."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A steady tone: ``at`` is when it ended, or now when it goes on. Not ``over``: it has just been noticed."""

    at: float
    seconds: float
    frequency_hz: float
    over: bool = True


def may_be_beep(frequency_hz: float) -> bool:
    """Whether a machine may sound this before it records: ringing and engaged tones lie between 390 and 495 Hz."""
    return not PROGRESS_HZ[0] <= frequency_hz <= PROGRESS_HZ[1]


class BeepDetector:
    """Takes PCM16 mono as it comes. A tone is found when nearly all power lies at one frequency that stays for 150 ms;
    a lost packet or two within it do no harm."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._hop = round(_HOP_SECONDS * sample_rate_hz)
        size = round(_WINDOW_SECONDS * sample_rate_hz)
        self._shape = np.hanning(size + 1)[:-1].astype(np.float32)
        self._bin_hz = sample_rate_hz / size
        self._hum = round(_HUM_HZ / self._bin_hz)
        self._low, self._high = int(LOWEST_HZ / self._bin_hz), int(HIGHEST_HZ / self._bin_hz) + 2
        self._offsets = np.arange(_BATCH)[:, None] * self._hop + np.arange(size)[None, :]
        self._needed_bytes = 2 * (size + (_BATCH - 1) * self._hop)
        self._floor = float(QUIETEST**2 * np.sum(self._shape**2) * size / 2)
        self._pending = bytearray()
        self._run = _Run()

    def hear(self, pcm: bytes, now: float) -> list[Tone]:
        """The tones that were noticed, are over, or last for long, by the end of ``pcm``, which came at ``now``."""
        self._pending += pcm
        found: list[Tone] = []
        while len(self._pending) >= self._needed_bytes:
            samples = np.frombuffer(self._pending, "<i2", self._needed_bytes // 2)[self._offsets]
            held = len(self._pending) // 2
            del self._pending[: 2 * _BATCH * self._hop]
            for place, (frequency, pure) in enumerate(self._listen(samples)):
                end = now - (held - place * self._hop - len(self._shape)) / self._rate_hz
                found += self._run.step(frequency if pure else None, end)
        return found

    def _listen(self, samples: NDArray[np.int16]) -> list[tuple[float, bool]]:
        """The strongest frequency of each window, and whether it has the window to itself."""
        spectrum = np.fft.rfft(samples * self._shape, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        peaks = self._low + np.argmax(power[:, self._low : self._high], axis=1)
        near = power[np.arange(_BATCH)[:, None], peaks[:, None] + np.arange(-_LOBE_BINS, _LOBE_BINS + 1)]
        lobe = near.sum(axis=1)
        whole = power[:, self._hum :].sum(axis=1)
        pure = (lobe > PURITY * whole) & (whole > self._floor)
        centre = (near * np.arange(-_LOBE_BINS, _LOBE_BINS + 1)).sum(axis=1) / np.maximum(lobe, 1.0)
        return list(zip(((peaks + centre) * self._bin_hz).tolist(), pure.tolist(), strict=True))


class _Run:
    """Windows in a row with the same tone."""

    def __init__(self) -> None:
        self._frequency_hz = 0.0
        self._since: float | None = None
        self._until = 0.0
        self._windows = 0
        self._told = False
        self._noticed = False

    def step(self, frequency_hz: float | None, end: float) -> list[Tone]:
        """The next window, which ends at ``end``; None: no tone in it."""
        if self._since is None:
            if frequency_hz is not None:
                self._begin(frequency_hz, end)
            return []
        if frequency_hz is not None and abs(frequency_hz - self._frequency_hz) <= STEADY_HZ:
            self._windows += 1
            self._frequency_hz += (frequency_hz - self._frequency_hz) / min(self._windows, 8)
            self._until = end - _EDGE_SECONDS
            return self._lasting(end)
        if frequency_hz is None and end - self._until <= _GAP_HOPS * _HOP_SECONDS + _EDGE_SECONDS:
            return []
        over = self._over()
        self._since = None
        if frequency_hz is not None:
            self._begin(frequency_hz, end)
        return over

    def _begin(self, frequency_hz: float, end: float) -> None:
        self._frequency_hz, self._windows, self._told, self._noticed = frequency_hz, 1, False, False
        self._since, self._until = end - _WINDOW_SECONDS + _EDGE_SECONDS, end - _EDGE_SECONDS

    def _lasting(self, end: float) -> list[Tone]:
        since = end if self._since is None else self._since
        if not self._noticed and self._until - since >= self._shortest and self._enough:
            self._noticed = True
            return [Tone(end, end - since, self._frequency_hz, over=False)]
        if self._told or end - since < TOLD_SECONDS:
            return []
        self._told = True
        return [Tone(end, end - since, self._frequency_hz)]

    def _over(self) -> list[Tone]:
        seconds = self._until - (self._until if self._since is None else self._since)
        if self._told or seconds < self._shortest or not self._enough:
            return []
        return [Tone(self._until, seconds, self._frequency_hz)]

    @property
    def _shortest(self) -> float:
        return (LOW_SHORTEST_SECONDS if self._frequency_hz < LOW_HZ else SHORTEST_SECONDS) - _HOP_SECONDS

    @property
    def _enough(self) -> bool:
        return self._windows * _HOP_SECONDS >= self._shortest - _WINDOW_SECONDS
