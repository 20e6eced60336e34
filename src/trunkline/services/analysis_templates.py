"""Analysis templates: what to extract from calls, written once and used by many assistants."""

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.base.ids import new_id
from trunkline.domain.access import Caller
from trunkline.domain.template import AnalysisTemplate
from trunkline.services import schemas, templates
from trunkline.services.rooms import Page, Rooms
from trunkline.services.validation import checked, invalid

_PLACES = "`{transcript}`, `{summary}`, `{duration}` and `{caller_number}` stand for those of the call"


class AnalysisTemplateSettings(BaseModel):
    """An analysis template as a client writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str = Field(min_length=1, max_length=200, description="Its name.")
    description: str | None = Field(None, max_length=2000, description="What it is for; a note for people.")
    json_schema: dict[str, Any] = Field(alias="schema", description="A JSON Schema of the result.")
    system_prompt: str | None = Field(
        None, max_length=50_000, description=f"What the model is told; left out, to extract the data. {_PLACES}."
    )
    user_prompt: str | None = Field(
        None, max_length=50_000, description=f"What it is asked; left out, the transcript. {_PLACES}."
    )


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[AnalysisTemplate]:
    """The organisation's analysis templates, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.analysis_templates.list_(limit, offset))


async def get(rooms: Rooms, caller: Caller, template_id: str) -> AnalysisTemplate:
    """One analysis template. Raises NotFound."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.analysis_templates.get(template_id)


async def create(rooms: Rooms, caller: Caller, settings: AnalysisTemplateSettings) -> AnalysisTemplate:
    """A new analysis template. Raises Invalid."""
    _check(settings)
    now = rooms.clock.now()
    template = AnalysisTemplate(
        id=new_id(), org_id=caller.org_id, created_at=now, updated_at=now, **settings.model_dump()
    )
    async with rooms.unit(caller) as unit:
        await unit.analysis_templates.add(template)
    return template


async def update(rooms: Rooms, caller: Caller, template_id: str, changes: dict[str, Any]) -> AnalysisTemplate:
    """Changes what is given, for calls that are placed from now on. Raises Invalid and NotFound."""
    async with rooms.unit(caller) as unit:
        before = await unit.analysis_templates.get(template_id, lock=True)
        now = {
            info.alias or name: getattr(before, name) for name, info in AnalysisTemplateSettings.model_fields.items()
        }
        settings = checked(AnalysisTemplateSettings, {**now, **changes})
        _check(settings)
        after = replace(before, updated_at=rooms.clock.now(), **settings.model_dump())
        await unit.analysis_templates.save(after)
    return after


async def delete(rooms: Rooms, caller: Caller, template_id: str) -> None:
    """Removes an analysis template. Raises NotFound, and Conflict (``template_in_use``) while an assistant uses it."""
    async with rooms.unit(caller) as unit:
        await unit.analysis_templates.get(template_id, lock=True)
        await unit.run(templates.unused(caller.org_id, template_id))
        await unit.analysis_templates.delete(template_id)


def _check(settings: AnalysisTemplateSettings) -> None:
    if wrong := schemas.problem(settings.json_schema):
        raise invalid([f"schema: {wrong}"])
