"""Real human speech for the tests: telephone prompts from a system package, with what is said in them."""

import functools
import gzip
from pathlib import Path

import numpy as np

from trunkline.audio import wav
from trunkline.audio.frame import Samples, to_float
from trunkline.audio.g711 import pcm_to_ulaw, ulaw_to_pcm
from trunkline.audio.resample import resample

_SOUNDS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
_TEXTS = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
_INSTALL = "is missing; run: apt-get install asterisk-core-sounds-en asterisk-core-sounds-en-wav"

SENTENCES = (
    "agent-alreadyon",
    "agent-incorrect",
    "agent-newlocation",
    "all-circuits-busy-now",
    "auth-incorrect",
    "cannot-complete-as-dialed",
    "check-number-dial-again",
    "conf-extended",
    "conf-full",
    "conf-getchannel",
    "conf-invalid",
    "conf-locked",
    "conf-onlyperson",
    "vm-nobodyavail",
    "vm-isunavail",
)
"""Prompts of whole sentences."""


@functools.cache
def texts() -> dict[str, str]:
    """What is said in each prompt."""
    assert _TEXTS.exists(), f"{_TEXTS} {_INSTALL}"
    lines = gzip.decompress(_TEXTS.read_bytes()).decode("utf-8", "replace").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    return {name.strip(): text.strip() for name, text in pairs}


def telephone(pcm: bytes) -> bytes:
    """8 kHz PCM as it is after µ-law."""
    return ulaw_to_pcm(pcm_to_ulaw(pcm))


def prompt(name: str) -> bytes:
    """A prompt as PCM at 8 kHz, as it comes over the telephone."""
    path = _SOUNDS / f"{name}.wav"
    assert path.exists(), f"{path} {_INSTALL}"
    sound = wav.decode(path.read_bytes())
    assert (sound.sample_rate_hz, sound.channels) == (8_000, 1)
    return telephone(sound.pcm)


def at_16_khz(pcm: bytes) -> Samples:
    """8 kHz PCM as the models take it."""
    return to_float(resample(pcm, 8_000, 16_000))


def tone(*hertz: float, seconds: float = 1.0, rate_hz: int = 8_000) -> Samples:
    """The sum of some tones, at half of full scale."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    total: Samples = np.sum([np.sin(2 * np.pi * one * time) for one in hertz], axis=0).astype(np.float32)
    return total * np.float32(0.5 / len(hertz))
