"""What language models read and write: turns of a conversation, and the parts of a reply."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool to run. ``arguments`` is parsed JSON.

    A call with a ``problem`` (its arguments could not be read) is not run: the problem is its failed result.
    """

    id: str
    name: str
    arguments: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the history as models take it. ``role``: system, user, assistant, tool.

    ``tool_calls`` stand on assistant turns; ``tool_call_id`` on tool turns, whose content is the result as JSON text.
    """

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """The next words of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class Calls:
    """The tool calls of the reply, complete."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the reply cost, from the vendor's own figures; the last item of a reply. ``cached_tokens`` are those of the
    prompt that were read from a cache, the audio tokens those of prompt and reply that were sound: each is a part of the
    sum it belongs to, and ``cached_audio_tokens`` of both, the cached and those of the prompt that were sound."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    cached_audio_tokens: int = 0


ReplyPart = Delta | Calls | Spent
