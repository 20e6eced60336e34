"""Answers that are put right later: no, I meant Tuesday."""

import re

from trunkline.providers.local.dialogue.answers import understand, yes_or_no
from trunkline.providers.local.dialogue.dates import find_when, weekdays
from trunkline.providers.local.dialogue.draft import Draft
from trunkline.providers.local.dialogue.state import Pending
from trunkline.providers.local.dialogue.steps import following, go_to, resume
from trunkline.providers.local.dialogue.text import normalise, spoken

_CORRECTION = re.compile(
    r"^(?:no |sorry |oh |wait |um |uh |er |ah |hm |well |yes |but |okay |actually )*(?P<strong>i (?:meant|mean"
    r"|said)(?: to say)?|i made a mistake|(?:can we |could we |let me |i want to |please )*"
    r"(?:change|make) (?:that|it|my answer)(?: to)?|that is (?:wrong|not right|not what i said)"
    r"|correction)\b|^(?:no |oh |wait |um |uh |er |ah |well )*(?:actually|sorry|wait)\b"
)


def correct(draft: Draft) -> bool:
    """An answer given before is put right: no, I meant Tuesday."""
    match = _CORRECTION.match(draft.plain)
    if match is None:
        return _takes_back(draft)
    rest = draft.plain[match.end() :].strip()
    current = draft.step if draft.state.pending is Pending.STEP else None
    if (
        current is not None
        and (not match["strong"] or current.type == "text")
        and understand(current, rest or draft.plain)
    ):
        return False
    for at in reversed(draft.state.answered):
        step = draft.setting.script.steps[at]
        old = draft.state.slots.get(step.slot or "")
        before = find_when(normalise(str(old))) if step.type == "date_time" else None
        found = understand(step, rest, before) if rest and step.type != "text" else None
        if (
            found is None
            or not found.sure
            or found.value == old
            or (current and current.type == step.type and not match["strong"])
        ):
            continue
        _put_right(draft, at, found.value, old)
        return True
    return False


def _takes_back(draft: Draft) -> bool:
    """A yes given before is taken back without saying so: Tuesday doesn't work for me, after all."""
    verdict = yes_or_no(draft.plain)
    if verdict is None or verdict.value or verdict.first or (draft.step and draft.step.type == "date_time"):
        return False
    script, days = draft.setting.script, set(weekdays(draft.plain))
    current = draft.filled(draft.step.ask or "") if draft.step else ""
    for at in reversed(draft.state.answered):
        step = script.steps[at]
        said = draft.filled(f"{step.say or ''} {step.ask or ''}")
        named = days & set(weekdays(normalise(said))) - set(weekdays(normalise(current)))
        if named and step.type == "yes_no" and draft.state.slots.get(step.slot or "") is True:
            _put_right(draft, at, False, True)
            return True
    return False


def _put_right(draft: Draft, at: int, value: object, old: object) -> None:
    script = draft.setting.script
    draft.set_slot(script.steps[at].slot or "", value)
    draft.put(lost=())
    draft.say("corrected", spoken(value))
    target = following(script, at, value)
    if target != following(script, at, old):
        draft.put(ended=False)
        go_to(draft, target)
    elif not draft.state.ended:
        resume(draft)
