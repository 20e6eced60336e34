"""How a call will run: which assistant it speaks with, and which number of ours it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.base.errors import Invalid, Unavailable
from trunkline.domain.assistant import AssistantSettings, TransientAssistant
from trunkline.domain.number import Number
from trunkline.domain.organisation import Organisation
from trunkline.domain.trunk import Trunk
from trunkline.services import destinations
from trunkline.services.validation import checked
from trunkline.services.variables import fill
from trunkline.storage.calls import Load
from trunkline.storage.secrets import revealed
from trunkline.storage.unit import Unit

_STORED_ONLY = frozenset(AssistantSettings.model_fields) - frozenset(TransientAssistant.model_fields)
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Route:
    """The way out of one call."""

    number: Number
    trunk: Trunk


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
    ``{{assistant_name}}`` and ``{{agent_name}}`` stand for them where the caller gives nothing else.
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
    return checked(TransientAssistant, fill(config, {**_names(config), **variables}))


def known(assistant: TransientAssistant, variables: Mapping[str, str]) -> dict[str, str]:
    """What the brain of the call knows: the variables, and the business that it calls for unless they name one. The
    assistant's own name is a label for people who manage it and is not told."""
    return {**({"business_name": assistant.business_name} if assistant.business_name else {}), **variables}


async def route(unit: Unit, organisation: Organisation, load: Load, destination: str, number_id: str | None) -> Route:
    """The number and trunk for a call, with room for it. Raises Invalid, NotFound and Unavailable (``at_capacity``)."""
    if not _room(organisation.max_concurrent_calls, load.total):
        raise at_capacity("the organisation has as many calls as it may have at once")
    if number_id is None:
        return await _chosen(unit, load, destination)
    way = await _named(unit, number_id)
    destinations.check(destination, sip_uri_allowed=way.trunk.allow_sip_uri)
    if not _room(way.number.max_concurrent_calls, load.by_number[way.number.id]):
        raise at_capacity("the number has as many calls as it may have at once")
    if not _room(way.trunk.max_concurrent_calls, load.by_trunk[way.trunk.id]):
        raise at_capacity("the trunk has as many calls as it may have at once")
    return way


def at_capacity(message: str) -> Unavailable:
    """The error for a call that there is no room for now."""
    return Unavailable(f"{message}; try again shortly", retry_after_seconds=RETRY_AFTER_SECONDS)


def best(routes: Sequence[Route], load: Load, destination: str) -> Route | None:
    """Local presence first (same country code as the destination), then the number that rested longest.

    ``routes`` come in the order of their rest.
    """
    sip_uri = destinations.is_sip_uri(destination)
    country = destinations.country_code(destination)
    free = [
        way
        for way in routes
        if way.trunk.is_active
        and (way.trunk.allow_sip_uri or not sip_uri)
        and _room(way.number.max_concurrent_calls, load.by_number[way.number.id])
        and _room(way.trunk.max_concurrent_calls, load.by_trunk[way.trunk.id])
    ]
    local = [way for way in free if destinations.country_code(way.number.phone_number) == country]
    return next(iter(local or free), None)


def _names(config: Mapping[str, Any]) -> dict[str, str]:
    name, business = config.get("name"), config.get("business_name")
    names = {"business_name": business, "assistant_name": name, "agent_name": name}
    return {variable: value for variable, value in names.items() if value}


async def _named(unit: Unit, number_id: str) -> Route:
    number = await unit.numbers.get(number_id)
    trunk = await unit.trunks.find(number.trunk_id) if number.trunk_id else None
    if not number.is_active:
        raise _unusable("number_inactive", "the number is not active; set its is_active")
    if trunk is None:
        raise _unusable("number_has_no_trunk", "the number has no trunk to call out over; set its trunk_id")
    if not trunk.is_active:
        raise _unusable("trunk_inactive", "the number's trunk is not active; set its is_active")
    return Route(number, trunk)


def _unusable(code: str, problem: str) -> Invalid:
    return Invalid(problem, code=code, details=[f"number_id: {problem}"])


async def _chosen(unit: Unit, load: Load, destination: str) -> Route:
    numbers = await unit.numbers.usable()
    trunks = {trunk.id: trunk for trunk in await unit.trunks.of_ids([number.trunk_id or "" for number in numbers])}
    routes = [Route(number, trunks[number.trunk_id or ""]) for number in numbers if number.trunk_id in trunks]
    chosen = best(routes, load, destination)
    if chosen is None:
        raise Invalid(
            "no active number with a trunk and free capacity can place this call; add one, or name number_id",
            code="no_number_available",
        )
    return chosen


def _room(limit: int | None, live: int) -> bool:
    return limit is None or live < limit
