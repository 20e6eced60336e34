"""The ear: gathers the party's words into a turn, and says when the turn is over."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from trunkline.domain.assistant import TurnTaking
from trunkline.domain.events import PartialHeard
from trunkline.domain.transcript import Role
from trunkline.engine.effects import JudgeTurn
from trunkline.engine.events import WordsFinal
from trunkline.engine.talk.desk import Desk, Timer
from trunkline.engine.turns import (
    LIKELY,
    PLAIN,
    Hold,
    Setting,
    asked_for,
    hold,
    is_whole_answer,
    likely_over,
    wait_seconds,
)

FINAL_WORDS_SECONDS = 8.0
"""A recogniser that gives no words fails after 3 s, and another hears it all again: until then guesses do not count."""
NOISE_SECONDS = 8.0
BEFORE_TURN_SECONDS = 0.3
LATE_WORDS_SECONDS = 10.0
PACE_MARGIN = 1.25
"""Who pauses again pauses about as long; a quarter more is waited."""
SLOW_PAUSES = 2
SECOND_LOOK_SECONDS = 0.4
"""What sounded unfinished is judged once more after so long a silence, which by itself says something."""
MISJUDGED_SECONDS = 1.5
"""Who speaks again so soon after a turn had probably not finished."""


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of the party that is over. ``wait`` is the silence that was configured for it, ``final_at`` when the
    recogniser's last word came."""

    text: str
    started_at: float
    ended_at: float
    final_at: float
    wait: float = 0.0
    role: Role = Role.USER


@dataclass(frozen=True, slots=True)
class _Words:
    """What ``finals`` of the recogniser's results came to."""

    text: str
    finals: int = 1


@dataclass(slots=True)
class _Turn:
    started_at: float
    ended_at: float | None = None
    words: list[_Words] = field(default_factory=list)
    fresh: bool = False
    partial: str = ""
    final_at: float | None = None
    awaiting: bool = False
    judged: float | None = None
    longest: float = 0.0
    barging: bool = False
    pauses: list[float] = field(default_factory=list)


class Ear:
    """What the party is saying. ``over`` is called with each turn that ended with words. ``gives_guesses``: the recogniser
    tells words before they are final.

    Who speaks word by word, with a pause after each, is waited for a little longer than those pauses, and so is who spoke
    on right after a turn that we had taken for finished. The next turns forget it by and by.
    """

    def __init__(self, desk: Desk, manners: TurnTaking, over: Callable[[Said], None]) -> None:
        self.speaking = False
        self.gives_guesses = False
        self._desk = desk
        self._manners = manners
        self._over = over
        self._turn: _Turn | None = None
        self._since: float | None = None
        self._until: float | None = None
        self._spoken_until: float | None = None
        self._settled = False
        self._asked = PLAIN
        self._pace = 0.0

    @property
    def engaged(self) -> bool:
        """Whether the party speaks, or paused and may go on, or words of theirs are still awaited."""
        return self._turn is not None

    @property
    def text(self) -> str:
        """The words of this turn so far."""
        turn = self._turn
        return "" if turn is None else " ".join(filter(None, (*(one.text for one in turn.words), turn.partial)))

    @property
    def guessing(self) -> bool:
        """Whether the newest words are only the recogniser's words so far."""
        return self._turn is not None and bool(self._turn.partial)

    @property
    def began_at(self) -> float:
        """When this turn began."""
        return self._desk.now if self._turn is None else self._turn.started_at

    @property
    def pausing(self) -> bool:
        """Whether the party is silent and every word of theirs is in."""
        turn = self._turn
        return not self.speaking and (turn is None or (turn.ended_at is not None and not self._words_missing(turn)))

    @property
    def lasted(self) -> float:
        """The seconds of the longest stretch of speech in this turn."""
        if self._turn is None:
            return 0.0
        running = self._desk.now - self._since if self.speaking and self._since is not None else 0.0
        return max(self._turn.longest, running)

    @property
    def likely_over(self) -> bool:
        """Whether the turn is probably over before its wait is: every word is in and nothing holds it open."""
        turn = self._turn
        if turn is None or turn.ended_at is None or self._words_missing(turn):
            return False
        return likely_over(self.text, turn.judged, self._setting(turn))

    def answers(self, asked: str) -> None:
        """What comes now follows these words of the assistant."""
        self._asked = asked_for(asked)

    def barged_in(self) -> None:
        """The assistant fell silent for this turn."""
        if self._turn is not None:
            self._turn.barging = True

    def speech_started(self, at: float) -> None:
        """Voice activity began."""
        self.speaking, self._settled, self._since = True, False, at
        if self._turn is None:
            if self._spoken_until is not None and at - self._spoken_until < MISJUDGED_SECONDS:
                self._pace = max(self._pace, (at - self._spoken_until) * PACE_MARGIN)
            self._turn = _Turn(started_at=at)
            self._desk.timer(Timer.NOISE, at + NOISE_SECONDS)
        turn = self._turn
        if turn.ended_at is not None:
            turn.pauses.append(at - turn.ended_at)
        turn.ended_at, turn.judged, turn.fresh = None, None, False
        self._desk.forget(Timer.TURN, Timer.WORDS, Timer.JUDGE)

    def speech_ended(self, at: float) -> None:
        """Voice activity ended: the wait for the end of the turn begins."""
        self.speaking, self._until = False, at
        self._desk.forget(Timer.NOISE)
        if self._turn is None:
            return
        if self._since is not None:
            self._turn.longest = max(self._turn.longest, at - self._since)
        self._turn.ended_at, self._turn.awaiting = at, True
        self._judge(self._turn)
        self._desk.timer(Timer.JUDGE, max(self._desk.now, at + SECOND_LOOK_SECONDS))

    def partial(self, text: str) -> None:
        """Words so far."""
        self.gives_guesses = self.gives_guesses or bool(text.strip())
        turn = self._open(text)
        if turn is None:
            return
        turn.partial = text.strip()
        self._desk.note(PartialHeard(self._desk.at(self._desk.now), Role.USER, self.text))

    def final(self, heard: WordsFinal) -> None:
        """Words that are settled; late ones count too, and open a turn of their own if they must.

        Words heard together with those before replace them, if those all stand in this turn: a turn that is over stays
        as it was.
        """
        turn = self._open(heard.text)
        if turn is None:
            return
        of_the_speech_before = turn.awaiting and turn.ended_at is None
        turn.partial, turn.awaiting = "", False
        if heard.text.strip():
            turn.words.append(_Words(heard.text.strip()))
            turn.fresh, turn.final_at = not of_the_speech_before, self._desk.now
        if heard.joins and heard.together.strip():
            _replace(turn.words, heard.together.strip(), heard.joins + bool(heard.text.strip()))

    def judged(self, probability: float) -> None:
        """The end-of-turn model's verdict on this pause; a later one takes the place of the first."""
        if self._turn is not None and self._turn.ended_at is not None:
            self._turn.judged = probability

    def judge_again(self) -> None:
        """The pause goes on: asks the end-of-turn model once more, where it took the turn for unfinished and that counts."""
        turn = self._turn
        if turn is None or turn.ended_at is None or turn.judged is None or turn.judged > LIKELY:
            return
        if hold(self.text, self._setting(turn)) is not Hold.FIRM:
            self._judge(turn)

    def review(self) -> None:
        """Reckons the wait anew from all that is known, and ends the turn when it is over."""
        turn = self._turn
        if turn is None or turn.ended_at is None:
            return
        nothing_said = not turn.awaiting and not turn.words
        at = turn.ended_at + self._wait(turn)
        if nothing_said or at <= self._desk.now:
            self.waited()
        else:
            self._desk.timer(Timer.TURN, at)
            if not self._words_missing(turn):
                self._desk.forget(Timer.WORDS)

    def waited(self) -> None:
        """The wait is over: the turn is too, unless its words are still to come."""
        turn = self._turn
        if turn is None or turn.ended_at is None:
            return
        self._desk.forget(Timer.TURN)
        if self._words_missing(turn):
            self._desk.timer(Timer.WORDS, max(self._desk.now, turn.ended_at + FINAL_WORDS_SECONDS))
        else:
            self.finish()

    def words_are_late(self) -> None:
        """The recogniser's bound passed: what is there has to do."""
        self._settled = bool(self.text)
        self.finish()

    def noise(self) -> None:
        """Nothing but noise for long: it shall not keep the assistant silent."""
        if self._turn is not None and not self.text:
            self._close()

    def finish(self) -> None:
        """Ends the turn now, with the words that are there."""
        turn, text = self._turn, self.text
        if turn is None:
            return
        wait = self._wait(turn)
        self._close()
        if text:
            ended_at = self._desk.now if turn.ended_at is None else turn.ended_at
            final_at = self._desk.now if turn.final_at is None else turn.final_at
            slow = len(turn.pauses) >= SLOW_PAUSES and hold(text, self._setting(turn)) is Hold.NONE
            self._pace = self._paced(turn) if slow else self._pace / 2
            self._spoken_until = ended_at
            self._over(Said(text, turn.started_at, ended_at, final_at, wait))

    def deafen(self) -> None:
        """The party is not listened to from now on; what was said until now is a turn."""
        self.speaking = False
        self.finish()

    def _open(self, text: str) -> _Turn | None:
        """The turn that words belong to: words without voice activity, or after the turn was given up, open one."""
        if self._turn is None and text.strip() and not self._settled:
            now = self._desk.now
            if self.speaking and self._since is not None:
                self._turn = _Turn(self._since, awaiting=True)
            elif self._since is not None and self._until is not None and now - self._until < LATE_WORDS_SECONDS:
                self._turn = _Turn(min(self._since, self._until), self._until, awaiting=True)
            else:
                self._turn = _Turn(now, now, awaiting=True)
        return self._turn

    def _judge(self, turn: _Turn) -> None:
        self._desk.do(JudgeTurn(self._desk.now - turn.started_at + BEFORE_TURN_SECONDS))

    def _wait(self, turn: _Turn) -> float:
        """The silence after which this turn is over."""
        wait = wait_seconds(self.text, turn.judged, self._manners, self._setting(turn))
        if is_whole_answer(self.text):
            return wait
        return max(wait, min(self._paced(turn), self._manners.endpointing_max_delay))

    def _paced(self, turn: _Turn) -> float:
        """A little more than the pauses that this party makes within a turn."""
        inner = max(turn.pauses) * PACE_MARGIN if len(turn.pauses) >= SLOW_PAUSES else 0.0
        return max(inner, self._pace)

    def _setting(self, turn: _Turn) -> Setting:
        return replace(self._asked, barging=turn.barging)

    def _words_missing(self, turn: _Turn) -> bool:
        return turn.awaiting and (bool(turn.partial) or not turn.fresh)

    def _close(self) -> None:
        self._turn = None
        self._desk.forget(Timer.TURN, Timer.WORDS, Timer.NOISE, Timer.JUDGE)


def _replace(words: list[_Words], together: str, finals: int) -> None:
    """Puts ``together`` in the place of the last ``finals``, if exactly those are there to be replaced."""
    kept, count = len(words), 0
    while kept and count < finals:
        kept -= 1
        count += words[kept].finals
    if count == finals:
        words[kept:] = [_Words(together, finals)]
