"""An organisation: whom everything belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Organisation:
    """One tenant. Balances are None where it is not metered; ``max_concurrent_calls`` None means no limit of its own.

    ``provider_defaults`` has, by provider, what is taken where an assistant names the provider and no more: see
    ``domain.byok.DEFAULTS``.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    minutes_balance: float | None = None
    credits_balance: float | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    max_concurrent_calls: int | None = None
    has_local_models_access: bool = True
    provider_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parent_org_id: str | None = None
    guaranteed_concurrent_calls: int | None = None
    monthly_minutes_limit: float | None = None
    content_retention_days: int = 365
    metadata_retention_days: int = 730
