"""The mind of a call with a realtime model: which reply it makes, which it is asked for, and whose tools are to be run."""

import json
from collections import deque
from collections.abc import Callable, Sequence

from trunkline.engine.effects import Respond, StopThinking
from trunkline.engine.history import Entry, History
from trunkline.engine.prompt import END_CALL
from trunkline.engine.rejoining import GO_ON
from trunkline.engine.talk.desk import Desk
from trunkline.engine.talk.duplex_mouth import DuplexMouth
from trunkline.engine.talk.mind import Reply
from trunkline.engine.talk.mouth import Utterance, Voice
from trunkline.ports.models import ToolCall, Turn

NOT_RUN = json.dumps({"error": "not done: the customer spoke, or something else came in between"})


class DuplexMind:
    """Follows the model. ``making`` is the reply that it makes now; ``asked``: one that it was asked for has not begun.
    Replies that want tools wait until it is their turn. ``remember`` puts turns into the model's conversation."""

    def __init__(
        self, desk: Desk, mouth: DuplexMouth, history: History, remember: Callable[[Sequence[Turn]], None]
    ) -> None:
        self.making: Reply | None = None
        self.asked = False
        self.owed = False
        self.waiting = False
        self._desk = desk
        self._mouth = mouth
        self._history = history
        self._remember = remember
        self._wanting: deque[Reply] = deque()
        self._own: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether a reply was asked for, is being made, or is not concluded."""
        return self.asked or self.making is not None or bool(self._wanting)

    def ask(self) -> None:
        """Asks for what is owed: to go on with a reply that broke off, if nothing was said since."""
        self.owed, self.asked = False, True
        if self._history.broke_off:
            self._remember([Turn("system", GO_ON)])
        self._desk.do(Respond())

    def began(self, number: int, utterance: Utterance | None) -> None:
        """The model begins a reply; ``utterance`` is what it speaks where it was given that."""
        if utterance is None:
            self.owed = self.owed and self.asked
            self.asked = False
        if self.making is not None:
            self._give_up(self.making)
        self.making = Reply(number, (), early=False, utterance=utterance or self._mouth.play(number))

    def refuse(self, number: int) -> None:
        """A reply that began is not wanted."""
        self.asked = False
        self._desk.do(StopThinking(number))

    def text(self, number: int, text: str) -> None:
        """Words of a reply; those that the model was given are known."""
        reply = self._made(number)
        if reply is not None and reply.utterance is not None and not reply.utterance.complete and text.strip():
            self._mouth.add(reply.utterance, text)

    def tools(self, number: int, calls: Sequence[ToolCall]) -> None:
        """Tools that a reply wants; they run when it is finished."""
        reply = self._made(number)
        if reply is not None:
            reply.calls = (*reply.calls, *calls)
            self._own |= {call.id for call in calls}

    def finished(self, number: int, *, cut: bool = False, failed: bool = False) -> None:
        """A reply is complete, or the model gave it up; one that failed is owed again."""
        reply = self._made(number)
        if reply is None:
            return
        self.owed = self.owed or (failed and reply.utterance is not None and not reply.utterance.complete)
        if failed:
            self._break(reply)
        self._give_up(reply)
        if reply.calls and not cut:
            self._wanting.append(reply)
        elif reply.calls:
            self._refuse(reply.calls)

    def failed(self, _number: int) -> bool:
        """No reply fails by itself: it is the model that does."""
        return False

    def answered(self, entry: Entry) -> None:
        """The tools of a turn have their results: the model gets them, and the calls where another session made
        them."""
        self.waiting = False
        others = tuple(call for call in entry.calls if call.id not in self._own)
        calls = [Turn("assistant", "", others)] if others else []
        self._remember([*calls, *(Turn("tool", entry.results[call.id], (), call.id) for call in entry.calls)])

    def conclude(self) -> Reply | None:
        """The next reply whose tools are to be run, once those before have their results. One that ends the call stays
        until all of it was said."""
        if self.waiting or not self._wanting:
            return None
        utterance = self._wanting[0].utterance
        if utterance is not None and utterance.voice is not Voice.OVER and self._ends(self._wanting[0]):
            return None
        return self._wanting.popleft()

    def cancel(self) -> None:
        """Gives up what is being made and what was asked for; what came of it stays. Tools that wait are not run."""
        if self.making is not None or self.asked:
            self._desk.do(StopThinking(self.making.number if self.making is not None else 0))
        self.lost()
        self.owed = False
        wanting, self._wanting = self._wanting, deque()
        for reply in wanting:
            self._refuse(reply.calls)

    def lost(self) -> None:
        """Nothing more comes of what is being made, and nobody knows any more what was asked for."""
        self.asked = False
        if self.making is not None:
            self._refuse(self.making.calls)
            self._give_up(self.making)

    def broke_off(self) -> None:
        """The model broke: what it was making ends in the midst."""
        if self.making is not None:
            self._break(self.making)
        self.lost()

    def renewed(self) -> None:
        """Another session takes over, which has made no calls yet."""
        self._own.clear()

    def overtaken(self) -> None:
        """The party speaks: the model has given up what it was making, and a goodbye is none any more."""
        self.lost()
        for reply in [one for one in self._wanting if self._ends(one)]:
            if reply.utterance is not None and reply.utterance.voice is not Voice.OVER:
                self._wanting.remove(reply)
                self._refuse(reply.calls)

    def drop(self, number: int) -> None:
        """Nothing of this reply will be heard."""
        if self.making is not None and self.making.number == number:
            self._desk.do(StopThinking(number))
            self.lost()

    def _made(self, number: int) -> Reply | None:
        return self.making if self.making is not None and self.making.number == number else None

    def _break(self, reply: Reply) -> None:
        utterance = reply.utterance
        if utterance is not None and not utterance.complete:
            utterance.unfinished = utterance.entry.broken = True

    def _give_up(self, reply: Reply) -> None:
        self.making = None
        reply.finished = True
        if reply.utterance is not None:
            self._mouth.close(reply.utterance)

    def _ends(self, reply: Reply) -> bool:
        return any(call.name == END_CALL for call in reply.calls)

    def _refuse(self, calls: Sequence[ToolCall]) -> None:
        """The model is not left waiting for tools that are not run."""
        if own := [call for call in calls if call.id in self._own]:
            self._remember([Turn("tool", NOT_RUN, (), call.id) for call in own])
