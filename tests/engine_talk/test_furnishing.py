"""Which voice and ears of our own a call with a realtime model gets, and in which language."""

from typing import Any

import pytest

from tests.engine_talk.world import plan
from trunkline.engine.furnishing import furnished, likely_language
from trunkline.engine.prompt import apology, language
from trunkline.providers.local import voices

pytestmark = pytest.mark.unit

FACTS = voices.facts()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hello, this is Ada. How can I help you?", "en"),
        ("Goedendag, u spreekt met Ada. Waarmee kan ik u helpen?", "nl"),
        ("Guten Tag, hier ist Ada. Was kann ich für Sie tun?", "de"),
        ("Bonjour, je suis Ada. Comment puis-je vous aider ?", "fr"),
        ("Hola, soy Ada. ¿En qué puedo ayudarle con su cita?", "es"),
        ("Buongiorno, sono Ada. Come posso aiutarla con la sua visita?", "it"),
        ("Ada 24", None),
        ("", None),
    ],
)
def test_the_language_of_words_is_told_by_the_commonest(text: str, code: str | None) -> None:
    assert likely_language(text) == code


def furnish(**assistant: Any) -> tuple[str, str | None, str | None]:
    """The language, the recogniser's model and the language of the voice."""
    made = furnished(plan(**{"llm_config": {"provider": "xai_realtime"}, **assistant}), FACTS)
    assert made.assistant.stt_config is not None
    assert made.assistant.tts_config is not None
    return language(made), made.assistant.stt_config.model, made.assistant.tts_config.language


def test_voice_and_ears_are_local_and_of_the_language_of_the_call() -> None:
    assert furnish(first_message="Hello, how can I help you?") == ("en", None, "en")
    assert furnish(first_message="Bonjour, comment puis-je vous aider ?") == ("fr", "whisper-base", "fr")
    prompt = {"provider": "xai_realtime", "messages": [{"content": "Du bist der freundliche Empfang der Praxis."}]}
    assert furnish(llm_config=prompt) == ("de", "whisper-base", "de")
    assert furnish() == ("en", None, "en")
    assert furnish(stt_config={"provider": "local", "language": "es"}) == ("es", "whisper-base", "es")


def test_a_language_that_no_local_voice_speaks_is_read_by_the_standard_voice() -> None:
    assert furnish(first_message="Goedendag, waarmee kan ik u helpen?") == ("nl", "whisper-base", None)
    made = furnished(
        plan(llm_config={"provider": "xai_realtime"}, first_message="Goedendag, waarmee kan ik u helpen?"), FACTS
    )
    assert apology(made).startswith("Het spijt me")


def test_other_calls_stay_as_they_are() -> None:
    other = plan(stt_config={"provider": "local"}, tts_config={"provider": "local"})
    assert furnished(other, FACTS) is other
