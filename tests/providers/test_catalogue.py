"""The catalogue: what can be had, what is refused and how it says so."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from trunkline.base.errors import Invalid
from trunkline.domain.assistant import LlmConfig, Script, ScriptStep, SttConfig, TtsConfig
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.providers.local.scripted import ScriptedLlm
from trunkline.providers.offers import read_catalogue

pytestmark = pytest.mark.room

LLM = LlmConfig(provider="local")
STT = SttConfig(provider="local")
TTS = TtsConfig(provider="local")
SCRIPT = Script(goal="greet", steps=(ScriptStep(id="hello", say="Hello"),))


def details(
    llm: LlmConfig = LLM, stt: SttConfig | None = STT, tts: TtsConfig | None = TTS, url: str | None = None
) -> tuple[str, ...]:
    try:
        Catalogue(ProviderSettings(openai_compatible_url=url)).check(llm, stt, tts)
    except Invalid as error:
        return error.details
    return ()


def test_the_local_models_can_be_had() -> None:
    assert details() == ()
    assert (
        details(
            LlmConfig(provider="local", model="scripted", script=SCRIPT),
            SttConfig(provider="local", model="moonshine-tiny", language="en-US"),
            TtsConfig(provider="local", model="pico", voice_id="en-GB", language="en", speed=1.2),
        )
        == ()
    )
    assert (
        details(
            stt=SttConfig(provider="local", model="whisper-base", language="fr"),
            tts=TtsConfig(provider="local", language="fr"),
        )
        == ()
    )


def test_the_defaults_of_the_data_file_can_be_had() -> None:
    defaults: dict[str, Any] = {
        stage: {"provider": "local", "model": next(one["id"] for one in offers["local"]["models"] if one["default"])}
        for stage, offers in read_catalogue().items()
        if stage != "vendors"
    }
    assert defaults["stt"]["model"] == "moonshine-tiny"
    assert details(LlmConfig(**defaults["llm"]), SttConfig(**defaults["stt"]), TtsConfig(**defaults["tts"])) == ()


def test_every_problem_is_told_at_once() -> None:
    found = details(
        LlmConfig(provider="acme"),
        SttConfig(provider="local", language="nl", keyterms=("Trunkline",)),
        TtsConfig(provider="local", voice_id="nova", model="kokoro"),
    )
    assert [one.split(":")[0] for one in found] == [
        "llm_config.provider",
        "stt_config.language",
        "stt_config.keyterms",
        "tts_config.model",
        "tts_config.voice_id",
    ]
    assert found[0].startswith("llm_config.provider: there is no provider 'acme'; there are anthropic, ")
    assert "whisper-base" in found[1]


@pytest.mark.parametrize(
    ("llm", "field"),
    [
        (LlmConfig(provider="local", model="gpt-5"), "llm_config.model"),
        (LlmConfig(provider="local", base_url="http://127.0.0.1:1"), "llm_config.base_url"),
        (LlmConfig(provider="openai_compatible", base_url="https://models.example.com/v1"), "llm_config.model"),
        (LlmConfig(provider="openai_compatible", model="m"), "llm_config.base_url"),
        (
            LlmConfig(provider="openai_compatible", model="m", base_url="ftp://models.example.com"),
            "llm_config.base_url",
        ),
        (LlmConfig(provider="openai_compatible", model="m", base_url="https://a:99999/v1"), "llm_config.base_url"),
        (LlmConfig(provider="openai_compatible", model="m", base_url="http://127.0.0.1/v1"), "llm_config.base_url"),
        (
            LlmConfig(provider="openai_compatible", model="m", base_url="https://models.example.com/v1", script=SCRIPT),
            "llm_config.script",
        ),
    ],
)
def test_a_language_model_that_cannot_be_had_is_refused(llm: LlmConfig, field: str) -> None:
    assert [one.split(":")[0] for one in details(llm)] == [field]


@pytest.mark.parametrize("empty", ["", " "])
def test_names_that_are_empty_are_refused_before_a_vendor_has_to(empty: str) -> None:
    llm = LlmConfig(provider="openai", model=empty)
    stt = SttConfig(provider="deepgram", model=empty)
    tts = TtsConfig(provider="openai", model=empty, voice_id=empty)
    fields = ["llm_config.model", "stt_config.model", "tts_config.model", "tts_config.voice_id"]
    assert [one.split(":")[0] for one in details(llm, stt, tts)] == fields
    realtime = LlmConfig(provider="openai_realtime", model=empty, voice=empty)
    assert [one.split(":")[0] for one in details(realtime, None, None)] == ["llm_config.model", "llm_config.voice"]


def test_the_sentence_of_a_refusal_holds_every_problem() -> None:
    with pytest.raises(Invalid, match=r"stt_config: is required.*tts_config: is required"):
        Catalogue(ProviderSettings()).check(LLM, None, None)


@pytest.mark.parametrize("address", ["https://a:99999/v1", "https://[::1", "not an address"])
def test_an_address_that_is_none_is_refused_also_where_a_default_is_set(address: str) -> None:
    llm = LlmConfig(provider="openai_compatible", model="m", base_url=address)
    assert [one.split(":")[0] for one in details(llm, url="http://127.0.0.1:11434/v1")] == ["llm_config.base_url"]


def test_any_model_of_a_server_with_the_common_protocol_is_passed_through() -> None:
    named = LlmConfig(provider="openai_compatible", model="anything-7b", base_url="https://models.example.com/v1")
    assert details(named) == ()
    assert details(LlmConfig(provider="openai_compatible", model="anything-7b"), url="http://127.0.0.1:11434/v1") == ()


def test_a_text_model_needs_a_recogniser_and_a_voice() -> None:
    assert [one.split(":")[0] for one in details(stt=None, tts=None)] == ["stt_config", "tts_config"]
    assert [one.split(":")[0] for one in details(stt=SttConfig(provider="x"), tts=TtsConfig(provider="y"))] == [
        "stt_config.provider",
        "tts_config.provider",
    ]


def test_unknown_providers_are_refused_with_those_that_exist() -> None:
    models = Catalogue(ProviderSettings())
    for ask in (models.stt, models.tts, models.llm):
        with pytest.raises(Invalid, match=r"there are .*local"):
            ask("acme")
    assert isinstance(models.llm("local"), ScriptedLlm)


def test_the_voices_are_described_in_english_and_dutch() -> None:
    voices = Catalogue(ProviderSettings()).voices()
    assert [voice.id for voice in voices] == ["en-US", "en-GB", "de", "es", "fr", "it"]
    assert all(voice.provider == "local" and voice.description.keys() == {"en", "nl"} for voice in voices)
    for voice in voices:
        assert details(tts=TtsConfig(provider="local", voice_id=voice.id)) == ()


async def test_a_warm_catalogue_has_one_of_each_and_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with Catalogue(ProviderSettings(openai_compatible_key=SecretStr("sk-secret"))) as models:
        await models.warm()
        assert await models.vad() is await models.vad()
        assert await models.turn() is await models.turn()
        assert models.analyst() is not None
        stream = await models.stt("local").open(STT, 8_000)
        await stream.aclose()
    assert asyncio.all_tasks() == before


def test_no_key_stands_in_what_is_printed() -> None:
    assert "sk-secret" not in repr(ProviderSettings(openai_compatible_key=SecretStr("sk-secret")))
