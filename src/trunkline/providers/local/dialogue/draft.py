"""One reply in the making: what it says, which tools it calls, and the state that it leaves."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from trunkline.domain.assistant import ScriptStep
from trunkline.ports.models import ToolCall
from trunkline.providers.local.dialogue.sentences import capitalised, others, wording
from trunkline.providers.local.dialogue.state import Outcome, Pending, Setting, State
from trunkline.providers.local.dialogue.text import fill, normalise, sentences

END_CALL = "end_call"
TRANSFER_CALL = "transfer_call"
OWN_TOOLS = frozenset((END_CALL, TRANSFER_CALL, "send_dtmf"))


class Draft:
    """Collects the sentences, calls and changes of one reply."""

    def __init__(self, setting: Setting, state: State, heard: str = "") -> None:
        self.setting = setting
        self.state = state
        self.heard = heard
        self.plain = normalise(heard)
        self.calls: list[ToolCall] = []
        self._parts: list[str] = []
        self._told: set[str] = set()
        self._hushed = False

    @property
    def values(self) -> dict[str, object]:
        """What templates are filled from: slots before overrides before variables."""
        return {**self.setting.variables, **self.state.overrides, **self.state.slots}

    @property
    def step(self) -> ScriptStep | None:
        """The step whose question is open."""
        return self.setting.script.steps[self.state.at] if self.state.at is not None else None

    @property
    def silent(self) -> bool:
        """Nothing was said yet."""
        return not self._parts

    def put(self, **changes: Any) -> None:
        """Changes the state."""
        self.state = replace(self.state, **changes)

    def set_slot(self, name: str, value: object) -> None:
        """Fills a slot."""
        self.put(slots=MappingProxyType({**self.state.slots, name: value}))

    def say(self, kind: str, *values: str, turn: int | None = None) -> None:
        """Says a sentence of the engine's own."""
        turn = self.state.turns if turn is None else turn
        self._parts += sentences(capitalised(wording(kind, turn, *values)))

    def tell(self, parts: Sequence[str]) -> None:
        """Says sentences that are said again should the party interrupt them."""
        self._parts += parts
        self._told.update(parts)

    def hush(self) -> None:
        """Says nothing at all."""
        self._hushed = True

    def speak(self, text: str) -> None:
        """Says a text of the script, filled."""
        self._parts += sentences(fill(text, self.values))

    def quote(self, text: str) -> None:
        """Tells a text that holds nothing to fill any more."""
        self.tell(sentences(capitalised(text)))

    def filled(self, text: str) -> str:
        """A text of the script, filled."""
        return fill(text, self.values)

    def text(self) -> str:
        """What it says so far."""
        return " ".join(self._parts)

    def call(self, name: str, arguments: dict[str, Any]) -> None:
        """Calls a tool."""
        number = f"{self.state.turns}_{len(self.calls)}"
        self.calls.append(ToolCall(f"call_{number}", name, arguments))

    def end(self, outcome: Outcome | None = None) -> None:
        """This is the last reply; hangs up where there is a tool for it."""
        if outcome is not None and self.state.outcome not in (Outcome.OPTED_OUT, Outcome.WRONG_NUMBER):
            self.put(outcome=outcome)
        self.put(ended=True, pending=Pending.NOTHING)
        if self.setting.tool(END_CALL) is not None and not any(call.name == END_CALL for call in self.calls):
            self.call(END_CALL, {})

    def close(self, outcome: Outcome) -> None:
        """Says the closing of the script and ends."""
        closing = self.setting.script.closing
        if closing and outcome not in (Outcome.NOT_UNDERSTOOD, Outcome.NOT_INTERESTED):
            self.speak(closing)
        else:
            self.say("closing")
        self.end(outcome)

    @property
    def stale(self) -> frozenset[str]:
        """The sentences of both of the last two replies: not to be said a third time."""
        return (
            frozenset(self.state.said[-1]).intersection(self.state.said[-2])
            if len(self.state.said) >= 2
            else frozenset()
        )

    def finish(self) -> State:
        """The state after this reply. No sentence stands in three replies in a row."""
        stale = self.stale
        spoken: list[str] = []
        for part in self._parts:
            if part in stale:
                part = next((other for other in others(part) if other not in stale), "")
            if part and part not in spoken:
                spoken.append(part)
        if not spoken and not self.calls and not self._hushed:
            kind = "goodbye" if self.state.ended else "resume"
            spoken.append(
                next(option for turn in range(3) if (option := wording(kind, self.state.turns + turn)) not in stale)
            )
        said = (*self.state.said, tuple(spoken))[-2:]
        told = tuple(part for part in spoken if part in self._told)
        lost = () if self.state.ended else tuple(part for part in self.state.lost if part not in spoken)
        return replace(
            self.state,
            said=said,
            told=told,
            lost=lost,
            last_words=() if not self.state.ended else self.state.last_words or tuple(spoken),
            running=tuple(self.calls),
            compared=False,
            unheard=False,
            checked_in=False,
        )
