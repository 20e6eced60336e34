"""Speech to text without a key: streams gated by our own voice activity, whose partials are re-decodings."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from trunkline.audio.frame import SAMPLE_BYTES, Samples, to_float
from trunkline.audio.resample import Resampler
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import Final, Heard, Partial
from trunkline.providers.local.threads import Once, Threads
from trunkline.providers.local.utterance import RATE_HZ, SHORTEST_SPEECH_SECONDS, Utterance, loops, spoken

_BEFORE_SECONDS = 0.4
"""What is kept from before speech was noticed: the 300 ms that noticing may take and the breath before it."""
_JOINED_GAP_SECONDS = 0.8
"""A pause from one end of speech to the next beginning up to which both may be one sentence."""
_BATCH_SECONDS = 0.1
_PARTIAL_SECONDS = 0.5
_PARTIAL_SHARE = 0.1


class Recogniser(Protocol):
    """Words from a whole piece of sound; runs on a thread."""

    def transcribe(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> str: ...


class GatedStt:
    """ports.models.Stt over a recogniser that is loaded when the first call (or ``warm``) wants it."""

    def __init__(self, make: Callable[[], Recogniser], threads: int = 1, joined_seconds: float = 0.0) -> None:
        self._joined_seconds = joined_seconds
        self._threads = Threads("stt", threads)
        self._recogniser = Once(make)

    async def warm(self) -> None:
        """Loads the recogniser. Raises Upstream where it cannot be used."""
        await self._recogniser.get()

    async def open(self, config: SttConfig, sample_rate_hz: int) -> "GatedStream":
        recogniser = await self._recogniser.get()
        language = config.language.split("-")[0].lower()
        return GatedStream(recogniser, self._threads, language, sample_rate_hz, self._joined_seconds)

    def close(self) -> None:
        """Ends its threads."""
        self._threads.close()


class GatedStream:
    """ports.models.SttStream over a recogniser that takes whole pieces.

    While speech lasts the growing sound is decoded again every half second (more rarely the longer it is), but only
    when a thread is free: under load partials get rarer and finals keep their pace.

    Voice activity ends at every short pause, and a word or two torn from its sentence is easily misheard. So an
    utterance that follows another within 0.8 s is decoded twice: by itself, and together with those it follows up to
    ``joined_seconds`` of sound in all (0: never). Its Final carries both, and the conversation takes what fits.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        threads: Threads,
        language: str,
        sample_rate_hz: int,
        joined_seconds: float = 0.0,
    ) -> None:
        self._recogniser = recogniser
        self._threads = threads
        self._language = language
        self._sample_rate_hz = sample_rate_hz
        self._joined_seconds = joined_seconds
        self._resampler = Resampler(sample_rate_hz, RATE_HZ)
        self._before: deque[bytes] = deque()
        self._unheard = bytearray()
        self._speaking: Utterance | None = None
        self._last: Utterance | None = None
        self._quiet_bytes = 0
        self._ended: deque[Utterance] = deque()
        self._next_partial_seconds = 0.0
        self._last_partial = ""
        self._stop_guess = threading.Event()
        self._results: asyncio.Queue[Heard | Upstream | None] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._closed = threading.Event()
        self._crew = Crew("stt", on_failure=self._failed)
        self._crew.start(self._listen())

    def push(self, pcm: bytes) -> None:
        if self._speaking is None:
            self._remember(pcm)
            return
        self._unheard += pcm
        if len(self._unheard) >= self._bytes(_BATCH_SECONDS):
            self._hear(self._speaking)
        if self._partial_is_due():
            self._wake.set()

    def speech_started(self) -> None:
        if self._speaking is None:
            follows = self._follows()
            before = b"".join(self._before)[-self._bytes(_BEFORE_SECONDS if follows is None else _JOINED_GAP_SECONDS) :]
            self._before.clear()
            self._resampler = Resampler(self._sample_rate_hz, RATE_HZ)
            self._speaking = Utterance(to_float(self._resampler.push(before)), follows)
            self._next_partial_seconds = _PARTIAL_SECONDS
            self._last_partial = ""

    def speech_ended(self) -> None:
        if self._speaking is not None:
            self._hear(self._speaking)
            self._ended.append(self._speaking)
            self._last, self._speaking = self._speaking, None
            self._quiet_bytes = 0
            self._stop_guess.set()
            self._wake.set()

    async def results(self) -> AsyncIterator[Heard]:
        while (heard := await self._results.get()) is not None:
            if isinstance(heard, Upstream):
                raise heard
            yield heard

    async def aclose(self) -> None:
        self._closed.set()
        self._stop_guess.set()
        await self._crew.aclose()
        self._results.put_nowait(None)

    def _remember(self, pcm: bytes) -> None:
        self._quiet_bytes += len(pcm)
        if self._last is not None and self._quiet_bytes >= self._bytes(_JOINED_GAP_SECONDS):
            self._last = None
        kept = self._bytes(_BEFORE_SECONDS if self._last is None else _JOINED_GAP_SECONDS)
        self._before.append(pcm)
        while sum(map(len, self._before)) - len(self._before[0]) >= kept:
            self._before.popleft()

    def _follows(self) -> Utterance | None:
        """The utterance that the next one may belong to."""
        last = self._last
        return last if last is not None and last.together_seconds < self._joined_seconds else None

    def _hear(self, utterance: Utterance) -> None:
        """Brings what was pushed to the model's rate; a tenth of a second at a time, because each time costs."""
        utterance.add(to_float(self._resampler.push(bytes(self._unheard))))
        self._unheard.clear()

    def _bytes(self, seconds: float) -> int:
        return round(seconds * self._sample_rate_hz) * SAMPLE_BYTES

    def _partial_is_due(self) -> bool:
        speaking = self._speaking
        return speaking is not None and speaking.speech_seconds >= self._next_partial_seconds and self._threads.idle

    async def _listen(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ended:
                await self._finish(self._ended.popleft())
            if self._speaking is not None and self._partial_is_due():
                await self._guess(self._speaking)

    async def _guess(self, utterance: Utterance) -> None:
        self._stop_guess.clear()
        at = utterance.speech_seconds
        text = spoken(await self._words(utterance, self._stop_guess.is_set), at)
        if utterance is not self._speaking:
            return
        self._next_partial_seconds = at + max(_PARTIAL_SECONDS, _PARTIAL_SHARE * at)
        if text and text != self._last_partial:
            self._last_partial = text
            self._results.put_nowait(Partial(text))

    async def _finish(self, utterance: Utterance) -> None:
        text = ""
        if utterance.speech_seconds >= SHORTEST_SPEECH_SECONDS:
            text = spoken(await self._words(utterance, self._closed.is_set), utterance.speech_seconds)
        together = await self._together(utterance)
        if together and not utterance.joins:
            text, together = together, ""
        utterance.said = bool(text)
        self._results.put_nowait(Final(text, utterance.seconds, self._language, together, utterance.joins))

    async def _together(self, utterance: Utterance) -> str:
        """The words of an utterance and of those it follows, heard as one; empty where it stands alone."""
        seconds = utterance.together_seconds
        if utterance.after is None or seconds > self._joined_seconds:
            utterance.after = None
            return ""
        text = spoken(await self._decode(utterance.together, self._closed.is_set), seconds)
        return "" if loops(text) else text

    async def _words(self, utterance: Utterance, cancelled: Callable[[], bool]) -> str:
        """All words so far: those of full pieces are kept, the rest is decoded anew."""
        while len(utterance.words) < len(utterance.pieces):
            words = await self._decode(utterance.pieces[len(utterance.words)], cancelled)
            if cancelled():
                return ""
            utterance.words.append(words)
        tail = await self._decode(utterance.tail, cancelled)
        return " ".join([*utterance.words, tail])

    async def _decode(self, samples: Samples, cancelled: Callable[[], bool]) -> str:
        return await self._threads.run(lambda: self._recogniser.transcribe(samples, self._language, cancelled))

    def _failed(self, error: BaseException) -> None:
        self._results.put_nowait(
            Upstream("The local recogniser failed.", provider="local", retryable=False, vendor_message=str(error))
        )
