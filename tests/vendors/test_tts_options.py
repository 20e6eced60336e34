"""Every option of a voice reaches the vendor, as the vendor names it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.vendors.conformance_tts import Case, adapter, emulator, opened, said
from trunkline.base.errors import Invalid
from trunkline.providers.tts.xai import wire_language
from trunkline.testing.emulators.house import Emulator, Received

pytestmark = pytest.mark.room


async def _asked(case: Case, rate: int = 8000, **options: object) -> tuple[Emulator, list[Received]]:
    async with emulator(case) as house, adapter(case, house) as tts:
        async with opened(tts, case.config(**options), rate) as session:
            assert b"".join(await said(session, "Hello there."))
        return house, house.received


def _query(one: Received) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(one.path).query).items()}


def _bodies(asked: list[Received]) -> list[dict[str, Any]]:
    return [one.body for one in asked if one.body is not None]


ELEVENLABS: dict[str, Any] = {
    "stability": 0.4,
    "similarity_boost": 0.7,
    "style": 0.1,
    "use_speaker_boost": True,
    "speed": 1.1,
    "apply_text_normalization": "off",
    "language": "nl-NL",
    "voice_id": "EXAVITQu4vr4xnSDxMaL",
}
SETTINGS = {"stability": 0.4, "similarity_boost": 0.7, "style": 0.1, "use_speaker_boost": True, "speed": 1.1}


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_elevenlabs(rate: int) -> None:
    _, asked = await _asked(Case("elevenlabs", "eleven_turbo_v2_5"), rate, **ELEVENLABS)
    assert urlsplit(asked[0].path).path == "/v1/text-to-speech/EXAVITQu4vr4xnSDxMaL/multi-stream-input"
    assert _query(asked[0]) == {
        "model_id": "eleven_turbo_v2_5",
        "output_format": f"pcm_{rate}",
        "inactivity_timeout": "180",
        "auto_mode": "true",
        "apply_text_normalization": "off",
        "language_code": "nl",
    }
    first, text, close = _bodies(asked)
    assert (first["text"], first["voice_settings"]) == (" ", SETTINGS)
    assert (text["text"], text["flush"]) == ("Hello there. ", True)
    assert close["close_context"] is True
    assert len({first["context_id"], text["context_id"], close["context_id"]}) == 1


async def test_elevenlabs_over_http() -> None:
    _, asked = await _asked(Case("elevenlabs", "eleven_v3"), **ELEVENLABS)
    assert _query(asked[0]) == {"output_format": "pcm_8000"}
    assert asked[0].body == {
        "text": "Hello there.",
        "model_id": "eleven_v3",
        "voice_settings": SETTINGS,
        "language_code": "nl",
        "apply_text_normalization": "off",
    }


async def test_elevenlabs_takes_no_speed_beyond_its_own_and_no_language_where_it_hears_it() -> None:
    _, asked = await _asked(Case("elevenlabs", "eleven_multilingual_v2"), speed=2.0, language="de")
    assert "language_code" not in _query(asked[0])
    assert _bodies(asked)[0]["voice_settings"] == {"speed": 1.2}


async def test_openai() -> None:
    _, asked = await _asked(Case("openai"), instructions="Calmly.", speed=1.3, voice_id="marin")
    assert asked[0].body == {
        "model": "gpt-4o-mini-tts",
        "voice": "marin",
        "input": "Hello there.",
        "instructions": "Calmly.",
        "speed": 1.3,
        "response_format": "pcm",
        "stream_format": "audio",
    }
    _, asked = await _asked(Case("openai"), voice_id="voice_1234")
    assert asked[0].body["voice"] == {"id": "voice_1234"}


async def test_inworld() -> None:
    _, asked = await _asked(Case("inworld", "inworld-tts-2-flash"), language="nl-NL", speed=1.4, voice_id="Lore")
    create = _bodies(asked)[0]["create"]
    assert create == {
        "voiceId": "Lore",
        "modelId": "inworld-tts-2-flash",
        "audioConfig": {"audioEncoding": "PCM", "sampleRateHertz": 8000, "speakingRate": 1.4},
        "autoMode": True,
        "language": "nl-NL",
    }


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ({}, "aura-2-thalia-en"),
        ({"language": "nl"}, "aura-2-rhea-nl"),
        ({"voice_id": "aura-2-orion-en"}, "aura-2-orion-en"),
        ({"voice_id": "orion"}, "aura-2-orion-en"),
        ({"voice_id": "lars", "language": "nl-NL"}, "aura-2-lars-nl"),
        ({"voice_id": "lars-nl"}, "aura-2-lars-nl"),
        ({"model": "aura-2-zeus-en"}, "aura-2-zeus-en"),
    ],
)
async def test_deepgram(options: dict[str, Any], model: str) -> None:
    _, asked = await _asked(Case("deepgram"), speed=1.2, **options)
    assert _query(asked[0]) == {"model": model, "encoding": "linear16", "sample_rate": "8000", "speed": "1.2"}


async def test_xai() -> None:
    _, asked = await _asked(Case("xai"), language="pt", speed=0.5, voice_id="rex")
    assert _query(asked[0]) == {
        "voice": "rex",
        "language": "pt-PT",
        "codec": "pcm",
        "sample_rate": "8000",
        "optimize_streaming_latency": "1",
        "speed": "0.7",
    }


@pytest.mark.parametrize(
    ("language", "wire"),
    [
        (None, "auto"),
        ("en-GB", "en"),
        ("nl", "nl"),
        ("pt", "pt-PT"),
        ("pt-BR", "pt-BR"),
        ("es-MX", "es-MX"),
        ("zh", "zh"),
    ],
)
def test_xai_names_some_languages_with_their_region(language: str | None, wire: str) -> None:
    assert wire_language(language) == wire


async def test_google() -> None:
    _, asked = await _asked(Case("google"), language="nl", speaking_rate=1.5, speed=1.2)
    assert asked[0].body == {
        "input": {"text": "Hello there."},
        "voice": {"languageCode": "nl-NL", "name": "nl-NL-Chirp3-HD-Kore"},
        "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 8000, "speakingRate": 1.5},
    }
    _, asked = await _asked(Case("google"), voice_id="de-DE-Chirp3-HD-Puck", speed=1.2)
    assert asked[0].body["voice"] == {"languageCode": "de-DE", "name": "de-DE-Chirp3-HD-Puck"}
    assert asked[0].body["audioConfig"]["speakingRate"] == 1.2
    with pytest.raises(Invalid, match="instructions"):
        await _asked(Case("google"), instructions="Calmly.")


async def test_gemini() -> None:
    _, asked = await _asked(
        Case("google", "gemini-3.8-flash-tts"),
        instructions="Calmly.",
        speaking_rate=1.5,
        voice_id="Puck",
        language="nl",
    )
    assert asked[0].path == "/v1beta/models/gemini-3.8-flash-tts:streamGenerateContent?alt=sse"
    part = asked[0].body["contents"][0]["parts"][0]
    assert part == {
        "text": "Hello there.",
        "speechMetadata": {"style": "Calmly. Speak at 1.5 times the natural pace."},
    }
    speech = asked[0].body["generationConfig"]["speechConfig"]
    assert speech == {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}, "languageCode": "nl-NL"}
    _, asked = await _asked(Case("google", "gemini-2.5-flash-preview-tts"), instructions="Calmly.")
    assert asked[0].body["contents"][0]["parts"] == [{"text": 'Calmly.:\n"Hello there."'}]
