"""Finding out who answered before we speak, and what to do about a machine: leave a message, introduce ourselves, end."""

from collections.abc import Callable
from enum import Enum

from trunkline.audio.beep import may_be_beep
from trunkline.domain.assistant import REALTIME
from trunkline.domain.call import Direction, EndReason
from trunkline.domain.transcript import Role
from trunkline.engine.effects import Sniff
from trunkline.engine.events import Event, Ordered, ToneHeard, ToneNoticed
from trunkline.engine.greetings.evidence import weigh
from trunkline.engine.prompt import first_message, language
from trunkline.engine.screening import Screening, Verdict
from trunkline.engine.talk.answering import Answering
from trunkline.engine.talk.closing import Closing
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.ear import Said
from trunkline.engine.talk.introduction import introduction, is_thanks
from trunkline.engine.talk.mouth import Utterance
from trunkline.engine.talk.overheard import Overheard
from trunkline.engine.talk.surface import AnyFloor

WATCH_SECONDS, WATCHED_TURNS = 20.0, 2
AFTER_GREETING_SECONDS, LONGEST_GREETING_SECONDS = 1.5, 30.0
AFTER_PROMPT_SECONDS, LONGEST_PROMPT_SECONDS = 1.2, 10.0
FETCHING_SECONDS = 45.0
INTRODUCTIONS = 2

VOICEMAIL_NOTICE = "A voicemail answered the call."
SCREENER_NOTICE = "A call-screening robot answered the call; it is told who is calling and why."
ANNOUNCEMENT_NOTICE = "A recorded announcement answered the call."
MENU_NOTICE = (
    "A recorded menu or queue answered the call. Choose by pressing keys (send_dtmf) or by saying the choice; \
otherwise wait for a person."
)
MENU_OPENING = " When a person answers, begin with: {words}"


class Phase(Enum):
    """What is being waited for."""

    OFF = "off"
    HOLDING = "holding"
    WATCHING = "watching"
    VOICEMAIL = "voicemail"
    ROBOT = "robot"
    FETCHING = "fetching"


class Reception:
    """The beginning of an outbound call with ``voicemail_detection``.

    The first words are held back until a person is there (engine/screening.py says within which bounds), and taken back
    when a machine turns out to have answered. ``open_talk`` says the first words.
    """

    def __init__(self, desk: Desk, floor: AnyFloor, closing: Closing, open_talk: Callable[[], None]) -> None:
        self.phase = Phase.OFF
        self._desk = desk
        self._floor = floor
        self._closing = closing
        self._open_talk = open_talk
        self._screening = self._new_screening()
        self._overheard = Overheard(desk)
        self._orders: list[Ordered] = []
        self._until = 0.0
        self._turns = 0
        self._answering: Answering | None = None
        self._introductions = 0

    @property
    def wanted(self) -> bool:
        """Whether this call is to be screened."""
        plan = self._desk.plan
        return plan.direction is Direction.OUTBOUND and plan.assistant.voicemail_detection

    @property
    def reason(self) -> EndReason | None:
        """Why the call ended, where the line closes now because a voicemail hung up."""
        return EndReason.VOICEMAIL_DETECTED if self.phase is Phase.VOICEMAIL else None

    @property
    def listens(self) -> bool:
        """Whether the party's words are for it alone: until it is known who answered."""
        return self._desk.stage is Stage.SCREENING

    def begin(self) -> None:
        """The call was answered."""
        self._desk.stage = Stage.SCREENING
        self.phase = Phase.HOLDING
        self._until = self._desk.now + WATCH_SECONDS
        self._screening = self._new_screening()
        self._desk.do(Sniff(True))

    # --- what happens

    def hear(self, event: Event) -> None:
        """Takes a hearing event or a tone."""
        if self.phase is Phase.OFF:
            return
        self._screening.hear(event, self._desk.now)
        if self._desk.stage is Stage.SCREENING:
            self._overheard.hear(event)
        if (
            isinstance(event, ToneNoticed | ToneHeard)
            and self._answering is not None
            and may_be_beep(event.frequency_hz)
        ):
            self._answering.tone(event)

    def turn_over(self) -> None:
        """The party had a turn: soon it is clear that this is a talk."""
        self._turns += 1

    def spoken(self, utterance: Utterance, cut: bool) -> None:
        """Words of ours are over."""
        if self._answering is not None and self._desk.stage is Stage.SCREENING:
            self._answering.spoken(utterance, cut)

    def leave(self) -> None:
        """The line is gone: what was overheard goes into the transcript."""
        self._keep_words()

    def review(self) -> None:
        """Does what it is time for."""
        if self._desk.stage not in (Stage.SCREENING, Stage.TALKING):
            self._off()
        if self.phase in (Phase.HOLDING, Phase.WATCHING, Phase.FETCHING):
            self._judge()
        if self._answering is not None and self._desk.stage is Stage.SCREENING:
            self._answering.review(self._screening.quiet_since)
            self._floor.mouth.advance(clear=True)
        self._wake()

    # --- commands

    def defer(self, order: Ordered) -> bool:
        """Keeps a command until it is known who answered; says whether it did."""
        if self._known:
            return False
        self._orders.append(order)
        return True

    def due(self) -> list[Ordered]:
        """The commands that were kept, once it is known."""
        orders = self._orders if self._known else []
        self._orders = [] if self._known else self._orders
        return orders

    @property
    def _known(self) -> bool:
        return self.phase is not Phase.HOLDING or self._desk.stage is not Stage.SCREENING

    # --- the verdict

    def _judge(self) -> None:
        verdict = self._screening.verdict(self._desk.now)
        if verdict is None or verdict is Verdict.HUMAN:
            self._judge_person(there=verdict is Verdict.HUMAN)
        elif verdict is Verdict.IVR:
            self._talk_to_menu()
        else:
            self._take_back()
            {
                Verdict.VOICEMAIL: self._voicemail,
                Verdict.ANNOUNCEMENT: self._announcement,
                Verdict.SCREENER: self._robot,
            }[verdict]()

    def _judge_person(self, *, there: bool) -> None:
        over = self._desk.now >= self._until
        if self.phase is Phase.WATCHING:
            if over or self._turns >= WATCHED_TURNS:
                self._off()
        elif self.phase is Phase.FETCHING and there and not over and self._is_robot():
            self._listen_anew()
        elif there or (over and self.phase is Phase.FETCHING):
            self._release()

    def _is_robot(self) -> bool:
        """Whether the screening robot still speaks ("Thanks. Please stay on the line.")."""
        text = self._screening.text
        evidence = weigh(text, language(self._desk.plan))
        return is_thanks(text) or evidence.screener > 0 or evidence.menu > 0

    def _new_screening(self, *, may_be_waiting: bool = True) -> Screening:
        plan = self._desk.plan
        late = plan.assistant.llm_config.provider in REALTIME
        return Screening(language(plan), self._desk.now, may_be_waiting=may_be_waiting, words_are_late=late)

    def _listen_anew(self) -> None:
        self._screening = self._new_screening(may_be_waiting=False)

    def _release(self) -> None:
        """A person is there: the first words are said, and the verdict stays open for a while."""
        self._desk.stage = Stage.TALKING
        self.phase, self._until = Phase.WATCHING, max(self._until, self._desk.now)
        if first_message(self._desk.plan):
            self._keep_words()
            self._open_talk()
        elif said := self._overheard.settled:
            begun, ended = self._overheard.span
            self._overheard.clear()
            self._floor.turn_over(Said(said, begun, ended, self._desk.now))

    def _take_back(self) -> None:
        """Whatever we began to say or think was not meant for a machine."""
        if self._desk.stage is not Stage.TALKING:
            return
        self._desk.stage = Stage.SCREENING
        self._floor.mouth.cut()
        self._floor.mouth.drop()
        self._floor.mind.cancel()
        self._floor.mind.owed = False
        self._floor.deafen()
        self._desk.forget(Timer.RESUME, Timer.GO_ON, Timer.SILENCE)

    # --- machines

    def _voicemail(self) -> None:
        self._tell(VOICEMAIL_NOTICE)
        message = self._desk.plan.assistant.voicemail_message
        if not message or self._screening.full:
            self._keep_words()
            self._closing.hang_up(EndReason.VOICEMAIL_DETECTED)
            return
        self.phase = Phase.VOICEMAIL
        self._answer(message, AFTER_GREETING_SECONDS, LONGEST_GREETING_SECONDS, self._message_left)

    def _message_left(self) -> None:
        self._closing.hang_up(EndReason.VOICEMAIL_MESSAGE_LEFT)

    def _announcement(self) -> None:
        self._keep_words()
        self._tell(ANNOUNCEMENT_NOTICE)
        words = self._screening.text
        reason = EndReason.INVALID_DESTINATION if self._screening.nobody else EndReason.NO_ANSWER
        self._closing.hang_up(reason, f"a recorded announcement answered: {words or 'the intercept tone'}")

    def _robot(self) -> None:
        words = introduction(self._desk.plan)
        self._introductions += 1
        if self._introductions > INTRODUCTIONS or not words:
            self._fetch()
            return
        self._tell(SCREENER_NOTICE)
        self.phase = Phase.ROBOT
        self._answer(words, AFTER_PROMPT_SECONDS, LONGEST_PROMPT_SECONDS, self._fetch)

    def _fetch(self) -> None:
        """The robot knows who is calling: whoever speaks next may be a person."""
        self._answering = None
        if self.phase is not Phase.ROBOT:
            self._listen_anew()
        self.phase, self._until = Phase.FETCHING, self._desk.now + FETCHING_SECONDS

    def _answer(self, words: str, pause_seconds: float, patience_seconds: float, done: Callable[[], None]) -> None:
        begins = self._keep_words if self.phase is Phase.VOICEMAIL else self._prompt_over
        self._answering = Answering(self._desk, self._floor.mouth, words, pause_seconds, patience_seconds, begins, done)
        if (beep_at := self._screening.beep_at) is not None:
            self._answering.beeped(beep_at)

    def _prompt_over(self) -> None:
        self._keep_words()
        self._listen_anew()

    def _talk_to_menu(self) -> None:
        """The model answers the menu; what is being said right now is its turn to come."""
        words = first_message(self._desk.plan)
        notice = MENU_NOTICE + (MENU_OPENING.format(words=words) if words else "")
        holding, heard = self._desk.stage is Stage.SCREENING, self._overheard
        self._desk.stage = Stage.TALKING
        self._off()
        if not holding:
            self._tell(notice)
            self._floor.break_off()
        elif heard.speaking_since is None and not heard.awaiting:
            self._tell(notice)
            begun, ended = heard.span
            self._floor.turn_over(Said(heard.settled, begun, ended, self._desk.now))
        else:
            self._keep_words(partial=False)
            self._tell(notice)
            heard.go_on(self._floor)

    # --- the rest

    def _keep_words(self, *, partial: bool = True) -> None:
        """What was overheard goes into the talk; nobody answers it."""
        text = self._overheard.text if partial else self._overheard.settled
        if text:
            begun, ended = self._overheard.span
            self._floor.history.add("user", text)
            self._desk.message(Role.USER, text, begun, ended)
            self._overheard.clear()
            if partial:
                self._overheard.partial = ""

    def _tell(self, notice: str) -> None:
        self._floor.tell(notice, answer=False)

    def _off(self) -> None:
        if self.phase is not Phase.OFF:
            self.phase, self._answering = Phase.OFF, None
            self._desk.do(Sniff(False))
            self._desk.forget(Timer.SCREENING)

    def _wake(self) -> None:
        moments: list[float | None] = []
        if self.phase in (Phase.HOLDING, Phase.WATCHING, Phase.FETCHING):
            moments.append(self._screening.due_at)
        if self.phase in (Phase.WATCHING, Phase.FETCHING):
            moments.append(self._until)
        if self._answering is not None:
            moments.append(self._answering.due_at(self._screening.quiet_since))
        due = min((moment for moment in moments if moment is not None), default=None)
        if due is None:
            self._desk.forget(Timer.SCREENING)
        else:
            self._desk.timer(Timer.SCREENING, due)
