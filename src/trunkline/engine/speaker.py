"""The speaker: has words synthesised ahead, keeps the line's ring filled, and knows what was really played."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine.clauses import sentences
from trunkline.engine.events import Event, SpeakingFailed, SpeakingFinished, SpeakingStarted, SpeakingStopped
from trunkline.engine.opening import TRIES, Opening, may_try_again, watched
from trunkline.engine.utterance import Lexicon, Piece, Take, Utterance
from trunkline.ports.line import Line
from trunkline.ports.models import TtsSession

FIRST_AUDIO_SECONDS = 3.0
NEXT_AUDIO_SECONDS = 3.0
AHEAD_SECONDS = 2.5
RING_LOW_SECONDS = 0.3
RING_FULL_SECONDS = 0.4
PREPARED_TEXTS = 16
CLOSED_SLACK_SECONDS = 0.04
"""A closed line says that nothing is buffered: no more is taken for played than time has passed, and this."""


class Speaker:
    """One call's voice. The media pass calls ``play``; everything else comes from the session."""

    def __init__(
        self,
        opening: Opening[TtsSession],
        lexicon: Lexicon,
        sample_rate_hz: int,
        tell: Callable[[Event], None],
        crew: Crew,
        clock: Clock,
    ) -> None:
        self.characters = 0
        self._opening = opening
        self._lexicon = lexicon
        self._tell = tell
        self._crew = crew
        self._clock = clock
        self.line: Line | None = None
        self._bytes_per_second = sample_rate_hz * 2
        self._frame_bytes = sample_rate_hz // 50 * 2
        self._utterances: deque[Utterance] = deque()
        self._ring = bytearray()
        self._prepared: OrderedDict[str, Take] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None
        self._current: Take | None = None
        self._room = asyncio.Event()
        self._concluded: int | None = None
        self._played_at = 0.0

    # --- from the session

    def attach(self, line: Line) -> None:
        """The party answered: what is said goes onto this line."""
        self.line = line

    def prepare(self, text: str) -> None:
        """Has ``text`` synthesised ahead and keeps it."""
        for part in sentences(text):
            if part not in self._prepared:
                self._prepared[part] = Take(part, kept=True)
                if len(self._prepared) > PREPARED_TEXTS:
                    self._prepared.popitem(last=False)
        self._work_on()

    def speak(self, number: int, text: str) -> None:
        """Appends ``text`` to utterance ``number``."""
        utterance = self._find(number)
        if utterance is None:
            utterance = Utterance(number, self._clock.monotonic())
            self._utterances.append(utterance)
        for part in sentences(text):
            take = self._prepared.get(part) or Take(part)
            if take.error is not None:
                take = Take(part)
            utterance.pieces.append(Piece(take))
            if not take.begun and self._current is not None and self._current.kept:
                self._yield_to_speech()
        self._work_on()
        self._begin_at_once()

    def end(self, number: int) -> None:
        """No more text for utterance ``number``."""
        utterance = self._find(number)
        if utterance is None:
            utterance = Utterance(number)
            self._utterances.append(utterance)
        utterance.complete = True

    def stop(self, number: int) -> None:
        """Silence now; SpeakingStopped tells what was heard (nothing more is told of one that just ended by itself)."""
        if number == self._concluded:
            return
        utterance = self._find(number)
        heard, rest = "", ""
        if utterance is not None:
            if utterance.written:
                self._flush()
            heard, rest = utterance.heard(self._bytes_per_second)
            self._drop(utterance)
        self._tell(SpeakingStopped(number, heard, rest, self._clock.monotonic()))

    def close(self) -> None:
        """The leg is gone: tells what was heard of the utterance that was being played."""
        if self._utterances and self._utterances[0].written:
            first = self._utterances[0]
            heard, rest = first.heard(self._bytes_per_second)
            self._tell(SpeakingStopped(first.number, heard, rest, self._clock.monotonic()))
        self._utterances.clear()
        self.line = None
        if self._worker is not None:
            self._worker.cancel()

    # --- from the media pass

    def play(self, now: float) -> bytes:
        """Tops up the line's ring; returns the sound that went out since the last pass."""
        line = self.line
        if line is None or not (self._ring or self._utterances):
            return b""
        left = line.buffered()
        out = b""
        if (count := len(self._ring) - left) > 0:
            possible = int((now - self._played_at + CLOSED_SLACK_SECONDS) * self._bytes_per_second) // 2 * 2
            out = self._settle(min(count, possible))
        self._played_at = now
        if left < RING_LOW_SECONDS * self._bytes_per_second:
            self._fill(line, left, now)
        if self._utterances:
            self._conclude(now)
        return out

    def _begin_at_once(self) -> None:
        """Sound that breaks a silence does not wait for the next pass."""
        if self.line is not None and not self._ring and self._utterances and not self._utterances[0].started:
            self._fill(self.line, self.line.buffered(), self._clock.monotonic())

    def _fill(self, line: Line, left: int, now: float) -> None:
        room = int(RING_FULL_SECONDS * self._bytes_per_second) - left
        for utterance in self._utterances:
            if room < self._frame_bytes:
                return
            sound = utterance.draw(room, self._frame_bytes)
            if sound:
                taken = line.write(sound)
                self._written(utterance, sound, taken, now + left / self._bytes_per_second)
                left += taken
                room -= taken
            if not utterance.drawn:
                return

    def _written(self, utterance: Utterance, sound: bytes, taken: int, audible_at: float) -> None:
        self._ring += sound[:taken]
        self._room.set()
        if taken < len(sound):
            utterance.take_back(len(sound) - taken)
        if taken and not utterance.started:
            utterance.started = True
            self._tell(SpeakingStarted(utterance.number, audible_at, utterance.waited_seconds))

    def _settle(self, count: int) -> bytes:
        """``count`` bytes of the ring went out: credits them to their utterances."""
        out = bytes(self._ring[:count])
        del self._ring[:count]
        for utterance in self._utterances:
            step = min(count, utterance.written - utterance.played)
            utterance.play(step)
            count -= step
        return out

    def _conclude(self, now: float) -> None:
        utterance = self._utterances[0]
        if utterance.played < utterance.written or not utterance.drawn:
            return
        failure = utterance.failure
        if failure is not None:
            heard, _ = utterance.heard(self._bytes_per_second)
            self._drop(utterance)
            self._concluded = utterance.number
            self._tell(SpeakingFailed(utterance.number, heard, failure))
        else:
            self._utterances.popleft()
            self._concluded = utterance.number
            self._tell(SpeakingFinished(utterance.number, now))

    def _flush(self) -> None:
        """Drops what the line has not played; what it has played is settled first."""
        if self.line is None:
            return
        count = len(self._ring) - self.line.buffered()
        if count > 0:
            self._settle(count)
        self.line.flush()
        self._ring.clear()

    # --- synthesis, one text at a time

    def _work_on(self) -> None:
        if (self._worker is None or self._worker.done()) and self._next_take() is not None:
            self._worker = self._crew.start(self._work(), "speaker")

    async def _work(self) -> None:
        while (take := self._next_take()) is not None:
            self._current = take
            await self._synthesise(take)
            if self._current is take:
                self._current = None

    def _next_take(self) -> Take | None:
        spoken = (piece.take for utterance in self._utterances for piece in utterance.pieces)
        waiting = (take for takes in (spoken, self._prepared.values()) for take in takes)
        return next((take for take in waiting if not take.begun), None)

    async def _synthesise(self, take: Take) -> None:
        take.begun = True
        spoken = self._lexicon.spoken(take.text)
        self.characters += len(spoken)
        for attempt in range(1, TRIES + 1):
            try:
                await self._stream(take, spoken)
            except Upstream as error:
                if not may_try_again(error, attempt):
                    take.error = error
                    return
                await self._opening.renew()
            else:
                take.done = True
                return

    async def _stream(self, take: Take, spoken: str) -> None:
        """Adds the sound of ``spoken`` to ``take``; a second try passes over what the first has given."""
        given = len(take.pcm)
        take.asked_at = self._clock.monotonic()
        session = await self._opening.get()
        async with watched(
            session.speak(spoken), FIRST_AUDIO_SECONDS, self._opening.provider, NEXT_AUDIO_SECONDS
        ) as watch:
            async for chunk in watch.stream:
                watch.fed()
                skipped = min(given, len(chunk))
                given -= skipped
                take.pcm += chunk[skipped:]
                if take.first_at is None:
                    take.first_at = self._clock.monotonic()
                    self._begin_at_once()
                if self._is_full(take):
                    watch.rest()
                    await self._wait_for_room(take)
                    watch.fed()
        if not take.pcm and any(char.isalnum() for char in spoken):
            raise Upstream(f"{self._opening.provider} gave no sound", provider=self._opening.provider, retryable=True)

    async def _wait_for_room(self, take: Take) -> None:
        while self._is_full(take):
            self._room.clear()
            await self._room.wait()

    def _is_full(self, take: Take) -> bool:
        if take.kept or not self._utterances:
            return False
        ahead = sum(piece.ready for utterance in self._utterances for piece in utterance.pieces)
        return ahead > AHEAD_SECONDS * self._bytes_per_second

    def _yield_to_speech(self) -> None:
        """What is prepared for later waits while something is to be said now."""
        take = self._current
        if take is None or any(piece.take is take for said in self._utterances for piece in said.pieces):
            return
        take.begun = False
        take.pcm.clear()
        self._restart()

    def _drop(self, utterance: Utterance) -> None:
        self._utterances.remove(utterance)
        if any(piece.take is self._current and not piece.take.kept for piece in utterance.pieces):
            self._restart()
        self._room.set()

    def _restart(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._current = None
        self._worker = None
        self._work_on()

    def _find(self, number: int) -> Utterance | None:
        return next((utterance for utterance in self._utterances if utterance.number == number), None)
