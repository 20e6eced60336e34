"""Text to speech by SVOX Pico (Apache-2.0): small, quick and clear; sentence by sentence, off the event loop."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, closing

import numpy as np

from trunkline.audio.resample import Resampler
from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import TtsConfig
from trunkline.providers.local.lingware import RATE_HZ, PicoEngine
from trunkline.providers.local.segments import segments
from trunkline.providers.local.threads import Threads
from trunkline.providers.local.voices import LocalVoice, choose

_VOLUME_PERCENT = 45
"""Brings speech to about -17 dBFS, the telephone's usual level; at 100 it is clipped."""
_QUIET = 250
"""The engine ends every sentence with half a second of near silence in which it clicks, up to 160."""
_LEAD_BYTES = RATE_HZ // 50 * 2
_END_BYTES = RATE_HZ // 25 * 2
_SENTENCE_PAUSE_SECONDS, _CLAUSE_PAUSE_SECONDS = 0.22, 0.06
"""With the faint ends of the words before and after, 0.3 s and 0.12 s are heard."""
_CACHE_BYTES = 32_000_000

Key = tuple[str, str]


class PhraseCache:
    """The sound of what was said before; the longest unused goes first when ``limit_bytes`` is reached."""

    def __init__(self, limit_bytes: int = _CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0

    def find(self, key: Key) -> bytes | None:
        """The sound of a phrase, if it is there."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: Key, sound: bytes) -> None:
        """Keeps a phrase, unless it is larger than a tenth of all that may be kept."""
        if len(sound) > self._limit // 10 or key in self._kept:
            return
        self._kept[key] = sound
        self._bytes += len(sound)
        while self._bytes > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped)

    @property
    def size_bytes(self) -> int:
        """What is kept in all."""
        return self._bytes


class PicoTts:
    """ports.models.Tts for the provider ``local``: one thread speaks for all calls, fifty times faster than real time."""

    def __init__(self, cache_bytes: int = _CACHE_BYTES) -> None:
        self._threads = Threads("tts")
        self._engines: dict[str, PicoEngine] = {}
        self._cache = PhraseCache(cache_bytes)

    async def warm(self, locale: str = "en-US") -> None:
        """Loads a voice before the first call."""
        if locale not in self._engines:
            await self._threads.run(lambda: self._engine(locale))

    async def open(self, config: TtsConfig, sample_rate_hz: int) -> "PicoSession":
        if config.model not in (None, "pico"):
            raise Invalid(f"tts_config.model: there is no local model {config.model!r}; use pico")
        voice = choose(config)
        await self.warm(voice.locale)
        return PicoSession(self, voice, config.speed, sample_rate_hz)

    async def sentence(self, locale: str, marked: str) -> AsyncGenerator[bytes, None]:
        """The sound of one marked sentence at 16 kHz, as it comes. Closing it stops the engine at its next step."""
        known = self._cache.find((locale, marked))
        if known is not None:
            yield known
            return
        heard = bytearray()
        stopped = threading.Event()
        sound: asyncio.Queue[bytes | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(pcm: bytes) -> None:
            loop.call_soon_threadsafe(sound.put_nowait, pcm)

        job = asyncio.ensure_future(self._threads.run(lambda: self._speak(locale, marked, put, stopped)))
        job.add_done_callback(lambda _: sound.put_nowait(None))
        try:
            while (pcm := await sound.get()) is not None:
                heard += pcm
                yield pcm
            await job
            self._cache.keep((locale, marked), bytes(heard))
        finally:
            stopped.set()
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    def close(self) -> None:
        """Ends its thread."""
        self._threads.close()

    def _engine(self, locale: str) -> PicoEngine:
        if locale not in self._engines:
            self._engines[locale] = PicoEngine(locale)
        return self._engines[locale]

    def _speak(self, locale: str, marked: str, put: Callable[[bytes], object], stopped: threading.Event) -> None:
        with closing(self._engine(locale).speak(marked)) as sound:
            for pcm in sound:
                if stopped.is_set():
                    return
                put(pcm)


class PicoSession:
    """ports.models.TtsSession: sentences one after the other, each with the pause after it that a speaker makes."""

    def __init__(self, tts: PicoTts, voice: LocalVoice, speed: float, sample_rate_hz: int) -> None:
        self._tts = tts
        self._voice = voice
        self._speed_percent = round(speed * 100)
        self._sample_rate_hz = sample_rate_hz

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        resampler = Resampler(RATE_HZ, self._sample_rate_hz)
        try:
            for sentence in segments(text):
                trimmed = Trimmed()
                async with aclosing(self._tts.sentence(self._voice.locale, self._marked(sentence))) as sound:
                    async for pcm in sound:
                        if out := resampler.push(trimmed.push(pcm)):
                            yield out
                if out := resampler.push(trimmed.flush() + self._pause(sentence)):
                    yield out
        except RuntimeError as error:
            raise Upstream(
                "The local voice failed.", provider="local", retryable=False, vendor_message=str(error)
            ) from error
        if out := resampler.flush():
            yield out

    async def aclose(self) -> None:
        """Nothing stays open between two texts."""

    def _pause(self, sentence: str) -> bytes:
        ended = sentence.rstrip("\"'”’) ").endswith((".", "!", "?"))
        seconds = _SENTENCE_PAUSE_SECONDS if ended else _CLAUSE_PAUSE_SECONDS
        return bytes(int(seconds * RATE_HZ * 100 / self._speed_percent) * 2)

    def _marked(self, sentence: str) -> str:
        marked = f'<volume level="{_VOLUME_PERCENT}">{sentence}</volume>'
        return marked if self._speed_percent == 100 else f'<speed level="{self._speed_percent}">{marked}</speed>'


class Trimmed:
    """The sound of one sentence without the silence around it, as it comes."""

    def __init__(self) -> None:
        self._begun = False
        self._held = b""

    def push(self, pcm: bytes) -> bytes:
        """The sound so far without its quiet beginning and end."""
        pcm = self._held + pcm
        loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > _QUIET)
        if not len(loud):
            self._held = pcm if self._begun else pcm[-_LEAD_BYTES:]
            return b""
        start = 0 if self._begun else max(0, int(loud[0]) * 2 - _LEAD_BYTES)
        end = (int(loud[-1]) + 1) * 2
        self._begun, self._held = True, pcm[end:]
        return pcm[start:end]

    def flush(self) -> bytes:
        """The faint end of the last word, out of what was held back."""
        return self._held[:_END_BYTES] if self._begun else b""
