"""The studio: has the words of one call synthesised, one text at a time, what is said now before what is prepared."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from trunkline.base.clock import Clock
from trunkline.base.errors import Upstream
from trunkline.base.tasks import Crew
from trunkline.engine.clauses import sentences
from trunkline.engine.opening import Opened, Opening, Trial
from trunkline.engine.seam import seam
from trunkline.engine.shelf import CallShelf
from trunkline.engine.utterance import SECONDS_PER_CHARACTER, Lexicon, Take, Utterance, words_between
from trunkline.engine.watching import watched
from trunkline.ports.models import CountsCharacters, TtsSession

FIRST_AUDIO_SECONDS = 3.0
NEXT_AUDIO_SECONDS = 1.5
AHEAD_SECONDS = 2.5
PREPARED_TEXTS = 16
TELLING_CHARACTERS = 20
"""A shorter text says little about the pace of a voice."""
_RESERVE = -1


class Studio:
    """Fills takes with sound. ``said`` is the speaker's queue, in whose order it works; ``first_sound`` is called when
    a take has its first sound. What is on the ``shelf`` is not asked for again. Where a voice fails another goes on, after
    what was given to the line. When none is left, what is said from then on (an apology) is spoken by the ``reserve``."""

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
        reserve: Opening[TtsSession] | None = None,
    ) -> None:
        self._opening = opening
        self._reserve = reserve
        self._failure: Upstream | None = None
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
        self._voice = opening.current
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
        sound = self._shelf.find(self._lexicon.spoken(text), self._voice) if self._shelf is not None else None
        if sound is not None:
            take.pcm += sound
            take.begun = take.done = True
            take.voice = self._voice
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
        if self._failure is not None:
            take.error = self._failure
            return
        trial = self._opening.trial()
        while not take.done:
            try:
                await self._stream(take, trial)
            except Upstream as error:
                if not trial.goes_on(error):
                    take.error = trial.verdict(error)
                    self._give_up(take, take.error)
                    return
        if self._shelf is not None and trial.smooth:
            self._shelf.keep(take.text, self._lexicon.spoken(take.text), bytes(take.pcm), trial.number)

    def _give_up(self, take: Take, error: Upstream) -> None:
        """No voice is left; the party waits for none of them again."""
        if not any(piece.take is take for said in self._said for piece in said.pieces):
            return
        if self._reserve is None:
            self._failure = error
            return
        self._opening, self._reserve, self._shelf = self._reserve, None, None
        self._voice = _RESERVE
        self._prepared.clear()

    def _learn_pace(self, take: Take) -> None:
        """How fast this voice speaks, by what it spoke last: what is still being synthesised is cut by it."""
        start, end = words_between(bytes(take.pcm))
        if len(take.text) >= TELLING_CHARACTERS and end > start and not take.resumed_at:
            self._seconds_per_character = (end - start) / self._bytes_per_second / len(take.text)

    async def _stream(self, take: Take, trial: Trial[TtsSession]) -> None:
        """Adds the sound of ``take``; a second try of a voice passes over what the first has given, another voice goes on
        after it."""
        take.asked_at = self._clock.monotonic()
        opened = await trial.open()
        self._speak_with(self._number(trial), take)
        spoken = self._lexicon.spoken(take.text[take.resumed_at :])
        if any(char.isalnum() for char in spoken):
            await self._receive(take, trial, opened, spoken)
        take.done = True
        self._learn_pace(take)

    async def _receive(self, take: Take, trial: Trial[TtsSession], opened: Opened[TtsSession], spoken: str) -> None:
        provider, given, came = opened.candidate.provider, len(take.pcm) - take.resumed_bytes, False
        failed, heard_bytes = False, 0
        try:
            async with watched(opened.session.speak(spoken), trial.left_seconds, provider, NEXT_AUDIO_SECONDS) as watch:
                async for chunk in watch.stream:
                    watch.fed()
                    if not came:
                        trial.worked()
                    came = True
                    heard_bytes += len(chunk)
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
            if not came:
                raise Upstream(f"{provider} gave no sound", provider=provider, retryable=True)
        except Upstream:
            failed = True
            raise
        finally:
            self._book(opened, 0 if failed and not came else len(spoken), heard_bytes)

    def _number(self, trial: Trial[TtsSession]) -> int:
        return _RESERVE if self._voice == _RESERVE else trial.number

    def _speak_with(self, voice: int, take: Take) -> None:
        """``voice`` speaks from now on; what another has prepared is of no use, and what it began is gone on with."""
        if voice != self._voice:
            self._voice = voice
            self._seconds_per_character = SECONDS_PER_CHARACTER
            stale = [text for text, one in self._prepared.items() if one is not take and one.voice not in (None, voice)]
            for text in stale:
                del self._prepared[text]
        drawn = max((piece.taken for said in self._said for piece in said.pieces if piece.take is take), default=0)
        if take.voice not in (None, voice):
            text, pcm = take.text[take.resumed_at :], bytes(take.pcm[take.resumed_bytes :])
            kept, end = seam(
                text, pcm, max(0, drawn - take.resumed_bytes), take.seconds_per_character, self._bytes_per_second
            )
            take.resumed_bytes += kept
            take.resumed_at += end
            del take.pcm[take.resumed_bytes :]
        elif not drawn:
            take.pcm.clear()
        take.voice = voice
        take.seconds_per_character = self._seconds_per_character

    def _book(self, opened: Opened[TtsSession], characters: int, heard_bytes: int) -> None:
        """Books what was spoken and how long that took, by the vendor's own count of characters where it has one."""
        session = opened.session
        if isinstance(session, CountsCharacters):
            characters, opened.counted = session.billed_characters - opened.counted, session.billed_characters
        self._opening.used(opened.candidate, characters=characters, seconds=heard_bytes / self._bytes_per_second)

    async def _wait_for_room(self, take: Take) -> None:
        while self._is_full(take):
            self._room.clear()
            await self._room.wait()

    def _is_full(self, take: Take) -> bool:
        return not take.kept and self._ahead_of(take) > self._ahead_bytes

    def _ahead_of(self, take: Take) -> int:
        """How much sound is ready up to the end of ``take``; what comes after it cannot be played before."""
        ahead = 0
        for piece in (piece for utterance in self._said for piece in utterance.pieces):
            ahead += piece.ready
            if piece.take is take:
                return ahead
        return 0

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
