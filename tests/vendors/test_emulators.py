"""Each vendor's emulator as one server: all its protocols at once, its key, its faults, and what it tells to set."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest
import pytest_asyncio
from pydantic import SecretStr

from trunkline.app.settings import Settings
from trunkline.base.errors import Invalid
from trunkline.providers import makers
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.providers.offers import address_of, read_catalogue, vendor_of
from trunkline.testing.emulators.house import Fault, Moment, Trouble
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator

pytestmark = [pytest.mark.room, pytest.mark.asyncio]

PROVIDERS = {*makers.STT, *makers.LLM, *makers.TTS, *makers.REALTIME}


@pytest_asyncio.fixture(params=EMULATORS)
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[VendorEmulator]:
    """One after the other."""
    async with EMULATORS[request.param]() as running:
        yield running


def _settings(vendor: VendorEmulator, monkeypatch: pytest.MonkeyPatch) -> ProviderSettings:
    """What a platform makes of the environment that the emulator tells to set."""
    for name, value in vendor.environment().items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    return ProviderSettings(urls=settings.of_vendors("url"), keys=settings.of_vendors("key"))


async def test_every_provider_has_an_emulator_and_an_address_there() -> None:
    assert {vendor_of(provider) for provider in PROVIDERS} == set(EMULATORS) - {"resend"}
    reached = {address_of("stt", provider) for provider in makers.STT}
    reached |= {address_of("tts", provider) for provider in makers.TTS}
    reached |= {address_of("llm", provider) for provider in (*makers.LLM, *makers.REALTIME)}
    told = {name for emulator in EMULATORS.values() for name in emulator().environment() if name.endswith("_URL")}
    assert {f"TRUNKLINE_{name.upper()}_URL" for name in reached} <= told
    assert {name.removeprefix("TRUNKLINE_").removesuffix("_URL").lower() for name in told} <= set(
        read_catalogue()["vendors"]
    )


async def test_a_platform_that_is_set_as_told_is_taken_and_another_key_is_not(
    vendor: VendorEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Catalogue(_settings(vendor, monkeypatch)) as catalogue:
        await catalogue.verify(vendor.vendor, SecretStr(vendor.key))
        with pytest.raises(Invalid):
            await catalogue.verify(vendor.vendor, SecretStr("another-key-than-that"))


async def test_what_goes_wrong_can_be_told_from_outside() -> None:
    async with EMULATORS["openai"]() as vendor, aiohttp.ClientSession() as http:
        trouble = {"fault": "rate_limited", "moment": "connect", "times": 2, "seconds": 1.5}
        async with http.post(f"http://127.0.0.1:{vendor.port}/_trouble", data=orjson.dumps(trouble)) as answer:
            assert answer.status == 200
        found = [vendor.trouble(Moment.CONNECT) for _ in range(3)]
        assert found == [*([Trouble(Fault.RATE_LIMITED, Moment.CONNECT, 2, 1.5)] * 2), None]
        async with http.post(f"http://127.0.0.1:{vendor.port}/_trouble", data=b"null") as answer:
            assert answer.status == 200
        assert vendor.trouble(Moment.CONNECT) is None


@pytest.mark.parametrize(
    ("query", "session"), [("?intent=transcription", "transcription"), ("?model=gpt-realtime", "realtime")]
)
async def test_transcription_and_speech_to_speech_share_openais_address(query: str, session: str) -> None:
    async with EMULATORS["openai"]() as vendor, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {vendor.key}"}
        async with http.ws_connect(f"{vendor.url}/realtime{query}", headers=headers) as socket:
            told = orjson.loads((await asyncio.wait_for(socket.receive(), 10)).data)
        assert (told["type"], told["session"]["type"]) == ("session.created", session)
        await vendor.until(lambda: vendor.open_streams == 0)
