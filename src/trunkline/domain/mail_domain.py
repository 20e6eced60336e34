"""The domain that an organisation's e-mails come from, as it stands with the vendor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

DomainStatus = Literal["not_started", "pending", "verified", "failed"]


@dataclass(frozen=True, slots=True)
class MailDomain:
    """An organisation has one at most. ``records`` are ``{record, name, type, ttl, status, value, priority}``;
    ``registered_here`` says that we made it at the vendor, and so take it away there too."""

    id: str
    org_id: str
    domain_name: str
    resend_domain_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    region: str | None = None
    records: tuple[dict[str, Any], ...] = ()
    registered_here: bool = False
    verified_at: datetime | None = None
