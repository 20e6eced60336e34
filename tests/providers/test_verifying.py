"""A vendor is asked whether it takes a key; what it does not say of its voices is left out. Over real sockets."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.byok import VENDORS
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator
from trunkline.testing.ports import free_port

pytestmark = pytest.mark.room
WRONG = SecretStr("sk-wrong-and-secret")


def reaching(house: VendorEmulator) -> Catalogue:
    """A catalogue that takes the emulator for the vendor."""
    ending = "_URL"
    urls = {
        name.removeprefix("TRUNKLINE_").removesuffix(ending).lower(): url
        for name, url in house.environment().items()
        if name.endswith(ending)
    }
    return Catalogue(ProviderSettings(urls=urls))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_vendor_says_whether_it_takes_a_key(vendor: str) -> None:
    async with EMULATORS[vendor]() as house, reaching(house) as catalogue:
        await catalogue.verify(vendor, SecretStr(house.key))
        with pytest.raises(Invalid) as refused:
            await catalogue.verify(vendor, WRONG)
        assert refused.value.code == "key_refused"
        assert WRONG.get_secret_value() not in f"{refused.value.message} {refused.value.details} {refused.value!r}"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_vendor_that_is_away_cannot_be_asked(vendor: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with Catalogue(ProviderSettings(urls={vendor: nowhere})) as catalogue:
        with pytest.raises(Upstream) as away:
            await catalogue.verify(vendor, WRONG)
    assert (away.value.provider, away.value.retryable) == (vendor, True)
    assert WRONG.get_secret_value() not in str(vars(away.value))


async def test_a_key_that_nobody_can_test_is_not_taken_for_good() -> None:
    async with Catalogue(ProviderSettings()) as catalogue:
        with pytest.raises(Invalid) as refused:
            await catalogue.verify("nobody", WRONG)
    assert refused.value.code == "not_available"


async def test_voices_come_from_the_vendors_that_there_is_a_key_of() -> None:
    async with EMULATORS["elevenlabs"]() as house, reaching(house) as catalogue:
        assert await catalogue.vendor_voices({}) == []
        voices = await catalogue.vendor_voices({"elevenlabs": SecretStr(house.key)})
        assert voices
        assert {voice.provider for voice in voices} == {"elevenlabs"}
        assert await catalogue.vendor_voices({"elevenlabs": WRONG}) == []


async def test_a_vendor_that_is_away_costs_nobody_the_voices_of_another() -> None:
    urls = {"elevenlabs": f"http://127.0.0.1:{free_port()}"}
    async with Catalogue(ProviderSettings(urls=urls, keys={"deepgram": SecretStr("k")})) as catalogue:
        voices = await catalogue.vendor_voices({"elevenlabs": SecretStr("k")})
    assert {voice.provider for voice in voices} == {"deepgram"}


@pytest.mark.parametrize("said", ['{"voices": [{}]}', '{"voices": 5}', '{"voices": [5]}', "[]", "no JSON", ""])
async def test_a_vendor_that_talks_nonsense_is_left_out(said: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=said, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        urls = {"inworld": str(server.make_url("")).rstrip("/")}
        async with Catalogue(ProviderSettings(urls=urls, keys={"deepgram": SecretStr("k")})) as catalogue:
            voices = await catalogue.vendor_voices({"inworld": SecretStr("k")})
    assert {voice.provider for voice in voices} == {"deepgram"}
