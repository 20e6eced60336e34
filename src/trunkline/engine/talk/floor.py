"""The floor: whose turn it is to speak. Ear, mouth and mind meet here, and interruptions are decided."""

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.domain.assistant import TurnTaking
from trunkline.domain.transcript import Role
from trunkline.engine.events import WordsFinal
from trunkline.engine.history import History
from trunkline.engine.overlap import (
    SHORT_SECONDS,
    Overlap,
    is_asked,
    is_backchannel,
    is_greeting,
    may_answer,
    overlap,
    repeats,
)
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.ear import Ear, Said
from trunkline.engine.talk.mind import Mind
from trunkline.engine.talk.mouth import Mouth, Utterance, Voice
from trunkline.engine.turns import count_words, is_whole_answer

ALMOST_FINISHED_SECONDS = 1.0
JUST_SAID_SECONDS = 1.5
"""A word or two that may be misheard, but are no sign of listening, are answered when we finish so soon after them."""
GREETED_SECONDS = 1.0
GUESSED_GREETING_WORDS = 3
SURE_SECONDS = 0.5
"""So long after speech the recogniser's words so far are taken for a sign of listening, where its last ones are late."""
ECHO_SECONDS = 0.4
"""So long after our last sound our echo may still begin."""
WORDLESS_SECONDS = 3.0
"""A sound of which a recogniser that guesses has made no word for so long is no speech."""
_SLACK_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class _Kept:
    """A turn that fell into our words. ``asked``: to a question of ours; ``by_the_way``: it wants no answer."""

    said: Said
    asked: bool
    by_the_way: bool


class Floor:
    """Turn taking. ``on_turn`` is called with each turn of the party, ``on_spoken`` with each of the assistant's."""

    def __init__(
        self, desk: Desk, on_turn: Callable[[Said], None], on_spoken: Callable[[Utterance, bool], None]
    ) -> None:
        assistant = desk.plan.assistant
        self.history = History(assistant.llm_config.messages)
        self.muted = False
        self.ear = Ear(desk, assistant.speech_config.turn_taking, self.turn_over)
        self.mouth = Mouth(desk, self.history, self._spoken)
        self.mind = Mind(desk, self.history, self.mouth)
        self._desk = desk
        self._on_turn = on_turn
        self._on_spoken = on_spoken
        self._kept: list[_Kept] = []
        self._go_on = False
        self._asked = False
        self._last_words = ""
        self._silent_at = float("-inf")

    @property
    def _manners(self) -> TurnTaking:
        return self._desk.plan.assistant.speech_config.turn_taking

    @property
    def engaged(self) -> bool:
        """Whether the party speaks, or may go on, or words of theirs are still awaited."""
        return self.ear.engaged

    @property
    def alarms(self) -> dict[Timer, Callable[[], None]]:
        """What is done when a timer of the floor's runs out."""
        return {
            Timer.TURN: self.ear.waited,
            Timer.JUDGE: self.ear.judge_again,
            Timer.WORDS: self.ear.words_are_late,
            Timer.NOISE: self.noise,
            Timer.BARGE_IN: self.consider,
            Timer.RESUME: self.resume_if_nothing_followed,
            Timer.GO_ON: self.greeted_and_quiet,
        }

    # --- what is heard

    def speech_started(self, at: float) -> None:
        """The party makes a sound."""
        self._asked = self._is_asked()
        self.ear.speech_started(at)
        self._desk.forget(Timer.RESUME, Timer.GO_ON)
        self._go_on = False
        if self._interruptible() is not None:
            if not self.mind.ending:
                self.mouth.hold_back()
            self._desk.timer(Timer.BARGE_IN, at + self._manners.interruption_min_duration)
        self._expect_words(at)

    def speech_ended(self, at: float) -> None:
        """The party pauses."""
        self._desk.forget(Timer.BARGE_IN)
        self.ear.speech_ended(at)
        self.consider()
        if self.mouth.yielding:
            self.mouth.get_ready()
            sure = self._meaning(self.ear.text, self.ear.lasted) is Overlap.LISTENING
            patience = self._manners.false_interruption_timeout
            self._desk.timer(Timer.RESUME, max(self._desk.now, at + min(patience, SURE_SECONDS if sure else patience)))
        self._heard_out()

    def partial(self, text: str) -> None:
        """Words so far."""
        self.ear.partial(text)
        self.consider()
        self.ear.review()

    def final(self, heard: WordsFinal) -> None:
        """Words for good; a reply thought ahead to other words starts anew."""
        self.ear.final(heard)
        self.consider()
        self._heard_out()

    def judged(self, probability: float) -> None:
        """The end-of-turn model spoke."""
        self.ear.judged(probability)
        self._heard_out()

    def noise(self) -> None:
        """A sound without words goes on and on."""
        self.ear.noise()
        self._go_on = not self.ear.engaged

    def deafen(self) -> None:
        """The party is not listened to from now on; what was said until now is a turn."""
        self._desk.forget(Timer.BARGE_IN)
        self.ear.deafen()
        self._go_on = True

    def _heard_out(self) -> None:
        """Goes on at once after a sound that was no speech, or a sign of listening; else ends the turn when it is over,
        or thinks ahead of that."""
        live = self.mouth.live
        paused = live is not None and self.mouth.yielding and self.ear.pausing
        text = self.ear.text
        if live is not None and paused and text and (is_backchannel(text) or (live.opening and is_greeting(text))):
            self.ear.finish()
        self.ear.review()
        if self.mouth.yielding and self.ear.pausing and not self.ear.engaged:
            self._go_on = True
        calm = self._desk.stage is Stage.TALKING and not self.mouth.busy and not self.mind.waiting
        if calm and (self.mind.live is None or self.mind.early) and self.ear.likely_over:
            self.mind.think_ahead(self.ear.text)

    def _is_by_the_way(self, live: Utterance, text: str, seconds: float) -> bool:
        """Whether it wants no answer: a sign of listening, or a greeting into our first words."""
        return self._meaning(text, seconds) is Overlap.LISTENING or (live.opening and is_greeting(text))

    def _meaning(self, text: str, seconds: float, *, guessing: bool = False) -> Overlap:
        """What ``text`` is, said within ``seconds``; where so many words are set to interrupt, they do."""
        short = seconds <= SHORT_SECONDS and self._manners.interruption_min_words == 0
        return overlap(text, guessing=guessing, short=short)

    # --- interruptions

    def consider(self) -> None:
        """Decides whether what the party does now interrupts the assistant, and whether that is for good.

        Its last words are not: a sound, thanks or a goodbye that falls into them lets them be.
        """
        text, manners = self.ear.text, self._manners
        if self.mind.ending and is_whole_answer(text):
            return
        live = self._interruptible()
        lasted = self.ear.lasted
        if live is not None and self.ear.engaged and (self.ear.speaking or self._wants_floor(live, text, lasted)):
            long_enough = lasted + _SLACK_SECONDS >= manners.interruption_min_duration
            if long_enough and count_words(text) >= manners.interruption_min_words:
                self.mouth.stop()
                self._expect_words(self._desk.now)
        if self._desk.stage is Stage.TALKING:
            self._weigh_words()

    def _interruptible(self) -> Utterance | None:
        live = self.mouth.live
        if self._desk.stage is not Stage.TALKING or live is None or not live.interruptible:
            return None
        return live if live.voice in (Voice.SENT, Voice.AUDIBLE) else None

    def _expect_words(self, since: float) -> None:
        """Bounds the time for which a sound without words silences the assistant."""
        if self.mouth.yielding and self.ear.speaking and self.ear.gives_guesses:
            patience = max(WORDLESS_SECONDS, self._manners.false_interruption_timeout)
            self._desk.timer(Timer.RESUME, max(self._desk.now, since + patience))

    def _weigh_words(self) -> None:
        """Gives up what the assistant is about to say, or says, when words show that the party wants to speak."""
        live, words = self.mouth.live, count_words(self.ear.text)
        if live is None:
            self.mind.reconsider(self.ear.text)
            if words and not self.mind.early:
                self.withdraw()
        elif self._unheard_reply(live):
            if words and overlap(self.ear.text, guessing=self.ear.guessing) is not Overlap.UNSURE:
                self.break_off()
        elif self.mouth.yielding and self._wants_floor(
            live, self.ear.text, self.ear.lasted, guessing=self.ear.guessing
        ):
            self.break_off()

    def _wants_floor(self, live: Utterance, text: str, seconds: float, *, guessing: bool = False) -> bool:
        """Whether the party's words are more than a sign of listening, or than a greeting into our first words."""
        meaning = self._meaning(text, seconds, guessing=guessing)
        if meaning is Overlap.SPEAKING and self._is_echo(text, self.ear.began_at):
            return False
        if meaning is Overlap.SPEAKING:
            greeting = is_greeting(text) or (guessing and count_words(text) <= GUESSED_GREETING_WORDS)
            return not (live.opening and greeting) and not (self.mind.ending and is_whole_answer(text))
        return meaning is Overlap.LISTENING and not guessing and self._is_asked() and may_answer(text)

    def _is_asked(self) -> bool:
        """Whether our question is what the party's yes or okay goes to."""
        live = self.mouth.live
        if live is None or live.started_at is None:
            return False
        heard = self.mouth.heard
        return is_asked(heard, live.whole[len(heard) :], complete=live.complete) or (self._asked and self.ear.engaged)

    def _is_echo(self, text: str, began_at: float) -> bool:
        """Whether these words are ours, said back by the line while we speak or right after."""
        heard = self.mouth.heard
        if not heard and began_at > self._silent_at + ECHO_SECONDS:
            return False
        return repeats(text, f"{self._last_words} {heard}")

    def _unheard_reply(self, live: Utterance) -> bool:
        silent = live.voice in (Voice.SENT, Voice.STOPPING, Voice.PAUSED) and live.started_at is None
        return silent and live.command_id is None and not live.opening

    def withdraw(self) -> None:
        """The turn goes on: a reply that is on its way, unheard, is given up and owed again."""
        on_its_way = self.mind.live is not None
        self.mind.cancel()
        if self.mouth.drop() or on_its_way:
            self.mind.owed = True

    def break_off(self) -> None:
        """The assistant stops for good, with what was heard; what it had to say is open again."""
        live = self.mouth.live
        if live is not None and not live.interruptible:
            return
        if live is not None and live.started_at is not None:
            self.ear.barged_in()
        self._desk.forget(Timer.RESUME, Timer.BARGE_IN)
        self._go_on = False
        self.mouth.cut()
        self.withdraw()
        self.mind.owed = True

    def resume_if_nothing_followed(self) -> None:
        """The time for words to follow an interruption is over: guesses count from now on."""
        live = self.mouth.live
        if live is None or not self.mouth.yielding:
            return
        if self.ear.speaking and not self.ear.text:
            self.ear.noise()
        if self.ear.text and (self.ear.speaking or self._wants_floor(live, self.ear.text, self.ear.lasted)):
            if not (live.opening and is_greeting(self.ear.text)):
                self.break_off()
        else:
            self._go_on = True

    # --- turns of the party

    def turn_over(self, said: Said) -> None:
        """A turn is over. While the assistant's own is not, it is kept until then."""
        if said.role is Role.USER and self._is_echo(said.text, said.started_at):
            self._go_on = self._go_on or self.mouth.yielding
            if self.mind.early:
                self.mind.cancel()
            return
        live, seconds = self.mouth.live, said.ended_at - said.started_at
        if live is not None and self.mouth.yielding and self._wants_floor(live, said.text, seconds):
            self.break_off()
        if live is None or self.mouth.live is None:
            self._commit(said, answer=True)
            return
        by_the_way = said.role is Role.USER and self._is_by_the_way(live, said.text, seconds)
        self._kept.append(_Kept(said, self._asked and may_answer(said.text), by_the_way))
        if self.mouth.yielding:
            self._go_on = True

    def tell(self, text: str, *, answer: bool) -> None:
        """Something that the model must know; ``answer``: it shall speak about it as soon as there is room."""
        self.history.add("system", text)
        self._desk.message(Role.SYSTEM, text, self._desk.now, self._desk.now)
        self.mind.owed = self.mind.owed or answer

    def _commit(self, said: Said, *, answer: bool) -> None:
        self.history.add(said.role.value, said.text)
        self._desk.message(said.role, said.text, said.started_at, said.ended_at)
        if answer and self._desk.stage is Stage.TALKING:
            self.mind.owed = True
            self._on_turn(said)
            self.mind.confirm()

    # --- turns of the assistant

    def _spoken(self, utterance: Utterance, cut: bool) -> None:
        if utterance.entry.content:
            self.ear.answers(utterance.entry.content)
            self._last_words, self._silent_at = utterance.entry.content, self._desk.now
        if utterance.voice is Voice.OVER and self.mouth.live is None:
            self._settle_kept(utterance, cut)
        self._on_spoken(utterance, cut)

    def _settle_kept(self, utterance: Utterance, cut: bool) -> None:
        kept, self._kept = self._kept, []
        for one in kept:
            said = one.said
            content = said.role is Role.USER and not (is_backchannel(said.text) or is_greeting(said.text))
            at_the_end = said.ended_at >= self._desk.now - (JUST_SAID_SECONDS if content else ALMOST_FINISHED_SECONDS)
            answer = cut or one.asked or at_the_end or not one.by_the_way
            self._commit(said, answer=answer)
            if not answer and is_greeting(said.text) and not utterance.whole.rstrip().endswith("?"):
                self._desk.timer(Timer.GO_ON, self._desk.now + GREETED_SECONDS)

    def greeted_and_quiet(self) -> None:
        """The party said hello into our first words, and has nothing to say to them: it is for us to go on."""
        self.mind.owed = self.mind.owed or self._desk.stage is Stage.TALKING

    # --- what comes next

    def settle(self) -> None:
        """Goes on with whatever there is room for now."""
        if not self._desk.listening:
            return
        paused = self.mouth.live is not None and self.mouth.live.voice is Voice.PAUSED
        if self._go_on and paused and not (self.ear.engaged and self.ear.speaking):
            self._go_on = False
            self.mouth.resume()
        talking = self._desk.stage is Stage.TALKING
        self.mouth.advance(clear=not self.ear.engaged or not talking)
        free = not self.ear.engaged and not self.mouth.unsettled and not self._kept
        if talking and free and self.mind.owed and self.mind.live is None and not self.mind.waiting:
            self.mind.think()

    def leave(self) -> None:
        """The line is gone: everything that was said and heard goes into the transcript."""
        self.mind.cancel()
        self.mouth.leave()
        self.ear.finish()
