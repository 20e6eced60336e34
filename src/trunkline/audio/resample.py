"""Changing the rate: 8 to 16 kHz and back by a half-band filter (1.4 ms), any other rates by soxr.

The filter has 47 taps (Kaiser window): flat within 0.1 dB to 3.4 kHz, 55 dB down from 4.6 kHz on. Half of its taps are
zero and it is symmetric, so an output costs 12 multiplications. It holds any number of calls as rows of one array.
"""

import numpy as np
import soxr
from numpy.typing import NDArray

from trunkline.audio.frame import Samples, to_float, to_pcm

_HALF = 12
_KAISER_BETA = 5.4
DELAY_SECONDS = (2 * _HALF - 1) / 16_000
"""How much later the half-band filter's output comes than its input."""


def _half_band_taps() -> NDArray[np.float32]:
    distance = np.arange(1, 2 * _HALF, 2)
    window = np.kaiser(4 * _HALF - 1, _KAISER_BETA)[2 * _HALF - 1 + distance]
    taps = np.sinc(distance / 2) * window / 2
    taps *= 0.25 / taps.sum()
    return taps.astype(np.float32)


_TAPS = _half_band_taps()
"""The taps at odd distances 1, 3, 5 … from the centre (the same on both sides); the centre is 0.5, even ones are 0."""


def _between(row: Samples, length: int) -> Samples:
    """The filter's odd phase: for each of ``length`` positions the weighted sum of the 24 samples around it."""
    total: Samples = np.zeros((row.shape[0], length), np.float32)
    for index, tap in enumerate(_TAPS):
        left, right = _HALF - 1 - index, _HALF + index
        total += tap * (row[:, left : left + length] + row[:, right : right + length])
    return total


class Doubler:
    """Brings 8 kHz to 16 kHz for many calls at once; each lane is one call's stream and keeps its own past."""

    def __init__(self, lanes: int = 1) -> None:
        self._past = np.zeros((lanes, 2 * _HALF - 1), np.float32)

    def grow(self, lanes: int) -> None:
        """Makes room for at least ``lanes`` streams."""
        more = lanes - self._past.shape[0]
        if more > 0:
            self._past = np.concatenate([self._past, np.zeros((more, self._past.shape[1]), np.float32)])

    def reset(self, lane: int) -> None:
        """Forgets the past of one lane."""
        self._past[lane] = 0

    def run(self, lanes: NDArray[np.intp], frames: Samples) -> Samples:
        """``frames`` float32 [n, k] of the given lanes (none twice) as float32 [n, 2k]."""
        length = frames.shape[1]
        row = np.concatenate([self._past[lanes], frames], axis=1)
        self._past[lanes] = row[:, length:]
        out = np.empty((frames.shape[0], 2 * length), np.float32)
        out[:, 0::2] = 2 * _between(row, length)
        out[:, 1::2] = row[:, _HALF : _HALF + length]
        return out


class Halver:
    """Brings 16 kHz to 8 kHz for many calls at once; frames hold an even number of samples."""

    def __init__(self, lanes: int = 1) -> None:
        self._even_past = np.zeros((lanes, 2 * _HALF - 1), np.float32)
        self._odd_past = np.zeros((lanes, _HALF), np.float32)

    def reset(self, lane: int) -> None:
        """Forgets the past of one lane."""
        self._even_past[lane] = 0
        self._odd_past[lane] = 0

    def run(self, lanes: NDArray[np.intp], frames: Samples) -> Samples:
        """``frames`` float32 [n, 2k] of the given lanes (none twice) as float32 [n, k]."""
        length = frames.shape[1] // 2
        even = np.concatenate([self._even_past[lanes], frames[:, 0::2]], axis=1)
        odd = np.concatenate([self._odd_past[lanes], frames[:, 1::2]], axis=1)
        self._even_past[lanes] = even[:, length:]
        self._odd_past[lanes] = odd[:, length:]
        out = _between(even, length)
        out += np.float32(0.5) * odd[:, :length]
        return out


_LANE = np.zeros(1, np.intp)


class Resampler:
    """One stream of PCM bytes from one rate to another."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._rates = (from_hz, to_hz)
        self._half_band: Doubler | Halver | None = None
        self._soxr: soxr.ResampleStream | None = None
        self._rest = b""
        self._fed = False
        self._start()

    def push(self, pcm: bytes) -> bytes:
        """The next sound; what comes back may be shorter or later, never lost."""
        pcm = self._rest + pcm
        self._fed = self._fed or bool(pcm)
        whole = len(pcm) - len(pcm) % self._step
        self._rest, pcm = pcm[whole:], pcm[:whole]
        if self._half_band is not None:
            return to_pcm(self._half_band.run(_LANE, to_float(pcm)[None])[0])
        return self._by_soxr(pcm, last=False) if self._soxr is not None else pcm

    def flush(self) -> bytes:
        """What is still inside, at the end of a sound; then the stream starts anew."""
        tail = b""
        if not self._fed:
            return tail
        if self._half_band is not None:
            tail = self.push(bytes(2 * _HALF * 2 if self._rates[1] == 8_000 else _HALF * 2))
        elif self._soxr is not None:
            tail = self._by_soxr(b"", last=True)
        self._start()
        return tail

    @property
    def _step(self) -> int:
        return 4 if isinstance(self._half_band, Halver) else 2

    def _start(self) -> None:
        self._rest = b""
        self._fed = False
        from_hz, to_hz = self._rates
        if self._rates == (8_000, 16_000):
            self._half_band = Doubler()
        elif self._rates == (16_000, 8_000):
            self._half_band = Halver()
        elif from_hz != to_hz:
            self._soxr = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="LQ")

    def _by_soxr(self, pcm: bytes, *, last: bool) -> bytes:
        if self._soxr is None:
            return pcm
        out: NDArray[np.int16] = self._soxr.resample_chunk(np.frombuffer(pcm, "<i2"), last=last)
        return out.astype("<i2").tobytes()


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """A whole sound at another rate, without the filter's delay at its start."""
    if from_hz == to_hz:
        return pcm
    stream = Resampler(from_hz, to_hz)
    out = stream.push(pcm) + stream.flush()
    if {from_hz, to_hz} != {8_000, 16_000}:
        return out
    skip = round(DELAY_SECONDS * to_hz) * 2
    return out[skip : skip + len(pcm) * to_hz // from_hz // 2 * 2]
