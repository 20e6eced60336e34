"""The emulators' ears: a local recogniser (Silero and Moonshine tiny, English) in which all streams of the process share
the models. Time is counted in sound, so that sound which is pushed at once is heard as if it had come at its pace."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Self

import numpy as np

from trunkline.audio.frame import SAMPLE_BYTES, to_float
from trunkline.audio.resample import Resampler
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import Final
from trunkline.ports.vad import WINDOW_RATE_HZ, WINDOW_SAMPLES
from trunkline.providers.local.hearing import GatedStream, GatedStt
from trunkline.providers.local.moonshine import Moonshine
from trunkline.providers.local.silero import SileroVad

QUIET_SECONDS = 0.4
SPEECH_PROBABILITY = 0.5
_FRAME_SECONDS = 0.02
_CONFIG = SttConfig(provider="local")


@cache
def _recogniser() -> Moonshine:
    return Moonshine()


@cache
def _vad() -> SileroVad:
    return SileroVad()


@dataclass(frozen=True, slots=True)
class HeardWords:
    """What was heard of one utterance from its start to its end (seconds of the stream): so far, or finally.
    ``flushed`` is the last answer to one ``flush``; its text may be empty."""

    text: str
    final: bool
    start_seconds: float
    end_seconds: float
    flushed: bool = False


class Hearing:
    """The recogniser of one emulator. Its streams are to be closed, or end with it."""

    def __init__(self) -> None:
        self._stt = GatedStt(_recogniser)
        self._streams: set[HearingStream] = set()

    async def __aenter__(self) -> Self:
        await self._stt.warm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in tuple(self._streams):
            await stream.aclose()
        self._stt.close()

    async def open(
        self,
        rate_hz: int,
        *,
        quiet_seconds: float | None = QUIET_SECONDS,
        speech: Callable[[bool, float], object] | None = None,
    ) -> "HearingStream":
        """A stream of PCM at ``rate_hz``. An utterance ends after ``quiet_seconds`` without speech (None: only by
        ``flush``). ``speech`` is told at once when speech begins (True) and ends (False), and at which second."""
        quiet = math.inf if quiet_seconds is None else quiet_seconds
        stream = HearingStream(await self._stt.open(_CONFIG, rate_hz), rate_hz, quiet, speech, self._streams.discard)
        self._streams.add(stream)
        return stream


class HearingStream:
    """One party's sound. Iterate over it for the words; the iteration ends when it is closed."""

    def __init__(
        self,
        stream: GatedStream,
        rate_hz: int,
        quiet_seconds: float,
        speech: Callable[[bool, float], object] | None,
        closed: Callable[["HearingStream"], object],
    ) -> None:
        self.speaking = False
        self._stream = stream
        self._rate_hz = rate_hz
        self._quiet_seconds = quiet_seconds
        self._speech = speech
        self._closed = closed
        self._slot = np.array([_vad().take()], np.intp)
        self._to_vad = Resampler(rate_hz, WINDOW_RATE_HZ)
        self._window = np.zeros(0, np.float32)
        self._pushed_bytes = 0
        self._began_at = self._loud_at = 0.0
        self._awaited: deque[tuple[float, float, bool] | None] = deque()
        self._heard: asyncio.Queue[HeardWords | None] = asyncio.Queue()
        self._crew = Crew("hearing")
        self._crew.start(self._read())

    @property
    def seconds(self) -> float:
        """How much sound was pushed."""
        return self._pushed_bytes / (SAMPLE_BYTES * self._rate_hz)

    def push(self, pcm: bytes) -> None:
        """Takes the next sound, as much as there is."""
        step = round(_FRAME_SECONDS * self._rate_hz) * SAMPLE_BYTES
        for at in range(0, len(pcm), step):
            self._take(pcm[at : at + step])

    def flush(self) -> None:
        """Ends what is being said: whatever was pushed is all of it. One result that is ``flushed`` comes after it."""
        if self.speaking:
            self._end(flushed=True)
        elif self._awaited:
            self._awaited.append(None)
        else:
            self._mark()

    def clear(self) -> None:
        """Forgets what is being said; words of it that come are dropped."""
        if self.speaking:
            self.speaking = False
            self._stream.speech_ended()
            self._awaited.append((math.nan, math.nan, False))

    def __aiter__(self) -> AsyncIterator[HeardWords]:
        return self._results()

    async def aclose(self) -> None:
        """Hears no more."""
        if len(self._slot):
            _vad().give_back(int(self._slot[0]))
            self._slot = self._slot[:0]
        self._heard.put_nowait(None)
        try:
            await self._crew.aclose()
        finally:
            await self._stream.aclose()
        self._closed(self)

    async def _results(self) -> AsyncIterator[HeardWords]:
        while (heard := await self._heard.get()) is not None:
            yield heard

    def _take(self, pcm: bytes) -> None:
        if not len(self._slot):
            return
        self._stream.push(pcm)
        self._pushed_bytes += len(pcm)
        self._window = np.concatenate([self._window, to_float(self._to_vad.push(pcm))])
        while len(self._window) >= WINDOW_SAMPLES:
            window, self._window = self._window[:WINDOW_SAMPLES], self._window[WINDOW_SAMPLES:]
            self._judge(float(_vad().run(self._slot, window[None])[0]) > SPEECH_PROBABILITY)

    def _judge(self, loud: bool) -> None:
        if loud:
            self._loud_at = self.seconds
        if loud and not self.speaking:
            self.speaking = True
            self._began_at = max(0.0, self.seconds - WINDOW_SAMPLES / WINDOW_RATE_HZ)
            self._stream.speech_started()
            self._tell()
        elif self.speaking and self.seconds - self._loud_at >= self._quiet_seconds:
            self._end(flushed=False)

    def _end(self, *, flushed: bool) -> None:
        self.speaking = False
        self._awaited.append((self._began_at, self._loud_at, flushed))
        self._stream.speech_ended()
        self._tell()

    def _tell(self) -> None:
        if self._speech is not None:
            self._speech(self.speaking, self._began_at if self.speaking else self._loud_at)

    def _mark(self) -> None:
        self._heard.put_nowait(HeardWords("", True, self.seconds, self.seconds, flushed=True))

    async def _read(self) -> None:
        async for heard in self._stream.results():
            if not isinstance(heard, Final):
                if self.speaking:
                    self._heard.put_nowait(HeardWords(heard.text, False, self._began_at, self.seconds))
                continue
            span = self._awaited.popleft()
            if span is not None and not math.isnan(span[0]) and (heard.text or span[2]):
                self._heard.put_nowait(HeardWords(heard.text, True, *span))
            while self._awaited and self._awaited[0] is None:
                self._awaited.popleft()
                self._mark()
