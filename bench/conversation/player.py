"""The person at the far end: follows the steps of a case by what is heard of the assistant."""

from bench.conversation.script import Plan, Step, Then, When
from bench.conversation.voices import Sound
from bench.conversation.wire import Mark

SPURT_GAP_SECONDS = 0.4
"""After so long a quiet the assistant begins to speak anew."""
LONGEST_QUIET_WAIT_SECONDS = 16.0
LONGEST_SPEECH_WAIT_SECONDS = 14.0
GAVE_UP_SECONDS = 4.0
"""Whoever waits for the right moment in the assistant's speech goes on when it has been quiet for so long."""
END_QUIET_SECONDS = 1.2


class Player:
    """Gives the sound of each 20 ms. ``marks`` says which clip began with which frame."""

    def __init__(self, plan: Plan, now: float) -> None:
        self.marks: list[Mark] = []
        self.done = False
        self._plan = plan
        self._step = 0
        self._playing: list[Sound] = []
        self._ended: float | None = None
        self._waiting_since = now
        self._audible_at: float | None = None
        self._spurt_at: float | None = None
        self._frames = 0

    def heard(self, at: float) -> None:
        """A packet of the assistant with sound in it came."""
        if self._audible_at is None or at - self._audible_at > SPURT_GAP_SECONDS:
            self._spurt_at = at
        self._audible_at = at

    def frame(self, now: float) -> Sound | None:
        """The next 20 ms of speech, None where there is none."""
        if not self._playing:
            self._advance(now)
        self._frames += 1
        if not self._playing:
            return None
        sound = self._playing.pop()
        if not self._playing:
            self._ended = now
        return sound

    def _advance(self, now: float) -> None:
        if self._ended is not None:
            if not self._followed(self._plan.steps[self._step], self._ended, now):
                return
            self._next(now)
        if self._step == len(self._plan.steps):
            waited = now - self._waiting_since
            self.done = self._quiet(now) >= END_QUIET_SECONDS or waited > LONGEST_QUIET_WAIT_SECONDS
            return
        step = self._plan.steps[self._step]
        if self._ready(step, now):
            self.marks.append(Mark(self._step, step.clip, self._frames))
            self._playing = list(self._plan.clips[step.clip][::-1])
        elif self._hopeless(step, now):
            self.marks.append(Mark(self._step, step.clip, -1))
            self._next(now)

    def _next(self, now: float) -> None:
        self._step, self._ended, self._waiting_since = self._step + 1, None, now

    def _quiet(self, now: float) -> float:
        return 0.0 if self._audible_at is None else now - self._audible_at

    def _ready(self, step: Step, now: float) -> bool:
        if step.when is When.QUIET:
            return self._quiet(now) >= step.seconds or now - self._waiting_since > LONGEST_QUIET_WAIT_SECONDS
        speaking = self._spurt_at is not None and self._quiet(now) < SPURT_GAP_SECONDS
        return speaking and self._spurt_at is not None and now - self._spurt_at >= step.seconds

    def _hopeless(self, step: Step, now: float) -> bool:
        waited = now - self._waiting_since
        return step.when is When.SPEECH and (
            waited > LONGEST_SPEECH_WAIT_SECONDS or (waited > GAVE_UP_SECONDS and self._quiet(now) > GAVE_UP_SECONDS)
        )

    def _followed(self, step: Step, ended: float, now: float) -> bool:
        replied = self._spurt_at is not None and self._spurt_at > ended
        return (step.then is Then.REPLY and replied) or now - ended >= step.limit
