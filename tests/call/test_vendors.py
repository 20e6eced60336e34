"""Whole calls through the vendors: real SIP and RTP to a person who listens, and each vendor's protocol with real words."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.installation import Installation, installation
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator
from trunkline.testing.person import HIGHEST_ERROR_RATE, Person, Talk, person

CALL_SECONDS = 100.0
REPORT_SECONDS = 30.0
TRIES = 2
"""The recognisers of both sides are small and the voices synthetic: who was misunderstood is called again."""
FIRST = "Hello, this is Bright Smile Dental. When would you like to come in?"
PROMPT = (
    "You are on the phone for Bright Smile Dental. When the caller says when to come, say: I understood, and repeat it, and"
    " ask what else you can do. When the caller says goodbye, say goodbye and call end_call."
)


@dataclass(frozen=True, slots=True)
class Combination:
    """Who hears, thinks and speaks in one call, at whose number."""

    stt: str
    llm: str
    tts: str
    number: str

    def __str__(self) -> str:
        return f"{self.stt}+{self.llm}+{self.tts}"

    @property
    def vendors(self) -> frozenset[str]:
        """Whose keys it takes."""
        return frozenset((self.stt, self.llm, self.tts))


COMBINATIONS = (
    Combination("deepgram", "openai", "elevenlabs", "+31612341101"),
    Combination("gladia", "mistral", "inworld", "+31612341102"),
    Combination("mistral", "anthropic", "deepgram", "+31612341103"),
    Combination("openai", "google", "google", "+31612341104"),
    Combination("elevenlabs", "xai", "xai", "+31612341105"),
    Combination("openai", "openai", "openai", "+31612341106"),
)
PLUGINS = Combination("livekit:deepgram", "livekit:openai", "livekit:elevenlabs", "+31612341107")
OWN = "gladia"
"""The vendor whose only good key is the organisation's own; the platform's is another."""
UNPRICED = {"stt mistral/voxtral-mini-latest"}
"""What the vendor publishes no price of."""
LIVE = {
    vendor: os.environ[f"TRUNKLINE_{vendor.upper()}_KEY"]
    for vendor in EMULATORS
    if os.environ.get(f"TRUNKLINE_{vendor.upper()}_KEY")
}


@dataclass(frozen=True, slots=True)
class Phone:
    """The platform, and the person it calls."""

    house: Installation
    person: Person

    async def hold(self, who: Combination) -> Talk:
        """One call, from the request to the report."""
        before = self.person.told
        call_id = await self.house.call(self.person.port, _assistant(who), destination=who.number)
        await self.house.ended(call_id, CALL_SECONDS)
        call = await self.house.until(call_id, lambda call: call["cost"] is not None, REPORT_SECONDS)
        return Talk(call, await self.person.account(who.number, before))


def _assistant(who: Combination) -> dict[str, Any]:
    listening_and_speaking = {
        "stt_config": {"provider": who.stt, "language": "en"},
        "tts_config": {"provider": who.tts},
    }
    return {
        "name": str(who),
        "first_message": FIRST,
        "max_duration_seconds": 80,
        "llm_config": {
            "provider": who.llm,
            "messages": [{"role": "system", "content": PROMPT}],
            "tools": [{"type": "end_call"}],
        },
        **(listening_and_speaking if who.stt else {}),
    }


@asynccontextmanager
async def _phone(house: Installation) -> AsyncIterator[Phone]:
    """A person, and the number through which they are called."""
    async with person("visitor") as them:
        await house.number(them.port)
        yield Phone(house, them)


async def _understood(phone: Phone, who: Combination) -> Talk:
    """A call in which both sides understood each other; after that many tries there is none."""
    misunderstood = []
    for _ in range(TRIES):
        told = await phone.hold(who)
        try:
            assert (told.call["status"], told.call["end_reason"]) == ("ended", "assistant_ended")
            assert max(told.error_rates().values()) < HIGHEST_ERROR_RATE
        except AssertionError as error:
            misunderstood.append(f"{error}\n{told!r}")
            continue
        return told
    raise AssertionError(f"{who}\n" + "\n\n".join(misunderstood) + phone.house.log.read_text()[-3000:])


def _is_billed(told: Talk, who: Combination, own: str = "") -> None:
    """What each vendor did is counted under its name, and has a price; what ran on a key of one's own is not in the sum."""
    cost = told.call["cost"]
    billed = _is_counted(told, who)
    assert {one["provider"] for one in billed.values() if one["own_key"]} == who.vendors & {own}
    assert set(cost["unpriced"]) <= UNPRICED
    paid = sum(one["usd"] or 0 for one in billed.values() if not one["own_key"])
    assert 0 < paid == pytest.approx(cost["total"] - cost["platform_fee"], abs=1e-5)


def _is_counted(told: Talk, who: Combination) -> dict[str, dict[str, Any]]:
    """What each stage did, under its provider's name."""
    billed = {one["stage"]: one for one in told.call["cost"]["stages"]}
    assert [billed[stage]["provider"] for stage in ("stt", "llm", "tts")] == [who.stt, who.llm, who.tts]
    assert billed["stt"]["usage"]["seconds"] > 2
    assert billed["llm"]["usage"]["prompt_tokens"] > 0
    assert billed["llm"]["usage"]["completion_tokens"] > 0
    assert billed["tts"]["usage"]["characters"] >= len(FIRST)
    return billed


@dataclass(frozen=True, slots=True)
class Emulated:
    """A phone whose platform reaches only emulators."""

    phone: Phone
    vendors: Mapping[str, VendorEmulator]


def _plugins(vendors: Mapping[str, VendorEmulator]) -> dict[str, Any]:
    """What an operator sets who has these vendors by LiveKit's plugins too."""
    openai, deepgram, elevenlabs = (vendors[name] for name in ("openai", "deepgram", "elevenlabs"))
    return {
        "openai": {"api_key": openai.key, "base_url": openai.url},
        "deepgram": {"api_key": deepgram.key, "stt": {"base_url": f"{deepgram.url}/listen"}},
        "elevenlabs": {"api_key": elevenlabs.key, "base_url": elevenlabs.url},
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def emulated(folder: Path) -> AsyncIterator[Emulated]:
    """Every vendor emulated in this process, and a platform that knows them by its settings alone."""
    async with AsyncExitStack() as stack:
        vendors = {name: await stack.enter_async_context(EMULATORS[name]()) for name in EMULATORS}
        settings = {
            name.removeprefix("TRUNKLINE_").lower(): value
            for emulator in vendors.values()
            for name, value in emulator.environment().items()
        }
        settings[f"{OWN}_key"] = "a-key-that-the-vendor-refuses"
        settings["livekit"] = json.dumps(_plugins(vendors))
        house = await stack.enter_async_context(installation(folder, **settings))
        await house.api.post("/byok?verify=true", {"provider": OWN, "api_key": vendors[OWN].key})
        yield Emulated(await stack.enter_async_context(_phone(house)), vendors)


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(400)
async def test_every_vendor_holds_a_call_with_real_words_both_ways(emulated: Emulated) -> None:
    *told, plugged = await asyncio.gather(*(_understood(emulated.phone, who) for who in (*COMBINATIONS, PLUGINS)))
    _is_counted(plugged, PLUGINS)
    for who, call in zip(COMBINATIONS, told, strict=True):
        _is_billed(call, who, OWN)
        assert call.call["messages"][0]["content"] == FIRST
        assert "I understood" in call.of("assistant")
    for vendor in emulated.vendors.values():
        await vendor.until(lambda vendor=vendor: vendor.open_streams == 0)  # type: ignore[misc]
    log = emulated.phone.house.log.read_text()
    assert not [vendor for vendor in emulated.vendors.values() if vendor.key in log]


LIVE_COMBINATIONS = [who for who in COMBINATIONS if not who.vendors.isdisjoint(LIVE)]
LIVE_REALTIME = [f"{vendor}_realtime" for vendor in ("openai", "xai", "google") if vendor in LIVE]


@asynccontextmanager
async def _live_phone(folder: Path) -> AsyncIterator[Phone]:
    """A phone whose platform reaches each vendor that there is a key of, and emulators in the places of the others."""
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(EMULATORS[name]()) for name in EMULATORS if name not in LIVE]
        settings = {
            name.removeprefix("TRUNKLINE_").lower(): value
            for emulator in others
            for name, value in emulator.environment().items()
        }
        settings |= {f"{vendor}_key": key for vendor, key in LIVE.items()}
        addresses = {f"{vendor}_url": os.environ.get(f"TRUNKLINE_{vendor.upper()}_URL") for vendor in LIVE}
        settings |= {name: url for name, url in addresses.items() if url}
        yield await stack.enter_async_context(_phone(await stack.enter_async_context(installation(folder, **settings))))


if LIVE_COMBINATIONS:

    @pytest.mark.live
    @pytest.mark.asyncio(loop_scope="function")
    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("who", LIVE_COMBINATIONS, ids=str)
    async def test_vendors_themselves_hold_a_call_with_real_words_both_ways(tmp_path: Path, who: Combination) -> None:
        async with _live_phone(tmp_path) as phone:
            _is_billed(await _understood(phone, who), who)


if LIVE_REALTIME:

    @pytest.mark.live
    @pytest.mark.asyncio(loop_scope="function")
    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("provider", LIVE_REALTIME)
    async def test_a_realtime_vendor_itself_holds_a_call_with_real_words_both_ways(
        tmp_path: Path, provider: str
    ) -> None:
        async with _live_phone(tmp_path) as phone:
            told = await _understood(phone, Combination("", provider, "", "+31612341108"))
        billed = {one["stage"]: one for one in told.call["cost"]["stages"]}
        assert billed["llm"]["provider"] == provider
        assert billed["llm"]["usage"]["seconds"] > 2
