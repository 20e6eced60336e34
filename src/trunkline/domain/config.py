"""The root of all configuration objects."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Scalar = str | int | float | bool


class Config(BaseModel):
    """The root of all configuration objects: unknown fields are refused, nothing changes after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PromptMessage(Config):
    """One message of the prompt; ``{{name}}`` is filled from the call's variables."""

    role: Literal["system", "user", "assistant"] = Field("system", description="Who speaks in the prompt.")
    content: str = Field(description="The text; `{{name}}` is filled from the variables of the call.")
