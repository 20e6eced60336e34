"""What is said without a model: in the assistant's language, unless it has words of its own."""

from dataclasses import replace
from typing import Any

import pytest

from tests.engine_talk.world import World, plan
from trunkline.domain.call import EndReason
from trunkline.engine.effects import Think
from trunkline.engine.prompt import APOLOGIES, language
from trunkline.engine.wording import (
    CHECK_INS,
    GOODBYE_NOTICES,
    LAST_WORDS,
    check_ins,
    in_its_language,
    known_sentences,
    last_words,
)
from trunkline.ports.offers import VoiceFacts

pytestmark = pytest.mark.unit

GERMAN = {"provider": "scripted", "language": "de-DE"}
VOICES = [
    VoiceFacts("joe", "Joe", "en-US", "scripted"),
    VoiceFacts("eva", "Eva", "de-DE", "scripted"),
    VoiceFacts("eva", "Another Eva", "nl-NL", "other"),
]


def test_a_silent_german_call_is_checked_and_ended_in_german() -> None:
    silence = {"silence": {"max_attempts": 1}}
    german = plan(tts_config=GERMAN, autonomous_silence_handling=True, speech_config=silence)
    world = World(german, lambda history: ["Ja."]).answer().run(60)
    assert [text for role, text in world.transcript if role == "assistant"][-2:] == [
        CHECK_INS["de"][0],
        LAST_WORDS["de"],
    ]
    assert world.end is not None
    assert world.end.reason is EndReason.SILENCE_TIMEOUT


def test_the_model_is_told_of_the_end_in_german() -> None:
    world = (
        World(plan(tts_config=GERMAN, max_duration_seconds=30), lambda history: ["Auf Wiederhören."]).answer().run(25)
    )
    assert any(turn.content == GOODBYE_NOTICES["de"] for turn in world.effects(Think)[-1].history)


def test_every_language_has_every_sentence() -> None:
    assert set(APOLOGIES) == set(CHECK_INS) == set(LAST_WORDS) == set(GOODBYE_NOTICES)


@pytest.mark.parametrize("spoken", ["de", "ja", None])
def test_words_of_its_own_stay_as_they_are(spoken: str | None) -> None:
    silence = {"messages": ["Hm?"], "final_message": None}
    ours = plan(tts_config={"provider": "scripted", "language": spoken}, speech_config={"silence": silence})
    assert (tuple(check_ins(ours)), last_words(ours)) == (("Hm?",), None)


def test_a_language_without_sentences_gets_the_english_ones() -> None:
    japanese = plan(tts_config={"provider": "scripted", "language": "ja"})
    assert (tuple(check_ins(japanese)), last_words(japanese)) == (CHECK_INS["en"], LAST_WORDS["en"])


@pytest.mark.parametrize(
    ("voice", "ears", "expected"),
    [
        ({"language": "fr"}, "de", "fr"),
        ({"voice_id": "eva"}, "en", "de"),
        ({"voice_id": "EN-us"}, "de", "en"),
        ({"voice_id": "unknown"}, "es", "es"),
        ({}, "de", "de"),
        ({}, "ja", "ja"),
        ({}, "en", "en"),
    ],
)
def test_the_language_is_the_voices_else_the_one_that_is_heard(voice: dict[str, Any], ears: str, expected: str) -> None:
    call = plan(tts_config={"provider": "scripted", **voice}, stt_config={"provider": "scripted", "language": ears})
    assert language(in_its_language(call, VOICES)) == expected


def test_a_voice_is_only_given_a_language_that_its_provider_speaks() -> None:
    call = plan(tts_config={"provider": "scripted"}, stt_config={"provider": "scripted", "language": "ja"})
    settled = in_its_language(call, VOICES).assistant.tts_config
    assert settled is not None
    assert settled.language is None


def test_the_sentences_that_are_known_beforehand() -> None:
    call = plan(
        first_message="Good day Mrs. Jansen, how are you today?",
        voicemail_message="Please call us back as soon as you can.",
        speech_config={"end_call_message": "Thank you very much and goodbye."},
        llm_config={
            "provider": "scripted",
            "script": {"goal": "g", "steps": [{"id": "a", "say": "We call about your order of today."}]},
            "tools": [
                {"type": "transfer_call", "destinations": [{"number": "+31", "message": "I put you through now."}]}
            ],
        },
    )
    known = known_sentences(replace(call, variables={"name": "Jansen", "none": " "}))
    assert known >= {
        "Please call us back as soon as you can.",
        "Thank you very much and goodbye.",
        "We call about your order of today.",
        "I put you through now.",
    }
    assert not any("Jansen" in sentence for sentence in known)
