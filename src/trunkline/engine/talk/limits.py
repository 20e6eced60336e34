"""The limits of a call: silence, with or without checking in, and the longest duration."""

from trunkline.domain.call import EndReason
from trunkline.engine.talk.closing import Closing
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.mouth import Mouth
from trunkline.engine.wording import check_ins, last_words

GOODBYE_SECONDS = 10


class Silence:
    """Counts the time in which nobody speaks, and acts on it."""

    def __init__(self, desk: Desk, mouth: Mouth, closing: Closing) -> None:
        self._desk = desk
        self._mouth = mouth
        self._closing = closing
        self._attempts = 0
        self._counting = False

    def heard(self) -> None:
        """The party said something: the checks begin anew."""
        self._attempts = 0

    def review(self, quiet: bool) -> None:
        """Counts on while it is quiet, and from the start when it was not."""
        if not quiet:
            self._counting = False
            self._desk.forget(Timer.SILENCE)
        elif not self._counting:
            self._counting = True
            self._desk.timer(Timer.SILENCE, self._desk.now + self._patience())

    def passed(self) -> None:
        """The silence lasted."""
        self._counting = False
        assistant = self._desk.plan.assistant
        manners = assistant.speech_config.silence
        if not assistant.autonomous_silence_handling:
            self._closing.begin(EndReason.SILENCE_TIMEOUT)
        elif self._attempts < manners.max_attempts and manners.messages:
            messages = check_ins(self._desk.plan)
            self._mouth.say(messages[self._attempts % len(messages)])
            self._attempts += 1
        else:
            self._closing.begin(EndReason.SILENCE_TIMEOUT, last_words(self._desk.plan))

    def _patience(self) -> float:
        assistant = self._desk.plan.assistant
        manners = assistant.speech_config.silence
        if not assistant.autonomous_silence_handling:
            return assistant.silence_timeout_seconds
        return manners.first_check_seconds if self._attempts == 0 else manners.interval_seconds


class Duration:
    """Counts from the answer; rests in a hand-over."""

    def __init__(self, desk: Desk, closing: Closing) -> None:
        self._desk = desk
        self._closing = closing
        self._over = False

    def begin(self) -> None:
        """The party answered."""
        longest = self._desk.plan.assistant.max_duration_seconds
        self._desk.timer(Timer.LIMIT, self._desk.now + longest)
        if longest > GOODBYE_SECONDS:
            self._desk.timer(Timer.GOODBYE, self._desk.now + longest - GOODBYE_SECONDS)

    def passed(self) -> None:
        """The limit is reached."""
        self._over = True
        self.review()

    def review(self) -> None:
        """Ends a call that is over its limit, unless the party is being handed over."""
        if self._over and self._desk.stage not in (Stage.TRANSFERRING, Stage.BRIDGED):
            self._closing.hang_up(EndReason.MAX_DURATION)
