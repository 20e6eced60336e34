"""Assistants in the database: the configuration in clear, its secrets sealed apart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from trunkline.domain.assistant import AssistantSettings
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.secrets import joined, parted
from trunkline.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Assistant:
    """A stored assistant; ``version`` counts its edits from 1."""

    id: str
    org_id: str
    settings: AssistantSettings
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Assistants(Nouns[Assistant]):
    """The assistants of an organisation."""

    table = tables.assistants
    noun = "assistant"
    logged_as = "assistant"

    def _item(self, row: RowMapping) -> Assistant:
        return assistant_of(dict(row), self._vault)

    def _values(self, item: Assistant) -> dict[str, Any]:
        config, secrets = parted(item.settings)
        return {
            "id": item.id,
            "org_id": item.org_id,
            "name": item.settings.name,
            "business_name": item.settings.business_name,
            "is_active": item.settings.is_active,
            "config": config,
            "secrets_sealed": self._vault.seal(json.dumps(secrets)) if secrets else None,
            "version": item.version,
            "created_at": item.created_at,
            "updated_at": item.updated_at,
        }


def assistant_of(row: Mapping[str, Any], vault: Vault) -> Assistant:
    """The assistant of a row."""
    secrets = json.loads(vault.open(row["secrets_sealed"])) if row["secrets_sealed"] else {}
    return Assistant(
        id=row["id"],
        org_id=row["org_id"],
        settings=AssistantSettings.model_validate(joined(row["config"], secrets)),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )
