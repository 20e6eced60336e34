"""An API key as it is kept: everything but the key itself."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of one organisation; ``prefix`` is its readable beginning."""

    id: str
    org_id: str
    name: str
    prefix: str
    created_at: datetime
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
