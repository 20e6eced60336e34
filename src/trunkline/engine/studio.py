"""The studio: has the words of one call synthesised, one text at a time, what is said now before what is prepared."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine.clauses import sentences
from trunkline.engine.opening import TRIES, Opening, may_try_again, watched
from trunkline.engine.shelf import CallShelf
from trunkline.engine.utterance import SECONDS_PER_CHARACTER, Lexicon, Take, Utterance, words_between
from trunkline.ports.models import TtsSession

FIRST_AUDIO_SECONDS = 3.0
NEXT_AUDIO_SECONDS = 3.0
AHEAD_SECONDS = 2.5
PREPARED_TEXTS = 16
TELLING_CHARACTERS = 20
"""A shorter text says little about the pace of a voice."""


class Studio:
    """Fills takes with sound. ``said`` is the speaker's queue, in whose order it works; ``first_sound`` is called when
    a take has its first sound. What is on the ``shelf`` is not asked for again. ``characters`` counts what the provider
    was given."""

    def __init__(
        self,
        opening: Opening[TtsSession],
        lexicon: Lexicon,
        bytes_per_second: int,
        said: deque[Utterance],
        first_sound: Callable[[], None],
        crew: Crew,
        clock: Clock,
        shelf: CallShelf | None = None,
    ) -> None:
        self.characters = 0
        self._opening = opening
        self._lexicon = lexicon
        self._bytes_per_second = bytes_per_second
        self._ahead_bytes = AHEAD_SECONDS * bytes_per_second
        self._seconds_per_character = SECONDS_PER_CHARACTER
        self._said = said
        self._first_sound = first_sound
        self._crew = crew
        self._clock = clock
        self._shelf = shelf
        self._prepared: OrderedDict[str, Take] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None
        self._current: Take | None = None
        self._room = asyncio.Event()

    def prepare(self, text: str) -> None:
        """Has ``text`` synthesised ahead and keeps it."""
        for part in sentences(text):
            if part not in self._prepared:
                self._prepared[part] = self._new(part, kept=True)
                if len(self._prepared) > PREPARED_TEXTS:
                    self._prepared.popitem(last=False)
        self.work_on()

    def takes(self, text: str) -> Sequence[Take]:
        """The takes of ``text``, sentence by sentence: prepared ones where there are, else new ones."""
        found = [self._prepared.get(part) for part in sentences(text)]
        return [
            self._new(part) if take is None or take.error is not None else take
            for part, take in zip(sentences(text), found, strict=True)
        ]

    def now(self) -> None:
        """Something more is to be said now."""
        if any(not piece.take.begun for utterance in self._said for piece in utterance.pieces):
            self._yield_to_speech()
        self.work_on()

    def drop(self, utterance: Utterance) -> None:
        """Nobody will hear the rest of this one."""
        if any(piece.take is self._current and not piece.take.kept for piece in utterance.pieces):
            self._restart()
        self.made_room()

    def made_room(self) -> None:
        """Sound was taken: there is room for more."""
        self._room.set()

    def close(self) -> None:
        """Stops what runs."""
        if self._worker is not None:
            self._worker.cancel()

    def work_on(self) -> None:
        """Goes on with what is to be synthesised, if it rests."""
        if (self._worker is None or self._worker.done()) and self._next_take() is not None:
            self._worker = self._crew.start(self._work(), "speaker")

    def _new(self, text: str, *, kept: bool = False) -> Take:
        """A take of ``text``, complete where it was on the shelf."""
        take = Take(text, kept=kept)
        sound = self._shelf.find(self._lexicon.spoken(text)) if self._shelf is not None else None
        if sound is not None:
            take.pcm += sound
            take.begun = take.done = True
            self._learn_pace(take)
        return take

    async def _work(self) -> None:
        while (take := self._next_take()) is not None:
            self._current = take
            await self._synthesise(take)
            if self._current is take:
                self._current = None

    def _next_take(self) -> Take | None:
        spoken = (piece.take for utterance in self._said for piece in utterance.pieces)
        waiting = (take for takes in (spoken, self._prepared.values()) for take in takes)
        return next((take for take in waiting if not take.begun), None)

    async def _synthesise(self, take: Take) -> None:
        take.begun = True
        take.seconds_per_character = self._seconds_per_character
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
                self._learn_pace(take)
                if attempt == 1 and self._shelf is not None:
                    self._shelf.keep(take.text, spoken, bytes(take.pcm))
                return

    def _learn_pace(self, take: Take) -> None:
        """How fast this voice speaks, by what it spoke last: what is still being synthesised is cut by it."""
        start, end = words_between(bytes(take.pcm))
        if len(take.text) >= TELLING_CHARACTERS and end > start:
            self._seconds_per_character = (end - start) / self._bytes_per_second / len(take.text)

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
                    self._first_sound()
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
        if take.kept or not self._said:
            return False
        ahead = sum(piece.ready for utterance in self._said for piece in utterance.pieces)
        return ahead > self._ahead_bytes

    def _yield_to_speech(self) -> None:
        """What is prepared for later waits while something is to be said now."""
        take = self._current
        if take is None or not take.kept or any(piece.take is take for said in self._said for piece in said.pieces):
            return
        take.begun = False
        take.pcm.clear()
        self._restart()

    def _restart(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._current = None
        self._worker = None
        self.work_on()
