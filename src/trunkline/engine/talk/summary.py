"""The summary of the talk so far, for the human whom the call is handed over to: the model's, or the party's own words."""

from collections.abc import Sequence

from trunkline.domain.assistant import REALTIME
from trunkline.domain.plan import CallPlan
from trunkline.engine.agent_words import phrases
from trunkline.engine.effects import StopThinking, Think
from trunkline.engine.history import History
from trunkline.engine.talk.desk import Desk
from trunkline.engine.turns import count_words
from trunkline.ports.models import Turn

LONGEST_CHARACTERS = 400
_QUOTED_CHARACTERS = 200
_TELLING_WORDS = 4
_NO_WRITERS = frozenset({"local", *REALTIME})
_SPEAKERS = {"user": "Customer", "assistant": "Assistant"}
_ORDER = (
    "You hand a phone call over to a colleague who has just picked up. Tell them in one or two short spoken sentences, in "
    "{language}, why the customer calls and what came of it so far. Say nothing else: no greeting, no name, no question, "
    "no list."
)


class Summary:
    """One request to the model beside those of the talk; its replies have numbers below zero."""

    def __init__(self, desk: Desk, history: History, language: str) -> None:
        self._desk = desk
        self._history = history
        self._language = language
        self._number = 0
        self._open = False
        self._pieces: list[str] = []

    @property
    def pending(self) -> bool:
        """Whether the model is still at it."""
        return self._open

    def ask(self) -> None:
        """Asks the model, where there is one and there is anything to sum up."""
        turns = self._history.turns()
        lines = [f"{_SPEAKERS[turn.role]}: {turn.content}" for turn in turns if turn.role in _SPEAKERS and turn.content]
        self._pieces = []
        if not any(turn.role == "user" for turn in turns) or _writes_nothing(self._desk.plan):
            return
        self._number -= 1
        self._open = True
        order = _ORDER.format(language=phrases(self._language).name)
        history = (Turn("system", order), Turn("user", "\n".join(lines)))
        self._desk.do(Think(self._number, history, with_tools=False))

    def text(self, number: int, text: str) -> None:
        """Words of a reply."""
        if self._open and number == self._number:
            self._pieces.append(text.strip())

    def finished(self, number: int, *, failed: bool = False) -> None:
        """A reply is complete, or failed."""
        if self._open and number == self._number:
            self._open = False
            if failed:
                self._pieces.clear()

    def drop(self) -> None:
        """Waits no longer."""
        if self._open:
            self._open = False
            self._pieces.clear()
            self._desk.do(StopThinking(self._number))

    def take(self) -> str | None:
        """What the model said, cut at a sentence; without that what the party said themselves; None where that says
        nothing either."""
        self.drop()
        words = " ".join(filter(None, self._pieces))
        if count_words(words):
            return shortened(words, LONGEST_CHARACTERS)
        telling = _telling(self._history.turns())
        return phrases(self._language).quote.format(telling) if telling else None


def shortened(text: str, characters: int) -> str:
    """The whole sentences of ``text`` that fit, or else its words."""
    if len(text) <= characters:
        return text
    head = text[:characters]
    end = max(head.rfind(mark) for mark in (". ", "! ", "? "))
    return head[: end + 1] if end > 0 else head.rpartition(" ")[0]


def _telling(turns: Sequence[Turn]) -> str | None:
    """The last thing that the party said at some length."""
    said = [turn.content for turn in turns if turn.role == "user" and count_words(turn.content) >= _TELLING_WORDS]
    return shortened(said[-1], _QUOTED_CHARACTERS) if said else None


def _writes_nothing(plan: CallPlan) -> bool:
    """Whether the brain follows a script, or is one that only talks, and can sum nothing up."""
    return plan.assistant.llm_config.provider in _NO_WRITERS
