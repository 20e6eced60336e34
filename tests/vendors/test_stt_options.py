"""Every option of a recogniser reaches the wire under its vendor's name; what a vendor cannot do is refused before."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from tests.vendors.conformance_stt import BOOKING, VENDORS, House, calling, has_words
from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import SttConfig
from trunkline.providers.offers import option_problems
from trunkline.providers.stt import deepgram, elevenlabs, gladia, mistral, openai
from trunkline.providers.stt.stream import Dialect
from trunkline.providers.stt.utterances import Answered, Words
from trunkline.providers.stt.verifying import verify
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import KEY, Fault, Moment, Trouble

pytestmark = pytest.mark.room

ALL_LANGUAGES = "multi nl en de fr es it pt pl ru ja ko zh ar hi da sv no fi cs hu ro bg hr sk tr id vi".split()  # noqa: SIM905


def query_of(house: House) -> dict[str, list[str]]:
    """The parameters of the first connection."""
    return parse_qs(urlsplit(house.received[0].path).query)


def session_of(house: House) -> dict[str, Any]:
    """The settings that were sent first."""
    bodies = (received.body for received in house.received if isinstance(received.body, dict))
    return next(body["session"] for body in bodies if body.get("type") == "session.update")


async def open_with(house: House, **options: Any) -> None:
    """Opens and closes a recogniser with these options."""
    async with calling(house.vendor, house.url, config=SttConfig(provider=house.vendor, **options)):
        pass


async def test_deepgrams_options_are_parameters() -> None:
    async with House("deepgram") as house:
        await open_with(
            house,
            language="nl",
            keyterms=("Trunkline", "Van Dijk"),
            smart_format=True,
            numerals=True,
            filler_words=False,
            no_delay=True,
            endpointing=300,
            utterance_end_ms=1200,
        )
        query = query_of(house)
    assert query["model"] == ["nova-3"]
    assert query["language"] == ["nl"]
    assert query["keyterm"] == ["Trunkline", "Van Dijk"]
    assert (query["encoding"], query["sample_rate"]) == (["linear16"], ["8000"])
    flags = ("smart_format", "numerals", "filler_words", "no_delay", "endpointing", "utterance_end_ms")
    assert [query[name][0] for name in flags] == ["true", "true", "false", "true", "300", "1200"]


async def test_deepgram_can_be_told_not_to_find_ends() -> None:
    async with House("deepgram") as house:
        await open_with(house, language="multi", endpointing=0)
        assert query_of(house)["endpointing"] == ["false"]
        assert query_of(house)["language"] == ["multi"]


async def test_elevenlabs_options_are_parameters() -> None:
    async with House("elevenlabs") as house:
        await open_with(
            house,
            language="de-AT",
            keyterms=("Trunkline",),
            tag_audio_events=False,
            include_timestamps=True,
            sample_rate=16000,
        )
        query = query_of(house)
    assert query == {
        "model_id": ["scribe_v2_realtime"],
        "audio_format": ["pcm_16000"],
        "commit_strategy": ["manual"],
        "language_code": ["de"],
        "include_timestamps": ["true"],
        "tag_audio_events": ["false"],
        "keyterms": ["Trunkline"],
    }


async def test_elevenlabs_copy_with_timestamps_adds_no_words() -> None:
    async with House("elevenlabs") as house:
        config = SttConfig(provider="elevenlabs", include_timestamps=True)
        async with calling("elevenlabs", house.url, config=config) as call:
            await call.say_and_hear(BOOKING)
            await call.say_and_hear(BOOKING)
            assert [final.text.count("table") for final in call.finals] == [1, 1]


async def test_gladias_options_are_in_the_request() -> None:
    async with House("gladia") as house:
        await open_with(
            house,
            languages=("nl", "en"),
            code_switching=True,
            region="eu-west",
            endpointing=0.2,
            custom_vocabulary=("Trunkline",),
            keyterms=("Van Dijk",),
            translation_enabled=True,
            translation_target_languages=("en", "fr"),
        )
        asked = house.received[0]
    assert asked.path == "/v2/live?region=eu-west"
    assert asked.headers["x-gladia-key"] == KEY
    assert asked.body["model"] == "solaria-1"
    assert asked.body["endpointing"] == 0.2
    assert asked.body["language_config"] == {"languages": ["nl", "en"], "code_switching": True}
    assert asked.body["realtime_processing"] == {
        "custom_vocabulary": True,
        "custom_vocabulary_config": {"vocabulary": ["Trunkline", "Van Dijk"]},
        "translation": True,
        "translation_config": {"target_languages": ["en", "fr"]},
    }


async def test_gladias_translation_is_what_is_read() -> None:
    async with House("gladia") as house:
        config = SttConfig(
            provider="gladia",
            language="nl",
            translation_enabled=True,
            translation_target_languages=("en", "fr"),
        )
        async with calling("gladia", house.url, config=config) as call:
            await call.begin(BOOKING)
            call.end()
            await call.until(lambda call: bool(call.finals))
            assert "[en]" in call.finals[0].text
            assert "[fr]" not in call.finals[0].text
            assert has_words(call.finals[0].text, ["table", "two people"])
            assert call.finals[0].language == "en"


async def test_gladia_hears_any_language_where_several_are_spoken() -> None:
    async with House("gladia") as house:
        await open_with(house, language="multi")
        assert house.received[0].body["language_config"] == {"languages": [], "code_switching": True}


async def test_openais_options_are_in_the_session() -> None:
    async with House("openai") as house:
        await open_with(house, language="fr", keyterms=("Trunkline", "Dupont"))
        heard = session_of(house)["audio"]["input"]
    assert heard["format"] == {"type": "audio/pcmu"}
    assert heard["turn_detection"] is None
    assert heard["transcription"] == {
        "model": "gpt-4o-transcribe",
        "language": "fr",
        "prompt": "Expect these words: Trunkline, Dupont.",
    }


async def test_openais_newer_models_take_the_words_themselves() -> None:
    async with House("openai") as house:
        await open_with(house, model="gpt-live-transcribe", language="fr", keyterms=("Trunkline",))
        heard = session_of(house)["audio"]["input"]["transcription"]
    assert heard == {"model": "gpt-live-transcribe", "languages": ["fr"], "keywords": ["Trunkline"]}


async def test_mistrals_options_are_in_the_session() -> None:
    async with House("mistral") as house:
        await open_with(house, language="it", keyterms=("Trunkline",))
        assert query_of(house) == {"model": ["voxtral-mini-transcribe-realtime-latest"]}
        assert session_of(house) == {
            "audio_format": {"encoding": "pcm_s16le", "sample_rate": 8000},
            "language": "it",
            "context_bias": ["Trunkline"],
        }


@pytest.mark.parametrize("vendor", VENDORS)
async def test_several_languages_name_none(vendor: str) -> None:
    async with House(vendor) as house:
        await open_with(house, language="multi")


def problems(**options: Any) -> list[str]:
    return list(option_problems("stt", SttConfig(**options), "stt_config"))


@pytest.mark.parametrize("language", [*ALL_LANGUAGES, "en-GB", "pt-BR"])
def test_the_languages_of_the_contract_are_heard(language: str) -> None:
    for vendor in ("deepgram", "elevenlabs", "gladia", "openai"):
        assert problems(provider=vendor, language=language) == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_language_that_a_vendor_does_not_hear_is_refused(vendor: str) -> None:
    (problem,) = problems(provider=vendor, language="tlh")
    assert problem.startswith(f"stt_config.language: {vendor} does not hear 'tlh'; it hears multi, nl, en, ")


def test_what_options_cannot_be_is_refused() -> None:
    assert problems(provider="mistral", language="pl")[0].startswith("stt_config.language: mistral does not hear 'pl'")
    assert problems(provider="gladia", languages=("en", "multi"))[0].startswith("stt_config.languages: ")
    assert problems(provider="gladia", translation_enabled=True)[0].startswith(
        "stt_config.translation_target_languages"
    )
    assert problems(provider="elevenlabs", keyterms=("x" * 21,)) == [
        "stt_config.keyterms: must each be at most 20 characters for elevenlabs"
    ]
    assert problems(provider="elevenlabs", keyterms=("x",) * 51) == [
        "stt_config.keyterms: must be at most 50 for elevenlabs"
    ]
    assert problems(provider="deepgram", endpointing=6000) == ["stt_config.endpointing: must be 0 to 5000 for deepgram"]


VENDOR = Vendor("acme", "http://127.0.0.1:9")
SECRET = SecretStr(KEY)
DIALECTS: tuple[tuple[Dialect, str], ...] = (
    (deepgram.Listen(VENDOR, SECRET, 8000), "type"),
    (elevenlabs.Scribe(VENDOR, SECRET, 8000, SttConfig(provider="elevenlabs")), "message_type"),
    (gladia.Live(VENDOR, SECRET, 8000, SttConfig(provider="gladia")), "type"),
    (mistral.Voxtral(VENDOR, SECRET, 8000), "type"),
    (openai.Transcription(VENDOR, SECRET, 8000), "type"),
)


@pytest.mark.parametrize(("dialect", "kind"), DIALECTS)
def test_messages_that_are_new_to_us_are_ignored(dialect: Dialect, kind: str) -> None:
    assert list(dialect.read({kind: "something_new", "data": [1, 2], "text": 7})) == []


def test_openais_items_are_told_in_order_whenever_they_are_complete() -> None:
    dialect = openai.Transcription(VENDOR, SECRET, 8000)
    done = "conversation.item.input_audio_transcription.completed"
    for item in ("a", "b"):
        assert list(dialect.read({"type": "input_audio_buffer.committed", "item_id": item})) == []
    assert list(dialect.read({"type": done, "item_id": "b", "transcript": "Two."})) == []
    told = list(dialect.read({"type": done, "item_id": "a", "transcript": "One."}))
    assert told == [Words("One."), Answered(), Words("Two."), Answered()]


def test_elevenlabs_tags_are_left_out_where_they_are_not_wanted() -> None:
    config = SttConfig(provider="elevenlabs", tag_audio_events=False)
    dialect = elevenlabs.Scribe(VENDOR, SECRET, 8000, config)
    told = list(dialect.read({"message_type": "committed_transcript", "text": "Well (laughs) yes. [music]"}))
    assert told == [Words("Well yes.")]


def test_mistrals_text_of_the_whole_session_is_told_in_parts() -> None:
    dialect = mistral.Voxtral(VENDOR, SECRET, 8000)
    told = []
    for delta, whole in (("One.", "One."), ("Two.", "One. Two."), ("", "One. Two.")):
        if delta:
            list(dialect.read({"type": "transcription.text.delta", "text": f" {delta}"}))
        told += list(dialect.read({"type": "transcription.done", "text": whole}))
    assert [one.text for one in told if isinstance(one, Words)] == ["One.", "Two.", ""]


@pytest.mark.parametrize("name", ["deepgram", "gladia"])
async def test_a_key_is_verified(name: str) -> None:
    async with House(name) as house:
        vendor = Vendor(name, house.url)
        await verify(vendor, SecretStr(KEY))
        for wrong in ("wrong-key-4711", "wrong\nkey-4711"):
            with pytest.raises(Invalid) as refused:
                await verify(vendor, SecretStr(wrong))
            assert "4711" not in refused.value.message
        await vendor.aclose()
    with pytest.raises(Upstream):
        await verify(vendor, SecretStr(KEY))
    await vendor.aclose()


@pytest.mark.parametrize("name", ["deepgram", "gladia"])
@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.OVERLOADED, Fault.DROP, Fault.GARBAGE, Fault.SILENCE, Fault.HALF_OPEN]
)
async def test_a_key_cannot_be_verified_while_the_vendor_fails(name: str, fault: Fault) -> None:
    async with House(name) as house:
        house.misbehave(Trouble(fault, Moment.CONNECT))
        vendor = Vendor(name, house.url, silence_seconds=0.5)
        with pytest.raises(Upstream) as failed:
            await verify(vendor, SecretStr(KEY))
        assert failed.value.retryable
        await vendor.aclose()
