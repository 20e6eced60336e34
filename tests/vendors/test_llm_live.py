"""The real vendors of language models do what the emulated ones do: each whose key is in the environment is asked."""

import os
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from tests.vendors.conformance_llm import (
    HISTORIES,
    HOUSES,
    TOOLS,
    it_can_be_cut_off,
    it_talks,
    it_uses_a_tool,
    parts_of,
)
from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import LlmConfig
from trunkline.ports.models import Llm, Spent
from trunkline.providers import makers
from trunkline.providers.llm.verifying import verify
from trunkline.providers.offers import read_catalogue
from trunkline.providers.vendor import Vendor

pytestmark = pytest.mark.live
KEYS = {name: key for name in sorted(HOUSES) if (key := os.environ.get(f"TRUNKLINE_{name.upper()}_KEY"))}
OFFERS = read_catalogue()
MODELS = [(name, model["id"]) for name in KEYS for model in OFFERS["llm"][name]["models"]]


def vendor_of(name: str) -> Vendor:
    url = os.environ.get(f"TRUNKLINE_{name.upper()}_URL") or OFFERS["vendors"][name]["url"]
    return Vendor(name, url)


if KEYS:

    @pytest.fixture
    async def vendor(name: str) -> AsyncIterator[Vendor]:
        made = vendor_of(name)
        yield made
        await made.aclose()

    @pytest.fixture
    def llm(name: str, vendor: Vendor) -> Llm:
        return makers.LLM[name](vendor, SecretStr(KEYS[name]))

    @pytest.mark.parametrize(("name", "model"), MODELS)
    async def test_every_model_talks(llm: Llm, name: str, model: str) -> None:
        await it_talks(llm, LlmConfig(provider=name, model=model))

    @pytest.mark.parametrize("name", KEYS)
    async def test_it_uses_a_tool(llm: Llm, name: str) -> None:
        said = await it_uses_a_tool(llm, LlmConfig(provider=name))
        assert "21" in said or "twenty" in said.lower() or "sun" in said.lower()

    @pytest.mark.parametrize("history", list(HISTORIES))
    @pytest.mark.parametrize("name", KEYS)
    async def test_every_history_is_taken(llm: Llm, name: str, history: str) -> None:
        assert isinstance((await parts_of(llm, LlmConfig(provider=name), HISTORIES[history], TOOLS))[-1], Spent)

    @pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high"])
    @pytest.mark.parametrize("name", KEYS)
    async def test_every_effort_is_taken(llm: Llm, name: str, effort: str) -> None:
        config = LlmConfig.model_validate({"provider": name, "reasoning_effort": effort})
        await it_uses_a_tool(llm, config)

    @pytest.mark.parametrize("name", KEYS)
    async def test_it_can_be_cut_off(llm: Llm, name: str) -> None:
        await it_can_be_cut_off(llm, LlmConfig(provider=name))

    @pytest.mark.parametrize("name", KEYS)
    async def test_a_wrong_key_is_final(name: str, vendor: Vendor) -> None:
        wrong = makers.LLM[name](vendor, SecretStr("sk-this-is-no-key-of-anybody"))
        with pytest.raises(Upstream) as caught:
            await parts_of(wrong, LlmConfig(provider=name))
        assert not caught.value.retryable
        assert "no-key" not in caught.value.vendor_message

    @pytest.mark.parametrize("name", KEYS)
    async def test_keys_are_verified(name: str, vendor: Vendor) -> None:
        await verify(vendor, SecretStr(KEYS[name]))
        with pytest.raises(Invalid):
            await verify(vendor, SecretStr("sk-this-is-no-key-of-anybody"))
