"""What the model is told of the conversation so far: the prompt, both sides' turns, tools and their results."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from trunkline.domain.assistant import PromptMessage
from trunkline.ports.models import ToolCall, Turn
from trunkline.ports.toolrunner import ToolResult


@dataclass(slots=True, eq=False)
class Entry:
    """One turn, which may still change: an assistant's is cut to what was heard, and its tools answer later. ``broken``: the
    model failed in its midst."""

    role: str
    content: str
    calls: Sequence[ToolCall] = ()
    results: dict[str, str] = field(default_factory=dict)
    meanwhile: list["Entry"] = field(default_factory=list)
    broken: bool = False

    @property
    def answered(self) -> bool:
        """Whether every tool of this turn has a result."""
        return all(call.id in self.results for call in self.calls)

    @property
    def words(self) -> str:
        """All that was said in this turn, with what was said while its tools ran."""
        return " ".join(text for one in (self, *self.meanwhile) if (text := one.content.strip()))


class History:
    """The turns in their order."""

    def __init__(self, prompt: Sequence[PromptMessage]) -> None:
        self._entries = [Entry(message.role, message.content) for message in prompt]

    def add(self, role: str, content: str) -> Entry:
        """Appends a turn and gives it, for its maker to correct."""
        entry = Entry(role, content)
        self._entries.append(entry)
        return entry

    def meanwhile(self, words: Entry, turn: Entry) -> None:
        """``words`` are said while the tools of ``turn`` run: they stand before the results, so that the model has the
        results to answer last."""
        self._entries.remove(words)
        turn.meanwhile.append(words)

    def turns(self, user: str = "") -> tuple[Turn, ...]:
        """The history as models take it; ``user`` is appended as if it had been said.

        Turns of one side that follow each other become one, and one of which nothing was heard is left out.
        """
        return _turns((*self._entries, Entry("user", user)))

    def last(self, role: str) -> str:
        """What that role said last."""
        return next((entry.content for entry in reversed(self._entries) if entry.role == role and entry.content), "")

    @property
    def broke_off(self) -> bool:
        """Whether the words that were said last broke off."""
        return next((one.broken for one in reversed(self._entries) if one.content or one.calls), False)

    def since(self, beginning: int, without: Sequence[Entry]) -> tuple[Turn, ...]:
        """The turns after the first ``beginning``, but for some, and for calls whose results are not all there."""
        left = [entry for entry in self._entries[beginning:] if entry not in without]
        return _turns([entry if entry.answered else replace(entry, calls=()) for entry in left])


_PENDING = json.dumps({"status": "running"})


def _turns(entries: Sequence[Entry]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for entry in entries:
        _append(turns, Turn(entry.role, entry.words, tuple(entry.calls)))
        turns += [Turn("tool", entry.results.get(call.id, _PENDING), (), call.id) for call in entry.calls]
    return tuple(turns)


def _append(turns: list[Turn], turn: Turn) -> None:
    if not turn.content and not turn.tool_calls:
        return
    last = turns[-1] if turns else None
    if last is not None and last.role == turn.role and turn.role in ("user", "assistant") and not last.tool_calls:
        turns[-1] = replace(turn, content=f"{last.content} {turn.content}".strip())
    else:
        turns.append(turn)


def result_text(result: ToolResult) -> str:
    """A tool's result as the model reads it: JSON, a failure under ``error``."""
    return json.dumps({"error": result.content} if result.failed else result.content, ensure_ascii=False, default=str)
