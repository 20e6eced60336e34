"""What the engine knows besides its script: facts, what was injected during the call, and the tools it may ask."""

import re
from types import MappingProxyType

from trunkline.domain.assistant import FunctionSpec
from trunkline.providers.local.dialogue.dates import find_when
from trunkline.providers.local.dialogue.draft import OWN_TOOLS, Draft
from trunkline.providers.local.dialogue.meaning import SURE_FLOOR
from trunkline.providers.local.dialogue.text import content_words, fill, normalise, one_line, overlap, sentences

_ASSIGNMENT = re.compile(r"^\s*([A-Za-z_]\w*)\s*[:=]\s*(\S.*?)\s*$")
_THEM = r"(?:the |this )?(?:customer|caller|callee|user|client|patient|party|person|guest|contact|recipient|lead|human)"
_ORDER = re.compile(
    rf"^(?:please )?(?:tell|inform|let|remind|say to|mention to|notify) (?:{_THEM}|them|him"
    rf"|her)(?: know)?(?: that| about)?,? ",
    re.I,
)
_SAY = re.compile(r"^(?:please )?(?:say|mention|add|announce)(?: that)? ", re.I)
_ASK = re.compile(rf"^(?:please )?ask (?:{_THEM}|them|him|her)? ?(for|about|whether|if|to)? ?", re.I)
_PERSONS = (
    (re.compile(rf"\b{_THEM}(?:'s|’s)\b", re.I), "your"),
    (re.compile(rf"\b{_THEM} (?:is|was)\b", re.I), "you are"),
    (re.compile(rf"\b{_THEM} has\b", re.I), "you have"),
    (re.compile(rf"\b{_THEM} (wants|needs|owes|gets|likes)\b", re.I), lambda match: f"you {match[1][:-1]}"),
    (re.compile(rf"\b{_THEM}\b", re.I), "you"),
    (re.compile(r"\btheir\b", re.I), "your"),
)
_SPECIFIC = re.compile(r"\b(where|who|when|why)\b")
_TIME_WORDS = re.compile(r"\b(?:what time|what day|which day|what date|how late)\b")
_NEED = 0.6


def to_the_party(text: str) -> str:
    """A note for the assistant, turned so that it can be said to the party."""
    text = _SAY.sub("", _ORDER.sub("", text.strip()))
    for pattern, word in _PERSONS:
        text = pattern.sub(word, text)
    return one_line(text)


def as_question(text: str) -> str | None:
    """A note of the form ``Ask the customer …``, as a question."""
    match = _ASK.match(text.strip())
    if match is None:
        return None
    rest = to_the_party(text.strip()[match.end() :])
    lead = {"for": "may I have", "about": "I would like to ask about", "to": "could you"}.get((match[1] or "").lower())
    return f"{lead} {rest}?" if lead else f"may I ask: {rest}?"


def take_in(draft: Draft, note: str, *, prompt: bool = False) -> None:
    """Keeps a system note: ``name: value`` lines override variables and slots, the rest answers questions later."""
    known = {*draft.setting.variables, *(step.slot for step in draft.setting.script.steps if step.slot)}
    overrides, rest = dict(draft.state.overrides), []
    for line in note.splitlines():
        match = _ASSIGNMENT.match(line)
        if match and (match[1] in known or (not prompt and "=" in line.split(match[2])[0])):
            overrides[match[1]] = match[2]
            if match[1] in draft.state.slots:
                draft.set_slot(match[1], match[2])
        if line.strip():
            rest.append(line.strip())
    draft.put(overrides=MappingProxyType(overrides))
    if not prompt:
        draft.put(context=(*draft.state.context, *rest)[-40:])


def _spoken_context(line: str) -> str:
    match = _ASSIGNMENT.match(line)
    if match:
        return f"the {match[1].replace('_', ' ')} is {one_line(match[2])}"
    return to_the_party(line)


async def answer(draft: Draft, question: str) -> str | None:
    """What is known in answer: newest context first, then the facts of the script; by words, then by meaning."""
    for line in reversed(draft.state.context):
        if _context_fit(question, line) >= _NEED:
            return _spoken_context(line) + "."
    facts = draft.setting.script.facts
    ranked = sorted(
        ((max(_fact_fit(question, one) for one in sentences(key)), key) for key in facts if key), reverse=True
    )
    if ranked and ranked[0][0] >= _NEED and (len(ranked) == 1 or ranked[1][0] < ranked[0][0]):
        return fill(facts[ranked[0][1]], draft.values)
    labelled = {
        **{f"f{key}": tuple(sentences(key)) for key in facts},
        **{f"c{line}": (to_the_party(line),) for line in draft.state.context},
    }
    label = await draft.setting.meaning.nearest(question, labelled, floor=SURE_FLOOR)
    if label is None:
        return None
    return fill(facts[label[1:]], draft.values) if label[0] == "f" else _spoken_context(label[1:]) + "."


def _asks_for(text: str) -> str:
    """Where, who, when or why, if a question asks for just that."""
    match = _SPECIFIC.search(_TIME_WORDS.sub("when", normalise(text)))
    return match[1] if match else ""


def _fact_fit(question: str, key: str) -> float:
    """Overlap, and half of it where another thing is asked for (where is it, what is it)."""
    asked = _asks_for(question)
    return overlap(question, key) * (0.5 if asked and asked != _asks_for(key) else 1.0)


def _context_fit(question: str, line: str) -> float:
    """Overlap, and a little more where a time is asked for and the line names one."""
    wants_time = _asks_for(question) == "when"
    bonus = 0.3 if wants_time and find_when(normalise(line)) else 0.0
    shared = overlap(question, line.replace("_", " "))
    return shared + bonus if shared else 0.0


async def tool_for(draft: Draft, question: str) -> FunctionSpec | None:
    """The webhook tool whose name or description fits what was asked, by words, then by meaning."""
    tools = [tool for tool in draft.setting.tools if tool.name not in OWN_TOOLS]
    ranked = sorted(((_fit(question, tool), tool.name) for tool in tools), reverse=True)
    name: str | None = None
    if ranked and ranked[0][0] >= _NEED and (len(ranked) == 1 or ranked[1][0] < ranked[0][0]):
        name = ranked[0][1]
    else:
        examples = {tool.name: (tool.name.replace("_", " "), *sentences(tool.description)) for tool in tools}
        name = await draft.setting.meaning.nearest(question, examples)
    return draft.setting.tool(name) if name else None


def _fit(question: str, tool: FunctionSpec) -> float:
    asked = content_words(question)
    words = content_words(f"{tool.name.replace('_', ' ').replace('-', ' ')} {tool.description}")
    return len(asked & words) / len(asked) if asked else 0.0
