"""What the assistant says or is told without a model having thought of it, in the language of the call."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trunkline.domain.assistant import SilenceHandling, TransferCallTool, webhook_tools
from trunkline.domain.plan import CallPlan
from trunkline.engine.clauses import sentences
from trunkline.engine.prompt import apology, first_message, language
from trunkline.engine.talk.consent import question
from trunkline.ports.offers import VoiceFacts

_STANDARD = SilenceHandling()

CHECK_INS = {
    "en": _STANDARD.messages,
    "nl": ("Bent u er nog?",),
    "de": ("Sind Sie noch da?",),
    "fr": ("Vous êtes toujours là ?",),
    "es": ("¿Sigue ahí?",),
    "it": ("È ancora in linea?",),
}
LAST_WORDS = {
    "en": _STANDARD.final_message,
    "nl": "Ik hoor u niet, dus ik hang nu op. Tot ziens.",
    "de": "Ich kann Sie nicht hören und lege jetzt auf. Auf Wiederhören.",
    "fr": "Je ne vous entends pas, je vais donc raccrocher. Au revoir.",
    "es": "No le oigo, así que voy a colgar. Adiós.",
    "it": "Non La sento, quindi chiudo la chiamata. Arrivederci.",
}
GOODBYE_NOTICES = {
    "en": "The call ends in 10 seconds; say goodbye now.",
    "nl": "Het gesprek eindigt over 10 seconden; neem nu afscheid.",
    "de": "Das Gespräch endet in 10 Sekunden; verabschiede dich jetzt.",
    "fr": "L'appel se termine dans 10 secondes ; dis au revoir maintenant.",
    "es": "La llamada termina en 10 segundos; despídete ahora.",
    "it": "La chiamata termina tra 10 secondi; saluta adesso.",
}
CREDIT_WORDS = {
    "en": "I am sorry, I have to end our call here. Goodbye.",
    "nl": "Het spijt me, ik moet ons gesprek hier beëindigen. Tot ziens.",
    "de": "Es tut mir leid, ich muss unser Gespräch hier beenden. Auf Wiederhören.",
    "fr": "Je suis désolé, je dois mettre fin à notre appel ici. Au revoir.",
    "es": "Lo siento, tengo que terminar nuestra llamada aquí. Adiós.",
    "it": "Mi dispiace, devo concludere qui la nostra chiamata. Arrivederci.",
}


def check_ins(plan: CallPlan) -> Sequence[str]:
    """What is asked into a silence, in order; where the assistant has nothing of its own, in its language."""
    own = plan.assistant.speech_config.silence.messages
    return CHECK_INS.get(language(plan), own) if own == _STANDARD.messages else own


def last_words(plan: CallPlan) -> str | None:
    """What is said before a silent call ends; where the assistant has nothing of its own, in its language."""
    own = plan.assistant.speech_config.silence.final_message
    return LAST_WORDS.get(language(plan), own) if own == _STANDARD.final_message else own


def goodbye_notice(plan: CallPlan) -> str:
    """What the model is told when the call is about to reach its longest duration."""
    return GOODBYE_NOTICES.get(language(plan), GOODBYE_NOTICES["en"])


def credit_words(plan: CallPlan) -> str:
    """What is said when the call ends because nobody pays for it any more."""
    return CREDIT_WORDS.get(language(plan), CREDIT_WORDS["en"])


def in_its_language(plan: CallPlan, voices: Sequence[VoiceFacts]) -> CallPlan:
    """The plan with the language of the voice filled in where it is not named: the voice's own, or without a voice the
    language that is heard, where the provider has a voice for it."""
    voice, ears = plan.assistant.tts_config, plan.assistant.stt_config
    if voice is None or voice.language is not None:
        return plan
    ours = [one for one in voices if one.provider == voice.provider]
    if voice.voice_id is not None:
        found = next(
            (one.language for one in ours if voice.voice_id.lower() in (one.id.lower(), one.language.lower())), None
        )
    else:
        heard = ears.language[:2].lower() if ears else ""
        found = heard if any(one.language[:2].lower() == heard for one in ours) else None
    if found is None:
        return plan
    spoken = voice.model_copy(update={"language": found})
    return replace(plan, assistant=plan.assistant.model_copy(update={"tts_config": spoken}))


def known_sentences(plan: CallPlan) -> frozenset[str]:
    """Every sentence that this assistant may say whatever is said to it, but for those that hold a variable of the call:
    what other calls of it will say too."""
    values = [value for value in plan.variables.values() if value.strip()]
    every = (part for text in _known_texts(plan) if text for part in sentences(text))
    return frozenset(part for part in every if not any(value in part for value in values))


def _known_texts(plan: CallPlan) -> Iterator[str | None]:
    assistant = plan.assistant
    yield first_message(plan)
    yield apology(plan)
    yield from check_ins(plan)
    yield last_words(plan)
    yield credit_words(plan)
    yield assistant.speech_config.end_call_message
    yield assistant.voicemail_message
    yield question(plan)
    yield plan.refusal.words if plan.refusal is not None else None
    for tool in assistant.llm_config.tools:
        if isinstance(tool, TransferCallTool):
            yield from (destination.message for destination in tool.destinations)
    yield from (tool.async_response for tool in webhook_tools(assistant.llm_config).values())
    script = assistant.llm_config.script
    if script is not None:
        yield script.closing
        yield from script.facts.values()
        for step in script.steps:
            yield from (step.say, step.ask)
