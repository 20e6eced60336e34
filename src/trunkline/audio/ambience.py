"""What is heard behind a voice: an office, a street, a wood, a full room, and music to wait by, all made here.

Each is made from a fixed seed (half a second of work at most, better done in a thread), kept for the life of the
process, and loops without a seam.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from trunkline.audio.babble import babble
from trunkline.audio.frame import to_pcm
from trunkline.audio.loops import Loop, Wave, band, faded

LOUDNESS = 0.08
"""The root mean square of every loop (of full scale 1, -22 dBFS): as loud as our voices speak."""
SECONDS = 24.0

_TEMPO_SECONDS = 0.42
_CHORDS = (
    (50, 57, 62, 66, 69, 73),
    (47, 54, 62, 66, 69, 74),
    (43, 55, 59, 62, 66, 71),
    (45, 57, 61, 64, 67, 71),
    (50, 57, 62, 66, 69, 76),
    (54, 57, 61, 66, 69, 73),
    (43, 55, 59, 62, 66, 69),
    (45, 55, 62, 64, 69, 71),
)
"""Eight bars of eight notes, as MIDI numbers: a bass note and the five that are played above it."""
_FIGURE = (1, 2, 3, 4, 5, 4, 3, 2)


@cache
def clip(name: str, sample_rate_hz: int) -> bytes:
    """The loop called ``name`` (``office``, ``city``, ``forest`` or ``crowded_room``) as PCM. Raises KeyError."""
    scene, seed = _SCENES[name]
    loop = Loop(SECONDS, sample_rate_hz, np.random.default_rng(seed))
    scene(loop)
    return to_pcm(loop.finished(LOUDNESS))


@cache
def hold_music(sample_rate_hz: int) -> bytes:
    """A slow arpeggio to wait by, as PCM that loops."""
    beats = len(_CHORDS) * len(_FIGURE)
    loop = Loop(beats * _TEMPO_SECONDS, sample_rate_hz, np.random.default_rng(5))
    for bar, chord in enumerate(_CHORDS):
        start = bar * len(_FIGURE) * _TEMPO_SECONDS
        loop.put(start, _note(loop, chord[0] + 12, 3.2, 0.8))
        for place, string in enumerate(_FIGURE):
            swing = 0.01 * float(loop.rng.standard_normal())
            loudness = (0.8 if place in (0, 4) else 0.55) * loop.rng.uniform(0.9, 1.1)
            loop.put(start + place * _TEMPO_SECONDS + swing, _note(loop, chord[string], 2.2, loudness))
    loop.wave = loop.echoed(loop.wave, 1.2, 0.25)
    return to_pcm(loop.finished(LOUDNESS))


def _note(loop: Loop, key: int, seconds: float, loudness: float) -> Wave:
    """A soft electric piano."""
    hz = 440.0 * 2 ** ((key - 69) / 12)
    times = loop.seconds(seconds)
    sound = np.zeros(len(times))
    for partial, share, dying in ((1, 1.0, 1.6), (2, 0.45, 2.4), (3, 0.16, 3.6), (4, 0.07, 5.0)):
        if hz * partial < 0.45 * loop.rate_hz:
            sound += share * np.exp(-dying * times) * np.sin(2 * np.pi * hz * partial * times)
    return faded(sound * loudness, loop.rate_hz, 0.012)


# --- the scenes


def _office(loop: Loop) -> None:
    """Air conditioning, colleagues further off, typing, and a telephone down the corridor."""
    rng = loop.rng
    loop.wave += 0.5 * loop.noise(band(150.0, 420.0, 1.5)) * loop.drift(4.0, 0.85, 1.0)
    times = loop.seconds(SECONDS)
    for partial, share in ((120.0, 0.25), (240.0, 0.16), (360.0, 0.05)):
        loop.wave += share * np.sin(2 * np.pi * partial * times)
    loop.wave += 0.6 * loop.echoed(loop.filtered(babble(loop, 4), band(200.0, 900.0)), 0.5, 0.5)
    events = Loop(SECONDS, loop.rate_hz, rng)
    for desk, at in ((1.0, 0.6), (0.5, 3.0), (0.8, 8.5), (0.45, 10.0), (1.0, 14.5), (0.6, 18.0), (0.9, 20.5)):
        _typing(events, at, int(rng.integers(9, 26)), desk)
    for ring in (12.0, 15.2):
        events.put(ring, 0.22 * _ringing(events))
    loop.wave += 2.2 * loop.echoed(events.wave, 0.35, 0.35)


def _typing(loop: Loop, at: float, keys: int, loudness: float) -> None:
    rng = loop.rng
    for _ in range(keys):
        times = loop.seconds(0.03)
        click = rng.standard_normal(len(times)) * np.exp(-times * 320)
        thump = np.sin(2 * np.pi * rng.uniform(180, 320) * times) * np.exp(-times * 160)
        loop.put(at, loudness * rng.uniform(0.6, 1.0) * (0.8 * click + 0.5 * thump))
        loop.put(at + rng.uniform(0.05, 0.08), loudness * 0.25 * click)
        at += rng.uniform(0.09, 0.2) if rng.random() > 0.12 else rng.uniform(0.3, 0.6)


def _ringing(loop: Loop) -> Wave:
    """A desk telephone, two tones that take turns."""
    times = loop.seconds(1.3)
    hz = np.where((times * 14) % 1.0 < 0.5, 1050.0, 1320.0)
    turns = np.cumsum(hz) / loop.rate_hz
    return faded(np.sin(2 * np.pi * turns) + 0.3 * np.sin(4 * np.pi * turns), loop.rate_hz, 0.04)


def _city(loop: Loop) -> None:
    """The rumble of traffic, cars that pass, and a horn some streets away."""
    rng = loop.rng
    loop.wave += loop.noise(band(60.0, 330.0, 1.3)) * loop.drift(3.0, 0.7, 1.0)
    loop.wave += 0.22 * loop.noise(band(400.0, 1500.0)) * loop.drift(2.0, 0.5, 1.0)
    for at, loudness in ((2.0, 1.0), (6.3, 0.6), (9.8, 1.2), (14.0, 0.7), (16.4, 0.9), (21.2, 1.1)):
        _car(loop, at, float(rng.uniform(0.5, 1.1)), loudness)
    far = Loop(SECONDS, loop.rate_hz, rng)
    for at, duration in ((11.6, 0.18), (11.95, 0.55), (19.4, 0.4)):
        times = far.seconds(duration)
        horn = sum(np.tanh(2 * np.sin(2 * np.pi * hz * times)) for hz in (392.0, 494.0))
        far.put(at, faded(horn, far.rate_hz, 0.03))
    loop.wave += 0.35 * loop.filtered(loop.echoed(far.wave, 1.6, 0.6), band(300.0, 1400.0))


def _car(loop: Loop, nearest_at: float, seconds: float, loudness: float) -> None:
    """Tyres and an engine that come nearer, pass and go, brighter while they are near."""
    times = np.arange(loop.length) / loop.rate_hz
    whole = loop.length / loop.rate_hz
    away = ((times - nearest_at + whole / 2) % whole - whole / 2) / seconds
    near = 1 / (1 + np.square(away))
    tyres = loop.noise(band(250.0, 900.0)) * near + 0.5 * loop.noise(band(700.0, 2600.0)) * near**2
    hz = 96.0 - 9.0 * np.tanh(away)
    turns = np.cumsum(hz) / loop.rate_hz
    engine = sum(np.sin(2 * np.pi * partial * turns) / partial for partial in (2, 3, 4, 6)) * near * (np.abs(away) < 9)
    loop.wave += loudness * (0.9 * tyres + 0.35 * engine)


def _forest(loop: Loop) -> None:
    """Wind in the trees, leaves, and birds near and far."""
    rng = loop.rng
    wind = loop.drift(2.5, 0.45, 1.0)
    loop.wave += 0.6 * loop.noise(band(150.0, 600.0, 1.4)) * wind
    loop.wave += 0.3 * loop.noise(band(1400.0, 3200.0)) * wind**2
    birds = Loop(SECONDS, loop.rate_hz, rng)
    for singer, low, high in ((_warble, 2100.0, 3100.0), (_trill, 2700.0, 3300.0), (_cuckoo, 520.0, 650.0)):
        at = float(rng.uniform(0.5, 3.0))
        while at < SECONDS - 2.0:
            birds.put(at, rng.uniform(0.4, 1.0) * singer(birds, low, high))
            at += rng.uniform(2.5, 5.5)
    loop.wave += 1.1 * loop.echoed(birds.wave, 0.8, 0.35)


def _whistle(loop: Loop, hz: Wave) -> Wave:
    return faded(np.sin(2 * np.pi * np.cumsum(hz) / loop.rate_hz), loop.rate_hz, 0.015)


def _warble(loop: Loop, low: float, high: float) -> Wave:
    """A blackbird's line: a few glides, no two alike."""
    rng = loop.rng
    parts: list[Wave] = []
    for _ in range(int(rng.integers(4, 8))):
        times = loop.seconds(float(rng.uniform(0.07, 0.2)))
        share = times / times[-1]
        start, end = rng.uniform(low, high, 2)
        parts.append(_whistle(loop, start + (end - start) * share + 60 * np.sin(2 * np.pi * 28 * times)))
        parts.append(np.zeros(round(rng.uniform(0.02, 0.08) * loop.rate_hz)))
    return np.concatenate(parts)


def _trill(loop: Loop, low: float, high: float) -> Wave:
    """A finch: one short falling note again and again."""
    times = loop.seconds(0.045)
    chirp = _whistle(loop, high - (high - low) * times / times[-1])
    rest = np.zeros(round(0.03 * loop.rate_hz))
    return 0.6 * np.concatenate([chirp, rest] * int(loop.rng.integers(8, 16)))


def _cuckoo(loop: Loop, low: float, high: float) -> Wave:
    """Two notes from far away."""
    rest = np.zeros(round(0.18 * loop.rate_hz))
    first, second = (_whistle(loop, np.full(round(0.22 * loop.rate_hz), hz)) for hz in (high, low))
    return 0.35 * np.concatenate([first, rest, second])


def _crowded_room(loop: Loop) -> None:
    """A restaurant: voices near and far, glasses and cutlery."""
    rng = loop.rng
    loop.wave += loop.echoed(babble(loop, 14), 0.6, 0.35)
    loop.wave += 0.25 * loop.noise(band(150.0, 500.0))
    table = Loop(SECONDS, loop.rate_hz, rng)
    for _ in range(26):
        at, loudness = rng.uniform(0, SECONDS), rng.uniform(0.2, 1.0)
        for touch in range(int(rng.integers(1, 4))):
            table.put(at + touch * rng.uniform(0.07, 0.14), loudness * _clink(table))
    loop.wave += 1.1 * table.wave


def _clink(loop: Loop) -> Wave:
    """Metal on china."""
    rng = loop.rng
    times = loop.seconds(0.16)
    sound = np.zeros(len(times))
    for hz in rng.uniform(1700, 3400, 4):
        sound += rng.uniform(0.3, 1.0) * np.sin(2 * np.pi * hz * times) * np.exp(-times * rng.uniform(25, 70))
    return faded(sound * 0.4, loop.rate_hz, 0.001)


_SCENES: dict[str, tuple[Callable[[Loop], None], int]] = {
    "office": (_office, 1),
    "city": (_city, 2),
    "forest": (_forest, 3),
    "crowded_room": (_crowded_room, 4),
}
