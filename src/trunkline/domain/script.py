"""Scripts: what the brain without a model runs on."""

from typing import Literal

from pydantic import Field, model_validator

from trunkline.domain.config import Config, Scalar


class ScriptStep(Config):
    """One step of a script: say something, ask for the value of a slot, or have a tool bring it.

    ``next`` maps an answer (``yes``/``no``, a choice, a tool's result, ``failed`` for a tool that brought none, or ``*``
    for any) to the id of the step that follows; without it the following step in order is next. ``end`` ends the script.
    """

    id: str = Field(min_length=1, description="Its name, unique in the script.")
    say: str | None = Field(None, description="Spoken when the step begins.")
    ask: str | None = Field(None, description="The question; asked again when the answer was not understood.")
    tool: str | None = Field(
        None, description="The tool that is called, by its name; what it brings is kept in the slot."
    )
    arguments: dict[str, Scalar] | None = Field(
        None,
        description="The arguments of the tool; `{{name}}` is filled. Left out, slots, variables and words that fit them.",
    )
    slot: str | None = Field(None, description="Where the answer is kept.")
    type: Literal["yes_no", "number", "date_time", "choice", "text"] | None = Field(
        None, description="What kind of answer is expected."
    )
    choices: tuple[str, ...] | dict[str, tuple[str, ...]] | None = Field(
        None, description="The answers of a choice; as an object, each with the other words that mean it."
    )
    next: dict[str, str] | str | None = Field(
        None, description="The id of the step that follows, by answer or always; `end` ends the script."
    )

    @model_validator(mode="after")
    def _asks_or_calls(self) -> "ScriptStep":
        if self.tool and (self.ask or self.type or self.choices):
            raise ValueError(f"step {self.id!r} calls a tool, so it cannot ask")
        if self.arguments is not None and not self.tool:
            raise ValueError(f"step {self.id!r} has arguments, but no tool")
        return self


class Script(Config):
    """A goal as slots and steps, for the deterministic brain (``provider`` local, ``model`` scripted)."""

    goal: str = Field(description="What the call is for, in a few words.")
    steps: tuple[ScriptStep, ...] = Field(min_length=1, description="The steps, in order.")
    facts: dict[str, str] = Field(default_factory=dict, description="Questions that may be asked, and their answers.")
    closing: str | None = Field(None, description="The last words when all steps are done.")

    @model_validator(mode="after")
    def _steps_lead_somewhere(self) -> "Script":
        ids = [step.id for step in self.steps]
        if len(set(ids)) != len(ids):
            raise ValueError("two steps have the same id")
        for step in self.steps:
            targets = [step.next] if isinstance(step.next, str) else list((step.next or {}).values())
            for target in targets:
                if target != "end" and target not in ids:
                    raise ValueError(f"step {step.id!r} leads to {target!r}, which is no step (nor 'end')")
            if step.ask and not (step.slot and step.type):
                raise ValueError(f"step {step.id!r} asks, so it needs a slot and a type")
            if not (step.say or step.ask or step.tool):
                raise ValueError(f"step {step.id!r} neither says nor asks anything, nor calls a tool")
        return self
