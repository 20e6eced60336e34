"""The audit log as replies show it."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Paging, Shown, moment
from trunkline.domain.audit import ActorKind, AuditEntry, LoggedNoun


class AuditQuery(Paging):
    """Which changes; everything given must fit."""

    noun: LoggedNoun | None = Field(None, description="What was changed.")
    item_id: str | None = Field(None, max_length=64, description="The id of what was changed.")
    action: str | None = Field(None, max_length=32, description="What was done: `created`, `updated`, `deleted`, ...")
    actor: str | None = Field(
        None,
        max_length=64,
        description="Who did it: the id of an API key, or `api_key`, `operator` or `platform`.",
    )
    start_date: str | None = Field(
        None, description="Changed at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."
    )
    end_date: str | None = Field(
        None, description="Changed at or before: ISO 8601 with an offset, or a date (its end in UTC)."
    )


class Actor(Shown):
    """Who made a change."""

    kind: ActorKind = Field(
        description="`api_key`: a key of the organisation, or of yours where you act for a child; `operator`: whoever runs "
        "the installation for you; `platform`: by itself."
    )
    id: str | None = Field(description="The id of the API key; else null.")
    name: str | None = Field(description="The name of the API key; else null.")


class AuditEntryShown(Shown):
    """One change."""

    id: str = Field(description="Its id.")
    at: Moment = Field(description="When it was made.")
    actor: Actor = Field(description="Who made it.")
    action: str = Field(description="What was done: `created`, `updated`, `deleted`, `revoked`, `redelivered`.")
    noun: LoggedNoun = Field(description="What was changed.")
    item_id: str = Field(description="The id of what was changed; of a provider key the vendor.")
    changes: dict[str, Any] = Field(
        description='`{field: [before, after]}`; `"changed"` for a secret. A value of more than 32 KiB is told by its size.'
    )
    request_id: str | None = Field(description="The `X-Request-Id` of the request that made it.")


class AuditReply(Shown):
    """A page of changes, newest first."""

    entries: list[AuditEntryShown] = Field(description="The changes.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(entry: AuditEntry) -> dict[str, Any]:
    """A change as a reply shows it."""
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "name": entry.actor_name},
        "action": entry.action,
        "noun": entry.noun,
        "item_id": entry.item_id,
        "changes": entry.changes,
        "request_id": entry.request_id,
    }
