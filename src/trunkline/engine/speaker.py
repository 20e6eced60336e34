"""The speaker: keeps the line's ring filled, and knows what was really played."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from trunkline.base.clock import Clock
from trunkline.base.tasks import Crew
from trunkline.engine.backdrop import Backdrop
from trunkline.engine.events import Event, SpeakingFailed, SpeakingFinished, SpeakingStarted, SpeakingStopped
from trunkline.engine.opening import Opening
from trunkline.engine.shelf import CallShelf
from trunkline.engine.studio import Studio
from trunkline.engine.utterance import Lexicon, Piece, Take, Utterance
from trunkline.ports.line import Line
from trunkline.ports.models import TtsSession

RING_LOW_SECONDS = 0.3
RING_FULL_SECONDS = 0.4
REST_SECONDS = 0.06
"""While the ring is well filled the line is asked this often only, not at every pass."""
BACKDROP_SECONDS, BACKDROP_LOW_SECONDS = 0.04, 0.02
"""No more than two packets of backdrop lie ahead, for words that begin wait for it; one while words are being made."""
CLOSED_SLACK_SECONDS = 0.04
"""A closed line says that nothing is buffered: no more is taken for played than time has passed, and this."""


@dataclass(slots=True, eq=False)
class _Stretch:
    """``count`` bytes of the ring, in which ``utterance`` is heard, or (None) only the backdrop."""

    utterance: Utterance | None
    count: int


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
        shelf: CallShelf | None = None,
        reserve: Opening[TtsSession] | None = None,
    ) -> None:
        self.line: Line | None = None
        self._tell = tell
        self._clock = clock
        self._bytes_per_second = sample_rate_hz * 2
        self._frame_bytes = sample_rate_hz // 50 * 2
        self._utterances: deque[Utterance] = deque()
        self._ring = bytearray()
        self._stretches: deque[_Stretch] = deque()
        self._backdrop: Backdrop | None = None
        self._concluded: int | None = None
        self._played_at = 0.0
        self._rests_until = 0.0
        self._out = b""
        self._studio = Studio(
            opening, lexicon, self._bytes_per_second, self._utterances, self._begin_at_once, crew, clock, shelf, reserve
        )

    # --- from the session

    def attach(self, line: Line) -> None:
        """The party answered: what is said goes onto this line."""
        self.line = line

    def background(self, loop: bytes | None, volume: float = 1.0, *, behind_words: bool = True) -> None:
        """From now on ``loop`` (PCM at the line's rate, begun anew) is heard between our words, and behind them unless
        it is to wait for them; ``volume`` is 0 to 1, as loud as speech. None ends it."""
        self._backdrop = Backdrop(loop, volume, behind_words=behind_words) if loop and volume > 0 else None

    def prepare(self, text: str) -> None:
        """Has ``text`` synthesised ahead and keeps it."""
        self._studio.prepare(text)

    def speak(self, number: int, text: str) -> None:
        """Appends ``text`` to utterance ``number``."""
        utterance = self._find(number)
        if utterance is None:
            utterance = Utterance(number, self._clock.monotonic())
            self._utterances.append(utterance)
        utterance.pieces.extend(Piece(take) for take in self._studio.takes(text))
        self._studio.now()
        self._begin_at_once()

    def voice(self, number: int, take: Take) -> None:
        """Plays sound that comes from elsewhere as utterance ``number``: ``take`` grows, and ``sound_came`` is told so."""
        utterance = Utterance(number, self._clock.monotonic(), [Piece(take)])
        self._utterances.append(utterance)
        self._begin_at_once()

    def sound_came(self) -> None:
        """Sound came from elsewhere."""
        self._begin_at_once()

    def knows(self, number: int) -> bool:
        """Whether utterance ``number`` is being said, or is to be."""
        return self._find(number) is not None

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
        heard, rest, broken, played_seconds = "", "", "", 0.0
        if utterance is not None:
            if utterance.written > utterance.played:
                self._flush()
            heard, rest = utterance.heard(self._bytes_per_second)
            broken = utterance.broken(self._bytes_per_second)
            played_seconds = utterance.played / self._bytes_per_second
            self._drop(utterance)
        self._tell(SpeakingStopped(number, heard, rest, self._clock.monotonic(), broken, played_seconds))

    def close(self) -> None:
        """The leg is gone: tells what was heard of the utterance that was being played."""
        now = self._clock.monotonic()
        if self.line is not None and self._ring:
            self._catch_up(self.line.buffered(), now)
        if self._utterances and self._utterances[0].written:
            first = self._utterances[0]
            heard, rest = first.heard(self._bytes_per_second)
            self._tell(SpeakingStopped(first.number, heard, rest, now))
        self._utterances.clear()
        self.line = None
        self._studio.close()

    # --- from the media pass

    def play(self, now: float, *, exact: bool = False) -> bytes:
        """Tops up the line's ring; returns the sound that is known to have gone out since (``exact``: until now)."""
        line = self.line
        if now < self._rests_until and not exact:
            return b""
        if line is None or not (self._ring or self._utterances or self._backdrop):
            return self._taken_out()
        left = line.buffered()
        self._catch_up(left, now)
        if left < RING_LOW_SECONDS * self._bytes_per_second:
            left = self._fill(line, left, now)
            if self._backdrop is not None:
                self._fill_up(line, left, self._backdrop)
        if self._utterances:
            self._conclude(now)
        self._rests_until = now + REST_SECONDS if self._may_rest(left) else now
        return self._taken_out()

    def _catch_up(self, left: int, now: float) -> None:
        """Takes for played what is no longer in the line, as far as time allows."""
        if (count := len(self._ring) - left) > 0:
            possible = int((now - self._played_at + CLOSED_SLACK_SECONDS) * self._bytes_per_second) // 2 * 2
            self._settle(min(count, possible))
        self._played_at = now

    def _taken_out(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def _may_rest(self, left: int) -> bool:
        """Whether neither the ring nor an utterance comes to its end soon."""
        if not self._utterances:
            return False
        first = self._utterances[0]
        return min(left, first.written - first.played) > 2 * REST_SECONDS * self._bytes_per_second

    def _begin_at_once(self) -> None:
        """Sound that breaks a silence does not wait for the next pass."""
        quiet = not any(stretch.utterance for stretch in self._stretches)
        if self.line is not None and quiet and self._utterances and not self._utterances[0].started:
            self._fill(self.line, self.line.buffered(), self._clock.monotonic())

    def _fill(self, line: Line, left: int, now: float) -> int:
        room = int(RING_FULL_SECONDS * self._bytes_per_second) - left
        for utterance in self._utterances:
            if room < self._frame_bytes:
                break
            sound = utterance.draw(room, self._frame_bytes)
            if sound:
                if self._backdrop is not None:
                    sound = self._backdrop.under(sound)
                taken = line.write(sound)
                self._written(utterance, sound, taken, now + left / self._bytes_per_second)
                left += taken
                room -= taken
            if not utterance.drawn:
                break
        return left

    def _fill_up(self, line: Line, left: int, backdrop: Backdrop) -> None:
        """Lays backdrop where no words are."""
        ahead = BACKDROP_LOW_SECONDS if self._utterances else BACKDROP_SECONDS
        missing = (int(ahead * self._bytes_per_second) - left) // self._frame_bytes * self._frame_bytes
        if missing > 0:
            sound = backdrop.alone(missing)
            taken = line.write(sound)
            backdrop.back(missing - taken, words=False)
            self._laid(None, sound[:taken])

    def _laid(self, utterance: Utterance | None, sound: bytes) -> None:
        self._ring += sound
        if self._stretches and self._stretches[-1].utterance is utterance:
            self._stretches[-1].count += len(sound)
        elif sound:
            self._stretches.append(_Stretch(utterance, len(sound)))

    def _written(self, utterance: Utterance, sound: bytes, taken: int, audible_at: float) -> None:
        self._laid(utterance, sound[:taken])
        self._studio.made_room()
        if taken < len(sound):
            utterance.take_back(len(sound) - taken)
            if self._backdrop is not None:
                self._backdrop.back(len(sound) - taken, words=True)
        if taken and not utterance.started:
            utterance.started = True
            self._tell(SpeakingStarted(utterance.number, audible_at, utterance.waited_seconds))

    def _settle(self, count: int) -> None:
        """``count`` bytes of the ring went out: credits them to their utterances."""
        self._out += self._ring[:count]
        del self._ring[:count]
        while count and self._stretches:
            stretch = self._stretches[0]
            step = min(count, stretch.count)
            stretch.count -= step
            count -= step
            if stretch.utterance is not None:
                stretch.utterance.play(step)
            if not stretch.count:
                self._stretches.popleft()

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
            self._tell(self._ended(utterance, now))

    def _ended(self, utterance: Utterance, now: float) -> SpeakingFinished | SpeakingStopped:
        if not utterance.short:
            return SpeakingFinished(utterance.number, now)
        heard, rest = utterance.heard(self._bytes_per_second)
        return SpeakingStopped(
            utterance.number, heard, rest, now, played_seconds=utterance.played / self._bytes_per_second
        )

    def _flush(self) -> None:
        """Drops what the line has not played; what it has played is settled first."""
        if self.line is None:
            return
        count = len(self._ring) - self.line.buffered()
        if count > 0:
            self._settle(count)
        self.line.flush()
        self._ring.clear()
        self._stretches.clear()
        self._rests_until = 0.0
        if self._backdrop is not None:
            self._fill_up(self.line, 0, self._backdrop)

    def _drop(self, utterance: Utterance) -> None:
        self._utterances.remove(utterance)
        self._studio.drop(utterance)

    def _find(self, number: int) -> Utterance | None:
        return next((utterance for utterance in self._utterances if utterance.number == number), None)
