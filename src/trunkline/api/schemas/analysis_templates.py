"""Analysis templates as replies show them."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Paging, Shown, moment
from trunkline.domain.template import AnalysisTemplate


class AnalysisTemplateShown(Shown):
    """What to extract from calls, for assistants that use it by its id."""

    id: str = Field(description="Its id.")
    org_id: str = Field(description="Whose it is.")
    name: str = Field(description="Its name.")
    description: str | None = Field(description="What it is for; a note for people.")
    json_schema: dict[str, Any] = Field(alias="schema", description="A JSON Schema of the result.")
    system_prompt: str | None = Field(description="What the model is told; null: to extract the data.")
    user_prompt: str | None = Field(description="What it is asked; null: the transcript.")
    created_at: Moment = Field(description="When it was made.")
    updated_at: Moment = Field(description="When it was last changed.")


class AnalysisTemplateReply(Shown):
    """One analysis template."""

    analysis_template: AnalysisTemplateShown = Field(description="The template.")


class AnalysisTemplatesReply(Shown):
    """A page of analysis templates, newest first."""

    analysis_templates: list[AnalysisTemplateShown] = Field(description="The templates.")
    data: list[AnalysisTemplateShown] = Field(description="The same list.")
    total: int = Field(description="How many there are in all.")
    limit: int = Field(description="How many were asked for at most.")
    offset: int = Field(description="How many were passed over.")
    pagination: Pagination = Field(description="The same three.")


def shown(template: AnalysisTemplate) -> dict[str, Any]:
    """An analysis template as a reply shows it."""
    return {
        "id": template.id,
        "org_id": template.org_id,
        "name": template.name,
        "description": template.description,
        "schema": template.json_schema,
        "system_prompt": template.system_prompt,
        "user_prompt": template.user_prompt,
        "created_at": moment(template.created_at),
        "updated_at": moment(template.updated_at),
    }


def listed(items: list[dict[str, Any]], total: int, paging: Paging) -> dict[str, Any]:
    """A page of analysis templates as the reply writes it."""
    part = {"total": total, "limit": paging.limit, "offset": paging.offset}
    return {"analysis_templates": items, "data": items, **part, "pagination": part}
