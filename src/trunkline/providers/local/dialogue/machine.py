"""The dialogue machine: what was heard in, the next reply out. Hard rules, then the open question, then detours."""

import re
from dataclasses import replace

from trunkline.providers.local.dialogue.answers import Answer, choices_of, is_empty, is_unsure, understand, yes_or_no
from trunkline.providers.local.dialogue.corrections import correct
from trunkline.providers.local.dialogue.dates import find_when
from trunkline.providers.local.dialogue.detours import (
    HARD_RULES,
    answer_question,
    callback,
    note_callback,
    side,
    take_detour,
)
from trunkline.providers.local.dialogue.draft import OWN_TOOLS, Draft
from trunkline.providers.local.dialogue.rules import Intent, detour, hard_rule, likely
from trunkline.providers.local.dialogue.state import Outcome, Pending, Setting, State
from trunkline.providers.local.dialogue.steps import (
    back,
    be_sure,
    carries,
    following,
    go_to,
    miss,
    must_be_answered,
    resume,
    take,
)
from trunkline.providers.local.dialogue.text import normalise, one_line, question_word, questions, without_yes

_TURNS_AT_LEAST = 16
_TURNS_A_STEP = 5
_SHORT = 6
_GO_AHEAD = re.compile(
    r"\b(?:go ahead|go on|never mind|i have (?:a|one|some|got) (?:minute|moment|second|time)|quickly)\b"
)
_MOST_OFFERED = 12
_SKIP = re.compile(
    r"\bskip\b|\b(?:rather|prefer) not(?: to)? (?:say|answer|tell)\b"
    r"|\bno (?:opinion|comment)\b|\bnext question\b|\bcan not say\b"
)
_IDENTITY = re.compile(r"\b(?:speaking (?:with|to)|talking (?:with|to)|is this|am i)\b", re.I)
_MOMENT = re.compile(
    r"\b(?:good|convenient|right|bad) (?:time|moment)\b|\bdo you have (?:a|one|two) ?(?:minute|moment|second)?", re.I
)
_YES_NO_EXAMPLES = {
    "yes": ("That suits me very well", "I will make sure to be there", "We have already done that"),
    "no": ("That does not suit me", "It will not be possible for me", "We have yet to do that"),
}
_ANSWER_FIRST = frozenset((Intent.GREETING, Intent.THANKS, Intent.NOT_INTERESTED, Intent.GOODBYE, Intent.HOLD))


async def respond(setting: Setting, state: State, heard: str) -> State:
    """The state after the reply to what the party said."""
    draft = Draft(setting, replace(state, turns=state.turns + 1, running=()), heard)
    rule = hard_rule(draft.plain)
    if rule is not None and rule is not Intent.ROBOT:
        HARD_RULES[rule](draft)
    elif state.ended:
        await _after_the_end(draft)
    elif state.time_up:
        close_in_time(draft)
    elif draft.state.turns > _TURNS_AT_LEAST + _TURNS_A_STEP * len(setting.script.steps):
        draft.close(Outcome.NOT_UNDERSTOOD)
    elif rule is Intent.ROBOT:
        await take_detour(draft, rule)
    elif (state.checked_in or state.unheard or state.lost) and _says_little(draft):
        resume(draft)
    else:
        await _PENDING[state.pending](draft)
    return draft.finish()


def _says_little(draft: Draft) -> bool:
    """A bare yes, no or hello: no answer to a question that was not heard or not asked last."""
    short = len(draft.plain.split()) <= 5 and find_when(draft.plain) is None
    step = draft.step
    if step is not None and step.type not in ("yes_no", "text", None):
        return short and understand(step, draft.heard) is None and detour(draft.plain) in (Intent.GREETING, None)
    return short and (yes_or_no(draft.plain) is not None or detour(draft.plain) is Intent.GREETING)


def close_in_time(draft: Draft) -> None:
    """Says that time is nearly up, and closes."""
    draft.say("time up")
    draft.close(Outcome.OUT_OF_TIME)


async def _after_the_end(draft: Draft) -> None:
    if correct(draft):
        if not draft.state.ended:
            return
    elif hard_rule(draft.plain) is Intent.ROBOT:
        draft.say("robot")
    elif detour(draft.plain) is Intent.REPEAT:
        draft.say("repeat")
        draft.tell(draft.state.last_words)
        draft.end()
        return
    else:
        asked = questions(draft.heard)
        if asked and not await answer_question(draft, asked[-1]) and len(draft.plain.split()) > 2:
            draft.say("unknown")
            draft.put(unanswered=(*draft.state.unanswered, one_line(asked[-1]))[-5:])
        if draft.calls:
            return
    _part(draft)


def _part(draft: Draft) -> None:
    """Says goodbye once more and hangs up; where it cannot hang up, it has then said all, and is silent."""
    draft.end()
    if draft.calls or draft.state.checked_in or not draft.state.parted:
        draft.say("goodbye")
        draft.put(parted=True)
    elif draft.silent:
        draft.hush()


async def _opening(draft: Draft) -> None:
    question = draft.state.opening if draft.state.opening.rstrip().endswith("?") else ""
    answer = yes_or_no(draft.plain)
    refused = bool(answer and answer.value is False and answer.first)
    if refused and _MOMENT.search(question):
        callback(draft)
    elif refused and _IDENTITY.search(question):
        be_sure(draft, Intent.WRONG_NUMBER)
    elif draft.setting.takes_message and _is_message(draft):
        draft.put(at=0, pending=Pending.STEP)
        take(draft, Answer(draft.heard.strip()))
    elif (
        answer
        and answer.value is True
        and not questions(draft.heard)
        and detour(draft.plain) in (None, Intent.GREETING, Intent.THANKS)
    ) or not await side(draft):
        go_to(draft, 0)


def _is_message(draft: Draft) -> bool:
    return len(draft.plain.split()) >= 5 and not questions(draft.heard) and detour(draft.plain) is None


async def _step(draft: Draft) -> None:
    step = draft.step
    assert step is not None
    if correct(draft) or _skipped(draft):
        return
    answer = _answer(draft) or _counter_offer(draft)
    intent = _strong_detour(draft, answer)
    if likely(draft.plain) is Intent.OPT_OUT and (step.type != "text" or len(draft.plain.split()) <= _SHORT):
        be_sure(draft, Intent.OPT_OUT)
    elif intent is not None:
        await take_detour(draft, intent)
    elif answer is not None:
        await _answer_and_question(draft, answer)
    elif is_empty(draft.plain) or (not await _by_meaning(draft) and not await side(draft)):
        miss(draft)


def _answer(draft: Draft) -> Answer | None:
    """The answer in what was said; what stands in a question of theirs is none, but for a yes or no before it."""
    step = draft.step
    assert step is not None
    found = understand(step, draft.heard, draft.state.partial)
    asked = questions(draft.heard)
    if found is None or found.first or not asked or step.type == "text":
        return found
    rest = draft.heard
    for question in asked:
        offers = re.match(r"\s*(?:can|could|is|would|may|do|how about|what about)\b", question, re.I)
        if step.type == "yes_no" or not offers:
            rest = rest.replace(question, " ")
    return understand(step, rest, draft.state.partial) if rest.strip() else None


def _skipped(draft: Draft) -> bool:
    """They would rather not answer: the question stays open, where the script can go on without."""
    step, at = draft.step, draft.state.at
    if at is None or step is None or not _SKIP.search(draft.plain) or must_be_answered(step):
        return False
    draft.say("move on")
    go_to(draft, following(draft.setting.script, at))
    return True


def _counter_offer(draft: Draft) -> Answer | None:
    """A day or time in place of a yes or no: a no if it is a new one, likely a yes if it is the one asked about."""
    step, at, when = draft.step, draft.state.at, find_when(draft.plain)
    if at is None or step is None or step.type != "yes_no" or when is None or len(draft.plain.split()) > _MOST_OFFERED:
        return None
    if detour(draft.plain) is not None or any(question_word(question) for question in questions(draft.heard)):
        return None
    asked = find_when(normalise(draft.filled(f"{step.say or ''} {step.ask or ''}")))
    if asked and (when.day in ("", asked.day)) and (when.time in ("", asked.time)):
        return Answer(True, sure=False)
    return Answer(False) if carries(draft, step, value=False) else None


def _strong_detour(draft: Draft, answer: Answer | None) -> Intent | None:
    """A detour that goes before the answer that also stands there."""
    intent, step = detour(draft.plain), draft.step
    if intent is None or step is None or answer is None:
        return None
    if step.type == "text":
        size = len(draft.plain.split())
        if intent is Intent.THANKS and "thank" not in draft.plain:
            return None
        return intent if size <= (3 if intent is Intent.INSULT else _SHORT) else None
    if intent in _ANSWER_FIRST or answer.first or (intent is Intent.CALLBACK and step.type == "date_time"):
        return None
    return intent


async def _answer_and_question(draft: Draft, answer: Answer) -> None:
    asked = questions(draft.heard) if draft.step and draft.step.type != "text" else []
    if asked and answer.first:
        intent = detour(draft.plain)
        if intent in (Intent.WHO, Intent.WHY, Intent.REPEAT, Intent.ROBOT):
            await take_detour(draft, intent)
            return
        offered = draft.step is not None and carries(draft, draft.step, value=answer.value)
        if not offered and not await answer_question(draft, asked[-1]):
            draft.say("unknown")
            draft.put(unanswered=(*draft.state.unanswered, one_line(asked[-1]))[-5:])
    take(draft, answer)
    if draft.state.ended and any(call.name not in OWN_TOOLS for call in draft.calls):
        draft.put(ended=False, pending=Pending.NOTHING)
        draft.calls = [call for call in draft.calls if call.name not in OWN_TOOLS]


async def _by_meaning(draft: Draft) -> bool:
    """A choice, a yes or a no that is near in meaning; always asked about first."""
    step = draft.step
    if step is None or questions(draft.heard) or detour(draft.plain) is not None or is_unsure(draft.plain):
        return False
    value: object = None
    if step.type == "choice":
        value = await draft.setting.meaning.nearest(draft.heard, choices_of(step))
    elif step.type == "yes_no":
        label = await draft.setting.meaning.nearest(draft.heard, _YES_NO_EXAMPLES)
        value = None if label is None else label == "yes"
    if value is None:
        return False
    take(draft, Answer(value, sure=False))
    return True


async def _confirm(draft: Draft) -> None:
    step, candidate = draft.step, draft.state.candidate
    assert step is not None
    verdict = yes_or_no(draft.plain)
    other = understand(step, draft.heard) if step.type not in ("yes_no", "text") else None
    if other is not None:
        draft.put(pending=Pending.STEP)
        take(draft, replace(other, sure=other.sure or other.value == candidate))
    elif verdict is not None and (verdict.value or isinstance(candidate, bool)):
        draft.put(pending=Pending.STEP)
        take(draft, Answer(candidate if verdict.value else not candidate))
    elif verdict is not None:
        draft.put(pending=Pending.STEP, candidate=None)
        miss(draft)
    elif not await side(draft):
        miss(draft)


async def _tool(draft: Draft) -> None:
    if not await side(draft):
        resume(draft)


async def _sure(draft: Draft) -> None:
    verdict = yes_or_no(draft.plain)
    intent = Intent(str(draft.state.candidate))
    if verdict is not None and verdict.value:
        draft.put(pending=Pending.STEP if draft.state.at is not None else Pending.OPENING, candidate=None)
        callback(draft) if intent is Intent.CALLBACK else HARD_RULES[intent](draft)
    elif verdict is not None or draft.state.misses:
        draft.say("acknowledge")
        back(draft)
    elif find_when(draft.plain) is not None and intent is Intent.CALLBACK:
        callback(draft)
    elif detour(draft.plain) is not None:
        await side(draft)
    else:
        miss(draft)


async def _message(draft: Draft) -> None:
    verdict = yes_or_no(draft.plain)
    words = len(draft.plain.split())
    if detour(draft.plain) in (Intent.REPEAT, Intent.HOLD, Intent.WHO) and words <= 6:
        await side(draft)
    elif is_empty(draft.plain) and draft.state.misses == 0:
        miss(draft)
    elif (
        is_empty(draft.plain)
        or (verdict and verdict.value is False and words <= 4)
        or detour(draft.plain) is Intent.GOODBYE
    ):
        draft.say("no message")
        draft.close(Outcome.HUMAN_REQUESTED)
    elif verdict and verdict.value and verdict.first and words <= 2:
        resume(draft)
    else:
        draft.set_slot("message", without_yes(draft.heard))
        draft.say("message taken")
        draft.close(Outcome.HUMAN_REQUESTED)


async def _callback(draft: Draft) -> None:
    when, verdict = find_when(draft.plain), yes_or_no(draft.plain)
    if when is not None:
        note_callback(draft, str(when))
    elif detour(draft.plain) in (Intent.REPEAT, Intent.WHO, Intent.WHY, Intent.HOLD):
        await side(draft)
    elif (verdict and verdict.value) or _GO_AHEAD.search(draft.plain):
        back(draft)
    else:
        note_callback(draft, None)


async def _nothing(draft: Draft) -> None:
    if not await side(draft):
        draft.say("goodbye")
        draft.end(Outcome.COMPLETED if draft.state.outcome is Outcome.INCOMPLETE else None)


_PENDING = {
    Pending.OPENING: _opening,
    Pending.STEP: _step,
    Pending.CONFIRM: _confirm,
    Pending.SURE: _sure,
    Pending.TOOL: _tool,
    Pending.MESSAGE: _message,
    Pending.CALLBACK: _callback,
    Pending.NOTHING: _nothing,
}
