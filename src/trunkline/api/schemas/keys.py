"""API keys as they are asked for and shown."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from trunkline.api.schemas.base import Asked, Moment, Pagination, Shown, moment
from trunkline.domain.api_key import ApiKey

Scope = Literal["read", "write", "calls"]


class NewKey(Asked):
    """An API key to be made."""

    name: str = Field(min_length=1, max_length=200, description="What it is for.")
    scopes: tuple[Scope, ...] | None = Field(
        None,
        min_length=1,
        description="`read` looks, `write` changes settings, `calls` places and controls calls. Left out: all that the key "
        "has which asks; more than that cannot be given.",
    )
    expires_at: AwareDatetime | None = Field(None, description="When it stops working; null: never.")

    @property
    def expiry(self) -> datetime | None:
        """``expires_at`` as a plain moment."""
        return self.expires_at


class KeyShown(Shown):
    """An API key, without the key itself."""

    id: str = Field(description="Its id.")
    name: str = Field(description="What it is for.")
    prefix: str = Field(description="Its readable beginning.")
    scopes: list[Scope] = Field(description="What it may do.")
    expires_at: Moment | None = Field(description="When it stops working.")
    last_used_at: Moment | None = Field(description="When it was last used, to the minute.")
    revoked_at: Moment | None = Field(description="When it was revoked.")
    created_at: Moment = Field(description="When it was made.")


class NewKeyShown(KeyShown):
    """An API key that was just made."""

    key: str = Field(description="The key itself, shown this once.")


class NewKeyReply(Shown):
    """The key that was made."""

    api_key: NewKeyShown = Field(description="The key.")


class KeysReply(Shown):
    """A page of keys, newest first."""

    api_keys: list[KeyShown] = Field(description="The keys.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(key: ApiKey) -> dict[str, Any]:
    """A key as a reply shows it."""
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
        "revoked_at": moment(key.revoked_at),
        "created_at": moment(key.created_at),
    }
