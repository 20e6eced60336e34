"""The floor of a call with a realtime model, which decides itself when to speak and to yield: what we do about it."""

from collections.abc import Callable, Mapping, Sequence

from trunkline.domain.transcript import Role
from trunkline.engine.effects import Instruct, Remember, Truncate
from trunkline.engine.events import PartySaid, ReplyBegan, WordsFinal
from trunkline.engine.history import Entry, History
from trunkline.engine.prompt import instructions
from trunkline.engine.talk.desk import Desk, Stage, Timer
from trunkline.engine.talk.duplex_mind import DuplexMind
from trunkline.engine.talk.duplex_mouth import DuplexMouth
from trunkline.engine.talk.ear import Said
from trunkline.engine.talk.mouth import Utterance
from trunkline.engine.talk.party import Party
from trunkline.ports.models import Turn

NEWS = "What you were told since the call began:"


class _History(History):
    """What was said so far; ``told`` is called with what the model does not know by itself."""

    def __init__(self, desk: Desk, told: Callable[[Sequence[Turn]], None]) -> None:
        prompt = desk.plan.assistant.llm_config.messages
        super().__init__([message for message in prompt if message.role != "system"])
        self._told = told

    def add(self, role: str, content: str) -> Entry:
        if role == "system":
            self._told([Turn(role, content)])
        return super().add(role, content)


class DuplexFloor:
    """Follows the model's events. ``on_turn`` is called with each turn of the party, ``on_spoken`` with each of the
    assistant's.

    Every reply that begins while the assistant may not speak (a machine is being screened, the call is handed over or
    ends) is given up unheard. What the model does not know by itself, it is told; where it had to be opened anew, all.
    """

    def __init__(
        self, desk: Desk, on_turn: Callable[[Said], None], on_spoken: Callable[[Utterance, bool], None]
    ) -> None:
        self.muted = False
        self.history: History = _History(desk, self._remember)
        self.mouth = DuplexMouth(desk, self.history, self._spoken)
        self.mind = DuplexMind(desk, self.mouth, self.history, self._remember)
        self._desk = desk
        self._on_turn = on_turn
        self._on_spoken = on_spoken
        self._party = Party(desk, self.history, on_turn)
        self._news: list[str] = []
        self._ready = False
        self._earlier: set[int] = set()
        self._refused = False
        self._overheard: dict[str, str] = {}

    @property
    def engaged(self) -> bool:
        """Whether the party speaks, or is about to be answered."""
        return self._party.speaking or self._party.due

    @property
    def _plays_earlier(self) -> bool:
        """Whether words of a session that broke are still being heard: the next one learns of them when they are over."""
        unsaid = (self.mouth.live, *self.mouth.waiting)
        return any(one is not None and one.reply in self._earlier for one in unsaid)

    @property
    def alarms(self) -> Mapping[Timer, Callable[[], None]]:
        """What is done when a timer of the floor's runs out."""
        return {Timer.WORDS: self._party.waited, Timer.REPLY: self._ignored}

    # --- the model

    def ready(self) -> None:
        """Its session is open: it is told all that was said before."""
        self._ready = True
        untold = [one.entry for one in (self.mouth.live, *self.mouth.waiting) if one is not None]
        self._desk.do(Remember(self.history.since(0, [*untold, *self._party.repeated])))
        self._party.again()

    def lost(self, *, unheard: bool = False) -> None:
        """Its session broke: what was under way is asked for again of the next one, but for what the party said: where that
        was not understood (``unheard``), the next one hears it again."""
        making = self.mind.making.utterance if self.mind.making is not None else None
        stopped = making is not None and making.interruptible and not making.complete
        interrupted = stopped or self.mind.asked or self.engaged
        talking = self._desk.stage is Stage.TALKING
        self._ready = False
        self._overheard.clear()
        unsaid = (self.mouth.live, *self.mouth.waiting)
        self._earlier |= {one.reply for one in unsaid if one is not None and one.reply is not None}
        self.mind.broke_off()
        self.mind.renewed()
        if unheard and talking:
            self._party.repeats(answer=interrupted)
        else:
            self._party.leave()
            self.mind.owed = self.mind.owed or (interrupted and talking)

    def reply_began(self, event: ReplyBegan) -> None:
        """It begins a reply."""
        live = self.mouth.live
        if event.utterance is not None:
            if live is not None and live.number == event.utterance:
                live.reply = event.reply
                self.mind.began(event.reply, live)
            return
        if self._desk.stage is Stage.TALKING:
            self._party.answered()
            self.mind.began(event.reply, None)
        else:
            self._refused = True
            self.mind.refuse(event.reply)
            self._desk.do(Truncate(event.reply, 0.0, ""))

    # --- what is heard

    def speech_started(self, at: float) -> None:
        """Our own voice activity detection hears the party."""
        self._party.sounds(at)

    def speech_ended(self, at: float) -> None:
        """The party pauses, as we hear it."""
        self._party.silent(at)

    def partial(self, text: str) -> None:
        """Words come from the model alone."""

    def final(self, heard: WordsFinal) -> None:
        """Words come from the model alone."""

    def judged(self, probability: float) -> None:
        """When a turn is over the model decides."""

    def party_began(self, at: float) -> None:
        """The model hears the party speak: what it was saying it has given up, and what we were saying gives way."""
        self._refused = False
        if not self._desk.listening:
            self._party.overheard(speaking=True)
            return
        self._party.began(at)
        if self._desk.stage is not Stage.TALKING:
            return
        live = self.mouth.live
        if live is None or live.interruptible:
            self.mouth.cut()
        self.mind.overtaken()
        self.mouth.drop()

    def party_paused(self, at: float) -> None:
        """The model takes the party's turn for over."""
        if self._desk.listening:
            self._party.paused(at)
        else:
            self._party.overheard(speaking=False)

    def said(self, event: PartySaid) -> None:
        """What they said. Of words that were overheard before, what is in the talk already is left out."""
        known, text = self._overheard.get(event.item, ""), event.text.strip()
        if known and text.startswith(known) and self.history.last("user").endswith(known):
            text = text[len(known) :]
        self._party.said(event.item, text, final=event.final)

    def overheard(self, event: PartySaid) -> None:
        """What they said while it is found out who they are."""
        self._overheard[event.item] = event.text.strip()

    def deafen(self) -> None:
        """The party is not listened to from now on."""
        self._party.stop()

    def _ignored(self) -> None:
        """No reply to the party came by itself. Words that nobody heard again are told."""
        repeated = [Turn("user", entry.content) for entry in self._party.repeated if entry.content]
        if repeated:
            self._remember(repeated)
        if self._party.ignored() and self._desk.stage is Stage.TALKING and not self.mind.busy:
            self.mind.owed = True

    # --- interruptions, and turns of others

    def break_off(self) -> None:
        """The assistant stops for good, with what was heard; what it had to say is open again."""
        live = self.mouth.live
        if live is not None and not live.interruptible:
            return
        self.mouth.cut()
        self.mouth.drop()
        self.mind.cancel()
        self.mind.owed = True

    def turn_over(self, said: Said) -> None:
        """A turn of which the model knows, and which it is to answer: by itself, if its reply is still to come."""
        self.history.add(said.role.value, said.text)
        self._desk.message(said.role, said.text, said.started_at, said.ended_at)
        if self._desk.stage is Stage.TALKING:
            by_itself = said.role is Role.USER and not self._refused and self._party.expects()
            self.mind.owed = self.mind.owed or not by_itself
            self._on_turn(said)

    def tell(self, text: str, *, answer: bool) -> None:
        """Something that the model must know, as a turn and among its instructions, for one of them it may overlook;
        ``answer``: it shall speak about it as soon as there is room."""
        self.history.add("system", text)
        self._desk.message(Role.SYSTEM, text, self._desk.now, self._desk.now)
        self._news.append(text)
        lines = "\n".join(f"- {one}" for one in self._news)
        self._desk.do(Instruct(f"{instructions(self._desk.plan)}\n\n{NEWS}\n{lines}".strip()))
        self.mind.owed = self.mind.owed or answer

    # --- turns of the assistant

    def _spoken(self, utterance: Utterance, cut: bool) -> None:
        """Words are over. The model learns what was heard of its own, and what we said in its place."""
        ours = utterance.reply is None or utterance.reply in self._earlier
        heard = utterance.entry.content
        if not ours and cut and utterance.reply is not None:
            self.mind.drop(utterance.reply)
            self._desk.do(Truncate(utterance.reply, utterance.played_seconds, heard))
        elif ours and heard:
            self._remember([Turn("assistant", heard)])
        self._on_spoken(utterance, cut)

    def _remember(self, turns: Sequence[Turn]) -> None:
        if self._ready and not self._desk.done:
            self._desk.do(Remember(tuple(turns)))

    # --- what comes next

    def settle(self) -> None:
        """Goes on with whatever there is room for now."""
        if not self._desk.listening:
            return
        talking = self._desk.stage is Stage.TALKING
        if not (self.mind.making is not None and self.mouth.next_is_fixed):
            self.mouth.advance(clear=not self._party.speaking or not talking)
        free = not self.engaged and not self.mouth.unsettled and not self.mind.busy and self._ready
        if talking and free and self.mind.owed and not self.mind.waiting and not self._plays_earlier:
            self.mind.ask()

    def leave(self) -> None:
        """The line is gone: everything that was said and heard goes into the transcript."""
        self.mind.cancel()
        self.mouth.leave()
        self._party.leave()
