"""Whether somebody speaks to us: what of the voice activity is neither our echo nor somebody far fainter than the party."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from trunkline.engine.activity import START_PROBABILITY, WINDOW_SECONDS, Activity
from trunkline.engine.events import SpeechEnded, SpeechStarted

FAINT_SHARE = 10**-1.2
"""Sound more than 12 dB below the party's own speech is somebody else's, or an echo."""
CLEAR_SHARE = 10**-0.8
LOUD_SHARE = 0.8
"""Of the windows of a stretch of speech, that many are fainter than what is called its level."""
LEARNED_WINDOWS = 16
KEPT_WINDOWS = 60
FALL = 0.25
"""A stretch of speech that is fainter than those before brings the level down by this share of the difference, in dB."""
FAINT_WINDOWS = 11
"""After so long with nothing but faint sound (0.35 s) the party has stopped; words that trail off are shorter."""
UNHEARD_WINDOWS = round(3.0 / WINDOW_SECONDS)
"""Who speaks faintly for three seconds, while all others are silent, is the party after all."""
ECHO = 0.7
FAINT_ECHO, FAINT_DOUBT = 0.55, 0.4
"""Noise makes echo less alike; what is fainter than the party usually is may wait for better evidence."""
SURE_ECHO = 0.8
"""What is as loud as the party itself must be more alike: better that our echo stops us once than that they cannot."""
DOUBT = 0.5
DOUBT_WINDOWS = 6
"""So long (0.19 s) a sound that may be our echo is listened to before it counts; it would not interrupt us sooner."""
NEAR_WINDOWS = 2
NEAR_WINDOWS_OVER_US = 4
"""While we speak, more must be loud enough (windows within 8 dB of the party's level count twice): a lone peak of
somebody far away is nobody who interrupts us."""
STRANGER_SHARE = 10**-2.0
"""As long as the party has not spoken, sound more than 20 dB below our loudest does not interrupt us."""
WHISPER_SHARE = 4e-4
"""Below this share of our own loudness nobody is speaking to us."""
ECHO_MARGIN = 10**0.4
STRONGEST_ECHO = 10**-1.2
"""The echo learned is taken for no stronger than 12 dB below our loudest: somebody who speaks is louder."""
_CONFIRMATIONS = 2
_REACH_WINDOWS = 8
_LOUDER = 4.0


@dataclass(slots=True)
class Presence:
    """Voice activity of one call, without what is not meant for us.

    Two things are learned during the call, as mean squares: how loud the party speaks (until that is known nothing is too
    faint, but to interrupt us; it rises at once and falls slowly), and how loud our echo comes back beside our voice. A
    party that stays within 9 dB of before is always heard.
    """

    activity: Activity = field(default_factory=Activity)
    speaking: bool = False
    level: float | None = None
    _recent: list[float] = field(default_factory=list)
    _echoes: deque[float] = field(default_factory=lambda: deque(maxlen=5))
    _age: int = 0
    _near: int = 0
    _doubts: int = 0
    _since: float = 0.0
    _faint: int = 0
    _unheard: int = 0
    _near_at: float = 0.0

    @property
    def idle(self) -> bool:
        """Whether a window without speech changes nothing."""
        return self.activity.idle

    def step(
        self,
        probability: float,
        levels: Sequence[float],
        end_at: float,
        ours: float = 0.0,
        likeness: Callable[[], float] = lambda: 0.0,
    ) -> SpeechStarted | SpeechEnded | None:
        """Takes the next window. ``ours`` is how loud we were of late, ``likeness`` how much of it is in what we hear."""
        power = sum(levels) / len(levels)
        event = self.activity.step(probability, levels, end_at)
        if self.speaking:
            return self._while_speaking(event, probability, power, end_at, ours)
        if not self.activity.speaking:
            self._age = self._near = self._doubts = 0
            return None
        self._age += 1
        if not self._is_near(probability, power, end_at, ours) or self._may_be_echo(power, ours, likeness):
            return None
        self.speaking, self._faint, self._unheard, self._near_at = True, 0, 0, end_at
        self._recent.clear()
        self._learn(probability, power)
        return SpeechStarted(self._since)

    def forget(self) -> None:
        """Back to silence, with nothing told: nobody listens. What was learned stays."""
        self.activity.forget()
        self.speaking, self._age, self._near, self._doubts = False, 0, 0, 0

    def _while_speaking(
        self, event: SpeechStarted | SpeechEnded | None, probability: float, power: float, end_at: float, ours: float
    ) -> SpeechEnded | None:
        if isinstance(event, SpeechEnded):
            return self._ended(event.at)
        if power >= self._threshold(ours):
            self._faint, self._near_at = 0, end_at
        else:
            self._faint += 1
        self._learn(probability, power)
        return self._ended(self._near_at) if self._faint >= FAINT_WINDOWS else None

    def _ended(self, at: float) -> SpeechEnded:
        self.speaking, self._age, self._near, self._doubts = False, _REACH_WINDOWS, 0, 0
        found = self._loudness()
        if found is not None and self.level is not None and found < self.level:
            self.level *= (found / self.level) ** FALL
        return SpeechEnded(at)

    def _threshold(self, ours: float) -> float:
        party = ours * STRANGER_SHARE if self.level is None else self.level * FAINT_SHARE
        if not ours or len(self._echoes) < _CONFIRMATIONS:
            return party
        return max(party, ours * min(median(self._echoes), STRONGEST_ECHO) * ECHO_MARGIN)

    def _is_near(self, probability: float, power: float, end_at: float, ours: float) -> bool:
        """Whether enough of this sound is loud enough to be the party's."""
        if power >= self._threshold(ours):
            if not self._near:
                self._since = self._began_at(end_at)
            self._near += 2 if self._is_clear(power, ours) else 1
            return self._near >= (NEAR_WINDOWS_OVER_US if ours else min(NEAR_WINDOWS, self._age))
        self._near = max(0, self._near - 1)
        if ours < power * _LOUDER and probability >= START_PROBABILITY:
            self._unheard += 1
        if self._unheard < UNHEARD_WINDOWS:
            return False
        self.level, self._since = None, self._began_at(end_at)
        return True

    def _is_clear(self, power: float, ours: float) -> bool:
        """Whether it is as loud as only the party is."""
        return self.level is None or power >= max(self.level * CLEAR_SHARE, self._threshold(ours))

    def _began_at(self, end_at: float) -> float:
        early = self._age <= _REACH_WINDOWS
        return self.activity.first_loud if early else end_at - WINDOW_SECONDS

    def _may_be_echo(self, power: float, ours: float, likeness: Callable[[], float]) -> bool:
        """Whether it is our echo, or is so much like it that one has to hear more."""
        if not ours:
            return False
        alike = 1.0 if power < ours * WHISPER_SHARE else likeness()
        echo, doubt, patience = self._limits(power, ours)
        if alike > echo:
            if power >= ours * WHISPER_SHARE:
                self._echoes.append(power / ours)
            self.forget()
            return True
        self._doubts += 1
        return alike > doubt and self._doubts < patience

    def _limits(self, power: float, ours: float) -> tuple[float, float, int]:
        """How alike an echo is, how alike what may be one is, and how many windows long that is looked into."""
        if self.level is None:
            return ECHO, DOUBT, DOUBT_WINDOWS
        if self._is_clear(power, ours):
            return SURE_ECHO, DOUBT, DOUBT_WINDOWS // 2
        return FAINT_ECHO, FAINT_DOUBT, DOUBT_WINDOWS

    def _learn(self, probability: float, power: float) -> None:
        if probability < START_PROBABILITY:
            return
        self._recent.append(power)
        del self._recent[:-KEPT_WINDOWS]
        found = self._loudness()
        if found is not None and (self.level is None or found > self.level):
            self.level = found

    def _loudness(self) -> float | None:
        """How loud the newest speech is; None when there is too little of it."""
        count = len(self._recent)
        return sorted(self._recent)[math.ceil(LOUD_SHARE * count) - 1] if count >= LEARNED_WINDOWS else None
