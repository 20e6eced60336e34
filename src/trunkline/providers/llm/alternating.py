"""Histories for vendors that want two sides in turn: the user first and last, and results right after their calls."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from trunkline.ports.models import ToolCall, Turn

CONNECTED = "(The call is connected.)"
GO_ON = "(Go on.)"
ACKNOWLEDGED = "Okay."
_PENDING = '{"status":"running"}'
_NINE = re.compile(r"[A-Za-z0-9]{9}")


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool brought, as JSON text, and the call that it answers."""

    call: ToolCall
    text: str


@dataclass(slots=True)
class Side:
    """All that one side says before the other is next. The results of a user's side stand before its words."""

    role: str
    texts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


Rename = Callable[[str, int], str]
"""Gives a call's id as the vendor takes it: from our id, and how many calls before had the same."""


def alternating(history: Sequence[Turn], rename: Rename) -> tuple[str, list[Side]]:
    """The instructions (what the system says before anybody speaks), and the sides in turn.

    What the system says later is a note among the user's words. A call without a result has one that is still running; a
    result without a call is left out.
    """
    start = next((at for at, turn in enumerate(history) if turn.role != "system"), len(history))
    instructions = "\n\n".join(turn.content.strip() for turn in history[:start] if turn.content.strip())
    sides: list[Side] = []
    for turn in _renamed(history[start:], rename):
        if turn.role == "tool":
            _answer(sides, turn)
        elif turn.role == "assistant":
            side = _side(sides, "assistant")
            side.texts += _words(turn.content)
            side.calls += turn.tool_calls
            if turn.tool_calls:
                sides.append(Side("user", results=[Result(call, _PENDING) for call in turn.tool_calls]))
        elif words := _words(turn.content):
            _side(sides, "user").texts += [_note(text) for text in words] if turn.role == "system" else words
    return instructions, _bounded([side for side in sides if side.texts or side.calls or side.results])


def ordered(history: Sequence[Turn]) -> list[Turn]:
    """The history as Mistral takes it: between results and words of the user stands an assistant's turn, and calls have
    ids of nine letters and digits."""
    instructions, sides = alternating(history, nine)
    turns = [Turn("system", instructions)] if instructions else []
    for side in sides:
        text = " ".join(side.texts) if side.role == "assistant" else "\n".join(side.texts)
        if side.role == "assistant":
            turns.append(Turn("assistant", text, tuple(side.calls)))
            continue
        turns += [Turn("tool", result.text, (), result.call.id) for result in side.results]
        if side.results and text:
            turns.append(Turn("assistant", ACKNOWLEDGED))
        if text:
            turns.append(Turn("user", text))
    return turns


def nine(call_id: str, before: int) -> str:
    """An id of nine letters and digits; Mistral's own stay as they are."""
    if _NINE.fullmatch(call_id) and not before:
        return call_id
    return hashlib.sha256(f"{call_id}/{before}".encode()).hexdigest()[:9]


def _renamed(turns: Sequence[Turn], rename: Rename) -> Iterator[Turn]:
    """The turns with the ids that the vendor takes: no two calls have the same."""
    count: dict[str, int] = {}
    now: dict[str | None, str] = {}
    for turn in turns:
        calls = []
        for call in turn.tool_calls:
            now[call.id] = rename(call.id, count.get(call.id, 0))
            count[call.id] = count.get(call.id, 0) + 1
            calls.append(replace(call, id=now[call.id]))
        yield replace(turn, tool_calls=tuple(calls), tool_call_id=now.get(turn.tool_call_id, turn.tool_call_id))


def _side(sides: list[Side], role: str) -> Side:
    """The side that speaks now."""
    if not sides or sides[-1].role != role:
        sides.append(Side(role))
    return sides[-1]


def _answer(sides: Sequence[Side], turn: Turn) -> None:
    for side in reversed(sides):
        for at, result in enumerate(side.results):
            if result.call.id == turn.tool_call_id:
                side.results[at] = Result(result.call, turn.content)
                return


def _words(text: str) -> list[str]:
    return [text.strip()] if text.strip() else []


def _note(text: str) -> str:
    return f"(A note of the phone system, which nobody hears: {text})"


def _bounded(sides: list[Side]) -> list[Side]:
    """The user begins and ends."""
    first = [Side("user", [CONNECTED])] if not sides or sides[0].role != "user" else []
    last = [Side("user", [GO_ON])] if sides and sides[-1].role != "user" else []
    return [*first, *sides, *last]
