"""Asking a caller's consent by keypad before anything of what they say is heard, used or kept."""

from collections.abc import Callable

from trunkline.domain.call import Direction, EndReason
from trunkline.domain.events import DigitPressed
from trunkline.domain.plan import CallPlan
from trunkline.domain.transcript import Role
from trunkline.engine.effects import Prepare
from trunkline.engine.prompt import language
from trunkline.engine.talk.closing import Closing
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.mouth import Mouth, Utterance

YES, NO = "1", "2"
PATIENCE_SECONDS = 10.0
TIMES = 2
AGREED = "The caller pressed 1: they agree that the call may be recorded."

QUESTIONS = {
    "en": "This call may be recorded. Press 1 to agree, or 2 to decline.",
    "nl": "Dit gesprek kan worden opgenomen. Druk op 1 als u akkoord gaat, of op 2 als u dat niet wilt.",
    "de": "Dieses Gespräch kann aufgezeichnet werden. Drücken Sie die 1, um zuzustimmen, oder die 2, um abzulehnen.",
    "fr": "Cet appel peut être enregistré. Appuyez sur 1 pour accepter, ou sur 2 pour refuser.",
    "es": "Esta llamada puede ser grabada. Pulse 1 para aceptar, o 2 para rechazar.",
    "it": "Questa chiamata può essere registrata. Prema 1 per accettare, o 2 per rifiutare.",
}


def question(plan: CallPlan) -> str | None:
    """What the caller is asked; None on calls on which nothing is."""
    consent = plan.assistant.recording_consent
    if plan.direction is not Direction.INBOUND or plan.refusal is not None or not consent.enabled:
        return None
    return (consent.message or "").strip() or QUESTIONS.get(language(plan), QUESTIONS["en"])


class Consent:
    """Between the answer and the talk: asks, at most twice, and waits for a key. ``agreed`` is called once, at key 1.

    Until then nothing is listened to and nothing recorded, because nobody has said that it shall.
    """

    def __init__(self, desk: Desk, mouth: Mouth, closing: Closing, agreed: Callable[[], None]) -> None:
        self._desk = desk
        self._mouth = mouth
        self._closing = closing
        self._agreed = agreed
        self._question = question(desk.plan)
        self._asked = 0

    @property
    def wanted(self) -> bool:
        """Whether the caller is to be asked."""
        return self._question is not None

    @property
    def pending(self) -> bool:
        """Whether the answer is still to come."""
        return self._desk.stage is Stage.CONSENT

    def prepare(self) -> None:
        """While it rings."""
        if self._question is not None:
            self._desk.do(Prepare(self._question))

    def begin(self) -> None:
        """The call is answered."""
        self._desk.stage = Stage.CONSENT
        self._ask()

    def review(self) -> None:
        """Speaks what waits to be spoken: in this stage nobody else does."""
        if self.pending:
            self._mouth.advance(clear=True)

    def press(self, digit: str) -> None:
        """A key, also while the question is spoken."""
        self._desk.note(DigitPressed(self._desk.at(self._desk.now), digit, "received"))
        if digit == YES:
            self._desk.forget(Timer.CONSENT)
            self._mouth.cut()
            self._desk.message(Role.SYSTEM, AGREED, self._desk.now, self._desk.now)
            self._desk.stage = Stage.TALKING
            self._agreed()
        elif digit == NO:
            self._closing.hang_up(EndReason.CONSENT_DECLINED)

    def spoken(self, _utterance: Utterance) -> None:
        """The question was spoken to its end: now they have their time."""
        if self.pending:
            self._desk.timer(Timer.CONSENT, self._desk.now + PATIENCE_SECONDS)

    def passed(self) -> None:
        """Nothing was pressed in that time."""
        if not self.pending:
            return
        if self._asked < TIMES:
            self._ask()
        else:
            self._closing.hang_up(EndReason.CONSENT_TIMEOUT)

    def _ask(self) -> None:
        if self._question is not None:
            self._asked += 1
            self._mouth.say(self._question, interruptible=False)
