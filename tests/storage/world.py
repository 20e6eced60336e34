"""Things to put into a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trunkline.base.ids import new_id
from trunkline.domain.api_key import ApiKey
from trunkline.domain.assistant import AssistantSettings
from trunkline.domain.call import CallStatus, Direction
from trunkline.domain.number import Number
from trunkline.domain.organisation import Organisation
from trunkline.domain.trunk import Trunk
from trunkline.storage.assistants import Assistant
from trunkline.storage.calls import Call
from trunkline.storage.database import Database

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    """A moment after NOW."""
    return NOW + timedelta(seconds=seconds)


def organisation(id: str = "org-a", **changes: Any) -> Organisation:
    """An organisation."""
    return replace(Organisation(id, f"The {id}", NOW, NOW), **changes)


def trunk(org_id: str = "org-a", **changes: Any) -> Trunk:
    """A trunk with a password."""
    made = Trunk(new_id(), org_id, "Main trunk", "sip.example.com", NOW, NOW, auth_password="trunk-password")
    return replace(made, **changes)


def number(org_id: str = "org-a", phone_number: str = "+31850835037", **changes: Any) -> Number:
    """A number of ours."""
    return replace(Number(new_id(), org_id, phone_number, NOW, NOW, name="Main line"), **changes)


def api_key(org_id: str = "org-a", **changes: Any) -> ApiKey:
    """An API key."""
    return replace(ApiKey(new_id(), org_id, "Key", "tl_live_abcd", NOW, scopes=("calls",)), **changes)


def assistant(org_id: str = "org-a", **settings: Any) -> Assistant:
    """An assistant with secrets in two places."""
    config: dict[str, Any] = {
        "name": "Anna",
        "webhook_url": "https://example.com/hook",
        "webhook_secret": "assistant-secret",
        "llm_config": {
            "provider": "local",
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "book"},
                    "server": {"url": "https://example.com/tool", "secret": "tool-secret"},
                },
                {"type": "mcp", "url": "https://example.com/mcp", "headers": {"Authorization": "mcp-secret"}},
            ],
        },
        "speech_config": {"pronunciation": [{"from": "SQL", "to": "sequel"}]},
        **settings,
    }
    return Assistant(new_id(), org_id, AssistantSettings.model_validate(config), NOW, NOW)


def call(org_id: str = "org-a", **changes: Any) -> Call:
    """A queued outbound call."""
    made = Call(f"call-outbound-{new_id()}", org_id, Direction.OUTBOUND, CallStatus.QUEUED, NOW, NOW)
    return replace(made, **changes)


async def two_organisations(database: Database) -> None:
    """Adds ``org-a`` and ``org-b``."""
    async with database.system() as unit:
        await unit.organisations.add(organisation("org-a"))
        await unit.organisations.add(organisation("org-b"))
