"""Pure tones as a telephone network makes them: beeps, keys, ringing, engaged and the intercept signal. PCM16 mono."""

from collections.abc import Sequence

import numpy as np

from trunkline.audio.frame import silence, to_pcm

RAMP_SECONDS = 0.005
DTMF_ROWS_HZ, DTMF_COLUMNS_HZ = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
DTMF_KEYS = "123A456B789C*0#D"
INTERCEPT_HZ = (950.0, 1400.0, 1800.0)
INTERCEPT_SECONDS = 0.33
LEVEL = 0.25


def tone(frequencies_hz: Sequence[float], seconds: float, sample_rate_hz: int = 8000, level: float = LEVEL) -> bytes:
    """Tones together; ``level`` is the peak of each, 1.0 is full scale. Begins and ends without a click."""
    count = round(seconds * sample_rate_hz)
    at = np.arange(count) / sample_rate_hz
    wave = np.sum([np.sin(2 * np.pi * one * at) for one in frequencies_hz], axis=0) * level
    ramp = min(round(RAMP_SECONDS * sample_rate_hz), count // 2)
    if ramp:
        slope = np.linspace(0, 1, ramp)
        wave[:ramp] *= slope
        wave[-ramp:] *= slope[::-1]
    return to_pcm(wave.astype(np.float32))


def beep(frequency_hz: float = 1000.0, seconds: float = 0.4, sample_rate_hz: int = 8000, level: float = LEVEL) -> bytes:
    """What an answering machine sounds when it begins to record."""
    return tone((frequency_hz,), seconds, sample_rate_hz, level)


def double_beep(frequency_hz: float = 1000.0, sample_rate_hz: int = 8000) -> bytes:
    """Two short ones."""
    one = beep(frequency_hz, 0.2, sample_rate_hz)
    return one + silence(0.15, sample_rate_hz) + one


def intercept(sample_rate_hz: int = 8000) -> bytes:
    """The three rising tones before a carrier's announcement (ITU-T E.180, special information tone)."""
    parts = [tone((one,), INTERCEPT_SECONDS, sample_rate_hz) for one in INTERCEPT_HZ]
    return silence(0.03, sample_rate_hz).join(parts)


def ringing(seconds: float, sample_rate_hz: int = 8000, frequencies_hz: Sequence[float] = (425.0,)) -> bytes:
    """Ringing: one second on, four off (ITU-T E.182); in North America 440 and 480 Hz together."""
    cycle = tone(frequencies_hz, 1.0, sample_rate_hz) + silence(4.0, sample_rate_hz)
    return _cut(cycle, seconds, sample_rate_hz)


def engaged(seconds: float, sample_rate_hz: int = 8000, frequencies_hz: Sequence[float] = (425.0,)) -> bytes:
    """Busy: half a second on, half a second off."""
    cycle = tone(frequencies_hz, 0.5, sample_rate_hz) + silence(0.5, sample_rate_hz)
    return _cut(cycle, seconds, sample_rate_hz)


def dtmf(key: str, seconds: float = 0.1, sample_rate_hz: int = 8000) -> bytes:
    """A key (ITU-T Q.23). Raises ValueError for what is none."""
    place = DTMF_KEYS.index(key)
    pair = DTMF_ROWS_HZ[place // 4], DTMF_COLUMNS_HZ[place % 4]
    return tone(pair, seconds, sample_rate_hz, LEVEL / 2)


def _cut(cycle: bytes, seconds: float, sample_rate_hz: int) -> bytes:
    wanted = 2 * round(seconds * sample_rate_hz)
    return (cycle * (wanted // len(cycle) + 1))[:wanted]
