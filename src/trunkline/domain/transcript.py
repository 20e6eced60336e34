"""What was said on a call, as it was really heard."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trunkline.base.clock import iso


class Role(StrEnum):
    """Who said it; ``system`` marks what was injected and what happened (keys pressed, a failed transfer)."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. ``interrupted`` says that the assistant was cut off; ``content`` then holds only what was heard."""

    role: Role
    content: str
    started_at: datetime
    ended_at: datetime | None = None
    interrupted: bool = False

    def as_json(self) -> dict[str, object]:
        """The message as the API and the webhooks write it."""
        return {
            "role": self.role.value,
            "content": self.content,
            "started_at": iso(self.started_at),
            "ended_at": iso(self.ended_at) if self.ended_at else None,
            "interrupted": self.interrupted,
        }
