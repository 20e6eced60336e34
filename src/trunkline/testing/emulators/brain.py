"""The deterministic partner that the emulators talk with: sensible words, and tools where they are meant."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.testing.emulators.arguments import filled

END_CALL = "end_call"
_WORD = re.compile(r"[\w']+")
_BYE = re.compile(r"\b(?:good ?bye|bye)\b", re.I)
_GREETING = re.compile(r"^(?:hello|hi|hey|good (?:morning|afternoon|evening))[.!,]?(?: there[.!]?)?$", re.I)
_GO_ON = re.compile(r"go on (?:exactly )?where it stopped", re.I)
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        about after again also answer before been being both call called caller calls could does done each else from
        give gives have here into just know like make more much need only other over please says should some someone
        tell than that their them then there they this those thing things tool used user using wants what when where
        which while will with would your
        """,
    )
)
_SHORTEST_WORD = 4


@dataclass(frozen=True, slots=True)
class BrainCall:
    """A tool that the partner wants to run."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the partner says, and the tools that it calls."""

    text: str
    calls: tuple[BrainCall, ...] = ()


Tool = tuple[str, str, Mapping[str, Any]]
"""A tool's name, its description, and the JSON Schema of its arguments."""


def answer(turns: Sequence[tuple[str, str]], tools: Sequence[Tool] = ()) -> Answer:
    """The answer to a conversation of (role, text), where roles are system, user, assistant and tool.

    It repeats what it understood in a whole sentence; a tool whose name, or a word of whose description, stands in the
    last words of the user is called; after a tool's result it says what that brought; a goodbye is returned, and the
    call ended. Asked for JSON by the system (a schema, or a verdict), it writes JSON.
    """
    if (written := _written(turns)) is not None:
        return Answer(written)
    if len(turns) > 1 and _GO_ON.search(turns[-1][1]) and turns[-2][0] == "assistant":
        return _continued(turns[-2][1], answer(turns[:-2], tools))
    if turns and turns[-1][0] == "tool":
        return Answer(_brought([text for role, text in _last(turns, ("tool",))]))
    words = " ".join(text.strip() for role, text in _last(turns, ("user", "system")) if role == "user").strip()
    if not words:
        return Answer("Are you still there?" if any(role == "assistant" for role, _ in turns) else _OPENING)
    if _BYE.search(words):
        ends = any(name == END_CALL for name, _, _ in tools)
        return Answer("Goodbye!", (BrainCall(END_CALL),) if ends else ())
    if (meant := _meant(words, tools)) is not None:
        return Answer("One moment, please.", (BrainCall(meant[0], filled(meant[2], words)),))
    if _GREETING.match(words):
        return Answer("Hello! How can I help you?")
    return Answer(f"I understood: {words.rstrip(' .!?')}. What else can I do for you?")


_OPENING = "Hello, this is the assistant. How can I help you?"


def _continued(said: str, whole: Answer) -> Answer:
    """What is missing of an answer that broke off."""
    rest = whole.text[len(said) :].strip() if whole.text.startswith(said) else whole.text
    return Answer(rest, whole.calls)


def _last(turns: Sequence[tuple[str, str]], roles: Sequence[str]) -> list[tuple[str, str]]:
    """The turns at the end that are of these roles."""
    at = len(turns)
    while at and turns[at - 1][0] in roles:
        at -= 1
    return list(turns[at:])


def _meant(words: str, tools: Sequence[Tool]) -> Tool | None:
    """The tool that the words mean: by its name, else by most words of its name and description."""
    said = {word.lower() for word in _WORD.findall(words)}
    plain = " ".join(word.lower() for word in _WORD.findall(words))
    offered = [tool for tool in tools if tool[0] != END_CALL]
    for tool in offered:
        name = _spaced(tool[0])
        if re.search(rf"\b(?:{re.escape(name)}|{re.escape(tool[0].lower())})\b", plain):
            return tool
    scored = [(len(said & _telling(f"{_spaced(tool[0])} {tool[1]}")), tool) for tool in offered]
    best = max((score for score, _ in scored), default=0)
    return next((tool for score, tool in scored if score == best), None) if best else None


def _spaced(name: str) -> str:
    """A tool's name as one would say it: ``bookTable`` and ``book_table`` are ``book table``."""
    return " ".join(re.sub("([a-z0-9])([A-Z])", r"\1 \2", name).replace("_", " ").replace("-", " ").lower().split())


def _telling(text: str) -> set[str]:
    """The words of a text that say something."""
    words = {word.lower() for word in _WORD.findall(text)}
    return {word for word in words if len(word) >= _SHORTEST_WORD and word not in _COMMON}


def _brought(results: Sequence[str]) -> str:
    """Tools' results in a sentence each."""
    return " ".join(_sentence(text) for text in results)


def _sentence(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if value == {"status": "running"}:
        return "I am still working on it."
    if isinstance(value, dict) and "error" in value:
        return f"I am sorry, that did not work: {_said(value['error'])}."
    said = _said(value)
    return f"Here is what I found: {said}." if said else "That is done."


def _said(value: Any) -> str:
    """A value as one would say it."""
    if isinstance(value, dict):
        return ", ".join(f"{_spaced(str(name))} {_said(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value)
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return str(value).strip().rstrip(".!?")


def _written(turns: Sequence[tuple[str, str]]) -> str | None:
    """The JSON, or the summary, that the system asks for; None where it asks for a talk."""
    asked = "\n".join(text for role, text in turns if role == "system")
    words = "\n".join(text for role, text in turns if role == "user")
    if "one JSON value" in asked and (at := asked.find("{")) >= 0:
        schema, _ = json.JSONDecoder().raw_decode(asked, at)
        return json.dumps(filled(schema, words))
    if '"passed"' in asked:
        return json.dumps({"passed": True, "reason": "The other party got what it asked for."})
    if asked.startswith("You summarise"):
        lines = [line for line in words.splitlines() if line.startswith(("user:", "customer:"))]
        return f"The other party said {len(lines)} things. The last was: {(lines or ['nothing'])[-1]}"
    return None
