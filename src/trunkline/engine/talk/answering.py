"""Words for a machine, at the moment it listens: after its beep, or after a pause where none comes."""

from collections.abc import Callable

from trunkline.engine.events import ToneHeard, ToneNoticed
from trunkline.engine.talk.desk import Desk
from trunkline.engine.talk.mouth import Mouth, Utterance

AFTER_BEEP_SECONDS = 0.3
"""A second beep may follow the first."""
RECENT_SECONDS = 1.5
LATE_BEEP_SECONDS = 3.0
"""A beep that early in our words was the one to wait for: they begin anew, once."""
_SLACK_SECONDS = 0.001


class Answering:
    """Waits for the beep, for ``pause_seconds`` of silence, or for ``patience_seconds`` in all; then says ``words``, which
    nothing interrupts. ``begins`` is called before, ``done`` when all of it was played."""

    def __init__(
        self,
        desk: Desk,
        mouth: Mouth,
        words: str,
        pause_seconds: float,
        patience_seconds: float,
        begins: Callable[[], None],
        done: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._mouth = mouth
        self._words = words
        self._pause_seconds = pause_seconds
        self._give_up_at = desk.now + patience_seconds
        self._begins = begins
        self._done = done
        self._after_beep_at: float | None = None
        self._speech: Utterance | None = None
        self._spoke = False
        self._sounding = False
        self._restarted = False

    def tone(self, event: ToneNoticed | ToneHeard) -> None:
        """A tone that may be a beep began, or is over: nothing is said into it."""
        self._sounding = isinstance(event, ToneNoticed)
        if isinstance(event, ToneHeard):
            self.beeped(event.at)

    def beeped(self, at: float) -> None:
        """A beep ended."""
        if self._spoke:
            self._beeped_late(at)
        elif self._desk.now - at < RECENT_SECONDS:
            self._after_beep_at = max(self._desk.now, at + AFTER_BEEP_SECONDS)

    def review(self, quiet_since: float | None) -> None:
        """Speaks when it is time. ``quiet_since``: when the machine fell silent, None while it speaks."""
        due = self.due_at(quiet_since)
        if due is None or self._desk.now + _SLACK_SECONDS < due:
            return
        if not self._spoke:
            self._begins()
        self._spoke, self._after_beep_at = True, None
        self._speech = self._mouth.say(self._words, interruptible=False)

    def due_at(self, quiet_since: float | None) -> float | None:
        """When to speak if nothing more is heard; None while we do, and afterwards."""
        if self._speech is not None or self._sounding:
            return None
        if self._spoke or self._after_beep_at is not None:
            return self._after_beep_at
        return self._give_up_at if quiet_since is None else min(self._give_up_at, quiet_since + self._pause_seconds)

    def spoken(self, utterance: Utterance, cut: bool) -> None:
        """Words of ours are over."""
        if utterance is self._speech:
            self._speech = None
            if not cut:
                self._done()

    def _beeped_late(self, at: float) -> None:
        speech = self._speech
        if self._restarted or speech is None or speech.started_at is None:
            return
        if at - speech.started_at <= LATE_BEEP_SECONDS:
            self._restarted, self._after_beep_at = True, max(self._desk.now, at + AFTER_BEEP_SECONDS)
            self._mouth.cut()
