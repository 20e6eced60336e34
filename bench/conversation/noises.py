"""Sounds that are no speech: coughs, a door, a keyboard, the hum of a line. All of them seeded."""

import numpy as np

from bench.conversation.voices import LEVEL, RATE_HZ, Sound


def decibels(value: float) -> float:
    """The factor that a level in decibels stands for."""
    return float(10 ** (value / 20))


def hiss(seconds: float, seed: int, low_hz: float, high_hz: float, slope: float = 0.0) -> Sound:
    """Noise between two frequencies, its power falling with frequency by ``slope`` (1: pink); root mean square 1."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[(hertz < low_hz) | (hertz > high_hz)] = 0
    spectrum /= np.maximum(hertz, 20.0) ** (slope / 2)
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / np.sqrt(np.mean(np.square(sound))))


def cough(seed: int, level: float = LEVEL * 1.5) -> Sound:
    """One cough: a sharp burst, a breath of noise that fades, and a shorter second burst."""
    bursts = [_burst(seed, 0.03, 0.18, 300, 2800), np.zeros(600), _burst(seed + 1, 0.02, 0.14, 250, 2200)]
    return np.concatenate(bursts) * level


def door(seed: int, level: float = LEVEL * 2.0) -> Sound:
    """A door that slams: a dull thud with a short click in front of it."""
    thud = hiss(0.35, seed, 60, 500, 1.0) * np.exp(-np.arange(round(0.35 * RATE_HZ)) / (0.07 * RATE_HZ)) * 2
    thud[:40] += hiss(0.005, seed + 1, 300, 3500) * 1.5
    return np.clip(thud * level, -30_000, 30_000)


def keyboard(seed: int, seconds: float = 2.0, level: float = LEVEL * 0.8) -> Sound:
    """Someone who types: about seven clicks a second."""
    rng = np.random.default_rng(seed)
    sound, at = np.zeros(round(seconds * RATE_HZ)), 0.0
    while (at := at + float(rng.uniform(0.08, 0.22))) < seconds - 0.05:
        click = _burst(int(rng.integers(1 << 30)), 0.001, 0.012, 800, 3600)
        start = round(at * RATE_HZ)
        sound[start : start + len(click)] += click * float(rng.uniform(0.5, 1.0))
    return sound * level


def _burst(seed: int, rise_seconds: float, fade_seconds: float, low_hz: float, high_hz: float) -> Sound:
    rise, fade = round(rise_seconds * RATE_HZ), round(fade_seconds * RATE_HZ)
    envelope = np.concatenate((np.linspace(0, 1, max(rise, 1)), np.exp(-np.arange(fade) / (fade / 3))))
    sound: Sound = hiss(len(envelope) / RATE_HZ, seed, low_hz, high_hz, 0.5) * envelope
    return sound


def line_noise(seconds: float, seed: int, level_db: float = -20.0) -> Sound:
    """The noise of a street or a car that swells and fades, so far below the level of speech."""
    sound = hiss(seconds, seed, 80, 3600, 1.0)
    swell = 1 + 0.3 * np.sin(2 * np.pi * 0.23 * np.arange(len(sound)) / RATE_HZ + seed)
    return np.asarray(sound * swell * LEVEL * decibels(level_db))
