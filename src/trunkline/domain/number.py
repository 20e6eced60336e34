"""A phone number of ours: shown as caller ID, and where calls come in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Number:
    """One number. The names of what it is attached to are read along and never written."""

    id: str
    org_id: str
    phone_number: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    assistant_id: str | None = None
    trunk_id: str | None = None
    transfer_trunk_id: str | None = None
    source: str = "byo"
    is_active: bool = True
    max_concurrent_calls: int | None = None
    last_used_at: datetime | None = None
    assistant_name: str | None = None
    business_name: str | None = None
    transfer_trunk_name: str | None = None
