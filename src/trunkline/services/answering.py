"""Who answers a call that rings: the number's own assistant, another one by a webhook's word, or nobody but a few words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trunkline.domain.assistant import AssistantSettings, TransientAssistant
from trunkline.domain.call import EndReason
from trunkline.domain.plan import Refusal
from trunkline.services import inbound, planning, templates
from trunkline.services.inbound import Decided, Ringing
from trunkline.services.rooms import Rooms
from trunkline.services.validation import checked, invalid
from trunkline.storage import placing
from trunkline.storage.assistants import Assistant

_OLDER = {"agent": "assistant", "agent_id": "assistant_id", "agent_config": "assistant_override"}
_NO_CREDIT = {
    "en": "This number cannot take your call at the moment. Please try again later. Goodbye.",
    "nl": "Dit nummer kan uw gesprek op dit moment niet aannemen. Probeer het later nog eens. Tot ziens.",
    "de": "Diese Nummer kann Ihren Anruf gerade nicht annehmen. Bitte versuchen Sie es später noch einmal. Auf Wiederhören.",
    "fr": "Ce numéro ne peut pas prendre votre appel pour le moment. Veuillez réessayer plus tard. Au revoir.",
    "es": "Este número no puede atender su llamada en este momento. Inténtelo más tarde, por favor. Adiós.",
}


async def decide(rooms: Rooms, ringing: Ringing, reply: Mapping[str, Any]) -> Decided:
    """What the call runs on by a webhook's reply: ``{}``, ``assistant``, ``assistant_id`` with ``assistant_override``,
    bare settings that change the number's own assistant, or ``error``; ``variables`` may stand beside all but the last.

    Raises Invalid for a reply that makes no sense: the number's own assistant then speaks.
    """
    given = {_OLDER.get(name, name): value for name, value in reply.items()}
    if "error" in given:
        return _rejected(ringing, given)
    variables = given.pop("variables", None) or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise invalid(["variables: must be an object of strings"])
    if not given and not variables:
        return own(ringing)
    base, name, assistant_id, override = await _meant(rooms, ringing, given)
    wanted = await templates.resolved(rooms, ringing.plan.org_id, planning.resolved(base, override, None, variables))
    assistant, keys = inbound.able(rooms, ringing.owner, wanted)
    plan = inbound.addressed(ringing.plan, ringing.organisation, assistant)
    known = planning.known(assistant, variables)
    return Decided(replace(plan, assistant_id=assistant_id, variables=known, keys=keys), assistant.name or name)


def own(ringing: Ringing) -> Decided:
    """What the call runs on where nobody says otherwise: the number's own assistant."""
    name = ringing.stored.settings.name if ringing.stored is not None else None
    return Decided(ringing.plan, name, ringing.problem)


def without_credit(ringing: Ringing) -> Decided:
    """The call of an organisation that has no credit left: the caller is told so, and no more."""
    assistant = ringing.plan.assistant
    tts, stt = assistant.tts_config, assistant.stt_config
    language = ((tts.language if tts else None) or (stt.language if stt else None) or "en")[:2].lower()
    refusal = Refusal(EndReason.INSUFFICIENT_CREDITS, _NO_CREDIT.get(language, _NO_CREDIT["en"]))
    return replace(own(ringing), plan=replace(ringing.plan, refusal=refusal), problem=None)


def _rejected(ringing: Ringing, given: Mapping[str, Any]) -> Decided:
    words = given["error"]
    if not isinstance(words, str) or not words.strip() or len(given) > 1:
        raise invalid(["error: must be the words to say, and stand alone"])
    plan = replace(ringing.plan, refusal=Refusal(EndReason.REJECTED_BY_WEBHOOK, words.strip()))
    return replace(own(ringing), plan=plan, problem=None)


_Meant = tuple[AssistantSettings | TransientAssistant, str | None, str | None, dict[str, Any] | None]


async def _meant(rooms: Rooms, ringing: Ringing, given: dict[str, Any]) -> _Meant:
    """The assistant that a reply means, its name and id, and what is changed of it."""
    if "assistant" in given:
        if len(given) > 1:
            raise invalid([f"{name}: cannot stand beside assistant" for name in given if name != "assistant"])
        return checked(TransientAssistant, given["assistant"], under="assistant"), None, None, None
    if "assistant_id" in given or "assistant_override" in given:
        override = given.pop("assistant_override", None)
        stored = await _named(rooms, ringing, given.pop("assistant_id", None))
        if given:
            raise invalid([f"{name}: belongs into assistant_override" for name in given])
    else:
        override, stored = given, _usable(ringing.stored)
    if override is not None and not isinstance(override, dict):
        raise invalid(["assistant_override: must be an object"])
    return stored.settings, stored.settings.name, stored.id, override


async def _named(rooms: Rooms, ringing: Ringing, assistant_id: object) -> Assistant:
    if assistant_id is None:
        return _usable(ringing.stored)
    if not isinstance(assistant_id, str):
        raise invalid(["assistant_id: must be a string"])
    asking = placing.asker(ringing.plan.org_id, assistant_id, rooms.vault)
    _, stored = await rooms.database.brief(asking, write=False)
    if stored is None:
        raise invalid(["assistant_id: there is no assistant with this id"])
    return _usable(stored)


def _usable(stored: Assistant | None) -> Assistant:
    if stored is None:
        raise invalid(["assistant_id: is required, because the number has no assistant"])
    if not stored.settings.is_active:
        raise invalid(["assistant_id: is not active"])
    return stored
