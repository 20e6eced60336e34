"""The briefing: what the human who answered the second leg is told, and whether they take the call."""

from enum import Enum

from trunkline.domain.transcript import Role
from trunkline.engine import events
from trunkline.engine.agent_words import Answer, introduction, phrases, understand
from trunkline.engine.effects import Listen, Sniff, ToTarget
from trunkline.engine.screening import Screening, Verdict
from trunkline.engine.talk.desk import Desk, Timer
from trunkline.engine.talk.lines import Lines
from trunkline.engine.talk.summary import Summary
from trunkline.engine.turns import count_words

ANSWER_SECONDS = 15.0
LONGEST_SECONDS = 60.0
"""So long after the first question the briefing is over, whatever sounds there are."""
TAKE_KEY, DECLINE_KEY = "1", "2"
DECLINED = "whoever answered declined"

_MACHINES = {
    Verdict.VOICEMAIL: "a voicemail answered",
    Verdict.IVR: "a phone menu answered",
    Verdict.ANNOUNCEMENT: "an announcement answered",
}
_HEARING = (events.SpeechStarted, events.SpeechEnded, events.WordsPartial, events.WordsFinal, events.ToneHeard)


class Step(Enum):
    """How far it is."""

    HELLO = "hello"
    TELLING = "telling"
    ASKING = "asking"
    OVER = "over"


class Briefing:
    """One briefing. ``accepted`` and ``failure`` tell its outcome, once."""

    def __init__(self, desk: Desk, summary: Summary | None, language: str) -> None:
        self.accepted = False
        self.failure: str | None = None
        self._desk = desk
        self._language = language
        self._step = Step.HELLO
        self._lines = Lines(desk, summary)
        self._introduction = introduction(desk.plan, language)
        self._question = phrases(language).question
        self._screening = Screening(language, desk.now)
        self._asked = 0
        self._until = 0.0
        self._lines.prepare(self._introduction, self._question)

    def answered(self) -> None:
        """Somebody, or something, picked up."""
        self._screening = Screening(self._language, self._desk.now)
        self._desk.do(ToTarget(Listen(True)))
        self._desk.do(ToTarget(Sniff(True)))
        self.look()

    def handle(self, event: events.Event) -> None:
        """What happens on the second leg once it is answered."""
        match event:
            case events.DigitHeard(digit):
                self._pressed(digit)
            case events.SpeakingFailed(error=error):
                self._lines.handle(event)
                self._fail(f"the voice failed: {error.message}")
            case events.MediaLost():
                self._fail("no sound came from their line")
            case _ if isinstance(event, _HEARING):
                self._heard(event)
            case _:
                self._lines.handle(event)
                self._ask_if_all_is_said()

    def look(self) -> None:
        """Asks the screening who answered. A robot that screens calls is told what a human is told, and may let us in."""
        if self._step is Step.OVER:
            return
        verdict = self._screening.verdict(self._desk.now)
        if verdict in _MACHINES:
            self._fail(_MACHINES[verdict])
            return
        if verdict is not None and self._step is Step.HELLO:
            self._step = Step.TELLING
            self._lines.say(self._introduction, None, self._question)
        due_at = self._screening.due_at
        if due_at is not None:
            self._desk.timer(Timer.TARGET_SCREENING, due_at)

    def waited(self) -> None:
        """No answer came: asked once more, then given up."""
        if self._asked < 2 and self._desk.now < self._until:
            self._step = Step.TELLING
            self._lines.say(self._introduction, self._question)
        else:
            self._fail("whoever answered did not react")

    def summary_is_late(self) -> None:
        """Goes on without."""
        self._lines.waited()
        self._ask_if_all_is_said()

    def summed_up(self) -> None:
        """The summary is there, or will never be."""
        if self._step is Step.TELLING:
            self._lines.summed_up()
            self._ask_if_all_is_said()

    def stop(self) -> None:
        """Says no more: the legs are bridged, or the second one is given up."""
        self._step = Step.OVER
        self._lines.stop()
        self._desk.forget(Timer.TARGET, Timer.TARGET_SCREENING, Timer.SUMMARY)

    def close(self) -> None:
        """Nothing more is told of this leg."""
        self._lines.close()

    # --- what they do

    def _heard(self, event: events.Event) -> None:
        if self._step is Step.OVER:
            return
        self._screening.hear(event, self._desk.now)
        if isinstance(event, events.WordsFinal) and event.text.strip():
            said = f"The agent said: {event.text.strip()}"
            self._desk.message(Role.SYSTEM, said, self._desk.now, self._desk.now)
        if isinstance(event, events.SpeechStarted) and self._step is Step.ASKING:
            self._wait()
        asked = self._step is not Step.HELLO
        self.look()
        if asked and isinstance(event, events.WordsFinal) and count_words(event.text):
            self._answer(understand(event.text, self._language))

    def _answer(self, answer: Answer) -> None:
        """Once the question was asked, any words of a human but a refusal take the call, even while it is asked again;
        before it, those that leave no doubt."""
        asked = self._asked > 0
        if self._step is Step.OVER:
            return
        if answer is Answer.DECLINES:
            self._fail(DECLINED)
        elif (
            answer is Answer.TAKES_IT
            or (answer is Answer.AGREES and (asked or self._lines.at_the_last))
            or (asked and self._screening.verdict(self._desk.now) is Verdict.HUMAN)
        ):
            self._accept()

    def _pressed(self, digit: str) -> None:
        if self._step in (Step.HELLO, Step.OVER):
            return
        if digit == TAKE_KEY:
            self._accept()
        elif digit == DECLINE_KEY:
            self._fail(DECLINED)

    # --- how it goes on

    def _ask_if_all_is_said(self) -> None:
        if self._step is Step.TELLING and self._lines.over:
            self._step = Step.ASKING
            self._asked += 1
            if self._asked == 1:
                self._until = self._desk.now + LONGEST_SECONDS
            self._wait()

    def _wait(self) -> None:
        self._desk.timer(Timer.TARGET, max(self._desk.now, min(self._desk.now + ANSWER_SECONDS, self._until)))

    def _accept(self) -> None:
        self.accepted = True
        self.stop()

    def _fail(self, why: str) -> None:
        if self._step is not Step.OVER:
            self.failure = why
            self.stop()
