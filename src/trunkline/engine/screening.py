"""Who answered: a person or a machine, from the first words, their length and shape, and tones. It waits for nothing."""

from enum import StrEnum

from trunkline.audio.beep import may_be_beep
from trunkline.engine.events import Event, SpeechEnded, SpeechStarted, ToneHeard, WordsFinal, WordsPartial
from trunkline.engine.greetings.evidence import ENOUGH, Evidence, weigh

WAITING_SECONDS = 1.2
"""Nothing heard for so long after the answer: somebody waits for us to speak."""
WORDLESS_SECONDS = 2.0
"""Sound without a word until so long after the answer is no greeting."""
LONGEST_HOLD_SECONDS = 1.3
SHORT_SECONDS, LONG_SECONDS, ENDLESS_SECONDS = 2.5, 5.0, 10.0
SHORT_WORDS, ENDLESS_WORDS = 4, 16
AT_ONCE_SECONDS, SOON_SECONDS, LATER_SECONDS = 0.3, 0.6, 1.0
CONTESTED_SECONDS = 0.7
SAME_GREETING_SECONDS = 1.5
"""Who goes on so soon after a pause goes on with the greeting; later it is an answer to us."""
BEFORE_BEEP_SECONDS, AFTER_GREETING_SECONDS, LONE_BEEP_SECONDS, PICK_UP_SECONDS = 1.5, 6.0, 0.25, 1.0
INTERCEPT_GAP_SECONDS = 0.6
FAX_SECONDS = 1.5

_INTERCEPT_HZ = ((880.0, 1010.0), (1340.0, 1460.0), (1740.0, 1820.0))
_FAX_HZ = (2080.0, 2120.0)
_ASK_AFTER_SECONDS = (AT_ONCE_SECONDS, SOON_SECONDS, CONTESTED_SECONDS, LATER_SECONDS, LONGEST_HOLD_SECONDS)
_SLACK_SECONDS = 0.0005


class Verdict(StrEnum):
    """Who, or what, answered."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    SCREENER = "screener"
    IVR = "ivr"
    ANNOUNCEMENT = "announcement"


class Screening:
    """Decides on one party, from their answer at ``now`` on. ``language`` is two letters.

    HUMAN means: speak to them. It comes at the latest 1.3 s after they fell silent, 2 s after the answer where there is
    sound but no word, and 1.2 s after it where nothing is heard (without ``may_be_waiting``, because a robot went to
    fetch somebody: 2 s after a sound began, or not at all). It may still turn into a machine's verdict while it is
    asked on: a greeting that starts late or goes on after a pause, a beep. Once they take turns with us that takes twice
    the evidence.
    Where ``words_are_late``, because they come only after the speech that they are of, nobody is taken for a person for
    want of words while they speak.
    A machine's verdict is final.
    """

    def __init__(self, language: str, now: float, *, may_be_waiting: bool = True, words_are_late: bool = False) -> None:
        self.nobody = False
        """With ANNOUNCEMENT: the number leads to nobody, now and later; else they could only not be reached now."""
        self.full = False
        """With VOICEMAIL: it takes no message."""
        self._language = language[:2].lower()
        self._answered_at = now
        self._may_be_waiting = may_be_waiting
        self._words_are_late = words_are_late
        self._now = now
        self._finals: list[str] = []
        self._together = ""
        self._partial = ""
        self._awaiting = False
        self._evidence = Evidence()
        self._first_at: float | None = None
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._spoken_seconds = 0.0
        self._tones: list[ToneHeard] = []
        self._human = False
        self._spoke = False
        self._turns = False
        self._machine: Verdict | None = None

    @property
    def text(self) -> str:
        """What they said so far."""
        return " ".join(part for part in (*self._finals, self._partial) if part)

    @property
    def quiet_since(self) -> float | None:
        """When they fell silent; None while they speak, or have not spoken yet."""
        return None if self._speaking else self._ended_at

    @property
    def beep_at(self) -> float | None:
        """When the last tone that may be a beep ended."""
        beeps = [tone.at for tone in self._tones if may_be_beep(tone.frequency_hz)]
        return beeps[-1] if beeps else None

    def hear(self, event: Event, now: float) -> None:
        """Takes what is heard of them: speech, words and tones; other events change nothing."""
        self._now = max(now, self._now)
        match event:
            case SpeechStarted(at):
                self._turns = self._turns or (self._spoke and at - (self._ended_at or at) > SAME_GREETING_SECONDS)
                self._started_at = at
                self._first_at = at if self._first_at is None else self._first_at
            case SpeechEnded(at):
                self._over(at)
            case WordsPartial(text):
                self._partial = text.strip()
                self._weigh()
            case WordsFinal():
                self._final(event)
            case ToneHeard():
                self._tones.append(event)

    def verdict(self, now: float) -> Verdict | None:
        """The verdict at ``now``, None while it is open and they are to be heard out."""
        self._now = max(now, self._now)
        if self._machine is None:
            self._machine = self._machine_heard()
            self.full = self._machine is Verdict.VOICEMAIL and self._evidence.full
        if self._machine is None and not self._human:
            self._human = self._looks_human()
        if self._human and not self._spoke:
            self._spoke = bool(self.text) and not self._speaking and self._quiet_seconds >= self._patience()
        return self._machine or (Verdict.HUMAN if self._human else None)

    @property
    def due_at(self) -> float | None:
        """When to ask again though nothing is heard; None where time changes nothing."""
        if self._machine is not None:
            return None
        if self._started_at is not None:
            moments = [self._started_at + ENDLESS_SECONDS - self._spoken_seconds]
        elif self._ended_at is not None:
            moments = [self._ended_at + seconds for seconds in _ASK_AFTER_SECONDS]
        else:
            moments = [self._answered_at + WAITING_SECONDS] if self._may_be_waiting else []
        if self._wordless_until is not None:
            moments.append(self._wordless_until)
        moments += [tone.at + INTERCEPT_GAP_SECONDS for tone in self._tones[-1:]]
        return min((moment for moment in moments if moment > self._now + _SLACK_SECONDS), default=None)

    # --- what is known

    def _over(self, at: float) -> None:
        if self._started_at is not None:
            self._spoken_seconds += max(0.0, at - self._started_at)
            self._ended_at, self._awaiting = at, True
        self._started_at = None

    def _final(self, event: WordsFinal) -> None:
        self._partial, self._awaiting = "", False
        if event.text.strip():
            self._finals.append(event.text.strip())
        if event.joins and event.together.strip():
            self._together = event.together.strip()
        if not self.text and self._started_at is None:
            self._ended_at, self._spoken_seconds = None, 0.0  # a cough, a click: nothing was said yet
        self._weigh()

    def _weigh(self) -> None:
        apart = weigh(self.text, self._language)
        joined = weigh(self._together, self._language) if self._together else apart
        self._evidence = apart if apart.machine >= joined.machine else joined

    @property
    def _speaking(self) -> bool:
        return self._started_at is not None

    @property
    def _quiet_seconds(self) -> float:
        """For how long they have been silent, after they spoke."""
        if self._speaking or self._ended_at is None:
            return 0.0
        return self._now + _SLACK_SECONDS - self._ended_at

    @property
    def _voiced_seconds(self) -> float:
        return self._spoken_seconds + (self._now - self._started_at if self._started_at is not None else 0.0)

    @property
    def _wordless_until(self) -> float | None:
        """How long sound is listened to for its first word: whoever is there is silent since the answer."""
        if self._first_at is None or self.text:
            return None
        if self._words_are_late:
            return self._first_at + ENDLESS_SECONDS
        return (self._answered_at if self._may_be_waiting else self._first_at) + WORDLESS_SECONDS

    # --- machines

    def _machine_heard(self) -> Verdict | None:
        if self._intercepted() or self._is_fax():
            self.nobody = True
            return Verdict.ANNOUNCEMENT
        return self._said() or self._beeped() or self._endless()

    def _said(self) -> Verdict | None:
        """What the words say: at once where they say one thing only, after a pause where they say several."""
        evidence, quiet = self._evidence, self._quiet_seconds
        verdict, weight = self._likeliest()
        if weight < (2 * ENOUGH if self._turns else ENOUGH) or evidence.human >= weight:
            return None
        others = evidence.human, evidence.voicemail, evidence.screener, evidence.menu
        rivals = sum(other > 0 for other in (*others, evidence.unallocated + evidence.unreachable)) > 1
        hints_only = weight == ENOUGH and self._voiced_seconds < SHORT_SECONDS
        if (rivals or hints_only) and quiet < CONTESTED_SECONDS and self._voiced_seconds < ENDLESS_SECONDS:
            return None
        if verdict is Verdict.ANNOUNCEMENT:
            self.nobody = evidence.unallocated >= ENOUGH
            if not self.nobody and quiet < LATER_SECONDS:  # "... please leave a message" may follow
                return None
        return verdict

    def _likeliest(self) -> tuple[Verdict, int]:
        evidence = self._evidence
        announced = max(evidence.unallocated, evidence.unreachable)
        if evidence.message and evidence.unallocated < ENOUGH:
            announced = 0
        ranked = (
            (Verdict.SCREENER, evidence.screener),
            (Verdict.ANNOUNCEMENT, announced),
            (Verdict.VOICEMAIL, evidence.voicemail),
            (Verdict.IVR, evidence.menu),
        )
        return max(ranked, key=lambda one: one[1])

    def _endless(self) -> Verdict | None:
        """Nobody who picks up a phone talks on and on."""
        evidence = self._evidence
        enough = self._voiced_seconds + _SLACK_SECONDS >= ENDLESS_SECONDS and evidence.words >= ENDLESS_WORDS
        if not enough or evidence.human or self._turns:
            return None
        return Verdict.IVR if evidence.menu > evidence.voicemail else Verdict.VOICEMAIL

    # --- tones

    def _beeped(self) -> Verdict | None:
        """A beep after a greeting, or after no word at all."""
        if not self._tones or self._evidence.human or (self._spoke and not self._evidence.machine):
            return None
        tone = self._tones[-1]
        began = tone.at - tone.seconds
        if not may_be_beep(tone.frequency_hz):
            return None
        if self.text:
            recent = self._ended_at is None or began - self._ended_at < AFTER_GREETING_SECONDS
            return Verdict.VOICEMAIL if self._voiced_seconds >= BEFORE_BEEP_SECONDS and recent else None
        lone = tone.seconds >= LONE_BEEP_SECONDS and began - self._answered_at >= PICK_UP_SECONDS
        return Verdict.VOICEMAIL if lone and self._now + _SLACK_SECONDS >= tone.at + INTERCEPT_GAP_SECONDS else None

    def _intercepted(self) -> bool:
        """The three rising tones before a carrier's announcement (ITU-T E.180: special information tone)."""
        last = self._tones[-len(_INTERCEPT_HZ) :]
        if len(last) < len(_INTERCEPT_HZ) or last[-1].at - last[0].at > 2 * INTERCEPT_GAP_SECONDS:
            return False
        bands = zip(last, _INTERCEPT_HZ, strict=True)
        return all(low <= tone.frequency_hz <= high for tone, (low, high) in bands)

    def _is_fax(self) -> bool:
        """The answer tone of fax machines and modems (ITU-T V.25)."""
        long = [tone for tone in self._tones if tone.seconds >= FAX_SECONDS]
        return any(_FAX_HZ[0] <= tone.frequency_hz <= _FAX_HZ[1] for tone in long)

    # --- people

    def _looks_human(self) -> bool:
        if self._wordless_until is not None and self._now + _SLACK_SECONDS >= self._wordless_until:
            return True
        if self._started_at is not None:
            return False
        if self._ended_at is None:
            return self._may_be_waiting and self._now + _SLACK_SECONDS - self._answered_at >= WAITING_SECONDS
        return self._quiet_seconds >= self._patience()

    def _patience(self) -> float:
        """How long a silence says that they are done: the more it may be a machine, the longer."""
        evidence, seconds = self._evidence, self._voiced_seconds
        if self._awaiting or not self.text or evidence.machine:
            return LATER_SECONDS if evidence.human and not self._awaiting else LONGEST_HOLD_SECONDS
        asked = evidence.human or self.text.rstrip().endswith("?")
        if asked or (evidence.words <= SHORT_WORDS and seconds < SHORT_SECONDS):
            return AT_ONCE_SECONDS
        if seconds < SHORT_SECONDS:
            return SOON_SECONDS
        return LATER_SECONDS if seconds < LONG_SECONDS else LONGEST_HOLD_SECONDS
