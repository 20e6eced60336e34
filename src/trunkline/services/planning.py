"""How a call will run: which assistant it speaks with, and which number of ours it shows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trunkline.base.errors import Invalid, NotFound, Unavailable
from trunkline.domain.assistant import REALTIME, AssistantSettings, TransientAssistant
from trunkline.domain.plan import CallPlan
from trunkline.services import destinations
from trunkline.services.validation import checked
from trunkline.services.variables import fill
from trunkline.storage import placing
from trunkline.storage.calls import Load
from trunkline.storage.placing import Way
from trunkline.storage.secrets import revealed
from trunkline.storage.steps import Steps
from trunkline.storage.vault import Vault

_STORED_ONLY = frozenset(AssistantSettings.model_fields) - frozenset(TransientAssistant.model_fields)
RETRY_AFTER_SECONDS = 5


def merged(base: Any, override: Any) -> Any:
    """Objects merge deeply, arrays and scalars replace, ``null`` clears."""
    if not (isinstance(base, dict) and isinstance(override, dict)):
        return override
    whole = dict(base)
    for name, value in override.items():
        if value is None:
            whole.pop(name, None)
        else:
            whole[name] = merged(whole.get(name), value) if isinstance(value, dict) else value
    return whole


def resolved(
    base: AssistantSettings | TransientAssistant,
    override: Mapping[str, Any] | None,
    first_message: str | None,
    variables: Mapping[str, str],
) -> TransientAssistant:
    """The configuration that the call runs on. Raises Invalid where override, model or variables do not fit.

    The assistant's own name and the business that it calls for need no variable: ``{{business_name}}``,
    ``{{assistant_name}}`` and ``{{agent_name}}`` stand for them where the caller gives nothing else. With a realtime model,
    which hears and speaks by itself, recogniser and voice are left out.
    """
    config = {name: value for name, value in revealed(base).items() if name not in _STORED_ONLY}
    if override:
        config = merged(config, dict(override))
        checked(TransientAssistant, config, under="assistant_override")
    if first_message is not None:
        config["first_message"] = first_message
        config["speech_config"] = {**config["speech_config"], "first_message_outbound": None}
    if config.get("llm_config") is None:
        raise Invalid("the assistant has no llm_config", details=["llm_config: is required"])
    assistant = checked(TransientAssistant, fill(config, {**own_names(config), **variables}))
    if assistant.llm_config.provider not in REALTIME:
        return assistant
    return assistant.model_copy(update={"stt_config": None, "tts_config": None})


def known(assistant: TransientAssistant, variables: Mapping[str, str]) -> dict[str, str]:
    """What the brain of the call knows: the variables, and the business that it calls for unless they name one. The
    assistant's own name is a label for people who manage it and is not told."""
    return {**({"business_name": assistant.business_name} if assistant.business_name else {}), **variables}


def route(org_id: str, load: Load, destination: str, number_id: str | None) -> Steps[Way]:
    """The way out of a call that the organisation may have beside its ``load``, with room on number and trunk. Raises
    Invalid, NotFound and Unavailable (``at_capacity``)."""
    if number_id is None:
        return _chosen((yield from placing.ways(org_id)), load, destination)
    way = _usable((yield from placing.way(org_id, number_id)), number_id)
    destinations.check(destination, sip_uri_allowed=bool(way.allow_sip_uri))
    if not _room(way.max_concurrent_calls, load.by_number[way.number_id]):
        raise at_capacity("the number has as many calls as it may have at once")
    if not _room(way.trunk_max_concurrent_calls, load.by_trunk[way.trunk_id or ""]):
        raise at_capacity("the trunk has as many calls as it may have at once")
    return way


def routed(vault: Vault, load: Load, draft: CallPlan, number_id: str | None) -> Steps[CallPlan]:
    """The plan with the way out that ``route`` finds, whose errors it raises."""
    way = yield from route(draft.org_id, load, draft.destination, number_id)
    trunk = yield from placing.trunk(draft.org_id, way.trunk_id or "", vault)
    transfers = yield from placing.transfer_trunk(draft.org_id, way.transfer_trunk_id, vault)
    return replace(named(draft, way), trunk=trunk.plan(), transfer_trunk=transfers)


def possible(org_id: str, destination: str, number_id: str | None) -> Steps[Way | None]:
    """The number that is named, where a call may go out over it, however many calls there are now; where none is named
    some number must do, and None is told. Raises Invalid and NotFound."""
    if number_id is None:
        _chosen((yield from placing.ways(org_id)), Load(0, Counter(), Counter()), destination)
        return None
    way = _usable((yield from placing.way(org_id, number_id)), number_id)
    destinations.check(destination, sip_uri_allowed=bool(way.allow_sip_uri))
    return way


def named(draft: CallPlan, way: Way) -> CallPlan:
    """The plan with the number that it shows."""
    return replace(draft, caller_id=way.phone_number, number_id=way.number_id, number_name=way.name)


def at_capacity(message: str) -> Unavailable:
    """The error for a call that there is no room for now."""
    return Unavailable(f"{message}; try again shortly", retry_after_seconds=RETRY_AFTER_SECONDS)


def best(ways: Sequence[Way], load: Load, destination: str) -> Way | None:
    """Local presence first (same country code as the destination), then the number that rested longest.

    ``ways`` come in the order of their rest.
    """
    sip_uri = destinations.is_sip_uri(destination)
    country = destinations.country_code(destination)
    free = [
        way
        for way in ways
        if way.is_active
        and way.trunk_is_active
        and (way.allow_sip_uri or not sip_uri)
        and _room(way.max_concurrent_calls, load.by_number[way.number_id])
        and _room(way.trunk_max_concurrent_calls, load.by_trunk[way.trunk_id or ""])
    ]
    here = f"+{country}"  # no country's code is the beginning of another's
    return next((way for way in free if way.phone_number.startswith(here)), free[0] if free else None)


def own_names(config: Mapping[str, Any]) -> dict[str, str]:
    """What the configuration (as JSON) itself fills in."""
    name, business = config.get("name"), config.get("business_name")
    names = {"business_name": business, "assistant_name": name, "agent_name": name}
    return {variable: value for variable, value in names.items() if value}


def _usable(way: Way | None, number_id: str) -> Way:
    if way is None:
        raise NotFound(f"there is no number {number_id}")
    if not way.is_active:
        raise _unusable("number_inactive", "the number is not active; set its is_active")
    if way.trunk_id is None:
        raise _unusable("number_has_no_trunk", "the number has no trunk to call out over; set its trunk_id")
    if not way.trunk_is_active:
        raise _unusable("trunk_inactive", "the number's trunk is not active; set its is_active")
    return way


def _unusable(code: str, problem: str) -> Invalid:
    return Invalid(problem, code=code, details=[f"number_id: {problem}"])


def _chosen(ways: Sequence[Way], load: Load, destination: str) -> Way:
    chosen = best(ways, load, destination)
    if chosen is None:
        raise Invalid(
            "no active number with a trunk and free capacity can place this call; add one, or name number_id",
            code="no_number_available",
        )
    return chosen


def _room(limit: int | None, live: int) -> bool:
    return limit is None or live < limit
