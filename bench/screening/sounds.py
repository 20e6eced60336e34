"""What a case sounds like at our end of the line: speech, beeps, noise, loss, and G.711."""

import numpy as np

from bench.conversation.noises import line_noise
from bench.conversation.voices import RATE_HZ, Sound, recorded, speak
from bench.screening.cases import BEEPS, Case
from trunkline.audio import tones
from trunkline.audio.g711 import pcm_to_ulaw, ulaw_to_pcm

PICK_UP_SECONDS, PAUSE_SECONDS, BEFORE_BEEP_SECONDS, AFTER_SECONDS = 0.6, 0.3, 0.7, 4.0
NOISE_DB = -15.0
LOST_SHARE = 0.03
FAINT = 0.1
_FRAME = RATE_HZ // 50


def line(case: Case) -> bytes:
    """PCM at 8 kHz from the moment of the answer."""
    sound = np.concatenate([_silence(_lead(case)), _words(case), *_ending(case), _silence(AFTER_SECONDS)])
    rng = np.random.default_rng(case.seed)
    if case.line == "noise":
        sound = sound + line_noise(len(sound) / RATE_HZ + 0.1, case.seed, NOISE_DB)[: len(sound)]
    if case.line == "faint":
        sound = sound * FAINT
    pcm = ulaw_to_pcm(pcm_to_ulaw(np.clip(sound, -32_768, 32_767).astype("<i2").tobytes()))
    if case.line == "loss":
        frames = np.frombuffer(pcm, "<i2")[: len(pcm) // 2 // _FRAME * _FRAME].reshape(-1, _FRAME).copy()
        for lost in np.flatnonzero(rng.random(len(frames)) < LOST_SHARE):
            frames[lost] = frames[lost - 1] // 2 if lost else 0
        pcm = frames.tobytes()
    return pcm


def _lead(case: Case) -> float:
    return float(case.sound.split()[0]) if case.half == "silence first" else PICK_UP_SECONDS


def _words(case: Case) -> Sound:
    if case.recordings:
        parts = [part for name in case.recordings for part in (recorded(name), _silence(PAUSE_SECONDS))]
        return np.concatenate(parts[:-1])
    if case.voice is not None:
        return speak(case.voice, case.words)
    return _silence(0.0)


def _ending(case: Case) -> list[Sound]:
    if case.sound == "intercept":
        return [_samples(tones.intercept(RATE_HZ))]
    hertz = dict(BEEPS).get(case.sound)
    if hertz is None:
        return []
    beep = tones.double_beep(hertz[0]) if case.sound == "double beep" else tones.beep(*hertz)
    return [_silence(BEFORE_BEEP_SECONDS), _samples(beep)]


def _silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE_HZ))


def _samples(pcm: bytes) -> Sound:
    return np.frombuffer(pcm, "<i2").astype(np.float64)
