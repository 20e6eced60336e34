"""The rules by which what a vendor tells, in whatever pieces, becomes one Final for each utterance that we noticed."""

from collections import deque
from dataclasses import dataclass, field

from trunkline.ports.models import Final, Heard, Partial

PATIENCE_SECONDS = 2.5
"""So long after the end of speech the vendor must have answered."""
GRACE_SECONDS = 0.4
"""So long a vendor that seems to have told all words is waited for, should one more come."""
SLACK_SECONDS = 0.5
STALE_SECONDS = 1.5
SHORT_SECONDS = 1.0
_EDGE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Guess:
    """Words that may still change; they come after all ``Words``. Empty: the vendor hears speech, its words will come."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that will not change. They were spoken from ``start`` on (seconds of the sound that was sent), and all that
    was sent before ``until`` is told; None where the vendor does not say."""

    text: str
    start: float | None = None
    until: float | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The vendor did what it was asked at the end of an utterance: the oldest that waits, or all that ended before
    ``until``."""

    until: float | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The vendor took all sound up to ``until``, which says that it lives."""

    until: float


@dataclass(frozen=True, slots=True)
class Billed:
    """The vendor says how much sound it took, in seconds, since it last said so."""

    seconds: float


Told = Guess | Words | Answered | Taken | Billed


class Unanswered(Exception):
    """The vendor said nothing at all after the end of an utterance."""


@dataclass(slots=True)
class _Utterance:
    words: list[str] = field(default_factory=list)
    guess: str = ""
    language: str | None = None
    heard_at: float = 0.0
    started_at: float = 0.0
    ended_at: float | None = None
    due: float = 0.0
    told_since: bool = False

    def seconds(self) -> float:
        """How long it lasted."""
        return (self.ended_at or 0.0) - self.started_at

    def text(self) -> str:
        """Its words, and those guessed after them."""
        return " ".join(part for part in (*self.words, self.guess) if part)


class Utterances:
    """What is being said and what is still to be answered. Positions are seconds of the sound that was sent; ``now`` is
    the clock's. ``position`` is kept by the owner; ``due`` says when ``expire`` is to be called."""

    def __init__(self) -> None:
        self.position = 0.0
        self._current = _Utterance()
        self._awaited: deque[_Utterance] = deque()
        self._speaking = False
        self._open = False
        self._covered: float | None = None
        self._billed: float | None = None
        self._told_seconds = 0.0
        self._ahead_seconds = 0.0
        self._guessed = ""
        self._unanswered = 0

    @property
    def due(self) -> float | None:
        """When the oldest utterance that waits is given up; None where none waits."""
        return self._awaited[0].due if self._awaited else None

    def started(self) -> None:
        """Speech began. Words that the vendor heard well before it are not of this utterance."""
        if not self._speaking:
            if self._current.heard_at < self.position - STALE_SECONDS:
                self._current = _Utterance()
            self._speaking = True
            self._current.started_at = self.position

    def ended(self, now: float) -> bool:
        """Speech ended; False where none had begun."""
        if not self._speaking:
            return False
        utterance, self._current = self._current, _Utterance()
        self._speaking = False
        utterance.ended_at = self.position
        utterance.due = now + (GRACE_SECONDS if self._settled(utterance) else PATIENCE_SECONDS)
        self._awaited.append(utterance)
        return True

    def take(self, told: Told, now: float) -> list[Heard]:
        """What there is to tell after the vendor told this."""
        match told:
            case Billed(seconds):
                self._billed = (self._billed or 0.0) + seconds
                return []
            case Taken(until):
                if self._awaited and until > self._end():
                    self._awaited[0].told_since = True
                return []
            case Guess(text):
                return self._guess(text)
            case Words(text, start, until, language):
                return self._words(text, start, until, language, now)
            case Answered(until):
                return self._answer(until)

    def expire(self, now: float) -> list[Heard]:
        """The oldest utterance was waited for long enough. Raises Unanswered where the vendor had nothing to say to it;
        a sound that is hardly a word may go unanswered once."""
        heard: list[Heard] = []
        while self._awaited and self._awaited[0].due <= now:
            oldest = self._awaited[0]
            if not oldest.told_since and not self._settled(oldest):
                self._unanswered += 1
                short = oldest.seconds() < SHORT_SECONDS and not oldest.text()
                if not short or self._unanswered > 1:
                    raise Unanswered
                heard.append(self._finish(answered=False))
            else:
                heard.append(self._finish())
        return heard

    def settle(self) -> float:
        """How much sound was sent of which nothing was told yet, here or with a Final."""
        seconds = max(0.0, self.position - self._told_seconds)
        self._told_seconds += seconds
        self._ahead_seconds += seconds
        return seconds

    def _counted(self) -> float:
        """What the sound of a Final was, by the vendor's count, if it has one."""
        if self._billed is None:
            seconds = self.position - self._told_seconds
        else:
            seconds = max(0.0, self._billed - self._ahead_seconds)
            self._ahead_seconds = max(0.0, self._ahead_seconds - self._billed)
            self._billed = 0.0
        self._told_seconds += seconds
        return seconds

    def _settled(self, utterance: _Utterance) -> bool:
        """Whether the vendor seems to have told all words of an utterance that ended."""
        if self._open:
            return False
        if self._covered is None:
            return False
        return self._covered >= (utterance.ended_at or 0.0) - SLACK_SECONDS

    def _guess(self, text: str) -> list[Heard]:
        self._open = True
        target = self._oldest()
        target.guess = text
        target.heard_at = self.position
        whole = target.text()
        if not text or whole == self._guessed or not (self._speaking or self._awaited):
            return []
        self._guessed = whole
        return [Partial(whole)]

    def _words(
        self, text: str, start: float | None, until: float | None, language: str | None, now: float
    ) -> list[Heard]:
        heard: list[Heard] = []
        while text and start is not None and self._awaited and start > self._end() + _EDGE_SECONDS:
            heard.append(self._finish())
        self._open = False
        self._covered = until if until is not None else self._covered
        target = self._oldest()
        target.guess = ""
        if text:
            target.words.append(text)
            target.heard_at = self.position
        target.language = language or target.language
        if self._awaited:
            self._told_late(target, until, now)
        if text and self._speaking and not self._awaited and target.text() != self._guessed:
            self._guessed = target.text()
            heard.append(Partial(self._guessed))
        return heard

    def _told_late(self, oldest: _Utterance, until: float | None, now: float) -> None:
        """Words came after the end of the utterance they belong to: soon they are all."""
        oldest.told_since = True
        if (until is None and oldest.words) or self._settled(oldest):
            oldest.due = min(oldest.due, now + GRACE_SECONDS)

    def _answer(self, until: float | None) -> list[Heard]:
        if until is None:
            return [self._finish()] if self._awaited else []
        heard: list[Heard] = []
        while self._awaited and self._end() <= until + _EDGE_SECONDS:
            heard.append(self._finish())
        return heard

    def _oldest(self) -> _Utterance:
        return self._awaited[0] if self._awaited else self._current

    def _end(self) -> float:
        return self._awaited[0].ended_at or 0.0

    def _finish(self, *, answered: bool = True) -> Final:
        self._unanswered = 0 if answered else self._unanswered
        utterance = self._awaited.popleft()
        self._guessed = ""
        return Final(utterance.text(), self._counted(), utterance.language)
