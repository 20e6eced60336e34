"""The party of a call with a realtime model: their turns as the model tells them, and when they really began and ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.domain.events import PartialHeard
from trunkline.domain.transcript import Message, Role
from trunkline.engine.history import Entry, History
from trunkline.engine.talk.desk import Desk, Slot, Timer
from trunkline.engine.talk.ear import Said

WORDS_SECONDS = 5.0
"""So long after a turn its words are waited for; then those so far have to do."""
REPLY_SECONDS = 6.0
"""A reply that has not begun so long after a turn does not come by itself."""
AGAIN_SECONDS = 3.0
"""Who hears again what was said begins to hear it within so long."""
NEAR_SECONDS = 2.0
"""Our own voice activity so near to what the model told is of the same speech."""
REMEMBERED = 64
_SLACK = 0.001


@dataclass(slots=True, eq=False)
class _Turn:
    started_at: float
    slot: Slot
    entry: Entry
    item: str | None = None
    ended_at: float | None = None
    paused_at: float | None = None
    answered: bool = False
    told: bool = False

    @property
    def late_at(self) -> float | None:
        """When its words are late."""
        return None if self.paused_at is None else self.paused_at + WORDS_SECONDS


class Party:
    """Their turns. ``over`` is called once with each of which there are words, or which is being answered. ``speaking``: as
    the model hears it. ``due``: a turn is over and its reply has not begun."""

    def __init__(self, desk: Desk, history: History, over: Callable[[Said], None]) -> None:
        self.speaking = False
        self.due = False
        self._desk = desk
        self._history = history
        self._over = over
        self._turns: list[_Turn] = []
        self._heard_from: float | None = None
        self._heard_until: float | None = None
        self._unanswered = False
        self._paused_at: float | None = None
        self._settled: dict[str, None] = {}
        self._repeats = False

    # --- our own voice activity

    def sounds(self, at: float) -> None:
        """A sound of theirs begins."""
        self._heard_from, self._heard_until = at, None

    def silent(self, at: float) -> None:
        """It ends."""
        self._heard_until = at

    # --- what the model tells

    def began(self, at: float) -> None:
        """They begin to speak."""
        self.speaking, self.due = True, False
        self._desk.forget(Timer.REPLY)
        if all(turn.paused_at is not None for turn in self._turns):
            self._open(at)

    def overheard(self, *, speaking: bool) -> None:
        """They begin or end a turn that is not for the assistant."""
        self.speaking, self.due = speaking, False
        self._paused_at = None if speaking else self._desk.now

    def expects(self) -> bool:
        """A turn of theirs that was overheard is to be answered after all; says whether that happens by itself."""
        recently = self._paused_at is not None and self._desk.now < self._paused_at + REPLY_SECONDS
        if not recently and not self.speaking:
            return False
        self.due = not self.speaking
        self._unanswered = True
        self._desk.timer(Timer.REPLY, self._desk.now + REPLY_SECONDS)
        return True

    def paused(self, at: float) -> None:
        """Their turn is over; its reply is due."""
        self.speaking, self.due = False, True
        turn = next((one for one in self._turns if one.paused_at is None), None)
        if turn is not None:
            turn.paused_at, turn.ended_at = at, self._ended(turn, at)
            self._expect_words()
        self._desk.timer(Timer.REPLY, at + REPLY_SECONDS)

    def said(self, item: str, text: str, *, final: bool) -> None:
        """Words of one turn; where they are final and empty there is nothing to answer."""
        if item in self._settled:
            return
        turn = self._turn(item)
        turn.entry.content = text.strip()
        if not final:
            self._desk.note(PartialHeard(self._desk.at(self._desk.now), Role.USER, text.strip()))
            return
        self._settle(turn)
        if not turn.entry.content and not self.speaking:
            self.due = False

    def answered(self) -> None:
        """A reply to what they said begins."""
        if self.speaking:
            self.paused(self._desk.now)
        self.due = self._unanswered = self._repeats = False
        self._desk.forget(Timer.REPLY)
        for turn in self._turns:
            turn.answered = True
            self._tell(turn)

    # --- the rest

    def waited(self) -> None:
        """Words are late: those so far have to do."""
        for turn in [one for one in self._turns if one.late_at is not None and one.late_at <= self._desk.now + _SLACK]:
            self._settle(turn)
        self._expect_words()

    def ignored(self) -> bool:
        """No reply came for long; says whether there was anything to answer."""
        asked, self.due, self._unanswered = self._unanswered, False, False
        if self._repeats:
            self._settle_all()
        return asked

    def stop(self) -> None:
        """They are not heard any more; words of theirs may still come."""
        if self.speaking:
            self.paused(self._desk.now)
        self.due = False

    def leave(self) -> None:
        """No more words come."""
        self.stop()
        self._settle_all()
        self._settled.clear()

    def repeats(self, *, answer: bool) -> None:
        """Who heard them is gone, and another hears again what has no words yet: one turn waits for all of them. ``answer``:
        where nothing is heard, something is to be said all the same."""
        self.speaking, self.due = False, True
        self._unanswered, self._repeats = answer, True
        self._settled.clear()
        self._desk.forget(Timer.REPLY, Timer.WORDS)
        for turn in self._turns[1:]:
            self._merge(self._turns[0], turn)
        for turn in self._turns:
            turn.item = turn.ended_at = turn.paused_at = None
            turn.answered = False

    @property
    def repeated(self) -> Sequence[Entry]:
        """The turns that are heard again: their words so far are not for the model."""
        return [turn.entry for turn in self._turns] if self._repeats else ()

    def again(self) -> None:
        """The other one hears."""
        if self._repeats:
            self._desk.timer(Timer.REPLY, self._desk.now + AGAIN_SECONDS)

    def _merge(self, first: _Turn, other: _Turn) -> None:
        first.entry.content = f"{first.entry.content} {other.entry.content}".strip()
        other.entry.content = ""
        self._turns.remove(other)
        self._desk.fill(other.slot, None)

    def _settle_all(self) -> None:
        self._repeats = False
        for turn in tuple(self._turns):
            self._settle(turn)

    def _expect_words(self) -> None:
        late_at = min((one.late_at for one in self._turns if one.late_at is not None), default=None)
        if late_at is not None:
            self._desk.timer(Timer.WORDS, max(late_at, self._desk.now))

    def _open(self, at: float) -> _Turn:
        since, until = self._heard_from, self._heard_until
        near = since is not None and (self._repeats or until is None or at - until < NEAR_SECONDS)
        started_at = min(at, since) if near and since is not None else at
        turn = _Turn(started_at, self._desk.reserve(started_at), self._history.add("user", ""))
        self._turns.append(turn)
        return turn

    def _turn(self, item: str) -> _Turn:
        """The turn of these words: the one that has them, the oldest without any, or a new one."""
        known = next((one for one in self._turns if one.item == item), None)
        if known is None:
            known = next((one for one in self._turns if one.item is None), None) or self._open(self._desk.now)
            known.item = item
        return known

    def _ended(self, turn: _Turn, at: float) -> float:
        until = self._heard_until
        near = until is not None and turn.started_at <= until <= at and (self._repeats or at - until < NEAR_SECONDS)
        return until if near and until is not None else at

    def _settle(self, turn: _Turn) -> None:
        """The words of a turn are what they are."""
        self._turns.remove(turn)
        if turn.item is not None:
            self._settled[turn.item] = None
            if len(self._settled) > REMEMBERED:
                del self._settled[next(iter(self._settled))]
        text, now = turn.entry.content, self._desk.now
        ended_at = now if turn.ended_at is None else turn.ended_at
        times = self._desk.at(turn.started_at), self._desk.at(ended_at)
        self._desk.fill(turn.slot, Message(Role.USER, text, *times) if text else None)
        if text:
            self._tell(turn)
        if text and not turn.answered:
            self._unanswered = True
            self._desk.timer(Timer.REPLY, now + REPLY_SECONDS)

    def _tell(self, turn: _Turn) -> None:
        if not turn.told:
            turn.told = True
            now = self._desk.now
            ended_at = now if turn.ended_at is None else turn.ended_at
            paused_at = now if turn.paused_at is None else turn.paused_at
            self._over(Said(turn.entry.content, turn.started_at, ended_at, paused_at))
