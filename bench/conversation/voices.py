"""Who speaks at the far end: a woman recorded for a telephone system, and four voices made by machine."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.providers.local.lingware import RATE_HZ as PICO_RATE_HZ
from trunkline.providers.local.lingware import PicoEngine

RATE_HZ = 8000
LEVEL = 3000.0
"""Root mean square of speech, about -21 dBFS: the telephone's usual level."""
_LOUD_SHARE = 0.03
_MARGIN_SECONDS = 0.01
_SOUNDS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")

Sound = NDArray[np.float64]
"""Samples at 8 kHz on the scale of 16 bits."""


class NoSpeech(Exception):
    """The recorded speech is not installed; run: apt-get install asterisk-core-sounds-en asterisk-core-sounds-en-wav."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice made by machine; pitch and speed in percent."""

    locale: str
    pitch: int = 100
    speed: int = 100


VOICES = (Voice("en-GB"), Voice("en-US", 72, 92), Voice("en-GB", 72, 108), Voice("en-US", 125, 100))


@functools.cache
def _engine(locale: str) -> PicoEngine:
    return PicoEngine(locale)


@functools.lru_cache(4096)
def speak(voice: Voice, text: str) -> Sound:
    """``text``, with Pico's marks, in a voice, without the silence around it, at the usual level."""
    marked = (
        f'<speed level="{voice.speed}"><pitch level="{voice.pitch}"><volume level="45">{text}</volume></pitch></speed>'
    )
    pcm = resample(b"".join(_engine(voice.locale).speak(marked)), PICO_RATE_HZ, RATE_HZ)
    return levelled(trimmed(np.frombuffer(pcm, "<i2").astype(np.float64)))


@functools.lru_cache(4096)
def recorded(name: str) -> Sound:
    """A recording of the real voice by its name (``vm-nobodyavail``, ``digits/4``), trimmed and levelled.

    Raises NoSpeech.
    """
    path = _SOUNDS / f"{name}.wav"
    if not path.exists():
        raise NoSpeech(f"{path} is missing; {(NoSpeech.__doc__ or '').partition('; ')[2]}")
    sound = decode(path.read_bytes())
    return levelled(trimmed(np.frombuffer(sound.pcm, "<i2").astype(np.float64)))


def trimmed(sound: Sound) -> Sound:
    """Without what is quieter than 30 dB below the loudest at both ends, but for a hundredth of a second."""
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * _LOUD_SHARE)
    margin = round(_MARGIN_SECONDS * RATE_HZ)
    return sound[max(0, int(loud[0]) - margin) : int(loud[-1]) + 1 + margin]


def levelled(sound: Sound, level: float = LEVEL) -> Sound:
    """At a level, measured where it is loud; never beyond 16 bits."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160) if len(sound) >= 160 else sound[None, :]
    powers = np.mean(np.square(frames), axis=1)
    active = powers[powers > powers.max() * 0.01]
    scaled = sound * (level / float(np.sqrt(active.mean())))
    return scaled * min(1.0, 30_000 / float(np.abs(scaled).max()))
