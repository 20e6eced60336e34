"""The listener: gives the party's sound to the recogniser, with the voice activity, and its words to the conversation."""

import asyncio
from collections.abc import Callable

from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine.events import Event, HearingFailed, SpeechEnded, SpeechStarted, WordsFinal, WordsPartial
from trunkline.engine.heard import KEPT_SECONDS, Memory
from trunkline.engine.opening import Opened, Opening, Trial
from trunkline.engine.watching import reading
from trunkline.ports.models import CountsSeconds, Final, Heard, Partial, SttStream

__all__ = ["FINAL_SECONDS", "KEPT_SECONDS", "Listener"]

FINAL_SECONDS = 3.0
STEADY_SECONDS = 5.0
"""A recogniser that was open for so long had worked: that it closes now is the first failure again."""


class Listener:
    """One call's recogniser. It must give a Final within 3 s after speech ended; else another is opened, which hears again
    what has no words yet. ``pauses`` counts beginnings and ends of speech."""

    def __init__(
        self, opening: Opening[SttStream], sample_rate_hz: int, tell: Callable[[Event], None], crew: Crew
    ) -> None:
        self.on = False
        self.pauses = 0
        self._opening = opening
        self._tell = tell
        self._crew = crew
        self._stream: SttStream | None = None
        self._opened: Opened[SttStream] | None = None
        self._memory = Memory(sample_rate_hz * 2)
        self._speaking = False
        self._failed = False
        self._ended_at: float | None = None
        self._limit: asyncio.Timeout | None = None
        self._reader: asyncio.Task[None] | None = None
        self._now = asyncio.get_running_loop().time

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
            self._expect(None)
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
        if not self.on or self._failed:
            return
        self._speaking = isinstance(event, SpeechStarted)
        self.pauses += 1
        if self._speaking:
            self._memory.begin(pending=self._ended_at is not None)
            self._expect(None)
            if self._stream is not None:
                self._stream.speech_started()
        else:
            if self._stream is not None:
                self._stream.speech_ended()
            self._memory.end()
            self._expect(self._now())
        self._tell(event)

    def last(self, seconds: float) -> bytes:
        """The newest sound, up to ``seconds`` of it."""
        return self._memory.last(seconds)

    def book(self) -> None:
        """Books what the recogniser took since its last words."""
        if self._opened is not None and isinstance(self._opened.session, CountsSeconds):
            self._opening.used(self._opened.candidate, seconds=self._opened.session.settle())

    def close(self) -> None:
        """Hears no more."""
        self.on = False
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        trial = self._opening.trial()
        while True:
            opened_at = None
            try:
                opened = await trial.open()
                opened_at = self._now()
                await self._follow(trial, opened)
            except Upstream as error:
                self._stream = None
                if opened_at is not None and self._ended_at is None and self._now() - opened_at >= STEADY_SECONDS:
                    trial.begin_anew()
                waited = 0.0 if self._ended_at is None else self._now() - self._ended_at
                if not trial.goes_on(error, waited):
                    self._failed = True
                    self._tell(HearingFailed(trial.verdict(error)))
                    return

    async def _follow(self, trial: Trial[SttStream], opened: Opened[SttStream]) -> None:
        """Reads until the stream fails. Raises Upstream, always."""
        provider, self._opened = opened.candidate.provider, opened
        try:
            async with reading(opened.session.results()) as results, asyncio.timeout(None) as self._limit:
                self._start(opened.session)
                async for heard in results:
                    self._take(trial, opened, heard)
        except TimeoutError:
            message = f"{provider} gave no words within {FINAL_SECONDS:g} s after speech ended"
            raise Upstream(message, provider=provider, retryable=True) from None
        finally:
            self._limit = None
            self.book()
            self._opened = None
        raise Upstream("the recogniser closed", provider=provider, retryable=True)

    def _start(self, stream: SttStream) -> None:
        """Sets a fresh recogniser to where the call is: an utterance that has no words yet is heard again."""
        self._stream = stream
        pieces = self._memory.utterance()
        if not pieces:
            return
        before, *rest = pieces
        stream.push(before)
        stream.speech_started()
        for piece in rest:
            stream.push(piece)
        if not self._speaking:
            stream.speech_ended()
            self._limit_to(FINAL_SECONDS)

    def _take(self, trial: Trial[SttStream], opened: Opened[SttStream], heard: Heard) -> None:
        match heard:
            case Partial(text):
                self._tell(WordsPartial(text))
            case Final(text, audio_seconds, _, together, joins):
                if (
                    text.strip() or trial.smooth
                ):  # who failed on this speech and then hears nothing in it is not well again
                    trial.worked()
                    trial.begin_anew()
                self._opening.used(opened.candidate, seconds=audio_seconds)
                self._expect(None)
                self._memory.worded(speaking=self._speaking)
                self._tell(WordsFinal(text, together, joins))

    def _expect(self, ended_at: float | None) -> None:
        """Words are due since speech ended at ``ended_at``; with None none are."""
        self._ended_at = ended_at
        self._limit_to(None if ended_at is None else FINAL_SECONDS)

    def _limit_to(self, seconds: float | None) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(None if seconds is None else self._now() + seconds)
