"""An entry of an organisation's do-not-call list: somebody whom its assistants must not call."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DoNotCallEntry:
    """One party; ``phone_number`` is E.164, or a SIP URI without port and parameters."""

    id: str
    org_id: str
    phone_number: str
    created_at: datetime
    reason: str | None = None
