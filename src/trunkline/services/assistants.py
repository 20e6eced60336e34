"""Assistants: stored with everything written out, so that a later default changes none of them."""

from dataclasses import replace
from typing import Any

from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.assistant import AssistantSettings, LlmConfig, SttConfig, TtsConfig
from trunkline.services import schemas, templates
from trunkline.services.addresses import problems
from trunkline.services.kept_secrets import with_kept_secrets
from trunkline.services.rooms import Limits, Page, Rooms
from trunkline.services.validation import checked, invalid
from trunkline.storage.assistants import Assistant
from trunkline.storage.secrets import revealed

LOCAL: dict[str, dict[str, Any]] = {
    "llm_config": {"provider": "local", "model": "scripted"},
    "stt_config": {"provider": "local", "model": "moonshine-tiny"},
    "tts_config": {"provider": "local", "model": "pico"},
}
_NULL_MEANS_DEFAULT = (
    "notification_emails",
    "llm_config",
    "stt_config",
    "tts_config",
    "analysis_plan",
    "speech_config",
    "webhook_events",
    "recording_consent",
)


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[Assistant]:
    """The organisation's assistants, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.assistants.list_(limit, offset))


async def get(rooms: Rooms, caller: Caller, assistant_id: str) -> Assistant:
    """One assistant. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.assistants.get(assistant_id)


async def create(rooms: Rooms, caller: Caller, given: dict[str, Any]) -> Assistant:
    """A new assistant; what is left out takes the defaults of the installation, written out. Raises Invalid."""
    settings = _settings(rooms, given)
    now = rooms.clock.now()
    assistant = Assistant(id=new_id(), org_id=caller.org_id, settings=settings, created_at=now, updated_at=now)
    async with rooms.unit(caller) as unit:
        await templates.check(unit, settings)
        await unit.assistants.add(assistant)
    return assistant


async def update(rooms: Rooms, caller: Caller, assistant_id: str, changes: dict[str, Any]) -> Assistant:
    """Changes what is given; config objects replace whole, null brings their default back. The version goes up when
    something really changed. Raises Invalid and NotFound.

    A webhook tool whose ``server.secret`` is null or left out keeps the secret of the stored tool with the same
    address, because no reply ever shows it; an empty secret removes it. The same goes for null
    values of an MCP tool's ``headers``.
    """
    async with rooms.unit(caller) as unit:
        before = await unit.assistants.get(assistant_id, lock=True)
        now = revealed(before.settings)
        if "llm_config" in changes:
            changes = {**changes, "llm_config": with_kept_secrets(changes["llm_config"], now)}
        settings = _settings(rooms, {**now, **changes})
        if settings == before.settings:
            return before
        await templates.check(unit, settings)
        after = replace(before, settings=settings, version=before.version + 1, updated_at=rooms.clock.now())
        await unit.assistants.save(after)
        return after


async def delete(rooms: Rooms, caller: Caller, assistant_id: str) -> None:
    """Removes an assistant; its numbers stay, without one. Calls that are going on go on. Raises NotFound."""
    async with rooms.unit(caller) as unit:
        await unit.assistants.delete(assistant_id)


def defaults(limits: Limits) -> dict[str, dict[str, Any]]:
    """The three stages of an assistant that names none."""
    return {
        "llm_config": limits.default_llm or LOCAL["llm_config"],
        "stt_config": limits.default_stt or LOCAL["stt_config"],
        "tts_config": limits.default_tts or LOCAL["tts_config"],
    }


def _settings(rooms: Rooms, given: dict[str, Any]) -> AssistantSettings:
    kept = {name: value for name, value in given.items() if value is not None or name not in _NULL_MEANS_DEFAULT}
    settings = checked(AssistantSettings, {**defaults(rooms.limits), **kept})
    if wrong := [*problems(settings, rooms.limits), *schemas.problems(settings)]:
        raise invalid(wrong)
    llm, stt, tts = _stages(settings)
    rooms.models.check(llm, stt, tts)
    return settings


def _stages(settings: AssistantSettings) -> tuple[LlmConfig, SttConfig | None, TtsConfig | None]:
    if settings.llm_config is None:
        raise invalid(["llm_config: is required"])
    return settings.llm_config, settings.stt_config, settings.tts_config
