"""The listener: gives the party's sound to the recogniser, with the voice activity, and its words to the conversation."""

import asyncio
from collections.abc import Callable

from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine.events import Event, HearingFailed, SpeechEnded, SpeechStarted, WordsFinal, WordsPartial
from trunkline.engine.opening import TRIES, Opening, may_try_again, reading
from trunkline.ports.models import Final, Partial, SttStream

FINAL_SECONDS = 3.0
BEFORE_SPEECH_SECONDS = 0.3
KEPT_SECONDS = 8.0
_TRIM_SECONDS = 10.0


class _Memory:
    """The newest sound, and where in it the utterance begins that has no words yet."""

    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._trim_bytes = int(_TRIM_SECONDS * bytes_per_second)
        self._sound = bytearray()
        self._utterance_bytes: int | None = None

    def keep(self, pcm: bytes) -> None:
        self._sound += pcm
        if self._utterance_bytes is not None:
            self._utterance_bytes += len(pcm)
        if len(self._sound) > self._trim_bytes:
            del self._sound[: -int(KEPT_SECONDS * self._bytes_per_second)]

    def begin(self) -> None:
        self._utterance_bytes = int(BEFORE_SPEECH_SECONDS * self._bytes_per_second)

    def settle(self) -> None:
        self._utterance_bytes = None

    def clear(self) -> None:
        self.settle()
        self._sound.clear()

    def utterance(self) -> bytes:
        return b"" if self._utterance_bytes is None else bytes(self._sound[-self._utterance_bytes :])

    def last(self, seconds: float) -> bytes:
        return bytes(self._sound[-int(seconds * self._bytes_per_second) // 2 * 2 :])


class Listener:
    """One call's recogniser. It must give a Final within 3 s after speech ended; else it is opened once more and
    hears the last utterance again, and then it has failed for good. ``pauses`` counts beginnings and ends of speech."""

    def __init__(
        self, opening: Opening[SttStream], sample_rate_hz: int, tell: Callable[[Event], None], crew: Crew
    ) -> None:
        self.audio_seconds = 0.0
        self.on = False
        self.pauses = 0
        self._opening = opening
        self._tell = tell
        self._crew = crew
        self._stream: SttStream | None = None
        self._memory = _Memory(sample_rate_hz * 2)
        self._speaking = False
        self._late: asyncio.TimerHandle | None = None
        self._reader: asyncio.Task[None] | None = None
        self._failures = 0

    def begin(self) -> None:
        """Opens the recogniser and reads what it hears."""
        self._reader = self._crew.start(self._read(), "listener")

    def listen(self, on: bool) -> None:
        """Gives it the sound, or keeps the sound from it."""
        if self.on and not on:
            if self._speaking and self._stream is not None:
                self._stream.speech_ended()
            self._speaking = False
            self._memory.clear()
            self._disarm()
        self.on = on

    def hear(self, pcm: bytes) -> None:
        """The party's next sound."""
        if not self.on:
            return
        self._memory.keep(pcm)
        if self._stream is not None:
            self._stream.push(pcm)

    def speech(self, event: SpeechStarted | SpeechEnded) -> None:
        """What the voice activity detection found."""
        if not self.on or self._failures >= TRIES:
            return
        self._speaking = isinstance(event, SpeechStarted)
        self.pauses += 1
        self._disarm()
        if self._speaking:
            self._memory.begin()
            if self._stream is not None:
                self._stream.speech_started()
        else:
            if self._stream is not None:
                self._stream.speech_ended()
            self._late = asyncio.get_running_loop().call_later(FINAL_SECONDS, self._is_late)
        self._tell(event)

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""
        return self._memory.last(seconds)

    def close(self) -> None:
        """Hears no more."""
        self.on = False
        self._disarm()
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        while self._failures < TRIES:
            try:
                stream = await self._opening.get()
                self._start(stream)
                await self._follow(stream)
                raise Upstream("the recogniser closed", provider=self._opening.provider, retryable=True)
            except Upstream as error:
                self._stream = None
                self._failures += 1
                if not may_try_again(error, self._failures):
                    self._failures = TRIES
                    self._disarm()
                    self._tell(HearingFailed(error))
                    return
                await self._opening.renew()

    def _start(self, stream: SttStream) -> None:
        """Sets a fresh recogniser to where the call is: an utterance that has no words yet is heard again."""
        self._stream = stream
        utterance = self._memory.utterance()
        if not utterance:
            return
        stream.push(utterance)
        stream.speech_started()
        if not self._speaking:
            stream.speech_ended()

    async def _follow(self, stream: SttStream) -> None:
        async with reading(stream.results()) as results:
            async for heard in results:
                match heard:
                    case Partial(text):
                        self._tell(WordsPartial(text))
                    case Final(text, audio_seconds, _, together, joins):
                        self._failures = 0
                        self.audio_seconds += audio_seconds
                        self._disarm()
                        if not self._speaking:
                            self._memory.settle()
                        self._tell(WordsFinal(text, together, joins))

    def _is_late(self) -> None:
        """The Final did not come: the reader is started anew, which counts as a failure."""
        self._late = None
        if self._reader is not None:
            self._reader.cancel()
        self._stream = None
        self._failures += 1
        provider = self._opening.provider
        message = f"{provider} gave no words within {FINAL_SECONDS:g} s after speech ended"
        error = Upstream(message, provider=provider, retryable=True)
        if not may_try_again(error, self._failures):
            self._tell(HearingFailed(error))
            return
        self._late = asyncio.get_running_loop().call_later(FINAL_SECONDS, self._is_late)
        self._reader = self._crew.start(self._again(), "listener")

    async def _again(self) -> None:
        await self._opening.renew()
        await self._read()

    def _disarm(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
