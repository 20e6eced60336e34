"""Templates: tools and analyses that are written once and used by many assistants."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.domain.analysis import ANSWER, EXTRACT, TRANSCRIPT
from trunkline.domain.config import PromptMessage
from trunkline.domain.tools import Tool, tool_kind


@dataclass(frozen=True, slots=True)
class ToolTemplate:
    """A tool, with its secrets, under a name of its own."""

    id: str
    org_id: str
    name: str
    tool: Tool = field(repr=False)
    created_at: datetime
    updated_at: datetime
    description: str | None = None

    @property
    def tool_type(self) -> str:
        """``function``, ``end_call``, ``transfer_call``, ``send_dtmf`` or ``mcp``."""
        kind = tool_kind(self.tool)
        return "function" if kind == "flat" else kind


@dataclass(frozen=True, slots=True)
class AnalysisTemplate:
    """What to extract from a call (a JSON Schema), and in which words a model is asked for it."""

    id: str
    org_id: str
    name: str
    json_schema: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    system_prompt: str | None = None
    user_prompt: str | None = None

    @property
    def messages(self) -> tuple[PromptMessage, ...]:
        """The whole prompt: what the template leaves out is said in the platform's words, so that the model always sees
        the schema and the transcript."""
        system = self.system_prompt or EXTRACT
        user = self.user_prompt or TRANSCRIPT
        messages = [PromptMessage(content=system), PromptMessage(role="user", content=user)]
        if "{{schema}}" not in system + user:
            messages.insert(1, PromptMessage(content=ANSWER))
        if "{transcript}" not in system + user:  # found in {{transcript}} too
            messages.append(PromptMessage(role="user", content=TRANSCRIPT))
        return tuple(messages)
