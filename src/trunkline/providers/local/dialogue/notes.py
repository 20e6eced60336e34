"""What comes into a conversation besides words: system notes, pressed keys, the results of tools, silence."""

import re
from dataclasses import replace

from trunkline.providers.local.dialogue.answers import choices_of
from trunkline.providers.local.dialogue.detours import ask_for_message
from trunkline.providers.local.dialogue.draft import OWN_TOOLS, TRANSFER_CALL, Draft
from trunkline.providers.local.dialogue.knowledge import as_question, take_in, to_the_party
from trunkline.providers.local.dialogue.machine import close_in_time, respond
from trunkline.providers.local.dialogue.sentences import wording
from trunkline.providers.local.dialogue.state import Outcome, Pending, Setting, State
from trunkline.providers.local.dialogue.steps import resume, take_result
from trunkline.providers.local.dialogue.text import one_line
from trunkline.providers.local.dialogue.toolcalls import failed, running, told

TIME_UP = "the call ends in"
_KEY = re.compile(r"\b(?:press(?:ed)?|keys?|digits?|dtmf|typed|entered)\b\D*([0-9](?:[ ,]*[0-9])*)", re.I)
_NO_TRANSFER = re.compile(r"fail|refus|declin|busy|no answer|not|error|could|unavailable|timeout", re.I)


def note(setting: Setting, state: State, text: str, *, prompt: bool) -> State:
    """The state after a system note that asks for no reply."""
    draft = Draft(setting, state)
    take_in(draft, text, prompt=prompt)
    if text.lower().startswith(TIME_UP):
        draft.put(time_up=True)
    return draft.state


async def tell(setting: Setting, state: State, text: str) -> State:
    """The state after the reply to a system note that asks for one."""
    if (key := _KEY.search(text)) and state.pending is Pending.STEP:
        return await respond(setting, state, _pressed(setting, state, re.sub(r"\D", "", key[1])))
    draft = Draft(setting, replace(note(setting, state, text, prompt=False), turns=state.turns + 1, running=()))
    if draft.state.time_up:
        close_in_time(draft)
    elif "transfer" in text.lower() and _NO_TRANSFER.search(text):
        draft.say("transfer failed")
        ask_for_message(draft)
    elif question := as_question(text):
        draft.quote(question)
    else:
        lines = [line for line in draft.state.context[-3:] if line in text]
        for line in lines or [text]:
            name, found, value = line.partition("=")
            news = f"the {name.strip().replace('_', ' ')} is {one_line(value)}" if found else to_the_party(line)
            draft.quote(wording("news", draft.state.turns, news))
        if not draft.state.ended:
            resume(draft)
    return draft.finish()


def _pressed(setting: Setting, state: State, digits: str) -> str:
    """A pressed key as the words that it stands for: 1 is yes and 2 is no, or the first and second choice."""
    step = setting.script.steps[state.at] if state.at is not None else None
    if step is not None and step.type == "yes_no":
        return {"1": "yes", "2": "no"}.get(digits, digits)
    if step is not None and step.type == "choice":
        names = list(choices_of(step))
        return names[int(digits) - 1] if 1 <= int(digits) <= len(names) else digits
    return digits


async def go_on(setting: Setting, state: State) -> State:
    """The state after a reply that nobody's words asked for: the opening, or the open question once more."""
    draft = Draft(setting, replace(state, turns=state.turns + 1, running=()))
    if state.pending is Pending.OPENING and not state.opening:
        draft.say("greeting")
    resume(draft)
    return draft.finish()


def _tell_result(draft: Draft, content: str) -> None:
    sentence = told(content)
    if failed(content):
        draft.say("tool failed")
    elif running(content):
        draft.say("tool started")
    elif sentence:
        draft.quote(sentence)
    else:
        draft.say("tool done")


async def use_results(setting: Setting, state: State, results: tuple[tuple[str, str], ...]) -> State:
    """The state after the reply that tells what the tools brought."""
    draft = Draft(setting, replace(state, turns=state.turns + 1, running=()))
    awaited = draft.step.tool if draft.step is not None and state.pending is Pending.TOOL else None
    for name, content in results:
        if name == awaited and name not in OWN_TOOLS:
            take_result(draft, content)
            return draft.finish()
        if name == TRANSFER_CALL:
            if failed(content) or _NO_TRANSFER.search(content):
                draft.say("transfer failed")
                ask_for_message(draft)
                return draft.finish()
        elif name not in OWN_TOOLS:
            _tell_result(draft, content)
    if draft.state.pending is Pending.NOTHING and not draft.state.ended:
        draft.close(Outcome.COMPLETED if draft.state.outcome is Outcome.INCOMPLETE else draft.state.outcome)
    elif not draft.state.ended:
        resume(draft)
    return draft.finish()
