"""The voice of the emulators: real words, spoken by Pico, in the formats that vendors give sound in."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from functools import cache

from trunkline.audio.g711 import pcm_to_ulaw
from trunkline.audio.resample import resample
from trunkline.base.errors import Invalid
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.local.lingware import RATE_HZ
from trunkline.providers.local.pico import PicoTts
from trunkline.providers.local.segments import segments
from trunkline.providers.local.voices import choose

PIECE_SECONDS = 0.2
PACE = 200
"""How much faster than it is played sound is given, so that there is a middle in which it can be stopped."""
_KEPT = 256
_kept: OrderedDict[tuple[str, int, float, str], bytes] = OrderedDict()


async def speech(text: str, rate_hz: int, *, speed: float = 1.0, language: str = "en-US") -> bytes:
    """PCM (16-bit little-endian mono) of ``text``, whole; empty where it has no words. A ``language`` that Pico cannot
    speak is spoken by its American voice; ``speed`` is 0.2 to 5."""
    key = (text, rate_hz, speed, language)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    session = await _voice().open(_config(language, speed), RATE_HZ)
    spoken = b"".join([pcm async for pcm in session.speak(text)])
    _kept[key] = resample(spoken, RATE_HZ, rate_hz)
    if len(_kept) > _KEPT:
        _kept.popitem(last=False)
    return _kept[key]


async def spoken(
    text: str, rate_hz: int, *, speed: float = 1.0, language: str = "en-US"
) -> AsyncGenerator[bytes, None]:
    """As ``speech``, sentence by sentence, in pieces of a fifth of a second that come at a pace."""
    for sentence in segments(text):
        sound = await speech(sentence, rate_hz, speed=speed, language=language)
        for piece in pieces(sound, int(PIECE_SECONDS * rate_hz) * 2):
            yield piece
            await asyncio.sleep(PIECE_SECONDS / PACE)


def mulaw(pcm: bytes) -> bytes:
    """PCM as µ-law (G.711), one byte a sample."""
    return pcm_to_ulaw(pcm)


def pieces(sound: bytes, size: int) -> list[bytes]:
    """A sound in pieces of ``size`` bytes; the last one may be shorter."""
    return [sound[at : at + size] for at in range(0, len(sound), size)]


@cache
def _voice() -> PicoTts:
    return PicoTts()


def _config(language: str, speed: float) -> TtsConfig:
    config = TtsConfig(provider="local").model_copy(update={"speed": speed})
    for name in (language, language.split("-")[0]):
        wanted = config.model_copy(update={"language": name.lower()})
        try:
            choose(wanted)
        except Invalid:
            continue
        return wanted
    return config
