"""Many people talking at once, without a word in it: voices that glide from vowel to vowel."""

from functools import partial

import numpy as np

from trunkline.audio.loops import Loop, Wave, band, faded, level

_VOWELS = (
    (300.0, 2250.0, 2900.0),
    (420.0, 1950.0, 2600.0),
    (620.0, 1750.0, 2500.0),
    (760.0, 1250.0, 2500.0),
    (560.0, 900.0, 2450.0),
    (430.0, 1050.0, 2300.0),
    (330.0, 850.0, 2250.0),
)
"""The first three formants in Hz, about as in bead, bid, bed, bard, bought, bud and boot."""
_BREATHS = len(_VOWELS)
"""The row of what is hissed instead of sung."""


def babble(loop: Loop, people: int) -> Wave:
    """``people`` voices once round the circle, of power 1."""
    rows = np.zeros((len(_VOWELS) + 1, loop.length))
    for person in range(people):
        pitch_hz = loop.rng.uniform(90, 135) if person % 2 else loop.rng.uniform(165, 230)
        loudness = loop.rng.uniform(0.35, 1.0)
        _talk(loop, rows, pitch_hz, loudness)
    mouths = [loop.filtered(rows[place], partial(_throat, vowel)) for place, vowel in enumerate(_VOWELS)]
    breaths = 0.25 * loop.filtered(rows[_BREATHS], band(1800.0, 3400.0))
    return level(sum(mouths, start=breaths))


def _talk(loop: Loop, rows: Wave, pitch_hz: float, loudness: float) -> None:
    """One person's phrases and pauses, laid onto the rows of the vowels."""
    rng = loop.rng
    whole = loop.length / loop.rate_hz
    start = rng.uniform(0, whole)
    at = 0.0
    while at < whole - 1.0:
        length = min(rng.uniform(1.2, 4.0), whole - at)
        _phrase(loop, rows, start + at, length, pitch_hz, loudness * rng.uniform(0.7, 1.0))
        at += length + rng.uniform(0.2, 1.6)


def _phrase(loop: Loop, rows: Wave, at: float, length: float, pitch_hz: float, loudness: float) -> None:
    """Syllables on one falling breath."""
    rng = loop.rng
    times = loop.seconds(length)
    tune = 1.12 - 0.22 * times / length + 0.06 * np.sin(2 * np.pi * rng.uniform(0.8, 1.6) * times + rng.uniform(0, 6))
    cycles = np.cumsum(pitch_hz * tune) / loop.rate_hz
    voice = np.exp(-12 * (cycles % 1.0)) - 0.08
    first = 0.0
    while first < length - 0.08:
        syllable = float(rng.uniform(0.13, 0.3))
        rising = slice(round(first * loop.rate_hz), round((first + syllable * 1.15) * loop.rate_hz))
        part = faded(voice[rising], loop.rate_hz, 0.05) * rng.uniform(0.4, 1.0) * loudness
        _lay(rows[rng.integers(len(_VOWELS))], part, round((at + first) * loop.rate_hz))
        if rng.random() < 0.4:
            hiss = faded(rng.standard_normal(round(rng.uniform(0.05, 0.11) * loop.rate_hz)), loop.rate_hz, 0.02)
            _lay(rows[_BREATHS], hiss * 0.3 * loudness, round((at + first - 0.04) * loop.rate_hz))
        first += syllable


def _lay(row: Wave, part: Wave, start: int) -> None:
    indexes = np.arange(start, start + len(part)) % len(row)
    row[indexes] += part


def _throat(vowel: tuple[float, ...], hz: Wave) -> Wave:
    """How a throat shaped for ``vowel`` lets each frequency through."""
    resonances: Wave = np.zeros(len(hz))
    for place, formant in enumerate(vowel):
        width = 60.0 + 30.0 * place
        resonances += 0.6**place / np.sqrt(1 + np.square((hz - formant) / width))
    return resonances
