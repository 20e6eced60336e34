"""The mouth: what the assistant says, one utterance after the other, and how much of it was heard."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from trunkline.domain.events import PartialHeard
from trunkline.domain.transcript import Role
from trunkline.engine.clauses import sentences
from trunkline.engine.effects import Prepare, Speak, SpeakEnd, StopSpeaking
from trunkline.engine.history import Entry, History
from trunkline.engine.talk.desk import Desk
from trunkline.engine.turns import spoken_seconds


class Voice(Enum):
    """How far an utterance is."""

    WAITING = "waiting"
    SENT = "sent"
    AUDIBLE = "audible"
    STOPPING = "stopping"
    PAUSED = "paused"
    CUTTING = "cutting"
    OVER = "over"


@dataclass(slots=True, eq=False)
class Utterance:
    """One thing the assistant says. Stopped and taken up again it has a new ``number``: ``before`` was heard under the
    numbers before, ``sent`` was given to the voice under this one, ``pieces`` are still to be given. ``broken`` is the word
    in which it stopped: it was heard, and is said again when it goes on. ``held``: it was kept back once already. ``reply``
    is the realtime model's reply whose sound it is; ``unfinished``: the model broke in its midst."""

    entry: Entry
    interruptible: bool = True
    opening: bool = False
    command_id: str | None = None
    complete: bool = True
    pieces: list[str] = field(default_factory=list)
    number: int = 0
    voice: Voice = Voice.WAITING
    before: str = ""
    broken: str = ""
    sent: str = ""
    held: bool = False
    started_at: float | None = None
    audible_at: float | None = None
    reply: int | None = None
    unfinished: bool = False
    played_seconds: float = 0.0

    @property
    def whole(self) -> str:
        """All its words, as far as they are known."""
        return _join(self.before, self.sent, *self.pieces)


class Mouth:
    """Speaks. ``over`` is called with each utterance that ended, and whether it was cut off."""

    def __init__(self, desk: Desk, history: History, over: Callable[[Utterance, bool], None]) -> None:
        self.live: Utterance | None = None
        self._desk = desk
        self._history = history
        self._over = over
        self._queue: deque[Utterance] = deque()
        self._numbers = 0

    @property
    def busy(self) -> bool:
        """Whether anything is being said or waits to be."""
        return self.live is not None or bool(self._queue)

    @property
    def unsettled(self) -> bool:
        """Whether it is open what was heard, or whether it goes on."""
        return self.live is not None and self.live.voice in (Voice.STOPPING, Voice.PAUSED, Voice.CUTTING)

    @property
    def yielding(self) -> bool:
        """Whether it stopped for the party and may still go on."""
        return self.live is not None and self.live.voice in (Voice.STOPPING, Voice.PAUSED)

    @property
    def heard(self) -> str:
        """What was heard of the live utterance until now, reckoned where it is not known."""
        live = self.live
        if live is None:
            return ""
        seconds = 0.0 if live.audible_at is None or live.number == 0 else self._desk.now - live.audible_at
        return _join(live.before, live.broken, _played(live.sent, seconds, self._speed))

    def say(
        self, text: str, *, interruptible: bool = True, opening: bool = False, command_id: str | None = None
    ) -> Utterance:
        """Queues fixed words."""
        entry = self._history.add("assistant", text)
        return self._queued(Utterance(entry, interruptible, opening, command_id, pieces=[text]))

    def open(self, text: str) -> Utterance:
        """Queues words that begin with ``text`` and of which more will come."""
        return self._queued(Utterance(self._history.add("assistant", text), complete=False, pieces=[text]))

    def add(self, utterance: Utterance, text: str) -> None:
        """More words for an open utterance; too late for one that is cut off."""
        if utterance.voice in (Voice.CUTTING, Voice.OVER):
            return
        utterance.pieces.append(text)
        utterance.entry.content = utterance.whole
        self._send(utterance)

    def close(self, utterance: Utterance) -> None:
        """No more words for it."""
        if not utterance.complete and utterance.voice is not Voice.CUTTING:
            utterance.complete = True
            if utterance is self.live and utterance.voice in (Voice.SENT, Voice.AUDIBLE):
                self._desk.do(SpeakEnd(utterance.number))

    def advance(self, *, clear: bool) -> None:
        """Starts what waits, if nothing is being said; only what cannot be interrupted starts when it is not clear."""
        if self.live is None and self._queue and (clear or not self._queue[0].interruptible):
            self._start(self._queue.popleft())

    def stop(self) -> None:
        """Falls silent, maybe to go on later."""
        if self.live is not None and self.live.voice in (Voice.SENT, Voice.AUDIBLE):
            self.live.voice = Voice.STOPPING
            self._desk.do(StopSpeaking(self.live.number))

    def hold_back(self) -> None:
        """Does not begin a reply while the party makes a sound; once for each, or noise could silence it for good."""
        live = self.live
        if live is None or live.voice is not Voice.SENT or live.held or live.opening or live.command_id is not None:
            return
        live.held = True
        self.stop()

    def get_ready(self) -> None:
        """Going on where it stopped becomes likely: what comes first is synthesised ahead."""
        if self.live is not None and self.live.voice is Voice.PAUSED and self.live.pieces:
            self._desk.do(Prepare(self.live.pieces[0]))

    def cut(self) -> None:
        """Falls silent for good: what is being said ends with what was heard of it."""
        self.stop()
        if self.live is None:
            return
        if self.live.voice is Voice.PAUSED:
            self._end(self.live, _join(self.live.before, self.live.broken), self._desk.now)
        else:
            self.live.voice = Voice.CUTTING

    def drop(self, *, also_commands: bool = False) -> bool:
        """Forgets what waits (but for commands), unheard; says whether there was any."""
        dropped = [one for one in self._queue if also_commands or one.command_id is None]
        for utterance in dropped:
            self._queue.remove(utterance)
            utterance.entry.content, utterance.voice = "", Voice.OVER
            self._over(utterance, True)
        return bool(dropped)

    def resume(self) -> None:
        """Goes on where it stopped."""
        if self.live is not None and self.live.voice is Voice.PAUSED:
            if self.live.complete and not self.live.pieces:
                self._end(self.live, self.live.before, self._desk.now)
            else:
                self._start(self.live)

    def started(self, number: int, at: float) -> None:
        """Its first sample was played."""
        live = self.live
        if live is None or live.number != number or live.voice not in (Voice.SENT, Voice.STOPPING, Voice.CUTTING):
            return
        live.audible_at = at
        live.started_at = at if live.started_at is None else live.started_at
        if live.voice is Voice.SENT:
            live.voice = Voice.AUDIBLE
            self._tell(live)

    def finished(self, number: int, at: float) -> None:
        """All of it was played."""
        if self.live is not None and self.live.number == number:
            self._end(self.live, self.live.whole, at)

    def stopped(
        self, number: int, heard: str, rest: str, at: float, broken: str = "", played_seconds: float = 0.0
    ) -> None:
        """It fell silent: ``heard`` was played under this number, up to the middle of its last word ``broken`` where
        there is one; ``rest`` was not."""
        live = self.live
        if live is None or live.number != number:
            return
        pausing = live.voice is Voice.STOPPING
        live.before, live.sent, live.number = _join(live.before, heard), "", 0
        live.played_seconds += played_seconds
        if pausing and broken and live.before.endswith(broken):
            live.before, live.broken = live.before.removesuffix(broken).rstrip(), broken
            rest = _join(broken, rest)
        live.pieces[:0] = sentences(rest)
        if pausing:
            live.voice = Voice.PAUSED
        else:
            self._end(live, live.before, at)

    def failed(self, number: int, heard: str) -> None:
        """The voice broke: it ends with what was heard."""
        if self.live is not None and self.live.number == number:
            self.live.voice = Voice.CUTTING
            self.live.complete = False
            self.stopped(number, heard, "", self._desk.now)

    def leave(self) -> None:
        """The line is gone: what was being said ends with what must have been heard by now, the rest is unheard."""
        if self.live is not None:
            self._end(self.live, self.heard, self._desk.now)
        self.drop(also_commands=True)

    def left_seconds(self) -> float:
        """How long all that is being said and waits will take, reckoned long rather than short."""
        total = sum(spoken_seconds(one.whole, self._speed) for one in self._queue)
        if self.live is not None:
            played = 0.0 if self.live.audible_at is None else self._desk.now - self.live.audible_at
            total += max(0.0, spoken_seconds(self.live.sent, self._speed) - played)
        return total

    @property
    def _speed(self) -> float:
        voice = self._desk.plan.assistant.tts_config
        return voice.speed if voice else 1.0

    def _queued(self, utterance: Utterance) -> Utterance:
        if self.busy:
            self._desk.do(Prepare(utterance.pieces[0]))
        self._queue.append(utterance)
        return utterance

    def _start(self, utterance: Utterance) -> None:
        self._numbers += 1
        utterance.number, utterance.voice, utterance.audible_at = self._numbers, Voice.SENT, None
        utterance.broken = ""
        self.live = utterance
        self._begin(utterance)

    def _begin(self, utterance: Utterance) -> None:
        self._send(utterance)
        if utterance.complete:
            self._desk.do(SpeakEnd(utterance.number))

    def _give(self, utterance: Utterance, piece: str) -> None:
        self._desk.do(Speak(utterance.number, piece))

    def _send(self, utterance: Utterance) -> None:
        if utterance is not self.live or utterance.voice not in (Voice.SENT, Voice.AUDIBLE):
            return
        for piece in utterance.pieces:
            self._give(utterance, piece)
        utterance.sent = _join(utterance.sent, *utterance.pieces)
        utterance.pieces.clear()
        if utterance.voice is Voice.AUDIBLE:
            self._tell(utterance)

    def _tell(self, utterance: Utterance) -> None:
        self._desk.note(PartialHeard(self._desk.at(self._desk.now), Role.ASSISTANT, utterance.whole))

    def _end(self, utterance: Utterance, heard: str, at: float) -> None:
        cut = len(heard) < len(utterance.whole) or not utterance.complete or utterance.unfinished
        utterance.complete, utterance.voice, utterance.entry.content = True, Voice.OVER, heard
        self.live = None
        self._report(utterance, at, cut=cut)
        self._over(utterance, cut)

    def _report(self, utterance: Utterance, at: float, *, cut: bool) -> None:
        if utterance.entry.content:
            started_at = at if utterance.started_at is None else utterance.started_at
            self._desk.message(Role.ASSISTANT, utterance.entry.content, started_at, at, interrupted=cut)


def _join(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip())


def _played(text: str, seconds: float, speed: float) -> str:
    """The whole words of ``text`` that fit into ``seconds``."""
    heard = ""
    for word in text.split():
        longer = _join(heard, word)
        if spoken_seconds(longer, speed) > seconds:
            break
        heard = longer
    return heard
