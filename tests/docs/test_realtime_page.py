"""The example of the page on realtime models is one that the catalogue takes."""

import json

import pytest
from pydantic import SecretStr

from tests.docs.pages import blocks
from trunkline.domain.assistant import AssistantSettings
from trunkline.providers.catalogue import Catalogue, ProviderSettings

pytestmark = pytest.mark.unit


@pytest.mark.asyncio
async def test_the_assistant_of_the_page_can_be_had() -> None:
    (text,) = blocks("docs/realtime.md", "json")
    settings = AssistantSettings.model_validate(json.loads(text))
    assert settings.llm_config is not None
    assert [one.provider for one in settings.llm_config.fallbacks] == ["xai_realtime"]
    keys = {vendor: SecretStr("a key") for vendor in ("openai", "xai", "google")}
    async with Catalogue(ProviderSettings(keys=keys)) as models:
        models.check(settings.llm_config, settings.stt_config, settings.tts_config, own=())
