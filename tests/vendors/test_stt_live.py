"""The real vendors' recognisers, for each that ``TRUNKLINE_<VENDOR>_KEY`` is set for: they do what their emulators do."""

import json
import os
from importlib import resources

import pytest
from pydantic import SecretStr

from tests.vendors.conformance_stt import (
    VENDORS,
    check_haste,
    check_no_words,
    check_pause,
    check_words,
    check_wrong_key,
)
from trunkline.providers.stt.verifying import verify
from trunkline.providers.vendor import Vendor

pytestmark = pytest.mark.live

KEYS = {vendor: key for vendor in VENDORS if (key := os.environ.get(f"TRUNKLINE_{vendor.upper()}_KEY"))}
CATALOGUE = json.loads(resources.files("trunkline.providers").joinpath("catalogue.json").read_text("utf-8"))


def url_of(vendor: str) -> str:
    """Where the vendor is."""
    return os.environ.get(f"TRUNKLINE_{vendor.upper()}_URL") or str(CATALOGUE["vendors"][vendor]["url"])


if KEYS:

    @pytest.mark.parametrize("vendor", KEYS)
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000])
    async def test_each_utterance_gives_its_words_once(vendor: str, rate_hz: int) -> None:
        await check_words(vendor, url_of(vendor), KEYS[vendor], rate_hz)

    @pytest.mark.parametrize("vendor", KEYS)
    async def test_a_pause_within_an_utterance_does_not_split_it(vendor: str) -> None:
        await check_pause(vendor, url_of(vendor), KEYS[vendor])

    @pytest.mark.parametrize("vendor", KEYS)
    async def test_utterances_in_haste_keep_their_words(vendor: str) -> None:
        await check_haste(vendor, url_of(vendor), KEYS[vendor])

    @pytest.mark.parametrize("vendor", KEYS)
    async def test_a_sound_without_words_gives_an_empty_final(vendor: str) -> None:
        await check_no_words(vendor, url_of(vendor), KEYS[vendor])

    @pytest.mark.parametrize("vendor", KEYS)
    async def test_a_wrong_key_is_refused_for_good(vendor: str) -> None:
        await check_wrong_key(vendor, url_of(vendor))

    @pytest.mark.parametrize("vendor", [vendor for vendor in KEYS if vendor in ("deepgram", "gladia")])
    async def test_a_key_is_verified(vendor: str) -> None:
        there = Vendor(vendor, url_of(vendor))
        await verify(there, SecretStr(KEYS[vendor]))
        await there.aclose()
