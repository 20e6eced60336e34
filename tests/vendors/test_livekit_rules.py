"""LiveKit's plugins, the rules: what options are called there, when words are final, what the operator may set."""

from collections.abc import Sequence
from typing import Any

import pytest

from trunkline.base.errors import Invalid, Upstream
from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Final, Heard, Partial, Stage
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.providers.livekit.options import arguments, problems
from trunkline.providers.livekit.plugins import LiveKit
from trunkline.providers.livekit.utterances import (
    DEAF_SECONDS,
    FIRST_SECONDS,
    MORE_SECONDS,
    REST_SECONDS,
    Event,
    Utterances,
)

pytestmark = pytest.mark.unit

KEY = "a-long-key-of-the-operator"
ANY = "livekit:any"


def _told(utterances: Utterances, *events: Event) -> list[Heard]:
    return [heard for event in events for heard in utterances.handle(event)]


def _spoken(seconds: float, *events: Event) -> Utterances:
    """An utterance of which the recogniser told ``events`` while it went on."""
    utterances = Utterances(ANY)
    utterances.began()
    utterances.sound(seconds)
    _told(utterances, *events)
    return utterances


def test_words_that_become_final_in_time_end_the_wait_and_nothing_more_is_said_when_it_is_due() -> None:
    utterances = _spoken(2.0, Event("partial", "good"))
    assert utterances.ended() == REST_SECONDS
    assert _told(utterances, Event("final", " good morning ", language="en"), Event("end"), Event("due")) == [
        Final("good morning", 2.0, "en")
    ]


def test_words_that_never_become_final_are_taken_as_they_are() -> None:
    utterances = _spoken(2.0, Event("partial", "good"), Event("partial", "good morning"))
    utterances.ended()
    assert _told(utterances, Event("end"), Event("due")) == [Final("good morning", 2.0)]


def test_an_utterance_whose_words_are_final_already_ends_soon_and_empty() -> None:
    utterances = _spoken(2.0, Event("final", "good morning"))
    assert utterances.ended() == MORE_SECONDS
    assert _told(utterances, Event("due")) == [Final("")]


def test_words_after_the_first_final_ones_are_not_lost() -> None:
    utterances = _spoken(2.0, Event("partial", "good"))
    utterances.ended()
    told = _told(utterances, Event("final", "good"), Event("partial", "morning"), Event("due"))
    assert told == [Final("good", 2.0), Partial("morning"), Final("morning")]


def test_the_end_that_the_recogniser_tells_is_not_waited_beyond() -> None:
    utterances = _spoken(0.4)
    utterances.ended()
    assert _told(utterances, Event("end")) == [Final("", 0.4)]


def test_a_short_sound_may_have_no_words() -> None:
    utterances = _spoken(DEAF_SECONDS / 2)
    assert utterances.ended() == FIRST_SECONDS
    assert _told(utterances, Event("due")) == [Final("", DEAF_SECONDS / 2)]


def test_who_tells_nothing_of_long_speech_is_deaf() -> None:
    utterances = _spoken(DEAF_SECONDS)
    utterances.ended()
    with pytest.raises(Upstream, match="told nothing") as caught:
        _told(utterances, Event("due"))
    assert caught.value.retryable


def test_nothing_is_given_up_while_they_speak_again() -> None:
    utterances = _spoken(2.0, Event("partial", "good"))
    utterances.ended()
    utterances.began()
    assert _told(utterances, Event("due")) == []


def test_sound_is_billed_as_the_recogniser_says() -> None:
    utterances = _spoken(2.0, Event("usage", seconds=5.0), Event("usage", seconds=1.5))
    utterances.ended()
    assert _told(utterances, Event("final", "good")) == [Final("good", 6.5)]
    utterances.sound(3.0)
    assert _told(utterances, Event("final", "morning")) == [Final("morning")]


TAKES = {
    "deepgram": {"model", "language", "keyterm", "keyterms", "endpointing_ms", "smart_format", "api_key"},
    "elevenlabs": {"model", "language_code", "keyterms", "tag_audio_events"},
    "gladia": {"model", "languages", "code_switching"},
}


@pytest.mark.parametrize(
    ("plugin", "given", "wanted"),
    [
        ("deepgram", {"endpointing": 300.0}, {"language": "en", "endpointing_ms": 300}),
        ("deepgram", {"keyterms": ("Trunkline",)}, {"language": "en", "keyterm": ["Trunkline"]}),
        ("elevenlabs", {"language": "nl", "keyterms": ("a",)}, {"language_code": "nl", "keyterms": ["a"]}),
        ("gladia", {"model": "solaria-1"}, {"model": "solaria-1", "languages": ["en"]}),
    ],
)
def test_options_have_the_plugins_own_names(plugin: str, given: dict[str, Any], wanted: dict[str, Any]) -> None:
    config = SttConfig(provider=f"livekit:{plugin}", **given)
    assert arguments("stt", config, TAKES[plugin]) == wanted
    assert list(problems("stt", config, TAKES[plugin])) == []


@pytest.mark.parametrize(
    ("takes", "config", "wanted"),
    [
        (["voice", "speed"], TtsConfig(provider=ANY, voice_id="ash", speed=1.2), {"voice": "ash", "speed": 1.2}),
        (["voice_name", "speaking_rate"], TtsConfig(provider=ANY, speed=1.2), {"speaking_rate": 1.2}),
        (["model", "voice"], TtsConfig(provider=ANY), {}),
        (["model", "temperature"], LlmConfig(provider=ANY, model="m"), {"model": "m"}),
        (["max_tokens"], LlmConfig(provider=ANY, max_completion_tokens=9), {"max_tokens": 9}),
    ],
)
def test_defaults_are_left_to_the_plugin(
    takes: Sequence[str], config: TtsConfig | LlmConfig, wanted: dict[str, Any]
) -> None:
    stage: Stage = "tts" if isinstance(config, TtsConfig) else "llm"
    assert arguments(stage, config, frozenset(takes)) == wanted
    assert list(problems(stage, config, frozenset(takes))) == []


@pytest.mark.parametrize(
    ("config", "lacks"),
    [
        (TtsConfig(provider=ANY, voice_id="ash", speed=1.2, stability=0.5), ["voice_id", "speed", "stability"]),
        (LlmConfig(provider=ANY, temperature=0.1, reasoning_effort="low"), ["temperature", "reasoning_effort"]),
        (SttConfig(provider=ANY, language="nl", numerals=True), ["language", "numerals"]),
        (SttConfig(provider=ANY), []),
    ],
)
def test_an_option_that_the_plugin_lacks_is_named(config: Any, lacks: list[str]) -> None:
    stage: Stage = "tts" if isinstance(config, TtsConfig) else "llm" if isinstance(config, LlmConfig) else "stt"
    assert list(problems(stage, config, frozenset({"api_key"}))) == lacks


def _refused(catalogue: Catalogue, provider: str, **stt: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        catalogue.check(
            LlmConfig(provider="local"), SttConfig(provider=provider, **stt), TtsConfig(provider="local"), own=()
        )
    return list(caught.value.details)


async def test_a_plugin_that_is_not_there_is_refused_with_the_way_to_get_it() -> None:
    async with Catalogue(ProviderSettings()) as catalogue:
        assert _refused(catalogue, "livekit:not_there") == [
            "stt_config.provider: the plugin not_there is not set up here; the operator installs it with"
            ' pip install "trunkline[livekit]" livekit-plugins-not-there and names it in TRUNKLINE_LIVEKIT'
        ]
        assert "names no plugin" in _refused(catalogue, "livekit:../os")[0]
        with pytest.raises(Invalid, match="not set up"):
            catalogue.stt("livekit:not_there")


async def test_a_plugin_that_the_operator_did_not_name_is_refused_though_it_is_installed() -> None:
    async with Catalogue(ProviderSettings(livekit={"elevenlabs": {"api_key": KEY}})) as catalogue:
        assert "not set up" in _refused(catalogue, "livekit:deepgram")[0]


async def test_a_plugin_is_asked_only_for_what_it_has() -> None:
    async with Catalogue(ProviderSettings(livekit={"deepgram": {"api_key": KEY}})) as catalogue:
        assert _refused(catalogue, "livekit:deepgram", tag_audio_events=True) == [
            "stt_config.tag_audio_events: livekit:deepgram has no such option"
        ]
        with pytest.raises(Invalid, match="only for stt_config, tts_config"):
            catalogue.check(LlmConfig(provider="livekit:deepgram"), SttConfig(provider="local"), None)
        with pytest.raises(Invalid, match="only realtime models have one"):
            catalogue.check(LlmConfig(provider="livekit:deepgram", voice="ash"), SttConfig(provider="local"), None)


async def test_a_plugin_without_its_key_is_refused_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    async with Catalogue(ProviderSettings(livekit={"deepgram": {}})) as catalogue:
        assert "DEEPGRAM_API_KEY" in _refused(catalogue, "livekit:deepgram")[0]
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    async with Catalogue(ProviderSettings(livekit={"deepgram": {}})) as catalogue:
        catalogue.check(
            LlmConfig(provider="local"), SttConfig(provider="livekit:deepgram"), TtsConfig(provider="local"), own=()
        )


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"not_there": {}}, 'there is no plugin not_there; install it with pip install "trunkline[livekit]"'),
        ({"os.path": {}}, "names no plugin"),
        ({"deepgram": {"api_key": KEY, "apikey": KEY}}, "deepgram has no argument 'apikey'"),
        ({"deepgram": {"stt": 3}}, "deepgram: stt must be an object of arguments"),
        ({"deepgram": {"api_key": KEY, "stt": {"loud": True}}}, "deepgram: stt has no argument 'loud'"),
    ],
)
def test_what_the_operator_set_wrongly_stops_the_start(settings: dict[str, dict[str, Any]], says: str) -> None:
    with pytest.raises(Invalid) as caught:
        LiveKit(settings).load()
    assert any(says in detail for detail in caught.value.details)
    assert KEY not in repr(caught.value.details)
