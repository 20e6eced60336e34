"""What a conversation came to, in plain data: the slots, the outcome, and a summary from a template."""

from collections.abc import Mapping
from dataclasses import dataclass

from trunkline.providers.local.dialogue.sentences import capitalised
from trunkline.providers.local.dialogue.state import Outcome, Setting, State
from trunkline.providers.local.dialogue.text import fill, one_line, spoken

_VERDICTS: Mapping[Outcome, str] = {
    Outcome.INCOMPLETE: "The conversation ended before all questions were answered.",
    Outcome.COMPLETED: "The conversation was completed.",
    Outcome.OPTED_OUT: "The party does not want to be called again.",
    Outcome.WRONG_NUMBER: "It was the wrong number.",
    Outcome.HUMAN_REQUESTED: "The party asked for a person.",
    Outcome.CALLBACK_REQUESTED: "The party asked to be called back.",
    Outcome.MESSAGE_TAKEN: "A message was taken.",
    Outcome.NOT_INTERESTED: "The party was not interested.",
    Outcome.NOT_UNDERSTOOD: "Not every answer was understood.",
    Outcome.EMERGENCY: "The party spoke of an emergency and was sent to the emergency number.",
    Outcome.OUT_OF_TIME: "The call reached its longest duration.",
    Outcome.DECLINED: "The party did not want to go on.",
}


@dataclass(frozen=True, slots=True)
class ScriptOutcome:
    """Slots by name (JSON values; None where a step of the script got no answer), the outcome's name, a summary."""

    slots: dict[str, object]
    outcome: str
    summary: str


def outcome_of(setting: Setting, state: State) -> ScriptOutcome:
    """Reads the last state of a conversation."""
    slots: dict[str, object] = {one.slot: None for one in setting.script.steps if one.slot}
    slots.update(state.slots)
    outcome = state.outcome
    if setting.takes_message and outcome is Outcome.COMPLETED:
        outcome = Outcome.MESSAGE_TAKEN
    goal = fill(one_line(setting.script.goal), {**setting.variables, **state.overrides})
    parts = [f"Goal: {goal}."] if goal else []
    parts.append(_VERDICTS[outcome])
    answers = [
        f"{name.replace('_', ' ')}: {one_line(spoken(value))}" for name, value in slots.items() if value is not None
    ]
    if answers:
        parts.append(f"{capitalised('; '.join(answers))}.")
    if state.unanswered:
        parts.append(f"Questions left open: {'; '.join(state.unanswered)}.")
    return ScriptOutcome(slots, outcome.value, " ".join(parts))
