"""What the other side says while nobody answers it: a greeting that is judged first, the words of a machine."""

from trunkline.domain.events import PartialHeard
from trunkline.domain.transcript import Role
from trunkline.engine.events import Event, SpeechEnded, SpeechStarted, WordsFinal, WordsPartial
from trunkline.engine.talk.desk import Desk
from trunkline.engine.talk.surface import AnyFloor


class Overheard:
    """Gathers their words, and when they began and ended."""

    def __init__(self, desk: Desk) -> None:
        self.speaking_since: float | None = None
        self.ended_at: float | None = None
        self.partial = ""
        self.awaiting = False
        self._desk = desk
        self._began_at: float | None = None
        self._said: list[str] = []

    def hear(self, event: Event) -> None:
        """Takes what is heard."""
        match event:
            case SpeechStarted(at):
                self.speaking_since = at
                self._began_at = at if self._began_at is None else self._began_at
            case SpeechEnded(at):
                self.speaking_since, self.ended_at, self.awaiting = None, at, True
            case WordsPartial(text):
                self.partial = text.strip()
                self._desk.note(PartialHeard(self._desk.at(self._desk.now), Role.USER, self.text))
            case WordsFinal(text):
                self.partial, self.awaiting = "", False
                self._said += [text.strip()] if text.strip() else []

    @property
    def text(self) -> str:
        """All words so far."""
        return " ".join([*self._said, *([self.partial] if self.partial else [])])

    @property
    def settled(self) -> str:
        """The words that are final."""
        return " ".join(self._said)

    @property
    def span(self) -> tuple[float, float]:
        """When they began and ended, or now."""
        now = self._desk.now
        ended = now if self.ended_at is None or self.speaking_since is not None else self.ended_at
        return min(ended, now if self._began_at is None else self._began_at), ended

    def clear(self) -> None:
        """What was said so far is told elsewhere."""
        self._said.clear()
        self._began_at = self.speaking_since

    def go_on(self, floor: AnyFloor) -> None:
        """What is being said right now becomes a turn."""
        floor.speech_started(self.span[0] if self.speaking_since is None else self.speaking_since)
        if self.partial:
            floor.partial(self.partial)
        if self.speaking_since is None and self.ended_at is not None:
            floor.speech_ended(self.ended_at)
