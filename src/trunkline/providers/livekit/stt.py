"""Recognisers by LiveKit's plugins: those with a stream, and those that take a whole utterance."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from livekit import rtc
from livekit.agents import stt

from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import SttConfig
from trunkline.ports.models import Final, Heard, SttStream
from trunkline.providers.livekit.ground import ONCE, Borrowed, Ground
from trunkline.providers.livekit.options import arguments
from trunkline.providers.livekit.plugins import Part
from trunkline.providers.livekit.utterances import Event, Utterances

_BEFORE_SPEECH_SECONDS = 0.3
_AT_ANY_RATE = frozenset({"deepgram", "elevenlabs"})
"""Plugins that are told the line's own rate; the others resample what they get."""
_FLUSHED = frozenset({"deepgram", "inworld"})
"""Plugins that give their words when flushed, though they do not say so. (Others end the session then.)"""


class LiveKitStt:
    """ports.models.Stt."""

    def __init__(self, part: Part, ground: Ground) -> None:
        self._part = part
        self._ground = ground

    async def open(self, config: SttConfig, sample_rate_hz: int) -> SttStream:
        rate = {"sample_rate": sample_rate_hz} if self._part.plugin in _AT_ANY_RATE else {}
        chosen: Mapping[str, Any] = arguments("stt", config, self._part.takes)
        borrowed = await Borrowed.open(self._part, self._ground, {**rate, **self._part.given, **chosen})
        if not borrowed.model.capabilities.streaming:
            return WholeUtterances(borrowed, sample_rate_hz)
        flushed = borrowed.model.capabilities.manual_flush or self._part.plugin in _FLUSHED
        try:
            return Streamed(borrowed, sample_rate_hz, flushed=flushed)
        except Upstream:
            await borrowed.aclose()
            raise


class Streamed:
    """ports.models.SttStream over a plugin's stream."""

    def __init__(self, borrowed: Borrowed, sample_rate_hz: int, *, flushed: bool) -> None:
        self._borrowed = borrowed
        self._rate_hz = sample_rate_hz
        self._flushed = flushed
        self._utterances = Utterances(borrowed.provider)
        self._queue: asyncio.Queue[Event | Upstream | None] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        self._crew = Crew(borrowed.provider)
        with borrowed.failures():
            self._stream = borrowed.run(borrowed.model.stream, conn_options=ONCE)
        self._crew.start(self._follow(), "words")

    def push(self, pcm: bytes) -> None:
        self._utterances.sound(len(pcm) / (2 * self._rate_hz))
        self._tell(lambda: self._stream.push_frame(_frame(pcm, self._rate_hz)))

    def speech_started(self) -> None:
        self._disarm()
        self._utterances.began()

    def speech_ended(self) -> None:
        seconds = self._utterances.ended()
        if self._flushed:
            self._tell(self._stream.flush)
        self._disarm()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._queue.put_nowait, Event("due"))

    async def results(self) -> AsyncIterator[Heard]:
        while (told := await self._queue.get()) is not None:
            if isinstance(told, Upstream):
                raise told
            for heard in self._utterances.handle(told):
                yield heard

    async def aclose(self) -> None:
        self._disarm()
        await self._crew.aclose()
        self._queue.put_nowait(None)
        try:
            with self._borrowed.failures():
                await self._stream.aclose()
        finally:
            await self._borrowed.aclose()

    def _tell(self, work: Any) -> None:
        """Tells the plugin something; one whose stream broke has said so in the results."""
        try:
            work()
        except RuntimeError:
            return

    async def _follow(self) -> None:
        try:
            with self._borrowed.failures():
                async for event in self._stream:
                    self._queue.put_nowait(_event(event))
            self._queue.put_nowait(None)
        except Upstream as error:
            self._queue.put_nowait(error)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class WholeUtterances:
    """ports.models.SttStream over a plugin without a stream: each utterance that our voice activity detection found is
    sent when it is over."""

    def __init__(self, borrowed: Borrowed, sample_rate_hz: int) -> None:
        self._borrowed = borrowed
        self._rate_hz = sample_rate_hz
        self._before = int(_BEFORE_SPEECH_SECONDS * sample_rate_hz) * 2
        self._sound = bytearray()
        self._speaking = False
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def push(self, pcm: bytes) -> None:
        self._sound += pcm
        if not self._speaking:
            del self._sound[: -self._before]

    def speech_started(self) -> None:
        self._speaking = True

    def speech_ended(self) -> None:
        if self._speaking:
            self._queue.put_nowait(bytes(self._sound))
            self._sound.clear()
        self._speaking = False

    async def results(self) -> AsyncIterator[Heard]:
        while (pcm := await self._queue.get()) is not None:
            with self._borrowed.failures():
                event = await asyncio.get_running_loop().create_task(
                    self._borrowed.run(
                        self._borrowed.model.recognize, buffer=[_frame(pcm, self._rate_hz)], conn_options=ONCE
                    )
                )
            words = event.alternatives[0] if event.alternatives else None
            seconds = len(pcm) / (2 * self._rate_hz)
            yield Final(words.text.strip() if words else "", seconds, str(words.language) or None if words else None)

    async def aclose(self) -> None:
        self._queue.put_nowait(None)
        await self._borrowed.aclose()


def _frame(pcm: bytes, rate_hz: int) -> rtc.AudioFrame:
    return rtc.AudioFrame(data=pcm, sample_rate=rate_hz, num_channels=1, samples_per_channel=len(pcm) // 2)


def _event(event: stt.SpeechEvent) -> Event:
    words = event.alternatives[0] if event.alternatives else None
    match event.type:
        case stt.SpeechEventType.FINAL_TRANSCRIPT:
            return Event("final", words.text if words else "", language=str(words.language) or None if words else None)
        case stt.SpeechEventType.INTERIM_TRANSCRIPT | stt.SpeechEventType.PREFLIGHT_TRANSCRIPT:
            return Event("partial", words.text if words else "")
        case stt.SpeechEventType.RECOGNITION_USAGE if event.recognition_usage is not None:
            return Event("usage", seconds=event.recognition_usage.audio_duration)
        case stt.SpeechEventType.END_OF_SPEECH:
            return Event("end")
        case _:
            return Event("other")
