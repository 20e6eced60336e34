"""Organisations in the database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from trunkline.domain.organisation import Organisation
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.vault import Vault


class Organisations(Nouns[Organisation]):
    """The organisation itself; a unit of one organisation sees no other."""

    table = tables.organisations
    scope = "id"
    noun = "organisation"

    def _item(self, row: RowMapping) -> Organisation:
        return organisation_of(dict(row), self._vault)

    def _values(self, item: Organisation) -> dict[str, Any]:
        return {
            "id": item.id,
            "name": item.name,
            "email": item.email,
            "minutes_balance": item.minutes_balance,
            "credits_balance": item.credits_balance,
            "webhook_url": item.webhook_url,
            "webhook_secret_sealed": self._vault.seal_maybe(item.webhook_secret),
            "max_concurrent_calls": item.max_concurrent_calls,
            "has_local_models_access": item.has_local_models_access,
            "provider_defaults": dict(item.provider_defaults),
            "parent_org_id": item.parent_org_id,
            "guaranteed_concurrent_calls": item.guaranteed_concurrent_calls,
            "monthly_minutes_limit": item.monthly_minutes_limit,
            "content_retention_days": item.content_retention_days,
            "metadata_retention_days": item.metadata_retention_days,
            "created_at": item.created_at,
            "updated_at": item.updated_at,
        }


def organisation_of(row: Mapping[str, Any], vault: Vault) -> Organisation:
    """The organisation of a row."""
    values = dict(row)
    return Organisation(webhook_secret=vault.open_maybe(values.pop("webhook_secret_sealed")), **values)
