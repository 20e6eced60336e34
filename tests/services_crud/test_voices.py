"""Which voices an organisation is shown: the local ones, and those of the vendors that there is a key of."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.services.world import A, B, World, open_world
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.services import byok, voices
from trunkline.storage.database import Database
from trunkline.storage.vault import Vault
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room


@pytest.fixture
async def home(database: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[World]:
    """The world with the real catalogue, whose ElevenLabs is away."""
    urls = {"elevenlabs": f"http://127.0.0.1:{free_port()}"}
    world = await open_world(database, vault, tmp_path)
    async with Catalogue(ProviderSettings(urls=urls)) as catalogue:
        yield replace(world, rooms=replace(world.rooms, models=catalogue))


async def providers(home: World, **asked: str) -> set[str]:
    return {voice.provider for voice in await voices.list_(home.rooms, A, **asked)}


async def test_a_key_brings_its_vendors_voices(home: World) -> None:
    assert await providers(home) == {"local"}
    for vendor in ("deepgram", "openai", "elevenlabs"):
        await byok.store(home.rooms, A, vendor, SecretStr("key"))
    assert await providers(home) == {"local", "deepgram", "openai"}
    assert {voice.provider for voice in await voices.list_(home.rooms, B)} == {"local"}
    assert await providers(home, provider="deepgram") == {"deepgram"}
    assert await providers(home, provider="local") == {"local"}
    assert await providers(home, provider="11labs") == set()
    assert await providers(home, provider="nobody") == set()


async def test_voices_are_shown_by_language(home: World) -> None:
    await byok.store(home.rooms, A, "deepgram", SecretStr("key"))
    dutch = await voices.list_(home.rooms, A, language="nl")
    assert dutch
    assert {voice.language.split("-")[0] for voice in dutch} <= {"nl", "multi"}
    british = await voices.list_(home.rooms, A, provider="local", language="en_GB")
    assert {voice.language for voice in british} == {"en-GB"}
    english = await voices.list_(home.rooms, A, provider="local", language="en")
    assert {voice.language for voice in english} == {"en-GB", "en-US"}


async def test_local_voices_are_not_shown_to_who_may_not_use_them(home: World) -> None:
    await home.change("organisations", "org-a", has_local_models_access=False)
    await byok.store(home.rooms, A, "deepgram", SecretStr("key"))
    assert await providers(home) == {"deepgram"}
