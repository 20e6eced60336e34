"""The mind: at most one reply of the model at a time, thought ahead where it pays, and kept back until its turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.engine.effects import Prepare, StopThinking, Think
from trunkline.engine.history import Entry, History
from trunkline.engine.prompt import END_CALL
from trunkline.engine.talk.desk import Desk
from trunkline.engine.talk.mouth import Mouth, Utterance, Voice
from trunkline.ports.models import ToolCall, Turn


@dataclass(slots=True, eq=False)
class Reply:
    """One answer of the model. ``early``: the turn it answers is not over yet, so nothing of it is said or run."""

    number: int
    asked: tuple[Turn, ...]
    early: bool
    pieces: list[str] = field(default_factory=list)
    calls: Sequence[ToolCall] = ()
    finished: bool = False
    utterance: Utterance | None = None


class Mind:
    """Thinks. ``owed``: the model has something to answer. ``waiting``: nothing is asked before the tools' results."""

    def __init__(self, desk: Desk, history: History, mouth: Mouth) -> None:
        self.live: Reply | None = None
        self.owed = False
        self.waiting = False
        self._desk = desk
        self._history = history
        self._mouth = mouth
        self._numbers = 0

    @property
    def busy(self) -> bool:
        """Whether a reply is asked for, or not concluded."""
        return self.live is not None

    @property
    def early(self) -> bool:
        """Whether the live reply is thought ahead."""
        return self.live is not None and self.live.early

    @property
    def ending(self) -> bool:
        """Whether the live reply ends the call and is still to be said, or being said."""
        live = self.live
        if live is None or live.utterance is None or live.utterance.voice is Voice.OVER:
            return False
        return any(call.name == END_CALL for call in live.calls)

    def think(self) -> None:
        """Asks for what is owed."""
        self.owed = False
        self._ask(self._history.turns(), early=False)

    def think_ahead(self, words: str) -> None:
        """Asks as if the party had finished with ``words``; a reply to other words is given up."""
        self.reconsider(words)
        if self.live is None:
            self._ask(self._history.turns(user=words), early=True)

    def reconsider(self, words: str) -> None:
        """The party has said ``words`` so far: a reply thought ahead to other words is given up."""
        if self.live is not None and self.live.early and self.live.asked != self._history.turns(user=words):
            self.cancel()

    def confirm(self) -> None:
        """The turn is over: a reply that was thought ahead to just this counts, any other is given up."""
        live = self.live
        if live is None or not live.early:
            return
        if live.asked != self._history.turns():
            self.cancel()
            return
        self.owed = False
        live.early = False
        for piece in live.pieces:
            self._say(live, piece)
        if live.finished and live.utterance is not None:
            self._mouth.close(live.utterance)

    def cancel(self) -> None:
        """Gives the live reply up; what was said of it stays."""
        live, self.live = self.live, None
        if live is None:
            return
        if not live.finished:
            self._desk.do(StopThinking(live.number))
        if live.utterance is not None:
            self._mouth.close(live.utterance)

    def text(self, number: int, text: str) -> None:
        """Words of a reply."""
        live = self._reply(number)
        if live is None or not text.strip():
            return
        if not live.early:
            self._say(live, text)
            return
        if not live.pieces:
            self._desk.do(Prepare(text))
        live.pieces.append(text)

    def tools(self, number: int, calls: Sequence[ToolCall]) -> None:
        """Tools that a reply wants; they run when it is finished and confirmed."""
        live = self._reply(number)
        if live is not None:
            live.calls = (*live.calls, *calls)

    def finished(self, number: int, *, cut: bool = False, failed: bool = False) -> None:
        """A reply is complete."""
        live = self._reply(number)
        if live is not None:
            live.finished = True
            if not live.early and live.utterance is not None:
                self._mouth.close(live.utterance)

    def failed(self, number: int) -> bool:
        """A reply failed; says whether anybody waits for it."""
        live = self._reply(number)
        if live is None:
            return False
        live.finished = True
        waited_for = not live.early
        self.cancel()
        return waited_for

    def answered(self, _entry: Entry) -> None:
        """The tools of a turn have their results."""
        self.waiting = False

    def conclude(self) -> Reply | None:
        """The live reply, when it is finished and confirmed and nothing it says may still be taken up; it is then gone.

        One that ends the call stays until all of it was said: a party who objects to a goodbye is not hung up on.
        """
        live = self.live
        if live is None or live.early or not live.finished:
            return None
        if live.utterance is not None and live.utterance is self._mouth.live and self._mouth.unsettled:
            return None
        if self.ending:
            return None
        self.live = None
        return live

    def _reply(self, number: int) -> Reply | None:
        live = self.live
        return live if live is not None and live.number == number and not live.finished else None

    def _ask(self, asked: tuple[Turn, ...], *, early: bool) -> None:
        self._numbers += 1
        self.live = Reply(self._numbers, asked, early)
        self._desk.do(Think(self._numbers, asked))

    def _say(self, reply: Reply, text: str) -> None:
        if reply.utterance is None:
            reply.utterance = self._mouth.open(text)
        else:
            self._mouth.add(reply.utterance, text)
