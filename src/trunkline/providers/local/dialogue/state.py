"""What the engine remembers of a call: a value, never changed, so that any point of it can be gone back to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from trunkline.domain.assistant import FunctionSpec, Script
from trunkline.ports.models import ToolCall
from trunkline.providers.local.dialogue.dates import When
from trunkline.providers.local.dialogue.meaning import Meaning


class Pending(StrEnum):
    """What the engine waits for."""

    OPENING = "opening"
    STEP = "step"
    CONFIRM = "confirm"
    SURE = "sure"
    TOOL = "tool"
    MESSAGE = "message"
    CALLBACK = "callback"
    NOTHING = "nothing"


class Outcome(StrEnum):
    """How the conversation came out."""

    INCOMPLETE = "incomplete"
    COMPLETED = "completed"
    OPTED_OUT = "opted_out"
    WRONG_NUMBER = "wrong_number"
    HUMAN_REQUESTED = "human_requested"
    CALLBACK_REQUESTED = "callback_requested"
    MESSAGE_TAKEN = "message_taken"
    NOT_INTERESTED = "not_interested"
    NOT_UNDERSTOOD = "not_understood"
    EMERGENCY = "emergency"
    OUT_OF_TIME = "out_of_time"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a conversation runs on. ``tools`` are the webhook tools and our own (end_call, transfer_call, send_dtmf)."""

    script: Script
    variables: Mapping[str, str]
    tools: tuple[FunctionSpec, ...]
    meaning: Meaning
    takes_message: bool = False

    def tool(self, name: str) -> FunctionSpec | None:
        """The tool of that name, if there is one."""
        return next((tool for tool in self.tools if tool.name == name), None)


@dataclass(frozen=True, slots=True)
class State:
    """Where the conversation stands. ``at`` is the index of the step that was asked; ``said`` the last two replies.

    ``told`` are the sentences of the last reply that must not be lost (what the script tells, answers, news). Once the
    reply was ``compared`` with what was heard, ``lost`` are those that were cut off and are to be said again.
    ``last_words`` is the reply that ended the script; ``parted``: a goodbye was said after it.
    """

    pending: Pending = Pending.OPENING
    at: int | None = None
    candidate: object = None
    candidate_step: int | None = None
    partial: When | None = None
    slots: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    answered: tuple[int, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    context: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    opening: str = ""
    misses: int = 0
    gave_up: int = 0
    detours: int = 0
    insults: int = 0
    turns: int = 0
    outcome: Outcome = Outcome.INCOMPLETE
    ended: bool = False
    said: tuple[tuple[str, ...], ...] = ()
    told: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    compared: bool = False
    unheard: bool = False
    last_words: tuple[str, ...] = ()
    parted: bool = False
    checked_in: bool = False
    running: tuple[ToolCall, ...] = ()
    time_up: bool = False

    @property
    def reply(self) -> str:
        """What the engine said last."""
        return " ".join(self.said[-1]) if self.said else ""
