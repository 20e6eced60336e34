"""Who is calling and why, in a sentence for robots that ask before they put a call through."""

from trunkline.domain.plan import CallPlan
from trunkline.engine.phrases import plain
from trunkline.engine.prompt import first_message, language

_WHO = {
    "en": ("This is {name} calling from {business}.", "This is {name} calling."),
    "nl": ("U spreekt met {name} namens {business}.", "U spreekt met {name}."),
    "de": ("Hier ist {name} im Auftrag von {business}.", "Hier ist {name}."),
    "fr": ("Ici {name}, de la part de {business}.", "Ici {name}."),
    "es": ("Soy {name} y llamo de parte de {business}.", "Soy {name}."),
    "it": ("Sono {name} e chiamo per conto di {business}.", "Sono {name}."),
}
_WHY = {
    "en": "I'm calling about: {goal}.",
    "nl": "Ik bel hierover: {goal}.",
    "de": "Es geht um Folgendes: {goal}.",
    "fr": "J'appelle à ce sujet : {goal}.",
    "es": "Llamo por lo siguiente: {goal}.",
    "it": "Chiamo per questo: {goal}.",
}
_THANKS = frozenset(
    plain(
        "thank thanks you okay ok great got it all right sure bedankt dank je u prima danke vielen schön gut alles klar"
        " merci bien parfait d'accord très gracias muy vale de acuerdo perfecto grazie va bene perfetto"
    )
)


def introduction(plan: CallPlan) -> str:
    """Who is calling, from the assistant's and its business' names, and why: the script's goal, else the first message."""
    assistant, code = plan.assistant, language(plan)
    on_behalf, alone = _WHO.get(code, _WHO["en"])
    name, business = assistant.name, assistant.business_name
    who = on_behalf.format(name=name, business=business) if name and business else ""
    if not who and (name or business):
        who = alone.format(name=name or business)
    script = assistant.llm_config.script
    if script is not None and script.goal.strip():
        why = _WHY.get(code, _WHY["en"]).format(goal=script.goal.strip().rstrip("."))
    else:
        why = first_message(plan) or ""
    return f"{who} {why}".strip()


def is_thanks(text: str) -> bool:
    """Whether a robot only says that it got the answer."""
    words = plain(text)
    return bool(words) and _THANKS.issuperset(words)
