"""The words of a warm hand-over: what the answering human is told, and how their answer is understood."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from trunkline.domain.plan import CallPlan
from trunkline.engine.turns import has_phrase

_NAMES = ("customer_name", "caller_name", "contact_name", "full_name", "name")
_FIRST, _LAST = ("first_name", "firstname"), ("last_name", "lastname")
_GROUP = 3


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences of one language; ``{}`` stands for what is put in."""

    name: str
    of_business: str
    of_nobody: str
    named: str
    numbered: str
    unknown: str
    quote: str
    question: str
    takes_it: tuple[str, ...]
    agrees: tuple[str, ...]
    cannot: tuple[str, ...]
    refuses: tuple[str, ...]


ENGLISH = Phrases(
    name="English",
    of_business="This is the assistant of {}.",
    of_nobody="This is a virtual assistant.",
    named="I have {} on the line for you.",
    numbered="I have the number {} on the line for you.",
    unknown="I have a caller on the line for you.",
    quote="They said: {}",
    question="Press 1 or say yes to take the call, or press 2 if you can't.",
    takes_it=(
        *("put him through", "put her through", "put them through", "put it through", "put me through"),
        *("connect him", "connect her", "connect them", "connect us", "i'll take it", "i will take it", "go ahead"),
        *("i'll take the call", "i will take the call"),
    ),
    agrees=("yes", "yeah", "yep", "sure", "ok", "okay", "fine", "of course", "please do", "no problem", "not at all"),
    cannot=(
        *("not now", "not available", "can't take", "cannot take", "can't talk", "cannot talk", "can't right now"),
        *("i'm busy", "i am busy", "in a meeting", "no time", "call back", "call me back", "wrong number", "don't put"),
        *("do not put", "no thanks", "no thank you", "i can't", "i cannot"),
    ),
    refuses=("no", "nope", "nah"),
)
DUTCH = Phrases(
    name="Dutch",
    of_business="U spreekt met de assistent van {}.",
    of_nobody="U spreekt met een virtuele assistent.",
    named="Ik heb {} voor u aan de lijn.",
    numbered="Ik heb het nummer {} voor u aan de lijn.",
    unknown="Ik heb iemand voor u aan de lijn.",
    quote="Er werd gezegd: {}",
    question="Druk op 1 of zeg ja om het gesprek aan te nemen, of druk op 2 als het niet uitkomt.",
    takes_it=(
        "verbind maar door",
        "verbind hem door",
        "verbind haar door",
        "ik neem hem",
        "zet maar door",
        "ga je gang",
    ),
    agrees=("ja", "jawel", "jazeker", "oké", "oke", "prima", "is goed", "natuurlijk", "geen probleem", "graag"),
    cannot=("nu niet", "niet nu", "geen tijd", "ik kan niet", "in een vergadering", "bel me terug", "komt niet uit"),
    refuses=("nee", "neen"),
)
GERMAN = Phrases(
    name="German",
    of_business="Hier ist der Assistent von {}.",
    of_nobody="Hier ist ein virtueller Assistent.",
    named="Ich habe {} für Sie in der Leitung.",
    numbered="Ich habe die Nummer {} für Sie in der Leitung.",
    unknown="Ich habe jemanden für Sie in der Leitung.",
    quote="Gesagt wurde: {}",
    question="Drücken Sie die 1 oder sagen Sie Ja, um das Gespräch anzunehmen, oder die 2, wenn es nicht passt.",
    takes_it=("stellen sie durch", "stell durch", "verbinden sie", "ich nehme das gespräch", "nur zu", "durchstellen"),
    agrees=("ja", "jawohl", "okay", "ok", "gut", "gerne", "natürlich", "in ordnung", "kein problem"),
    cannot=("jetzt nicht", "nicht jetzt", "keine zeit", "ich kann nicht", "in einer besprechung", "passt nicht"),
    refuses=("nein", "nee"),
)
FRENCH = Phrases(
    name="French",
    of_business="Ici l'assistant de {}.",
    of_nobody="Ici un assistant virtuel.",
    named="J'ai {} en ligne pour vous.",
    numbered="J'ai le numéro {} en ligne pour vous.",
    unknown="J'ai quelqu'un en ligne pour vous.",
    quote="Voici ce qui a été dit : {}",
    question="Appuyez sur 1 ou dites oui pour prendre l'appel, ou sur 2 si vous ne pouvez pas.",
    takes_it=(
        "passez-le-moi",
        "passez le moi",
        "passez-la-moi",
        "passez la moi",
        "je le prends",
        "je prends",
        "allez-y",
    ),
    agrees=("oui", "ouais", "d'accord", "ok", "bien sûr", "volontiers", "pas de problème"),
    cannot=("pas maintenant", "pas le temps", "je ne peux pas", "en réunion", "rappelez", "pas disponible"),
    refuses=("non",),
)
SPANISH = Phrases(
    name="Spanish",
    of_business="Le habla el asistente de {}.",
    of_nobody="Le habla un asistente virtual.",
    named="Tengo en la línea a {} para usted.",
    numbered="Tengo en la línea el número {} para usted.",
    unknown="Tengo a alguien en la línea para usted.",
    quote="Dijo lo siguiente: {}",
    question="Pulse 1 o diga sí para atender la llamada, o pulse 2 si no puede.",
    takes_it=("páselo", "pásela", "pásemelo", "pásemela", "pásame", "lo atiendo", "la atiendo", "adelante"),
    agrees=("sí", "si", "vale", "claro", "de acuerdo", "por supuesto", "no hay problema", "bueno"),
    cannot=("ahora no", "no puedo", "no tengo tiempo", "en una reunión", "estoy ocupado", "estoy ocupada"),
    refuses=("no",),
)
LANGUAGES = {"en": ENGLISH, "nl": DUTCH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}


class Answer(Enum):
    """What the human means."""

    TAKES_IT = "takes it"
    AGREES = "agrees"
    DECLINES = "declines"
    UNCLEAR = "unclear"


def phrases(language: str) -> Phrases:
    """The sentences of a language (two letters), English where we have none."""
    return LANGUAGES.get(language, ENGLISH)


def introduction(plan: CallPlan, language: str) -> str:
    """Who calls, and whom they have on the line."""
    words = phrases(language)
    business, name, number = plan.assistant.business_name, customer(plan.variables), spoken_number(plan.destination)
    us = words.of_business.format(business) if business else words.of_nobody
    if name:
        return f"{us} {words.named.format(name)}"
    return f"{us} {words.numbered.format(number) if number else words.unknown}"


def customer(variables: Mapping[str, str]) -> str | None:
    """The name of the other party, where the variables of the call know it."""
    known = {name.lower(): value.strip() for name, value in variables.items() if value.strip()}
    whole = next((known[name] for name in _NAMES if name in known), None)
    first, last = (next((known[name] for name in names if name in known), "") for names in (_FIRST, _LAST))
    return whole or f"{first} {last}".strip() or None


def spoken_number(destination: str) -> str | None:
    """A phone number digit by digit, in groups; None for an address that is none."""
    user = re.sub(r"^sips?:", "", destination).partition("@")[0].partition(";")[0]
    digits = re.sub(r"[+\s()-]", "", user)
    if not digits.isdecimal() or len(digits) < _GROUP:
        return None
    groups = [" ".join(digits[at : at + _GROUP]) for at in range(0, len(digits), _GROUP)]
    return ", ".join(groups)


def understand(text: str, language: str) -> Answer:
    """What an answer means, in the language of the call or in English: what says that they cannot weighs most, then what
    says that they take it, then a yes ("no problem" is one), then a no."""
    tables = {id(one): one for one in (phrases(language), ENGLISH)}.values()

    def said(kind: str) -> bool:
        return any(has_phrase(text, phrase) for one in tables for phrase in getattr(one, kind))

    for kind, answer in _IN_THIS_ORDER:
        if said(kind):
            return answer
    return Answer.UNCLEAR


_IN_THIS_ORDER = (
    ("cannot", Answer.DECLINES),
    ("takes_it", Answer.TAKES_IT),
    ("agrees", Answer.AGREES),
    ("refuses", Answer.DECLINES),
)
