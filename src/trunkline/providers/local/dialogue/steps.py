"""Walking through a script: which step comes next, asking its question, taking its answer, giving it up."""

import re
from typing import Any

from trunkline.domain.assistant import Script, ScriptStep
from trunkline.providers.local.dialogue.answers import Answer, choices_of, understand
from trunkline.providers.local.dialogue.dates import When, find_when
from trunkline.providers.local.dialogue.draft import Draft
from trunkline.providers.local.dialogue.introduction import introduce
from trunkline.providers.local.dialogue.numbers import with_digits
from trunkline.providers.local.dialogue.rules import Intent
from trunkline.providers.local.dialogue.sentences import listing
from trunkline.providers.local.dialogue.state import Outcome, Pending
from trunkline.providers.local.dialogue.text import normalise, questions, sentences, spoken, without_yes
from trunkline.providers.local.dialogue.toolcalls import arguments_for, brought, failed, running, transfer

END = -1
FAILED = "failed"
_MOST_SAID_AT_ONCE = 8
_TELLS = re.compile(
    r"(?:please |just |can you |could you )*(?:tell|say|ask|let|that|i|i'm|i'll|we|we'll|my|the|they)\b", re.I
)
_RANGE = re.compile(r"^(\d+)\s*-\s*(\d+)$")


def _index(script: Script, name: str) -> int:
    return END if name == "end" else next(at for at, step in enumerate(script.steps) if step.id == name)


def _in_order(script: Script, at: int) -> int:
    return at + 1 if at + 1 < len(script.steps) else END


def following(script: Script, at: int, value: object = None) -> int:
    """The step after ``at`` for an answer (``next`` may also name a range of numbers, ``1-6``); END after the last."""
    where = script.steps[at].next
    if where is None:
        return _in_order(script, at)
    if isinstance(where, str):
        return _index(script, where)
    key = spoken(value).lower()
    for name, target in where.items():
        if name.lower() == key or _within(name, value):
            return _index(script, target)
    return _index(script, where["*"]) if "*" in where else _in_order(script, at)


def _within(name: str, value: object) -> bool:
    match = _RANGE.match(name)
    if match is None or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return int(match[1]) <= value <= int(match[2])


def go_to(draft: Draft, at: int, carried: str = "", outcome: Outcome = Outcome.COMPLETED) -> None:
    """Says the steps from ``at`` until one asks, calls a tool, or closes. ``carried`` is an answer that may hold this
    step's too."""
    script = draft.setting.script
    if draft.state.pending is Pending.OPENING:
        introduce(draft)
    for _ in range(_MOST_SAID_AT_ONCE):
        if at == END:
            break
        step = script.steps[at]
        if step.say:
            draft.tell(sentences(draft.filled(step.say)))
        if step.tool and _call(draft, at):
            return
        if step.ask:
            answer = _open(draft, at, carried)
            if answer is None:
                return
            echo(draft, step, answer)
            at = _keep(draft, step, answer.value)
            carried = ""
        else:
            at = _without_result(draft, at) if step.tool else following(script, at)
    draft.close(outcome)


def _open(draft: Draft, at: int, carried: str) -> Answer | None:
    """Opens the question of a step: asks it, or the rest of it, or finds it answered whole by what was said before."""
    step = draft.setting.script.steps[at]
    draft.put(pending=Pending.STEP, at=at, partial=None, candidate=None, misses=0)
    already = _carried(step, carried)
    if already is None:
        draft.speak(step.ask or "")
    elif already.partial is not None:
        _ask_the_rest(draft, already.partial)
    else:
        return already
    return None


def _call(draft: Draft, at: int) -> bool:
    """Calls the tool of a step, whose result comes with the next turn. False where the tool is not there, or a required
    argument is not known."""
    step = draft.setting.script.steps[at]
    tool = draft.setting.tool(step.tool or "")
    if tool is None:
        return False
    arguments: dict[str, Any] | None
    if step.arguments is None:
        arguments = arguments_for(draft, tool)
    else:
        arguments = {
            name: draft.filled(value) if isinstance(value, str) else value for name, value in step.arguments.items()
        }
    if arguments is None:
        return False
    draft.put(pending=Pending.TOOL, at=at, partial=None, candidate=None, misses=0)
    draft.call(tool.name, arguments)
    return True


def _without_result(draft: Draft, at: int) -> int:
    """The step that follows where a tool brought nothing; says so where the script does not provide for it."""
    where = draft.setting.script.steps[at].next
    if not (isinstance(where, dict) and FAILED in where):
        draft.say("tool failed")
    return following(draft.setting.script, at, FAILED)


def take_result(draft: Draft, content: str) -> None:
    """Keeps what the tool of the open step brought, and goes on."""
    at, step = draft.state.at, draft.step
    assert at is not None
    assert step is not None
    draft.put(pending=Pending.STEP)
    if failed(content):
        go_to(draft, _without_result(draft, at))
    else:
        go_to(draft, _keep(draft, step, None if running(content) else brought(content)))


def _carried(step: ScriptStep, carried: str) -> Answer | None:
    if carried and step.type == "text":
        rest = without_yes(carried)
        return Answer(rest) if _TELLS.match(rest) and len(rest.split()) >= 4 and not questions(rest) else None
    if not carried or step.type not in ("date_time", "choice"):
        return None
    found = understand(step, carried)
    return found if found and found.sure else None


def _keep(draft: Draft, step: ScriptStep, value: object) -> int:
    at = draft.state.at
    assert at is not None
    if step.slot:
        draft.set_slot(step.slot, value)
    answered = (*(one for one in draft.state.answered if one != at), at)
    draft.put(answered=answered, detours=0, misses=0, partial=None, candidate=None, lost=())
    return following(draft.setting.script, at, value)


def echo(draft: Draft, step: ScriptStep, answer: Answer) -> None:
    """Shows that the answer was understood, so that a mistake can be put right."""
    if step.type in ("date_time", "choice", "number"):
        draft.say("echo", spoken(answer.value))
    else:
        draft.say("noted" if step.type == "text" else "acknowledge")


def take(draft: Draft, answer: Answer) -> None:
    """Takes an answer: asks for what is missing or unsure, else fills the slot and goes on."""
    step = draft.step
    assert step is not None
    if answer.partial is not None:
        draft.put(partial=answer.partial, misses=0)
        _ask_the_rest(draft, answer.partial)
        return
    if not answer.sure:
        draft.put(pending=Pending.CONFIRM, candidate=answer.value)
        confirm(draft)
        return
    script = draft.setting.script
    carried = draft.heard if carries(draft, step, answer.value) else ""
    target = _keep(draft, step, answer.value)
    arrives = script.steps[target] if target != END else None
    if step.type != "yes_no" or not (carried or (arrives and arrives.say)):
        echo(draft, step, answer)
    go_to(draft, target, carried)


def carries(draft: Draft, step: ScriptStep, value: object) -> bool:
    """Whether a yes or no came with the answer to the question that follows it."""
    at = draft.state.at
    if at is None or step.type != "yes_no" or not _has_more(draft, step):
        return False
    asked, found = (
        find_when(normalise(text)) for text in (draft.filled(f"{step.say or ''} {step.ask or ''}"), draft.heard)
    )
    if asked and found and found.day == asked.day and not found.time:
        return False
    target = following(draft.setting.script, at, value)
    return target != END and _carried(draft.setting.script.steps[target], draft.heard) is not None


def must_be_answered(step: ScriptStep) -> bool:
    """Whether the script cannot go on without an answer."""
    return isinstance(step.next, dict) and "*" not in step.next


def _has_more(draft: Draft, step: ScriptStep) -> bool:
    """Whether a yes or no brought something that the question had not already named."""
    named = set(with_digits(normalise(draft.filled(step.ask or ""))).split())
    return bool(set(with_digits(draft.plain).split()) - named)


def _ask_the_rest(draft: Draft, partial: When) -> None:
    draft.put(partial=partial)
    if partial.day:
        draft.say("echo", partial.day)
        draft.say("which time")
    else:
        draft.say("echo", partial.time)
        draft.say("which day")


def confirm(draft: Draft) -> None:
    """Asks whether the candidate was meant."""
    value = draft.state.candidate
    if isinstance(value, bool):
        draft.say("confirm yes" if value else "confirm no")
    else:
        draft.say("confirm", spoken(value))


def resume(draft: Draft) -> None:
    """Comes back to what was open before a detour; what was not heard of it is told again."""
    if draft.state.pending in (Pending.OPENING, Pending.STEP, Pending.TOOL, Pending.CONFIRM):
        draft.tell(draft.state.lost)
    match draft.state.pending:
        case Pending.OPENING:
            go_to(draft, 0)
        case Pending.STEP:
            _ask(draft)
        case Pending.TOOL:
            _call_again(draft)
        case Pending.CONFIRM:
            confirm(draft)
        case Pending.NOTHING:
            draft.say("goodbye")
            draft.end()
        case other:
            draft.say(
                {Pending.MESSAGE: "take message", Pending.CALLBACK: "busy"}.get(other, f"sure {draft.state.candidate}")
            )


def _call_again(draft: Draft) -> None:
    """Calls a tool that the party's words kept from being called: one that was called has a result."""
    at = draft.state.at
    assert at is not None
    if not _call(draft, at):
        go_to(draft, _without_result(draft, at))


def back(draft: Draft) -> None:
    """Leaves a question of the engine's own for the script's."""
    pending = Pending.STEP if draft.state.at is not None else Pending.OPENING
    draft.put(pending=pending, candidate=None, misses=0)
    resume(draft)


def _ask(draft: Draft) -> None:
    """Asks the open question, in other words when it was asked twice in a row."""
    step = draft.step
    assert step is not None
    if draft.state.partial is not None:
        draft.say("which time" if draft.state.partial.day else "which day")
    elif draft.stale.intersection(sentences(draft.filled(step.ask or ""))):
        hint(draft, step)
    else:
        draft.speak(step.ask or "")


def hint(draft: Draft, step: ScriptStep) -> None:
    """Says what kind of answer would do."""
    names = list(choices_of(step))
    if step.type == "choice" and names:
        draft.say("hint choice", listing(names))
    else:
        draft.say(f"hint {step.type or 'text'}")


def miss(draft: Draft) -> None:
    """Nothing was understood: asks again, then in other words, then hands over, moves on or closes."""
    misses = draft.state.misses + 1
    draft.put(misses=misses)
    step = draft.step
    if misses == 1 or (misses == 2 and step is None):
        draft.say("not understood", turn=misses - 1)
        resume(draft)
    elif misses == 2 and step is not None and draft.state.pending is Pending.STEP:
        draft.say("not understood", turn=misses - 1)
        hint(draft, step)
    else:
        give_up(draft)


def give_up(draft: Draft) -> None:
    """Hands over to a person if possible, else leaves the question open, else closes."""
    if transfer(draft):
        draft.put(outcome=Outcome.HUMAN_REQUESTED, misses=0)
        return
    at, step = draft.state.at, draft.step
    draft.put(gave_up=draft.state.gave_up + 1)
    if at is None or step is None or must_be_answered(step) or draft.state.gave_up > 1:
        draft.say("trouble")
        draft.say("trouble end")
        draft.end(Outcome.NOT_UNDERSTOOD)
        return
    draft.say("move on")
    go_to(draft, following(draft.setting.script, at), outcome=Outcome.NOT_UNDERSTOOD)


def be_sure(draft: Draft, intent: Intent) -> None:
    """Asks before acting on what was only likely meant."""
    draft.put(pending=Pending.SURE, candidate=str(intent), misses=0)
    draft.say(f"sure {intent}")
