"""What a call with a realtime model needs besides it: a voice and ears of the house, in the language of the call."""

import re
from collections.abc import Sequence
from dataclasses import replace

from trunkline.domain.assistant import REALTIME, SttConfig, TtsConfig
from trunkline.domain.plan import CallPlan
from trunkline.engine.prompt import first_message, instructions
from trunkline.ports.offers import VoiceFacts

LOCAL = "local"
ENGLISH = "en"
MULTILINGUAL = "whisper-base"
MOST_WORDS = 400

_COMMON = {
    "en": "the you your is are this that what how and with for can please hello may help calling my of to we it",
    "nl": "de het een je u uw is zijn dit dat wat hoe en met voor kan graag hallo goedendag mag ik van te wij niet ben",
    "de": "der die das ein eine sie ihr ist sind dies was wie und mit für kann bitte hallo guten tag ich von zu wir nicht",
    "fr": "le la les un une vous votre est sont ce que comment et avec pour peut bonjour puis je de nous pas suis",
    "es": "el la los un una usted su es son esto que cómo y con para puede hola buenos días yo de nosotros no soy",
    "it": "il lo la gli un una lei suo è sono questo che come e con per può buongiorno salve io di noi non",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+")


def furnished(plan: CallPlan, voices: Sequence[VoiceFacts]) -> CallPlan:
    """The plan with our own voice, for what the model cannot be made to say, and with our own ears, for the human whom the
    call is handed over to. The language is that of the recogniser or voice that is configured though it is not used, else
    that of the first words or of the prompt. Other plans stay as they are."""
    assistant = plan.assistant
    if assistant.llm_config.provider not in REALTIME:
        return plan
    language = _language(plan)
    speaks = any(voice.provider == LOCAL and voice.language[:2].lower() == language for voice in voices)
    ears = SttConfig(provider=LOCAL, model=None if language == ENGLISH else MULTILINGUAL, language=language)
    voice = TtsConfig(provider=LOCAL, language=language if speaks else None)
    update = {"stt_config": ears, "tts_config": voice}
    return replace(plan, assistant=assistant.model_copy(update=update))


def likely_language(text: str) -> str | None:
    """Which of the languages that we know ``text`` is written in; None where its words tell nothing."""
    words = _WORD.findall(text.lower())[:MOST_WORDS]
    counts = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else None


def _language(plan: CallPlan) -> str:
    voice, ears = plan.assistant.tts_config, plan.assistant.stt_config
    named = (voice.language if voice else None) or (ears.language if ears else None)
    if named and named != "multi":
        return named[:2].lower()
    return likely_language(first_message(plan) or "") or likely_language(instructions(plan)) or ENGLISH
