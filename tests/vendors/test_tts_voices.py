"""The vendors' voices: told page by page, or as published; kept for a while; left out where none are told."""

import re
from pathlib import Path

import deepgram
import pytest
from pydantic import SecretStr

from tests.vendors.conformance_tts import Case, close, emulator, vendor_at
from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.providers import makers
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.providers.offers import read_catalogue
from trunkline.providers.tts.verifying import verify
from trunkline.providers.voices import KeptVoices, default_voice, published, vendor_voices, voice_problems
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble
from trunkline.testing.emulators.realtime_rules import OPENAI_VOICES

pytestmark = pytest.mark.room
SECRET = SecretStr(KEY)
LISTED = {
    "elevenlabs": {"hpp4J3VqNfWAUOO0d1Us": ("Bella", "en"), "nl0000000000000000aa": ("Ruth", "nl")},
    "inworld": {"Ashley": ("Ashley", "en-US"), "Lore": ("Lore", "nl-NL")},
    "google": {"Kore": ("Kore", "multi"), "nl-NL-Chirp3-HD-Kore": ("nl-NL-Chirp3-HD-Kore", "nl-NL")},
    "xai": {"ara": ("Ara", "multi"), "una": ("Una", "multi"), "zagan": ("Zagan", "multi")},
    "openai": {"marin": ("Marin", "multi")},
    "deepgram": {"aura-2-thalia-en": ("Thalia", "en"), "aura-2-lars-nl": ("Lars", "nl")},
}


@pytest.mark.parametrize("provider", sorted(LISTED))
async def test_the_voices_of_a_vendor(provider: str) -> None:
    case = Case(provider)
    async with emulator(case) as house:
        vendor = vendor_at(case, house.url.removesuffix("/"))
        voices = {voice.id: voice for voice in await vendor_voices(vendor, SECRET)}
        await close(vendor)
    assert {voice.provider for voice in voices.values()} == {provider}
    for voice_id, (name, language) in LISTED[provider].items():
        assert (voices[voice_id].name, voices[voice_id].language) == (name, language)
    if provider == "elevenlabs":
        assert len([one for one in house.received if "/v2/voices" in one.path]) == 2
        assert voices["hpp4J3VqNfWAUOO0d1Us"].description == {
            "en": "Warm and bright, for conversations.",
            "nl": "Een vrouw.",
        }


def test_what_was_published_of_deepgram_is_what_its_sdk_knows() -> None:
    known = Path(deepgram.__file__).with_name("types").joinpath("speak_v1model.py").read_text("utf-8")
    assert {voice.id for voice in published("deepgram")} == set(re.findall(r'"(aura-2-[a-z]+-[a-z]+)"', known))


@pytest.mark.parametrize("provider", sorted(makers.TTS))
def test_every_provider_has_a_voice_where_none_is_named(provider: str) -> None:
    voices = {voice.id for voice in published(provider)}
    for language in (None, "en", "nl", "nl-NL", "xx"):
        voice = default_voice(provider, language)
        assert voice
        assert not voices or voice in voices
    assert read_catalogue()["tts"][provider]["models"]


async def test_what_a_vendor_told_is_kept_for_five_minutes_for_each_key() -> None:
    now = [0.0]
    case = Case("elevenlabs")
    async with emulator(case) as house:
        vendor = vendor_at(case, house.url.removesuffix("/"))
        kept = KeptVoices(lambda: now[0])
        first = await kept.of(vendor, SECRET)
        asked = len(house.received)
        house.misbehave(Trouble(Fault.OVERLOADED, Moment.CONNECT))
        assert await kept.of(vendor, SECRET) == first
        assert len(house.received) == asked
        assert await kept.of(vendor, SecretStr("another")) == []
        now[0] = 301.0
        assert await kept.of(vendor, SECRET) == []
        house.misbehave()
        assert await kept.of(vendor, SECRET) == first
        await close(vendor)


async def test_the_catalogue_tells_the_voices_of_those_it_has_a_key_for(caplog: pytest.LogCaptureFixture) -> None:
    async with emulator(Case("elevenlabs")) as good, emulator(Case("inworld")) as silent:
        silent.misbehave(Trouble(Fault.OVERLOADED, Moment.CONNECT))
        settings = ProviderSettings(
            urls={"elevenlabs": f"{good.url}/v1", "inworld": silent.url}, keys={"elevenlabs": SECRET}
        )
        async with Catalogue(settings) as models:
            told = await models.vendor_voices({"inworld": SECRET, "deepgram": SECRET})
            assert {voice.provider for voice in told} == {"elevenlabs", "deepgram"}
    assert KEY not in caplog.text


async def test_a_realtime_model_has_its_own_voices() -> None:
    async with Catalogue(ProviderSettings(keys={"openai": SECRET})) as models:
        told = {voice.id for voice in await models.vendor_voices({}) if voice.provider == "openai_realtime"}
    assert told == OPENAI_VOICES
    assert {voice.id for voice in published("xai_realtime")} == {voice.id for voice in published("xai")}
    assert len(published("google_realtime")) == 30


@pytest.mark.parametrize(
    ("provider", "voice", "wrong"),
    [
        ("openai_realtime", "marin", False),
        ("openai_realtime", "onyx", True),
        ("google_realtime", "Kore", False),
        ("google_realtime", "nobody", True),
        ("xai_realtime", "one-of-their-own", False),
        ("xai_realtime", None, False),
    ],
)
def test_a_voice_that_a_realtime_model_cannot_have_is_found_when_the_call_is_placed(
    provider: str, voice: str | None, wrong: bool
) -> None:
    problems = list(voice_problems(provider, voice, "llm_config.voice"))
    assert len(problems) == wrong
    assert all(one.startswith(f"llm_config.voice: {provider} has no voice") for one in problems)


@pytest.mark.parametrize(("voice", "wrong"), [("coral", False), ("voice_123", False), ("Rachel", True)])
async def test_a_voice_that_openai_cannot_have_is_found_when_the_call_is_placed(voice: str, wrong: bool) -> None:
    tts = TtsConfig(provider="openai", voice_id=voice)
    async with Catalogue(ProviderSettings(keys={"openai": SECRET})) as models:
        if not wrong:
            models.check(LlmConfig(provider="openai"), SttConfig(provider="openai"), tts)
            return
        with pytest.raises(Invalid, match=r"tts_config\.voice_id: openai has no voice 'Rachel'; it has alloy"):
            models.check(LlmConfig(provider="openai"), SttConfig(provider="openai"), tts)


@pytest.mark.parametrize("provider", ["elevenlabs", "inworld"])
async def test_a_key_is_verified(provider: str) -> None:
    case = Case(provider)
    async with emulator(case) as house:
        vendor = vendor_at(case, house.url.removesuffix("/"))
        await verify(vendor, SECRET)
        with pytest.raises(Invalid) as refused:
            await verify(vendor, SecretStr("wrong-key"))
        assert "wrong-key" not in str(refused.value)
        house.misbehave(Trouble(Fault.OVERLOADED, Moment.CONNECT))
        with pytest.raises(Upstream):
            await verify(vendor, SECRET)
        await close(vendor)


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "tts-1"), ("openai", "tts-1-hd"), ("google", None), ("google", "chirp-3-hd")]
)
async def test_instructions_are_refused_where_a_model_takes_none(provider: str, model: str | None) -> None:
    async with Catalogue(ProviderSettings()) as models:
        problems = models._tts_problems(TtsConfig(provider=provider, model=model, instructions="Calmly."), None)
        assert [problem for problem in problems if "instructions" in problem]
