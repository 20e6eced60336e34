"""Organisations with keys of their own, over the real catalogue."""

from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from tests.services.world import A, World
from trunkline.domain.access import Caller
from trunkline.domain.plan import CallPlan
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.services import byok
from trunkline.storage.plans import plan_from_json

KEYS = {
    "deepgram": "dg-of-the-organisation",
    "openai": "sk-of-the-organisation",
    "elevenlabs": "el-of-the-organisation",
}
LOCAL = {"llm_config": {"provider": "local"}, "stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
VENDORS: dict[str, Any] = {
    "llm_config": {"provider": "openai"},
    "stt_config": {"provider": "deepgram"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "21m00Tcm4TlvDq8ikWAM"},
}


def with_catalogue(home: World, **platform_keys: str) -> World:
    """The world with the real catalogue, and the platform's own keys."""
    keys = {vendor: SecretStr(key) for vendor, key in platform_keys.items()}
    return replace(home, rooms=replace(home.rooms, models=Catalogue(ProviderSettings(keys=keys))))


async def bring(home: World, *vendors: str, caller: Caller = A) -> None:
    """Stores the organisation's keys for these vendors."""
    for vendor in vendors:
        await byok.store(home.rooms, caller, vendor, SecretStr(KEYS[vendor]))


async def plan_of(home: World, call_id: str) -> CallPlan:
    """The plan that a call was placed with."""
    async with home.rooms.database.system(write=False) as unit:
        return plan_from_json(home.rooms.vault.open(await unit.calls.plan_sealed(call_id)))
