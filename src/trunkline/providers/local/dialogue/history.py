"""A model's history as the engine's events, and the replay of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.ports.models import Turn
from trunkline.providers.local.dialogue.machine import respond
from trunkline.providers.local.dialogue.notes import go_on, note, tell, use_results
from trunkline.providers.local.dialogue.state import Pending, Setting, State
from trunkline.providers.local.dialogue.text import content_words, fill, normalise, sentences

_HEARD_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``answered`` says that the assistant spoke after it (``by`` which words), or is to now."""

    kind: str
    text: str = ""
    answered: bool = True
    by: str = ""
    results: tuple[tuple[str, str], ...] = ()


def events_of(history: Sequence[Turn]) -> list[Event]:
    """The events of a history: words of the party in a row are one, so are tool results."""
    names = {call.id: call.name for turn in history for call in turn.tool_calls}
    found: list[Event] = []
    begun = False
    for turn in history:
        text = turn.content.strip()
        if turn.role == "system":
            found.append(Event("note" if begun else "prompt", text))
            continue
        begun = True
        if turn.role == "tool":
            result = (names.get(turn.tool_call_id or "", ""), turn.content)
            if found and found[-1].kind == "tool":
                found[-1] = replace(found[-1], results=(*found[-1].results, result))
            else:
                found.append(Event("tool", results=(result,)))
        elif turn.role == "user":
            _add_words(found, text)
        elif text:
            found.append(Event("assistant", text))
    return [
        _answered(event, found[at + 1 :]) if event.kind in ("note", "tool") else event for at, event in enumerate(found)
    ]


def _answered(event: Event, later: list[Event]) -> Event:
    if not later:
        return event
    spoke = later[0].kind == "assistant"
    return replace(event, answered=spoke, by=later[0].text if spoke else "")


def _add_words(found: list[Event], text: str) -> None:
    at = len(found) - 1
    while at >= 0 and found[at].kind == "note":
        at -= 1
    if at >= 0 and found[at].kind == "user":
        words = Event("user", f"{found.pop(at).text} {text}".strip())
        found.append(words)
    else:
        found.append(Event("user", text))


async def step(setting: Setting, state: State, event: Event) -> State:
    """The state after one event."""
    match event.kind:
        case "user":
            return await respond(setting, state, event.text)
        case "assistant":
            return _heard(setting, state, event.text)
        case "tool":
            told = await use_results(setting, state, event.results)
            return told if event.answered else _unsaid(told)
        case "note" if event.answered:
            told = await tell(setting, state, event.text)
            if not event.by or _is_of(told.reply, event.by):
                return told
    return note(setting, state, event.text, prompt=event.kind == "prompt")


class Replay:
    """Follows the histories of one call; a history that continues the last one costs only what is new."""

    def __init__(self) -> None:
        self._setting: Setting | None = None
        self._trail: list[tuple[Event, State]] = []

    async def at_end(self, setting: Setting, history: Sequence[Turn]) -> State:
        """The state at the end of the history, after the reply to its last turn if that is not the assistant's."""
        return await self._follow(setting, events_of(history))

    async def after(self, setting: Setting, history: Sequence[Turn]) -> State:
        """The state whose last reply answers the history."""
        events = events_of(history)
        state = await self._follow(setting, events)
        if not events or events[-1].kind in ("assistant", "prompt"):
            state = await go_on(setting, state)
        return state

    async def _follow(self, setting: Setting, events: list[Event]) -> State:
        if self._setting is None or self._setting.tools != setting.tools:
            self._trail = []
        self._setting = setting
        trail: list[tuple[Event, State]] = []
        for known, event in zip(self._trail, events, strict=False):
            if known[0] != event:
                break
            trail.append(known)
        state = trail[-1][1] if trail else State()
        for event in events[len(trail) :]:
            state = await step(setting, state, event)
            trail.append((event, state))
        self._trail = trail
        return state


def _unsaid(state: State) -> State:
    """The party spoke before a word of this reply: all that must not be lost is still to be said."""
    lost = tuple(dict.fromkeys((*state.lost, *state.told)))
    return replace(state, said=(*state.said[:-1], ()), compared=True, lost=lost, unheard=True)


def _heard(setting: Setting, state: State, text: str) -> State:
    """Compares what the party really heard with what was to be said: what must not be lost is kept to be said again."""
    if state.turns == 0 and not state.opening:
        return _opened(setting, replace(state, opening=text))
    if state.compared or not state.reply:
        return replace(state, checked_in=text.rstrip().endswith("?"))
    actual = normalise(text).split()
    at, same = _found(normalise(state.reply).split(), actual)
    begins, heard = 0, []
    for part in state.said[-1]:
        size = len(normalise(part).split())
        if same >= begins + _HEARD_ENOUGH * size:
            heard.append(part)
        begins += size
    lost = tuple(part for part in state.told if part not in heard)
    return replace(
        state,
        said=(*state.said[:-1], tuple(heard)),
        compared=True,
        lost=tuple(dict.fromkeys((*state.lost, *lost))),
        unheard=state.said[-1][-1:] != tuple(heard[-1:]),
        checked_in=len(actual) > at + same and text.rstrip().endswith("?"),
    )


def _found(reply: list[str], actual: list[str]) -> tuple[int, int]:
    """Where in ``actual`` the reply begins, and how many words of it stand there: turns of one side that follow each
    other are one, so something may have been said before it and after it."""
    best = (0, 0)
    for at in range(len(actual)):
        same = _common(reply, actual[at:])
        if same > best[1]:
            best = (at, same)
    return best


def _is_of(reply: str, text: str) -> bool:
    """Whether what was heard is a reply, or the beginning of one."""
    actual = normalise(text).split()
    return _found(normalise(reply).split(), actual)[1] >= min(2, len(actual))


def _common(left: list[str], right: list[str]) -> int:
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return at
    return min(len(left), len(right))


def _opened(setting: Setting, state: State) -> State:
    """The first message may already ask a step's question: then its answer is what comes."""
    asked = [part for part in sentences(state.opening) if part.endswith("?")]
    if not asked:
        return state
    words = content_words(asked[-1])
    for at, one in enumerate(setting.script.steps):
        own = (
            content_words(fill(re.split(r"(?<=[.!?])\s+", one.ask or "")[-1], setting.variables))
            if one.ask
            else frozenset()
        )
        if own and words and len(own & words) / len(own | words) >= _HEARD_ENOUGH:
            return replace(state, pending=Pending.STEP, at=at)
    return state
