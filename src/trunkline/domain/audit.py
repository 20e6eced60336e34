"""The audit log: who changed what of an organisation, when, and from what to what."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ActorKind = Literal["api_key", "operator", "platform"]
LoggedNoun = Literal[
    "analysis_template",
    "api_key",
    "assistant",
    "campaign",
    "do_not_call_entry",
    "domain",
    "number",
    "organization",
    "provider_key",
    "sip_trunk",
    "tool_template",
    "webhook_delivery",
]
SECRET = "changed"
"""What stands in place of a secret's two values."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something now. ``kind`` is ``api_key``, ``operator`` (the command line) or ``platform`` (by itself);
    ``id``, ``name`` and ``org_id`` are those of the key and of the organisation that it belongs to."""

    kind: str
    at: datetime
    id: str | None = None
    name: str | None = None
    org_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. ``changes`` are ``{field: [before, after]}``, or ``{field: "changed"}`` for a secret."""

    id: str
    org_id: str
    at: datetime
    actor_kind: str
    actor_id: str | None
    actor_name: str | None
    actor_org_id: str | None
    action: str
    noun: str
    item_id: str
    changes: dict[str, Any] = field(repr=False)
    request_id: str | None
