"""What a party may bring up besides answering: hard rules that end the script, and detours that come back to it."""

import re
from collections.abc import Awaitable, Callable

from trunkline.providers.local.dialogue.dates import find_when
from trunkline.providers.local.dialogue.draft import Draft
from trunkline.providers.local.dialogue.introduction import introduction
from trunkline.providers.local.dialogue.knowledge import answer as known_answer
from trunkline.providers.local.dialogue.knowledge import tool_for
from trunkline.providers.local.dialogue.rules import EXAMPLES, Intent, detour, likely
from trunkline.providers.local.dialogue.state import Outcome, Pending
from trunkline.providers.local.dialogue.steps import be_sure, resume
from trunkline.providers.local.dialogue.text import one_line, questions
from trunkline.providers.local.dialogue.toolcalls import arguments_for, transfer

_MOST_DETOURS = 6
_MOST_INSULTS = 2


def emergency(draft: Draft) -> None:
    """Sends them to those who can help, and frees the line."""
    draft.say("emergency")
    draft.say("emergency why")
    draft.end(Outcome.EMERGENCY)


def opt_out(draft: Draft) -> None:
    """Confirms, apologises, says that it is recorded, and ends."""
    draft.set_slot("do_not_call", True)
    draft.say("opted out")
    draft.say("opted out recorded")
    draft.end(Outcome.OPTED_OUT)


def wrong_number(draft: Draft) -> None:
    """Apologises and ends."""
    draft.set_slot("wrong_number", True)
    draft.say("wrong number")
    draft.say("wrong number recorded")
    draft.end(Outcome.WRONG_NUMBER)


def human(draft: Draft) -> None:
    """Hands over to a person, or takes a message for one."""
    if draft.state.pending is Pending.MESSAGE:
        draft.say("no message")
        draft.end(Outcome.HUMAN_REQUESTED)
        return
    draft.put(outcome=Outcome.HUMAN_REQUESTED)
    if not transfer(draft):
        draft.say("no human")
        ask_for_message(draft)


def ask_for_message(draft: Draft) -> None:
    """Asks what to pass on."""
    draft.put(pending=Pending.MESSAGE, ended=False, misses=0)
    draft.say("take message")


def robot(draft: Draft) -> None:
    """Says honestly what it is."""
    draft.say("robot")
    resume(draft)


HARD_RULES: dict[Intent, Callable[[Draft], None]] = {
    Intent.EMERGENCY: emergency,
    Intent.OPT_OUT: opt_out,
    Intent.WRONG_NUMBER: wrong_number,
    Intent.HUMAN: human,
    Intent.ROBOT: robot,
}


def callback(draft: Draft) -> None:
    """Asks when to call instead, or takes the time that was named along."""
    when = find_when(draft.plain)
    if when is not None:
        note_callback(draft, str(when))
        return
    draft.put(pending=Pending.CALLBACK, misses=0)
    draft.say("busy")


def note_callback(draft: Draft, when: str | None) -> None:
    """Keeps when to call back, and ends."""
    draft.set_slot("callback_time", when or "another time")
    if when:
        on = "on " if re.match(r"(?:[A-Z]\w+day|the \d|[A-Z]\w+ \d)", when) else "at " if when[0].isdigit() else ""
        draft.say("callback noted", on + when)
    else:
        draft.say("callback open")
    draft.end(Outcome.CALLBACK_REQUESTED)


def _repeat(draft: Draft) -> None:
    draft.say("repeat")
    step = draft.step if draft.state.pending is Pending.STEP else None
    opening = draft.state.opening.rstrip()
    if draft.state.pending is Pending.OPENING and opening.endswith((".", "!", "?")):
        draft.quote(opening)
        return
    if step is not None and step.say:
        draft.speak(step.say)
    resume(draft)


async def _who(draft: Draft) -> None:
    draft.quote(await known_answer(draft, draft.heard) or introduction(draft))
    resume(draft)


async def _why(draft: Draft) -> None:
    known = await known_answer(draft, draft.heard)
    goal = one_line(draft.setting.script.goal)
    if known:
        draft.quote(known)
    elif goal:
        draft.say("why", draft.filled(goal[:1].lower() + goal[1:]))
    else:
        draft.say("why unknown")
    resume(draft)


def _insult(draft: Draft) -> None:
    draft.put(insults=draft.state.insults + 1)
    if draft.state.insults >= _MOST_INSULTS:
        draft.say("insult end")
        draft.end(Outcome.DECLINED)
        return
    draft.say("insult")
    draft.say("insult offer")
    resume(draft)


def _welcome(draft: Draft) -> None:
    if "thank" in draft.plain or "cheers" in draft.plain:
        draft.say("welcome")
    resume(draft)


def _greet(draft: Draft) -> None:
    if draft.state.pending is not Pending.OPENING or not draft.state.opening:
        draft.say("greeting")
    resume(draft)


def _leave(draft: Draft) -> None:
    draft.say("not interested")
    draft.close(Outcome.NOT_INTERESTED)


def _goodbye(draft: Draft) -> None:
    draft.close(Outcome.DECLINED if not draft.state.answered else Outcome.INCOMPLETE)


_DETOURS: dict[Intent, Callable[[Draft], Awaitable[None] | None]] = {
    Intent.ROBOT: robot,
    Intent.INSULT: _insult,
    Intent.HOLD: lambda draft: draft.say("hold"),
    Intent.CALLBACK: callback,
    Intent.REPEAT: _repeat,
    Intent.WHO: _who,
    Intent.WHY: _why,
    Intent.NOT_INTERESTED: _leave,
    Intent.GOODBYE: _goodbye,
    Intent.GREETING: _greet,
    Intent.THANKS: _welcome,
}


async def take_detour(draft: Draft, intent: Intent) -> None:
    """Follows a detour, unless there were too many in a row."""
    draft.put(detours=draft.state.detours + 1)
    if draft.state.detours > _MOST_DETOURS:
        draft.close(Outcome.DECLINED)
        return
    done = _DETOURS[intent](draft)
    if done is not None:
        await done


async def answer_question(draft: Draft, question: str) -> bool:
    """Answers a question from what is known or by a tool. A tool's answer comes later, so the reply then ends here."""
    known = await known_answer(draft, question)
    if known:
        draft.quote(known)
        return True
    tool = await tool_for(draft, question)
    arguments = arguments_for(draft, tool) if tool else None
    if tool is None or arguments is None:
        return False
    draft.say("check")
    draft.call(tool.name, arguments)
    return True


async def side(draft: Draft) -> bool:
    """Whatever is no answer: a detour, a question, something likely meant. False when nothing of it was recognised."""
    intent = detour(draft.plain)
    asked = questions(draft.heard)
    if intent is not None:
        await take_detour(draft, intent)
        return True
    if asked or await _worth_a_tool(draft):
        await _question(draft, asked[-1] if asked else draft.heard)
        return True
    maybe = likely(draft.plain)
    if maybe is not None:
        be_sure(draft, maybe)
        return True
    return await _by_meaning(draft)


async def _worth_a_tool(draft: Draft) -> bool:
    """A request without the form of a question that a tool or a fact answers by its words."""
    if len(draft.plain.split()) < 3:
        return False
    tool = await tool_for(draft, draft.heard)
    return tool is not None and arguments_for(draft, tool) is not None


async def _question(draft: Draft, question: str) -> None:
    draft.put(detours=draft.state.detours + 1)
    if draft.state.detours > _MOST_DETOURS:
        draft.close(Outcome.DECLINED)
        return
    if not await answer_question(draft, question):
        if await _by_meaning(draft):
            return
        draft.say("unknown")
        draft.put(unanswered=(*draft.state.unanswered, one_line(question))[-5:])
    if not draft.calls:
        resume(draft)


async def _by_meaning(draft: Draft) -> bool:
    """Harmless detours are taken; what ends the call is asked about first."""
    label = await draft.setting.meaning.nearest(draft.heard, {str(intent): texts for intent, texts in EXAMPLES.items()})
    if label is None:
        return False
    intent = Intent(label)
    if intent in (Intent.OPT_OUT, Intent.WRONG_NUMBER, Intent.HUMAN, Intent.CALLBACK):
        be_sure(draft, intent)
    else:
        await take_detour(draft, intent)
    return True
