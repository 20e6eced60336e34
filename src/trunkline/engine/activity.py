"""When the party speaks: the detector's probabilities of one call made into a beginning and an end."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.engine.events import SpeechEnded, SpeechStarted

START_PROBABILITY = 0.5
END_PROBABILITY = 0.35
START_WINDOWS = 2
END_WINDOWS = 5
WINDOW_SECONDS = 0.032
STEPS = 4
STEP_SECONDS = WINDOW_SECONDS / STEPS

_ONSET_SHARE = 0.05
_TAIL_SHARE = 0.003


@dataclass(slots=True)
class Activity:
    """Speech begins with two windows in a row above 0.5 and ends with five in a row below 0.35 (160 ms).

    The times told are those of the first loud step of 8 ms and of the middle of the last, where sound ends on average,
    not those at which it was sure. ``levels`` are
    the mean squares of a window's four steps: the detector lingers after speech, the sound itself does not.
    """

    speaking: bool = False
    loud_windows: int = 0
    quiet_windows: int = 0
    first_loud: float = 0.0
    last_loud: float = 0.0
    peak: float = 0.0

    @property
    def idle(self) -> bool:
        """Whether a window without speech changes nothing."""
        return not self.speaking and not self.loud_windows

    def step(self, probability: float, levels: Sequence[float], end_at: float) -> SpeechStarted | SpeechEnded | None:
        """Takes the next window, whose last sample arrived at ``end_at``."""
        if self.speaking:
            return self._while_speaking(probability, levels, end_at)
        if probability < START_PROBABILITY:
            self.loud_windows = 0
            return None
        if self.loud_windows == 0:
            self.first_loud = _first_loud(levels, end_at)
            self.peak = 0.0
        self.loud_windows += 1
        self._follow(levels, end_at)
        if self.loud_windows < START_WINDOWS:
            return None
        self.speaking, self.quiet_windows = True, 0
        return SpeechStarted(self.first_loud)

    def forget(self) -> None:
        """Back to silence, with nothing told: what was loud was no speech of theirs, or nobody listens."""
        self.speaking, self.loud_windows, self.quiet_windows = False, 0, 0

    def _while_speaking(self, probability: float, levels: Sequence[float], end_at: float) -> SpeechEnded | None:
        if probability >= END_PROBABILITY:
            self.quiet_windows = 0
            self._follow(levels, end_at)
            return None
        self.quiet_windows += 1
        if self.quiet_windows < END_WINDOWS:
            return None
        self.forget()
        return SpeechEnded(self.last_loud)

    def _follow(self, levels: Sequence[float], end_at: float) -> None:
        self.peak = max(self.peak, *levels)
        for steps_left in range(STEPS):
            if levels[STEPS - 1 - steps_left] >= self.peak * _TAIL_SHARE:
                self.last_loud = end_at - (steps_left + 0.5) * STEP_SECONDS
                return


def _first_loud(levels: Sequence[float], end_at: float) -> float:
    threshold = max(levels) * _ONSET_SHARE
    first = next(index for index, level in enumerate(levels) if level >= threshold)
    return end_at - (STEPS - first) * STEP_SECONDS
