"""Bring your own key: an organisation's keys for vendors, and its defaults for their providers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trunkline.base.errors import Invalid
from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.byok import DEFAULTS, VENDORS, ProviderKey
from trunkline.ports.offers import ModelFacts, ProviderFacts
from trunkline.services.costing import Tariff
from trunkline.services.rooms import Rooms
from trunkline.services.validation import checked, invalid

LOCAL = "local"
_ALIASES = {"11labs": "elevenlabs"}
_KEY = re.compile(r"[\x21-\x7e]{1,2000}")


class ProviderDefaults(BaseModel):
    """What an organisation takes where an assistant names the provider and no more. It replaces what was set before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    llm_model: str | None = Field(
        None, min_length=1, max_length=200, description="The `model` of an `llm_config` that names none."
    )
    stt_model: str | None = Field(
        None, min_length=1, max_length=200, description="The `model` of an `stt_config` that names none."
    )
    tts_model: str | None = Field(
        None, min_length=1, max_length=200, description="The `model` of a `tts_config` that names none."
    )
    voice_id: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="The `voice_id` of a `tts_config`, or the `voice` of a realtime model, that names none.",
    )


async def ids(rooms: Rooms, caller: Caller) -> dict[str, str | None]:
    """The id of the stored key of every vendor; None where there is none."""
    async with rooms.unit(caller, write=False) as unit:
        return _of_all(await unit.provider_keys.ids())


async def store(
    rooms: Rooms, caller: Caller, provider: str, key: SecretStr, *, verify: bool = False
) -> dict[str, str | None]:
    """Keeps a key, in place of the one that its vendor had; with ``verify`` only if the vendor takes it.

    Raises Invalid (``key_refused`` where the vendor does not take it) and Upstream where it cannot be asked.
    """
    vendor = _vendor(rooms, provider)
    text = key.get_secret_value().strip()
    if not _KEY.fullmatch(text):
        raise invalid(["api_key: must be 1 to 2000 visible ASCII characters"])
    if verify:
        await rooms.models.verify(vendor, SecretStr(text))
    now = rooms.clock.now()
    async with rooms.unit(caller) as unit:
        await unit.organisations.get(caller.org_id, lock=True)  # of two at once the later one stays
        await unit.provider_keys.put(ProviderKey(new_id(), caller.org_id, vendor, text, now, now))
        return _of_all(await unit.provider_keys.ids())


async def forget(rooms: Rooms, caller: Caller, provider: str) -> dict[str, str | None]:
    """Removes a vendor's key, where there is one. Calls that are going on keep it to their end."""
    vendor = _vendor(rooms, provider)
    async with rooms.unit(caller) as unit:
        await unit.provider_keys.remove(vendor)
        return _of_all(await unit.provider_keys.ids())


def providers(rooms: Rooms) -> list[ProviderFacts]:
    """What there is to bring a key for, and what needs none, with the prices that calls are reckoned with."""
    return [
        replace(facts, models=tuple(_priced(rooms.limits.tariff, facts, model) for model in facts.models))
        for facts in rooms.models.providers()
    ]


def _priced(tariff: Tariff, facts: ProviderFacts, model: ModelFacts) -> ModelFacts:
    return replace(model, price=tariff.price(facts.category, facts.id, model.id))


async def defaults(rooms: Rooms, caller: Caller) -> Mapping[str, Mapping[str, str]]:
    """What the organisation takes by default, by provider."""
    async with rooms.unit(caller, write=False) as unit:
        return (await unit.organisations.get(caller.org_id)).provider_defaults


async def set_defaults(
    rooms: Rooms, caller: Caller, provider: str, config: Mapping[str, object]
) -> Mapping[str, Mapping[str, str]]:
    """Replaces what is taken by default of one provider; nothing in it removes it. Raises Invalid."""
    provider = _ALIASES.get(provider, provider)
    wanted = checked(ProviderDefaults, config, under="config").model_dump(exclude_none=True)
    _check_fields(provider, wanted, rooms.models.providers())
    async with rooms.unit(caller) as unit:
        before = await unit.organisations.get(caller.org_id, lock=True)
        others = {name: kept for name, kept in before.provider_defaults.items() if name != provider}
        after = {**others, provider: wanted} if wanted else others
        await unit.organisations.save(replace(before, provider_defaults=after, updated_at=rooms.clock.now()))
        return after


def _of_all(stored: Mapping[str, str]) -> dict[str, str | None]:
    return {vendor: stored.get(vendor) for vendor in VENDORS}


def _vendor(rooms: Rooms, provider: str) -> str:
    vendor = rooms.models.vendor(_ALIASES.get(provider, provider))
    if vendor not in VENDORS:
        raise invalid([f"provider: must be one of {', '.join(VENDORS)}"])
    return vendor


def _check_fields(provider: str, wanted: Iterable[str], known: Iterable[ProviderFacts]) -> None:
    known = list(known)
    has = {name for facts in known if facts.id == provider != LOCAL for name in DEFAULTS[facts.category]}
    if not has:
        names = ", ".join(sorted({facts.id for facts in known} - {LOCAL}))
        raise invalid([f"provider: must be one of {names}"])
    problems = [f"config.{name}: {provider} has none" for name in wanted if name not in has]
    if problems:
        raise Invalid(f"{provider} does not have all of this", details=problems)
