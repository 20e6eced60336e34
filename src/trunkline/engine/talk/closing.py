"""The end of a call: the one reason, the last words, and the moment to hang up."""

from trunkline.domain.call import EndReason
from trunkline.engine.effects import HangUp
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.mouth import Mouth
from trunkline.engine.talk.surface import AnyMind

GRACE_SECONDS = 2.0
FIRST_SOUND_SECONDS = 3.0


class Closing:
    """Ends the call. The first reason that we give is the one that counts, before whatever the line says."""

    def __init__(self, desk: Desk, mind: AnyMind, mouth: Mouth) -> None:
        self.reason: EndReason | None = None
        self.error: str | None = None
        self._desk = desk
        self._mind = mind
        self._mouth = mouth

    def begin(
        self, reason: EndReason, words: str | None = None, *, error: str | None = None, command_id: str | None = None
    ) -> None:
        """Says nothing new but ``words``, lets what is queued be played, then hangs up."""
        if self._desk.done or self._desk.stage is Stage.CLOSING:
            return
        self._give(reason, error)
        self._desk.stage = Stage.CLOSING
        if self._mouth.yielding:
            self._mouth.cut()
        self._mind.cancel()
        self._mind.owed = False
        if words:
            self._mouth.say(words, interruptible=False, command_id=command_id)
        self._desk.forget(Timer.BARGE_IN, Timer.RESUME, Timer.SILENCE, Timer.GOODBYE)
        self._desk.timer(
            Timer.LAST_WORDS, self._desk.now + self._mouth.left_seconds() + FIRST_SOUND_SECONDS + GRACE_SECONDS
        )

    def sounding(self) -> None:
        """Words are being played: from here on they get their length and a little more."""
        if self._desk.stage is Stage.CLOSING:
            self._desk.timer(Timer.LAST_WORDS, self._desk.now + self._mouth.left_seconds() + GRACE_SECONDS)

    def proceed(self, *, at_work: bool) -> None:
        """Hangs up once everything was played and nothing (a tool, keys) is at work."""
        if self._desk.stage is Stage.CLOSING and not self._mouth.busy and not at_work:
            self.hang_up()

    def hang_up(self, reason: EndReason | None = None, error: str | None = None) -> None:
        """Hangs up now, for ``reason`` or the one given before."""
        if self._desk.done:
            return
        if reason is not None:
            self._give(reason, error)
        self._mouth.cut()
        self._mind.cancel()
        self._mind.owed = False
        self._desk.do(HangUp())
        self._desk.stage = Stage.HUNG_UP

    def settle(self, reason: EndReason) -> None:
        """Gives the reason of a call whose line is gone."""
        self._give(reason, None)

    def _give(self, reason: EndReason, error: str | None) -> None:
        if self.reason is None:
            self.reason, self.error = reason, error
