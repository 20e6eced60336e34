"""Tool templates as replies show them."""

from typing import Any

from pydantic import Field

from trunkline.api.schemas.base import Moment, Pagination, Shown, moment
from trunkline.domain.template import ToolTemplate
from trunkline.services.tool_templates import ToolType
from trunkline.storage.secrets import public


class ToolTemplateShown(Shown):
    """A tool that assistants use by its id."""

    id: str = Field(description="Its id.")
    org_id: str = Field(description="Whose it is.")
    name: str = Field(description="Its name.")
    description: str | None = Field(description="What it is for; a note for people.")
    tool_type: ToolType = Field(description="The kind of tool.")
    tool_config: dict[str, Any] = Field(
        description="The tool as `llm_config.tools` has it, without its `type`; secrets are null."
    )
    created_at: Moment = Field(description="When it was made.")
    updated_at: Moment = Field(description="When it was last changed.")


class ToolTemplateReply(Shown):
    """One tool template."""

    tool_template: ToolTemplateShown = Field(description="The template.")


class ToolTemplatesReply(Shown):
    """A page of tool templates, newest first."""

    tool_templates: list[ToolTemplateShown] = Field(description="The templates.")
    pagination: Pagination = Field(description="Which part this is.")


def shown(template: ToolTemplate) -> dict[str, Any]:
    """A tool template as a reply shows it."""
    return {
        "id": template.id,
        "org_id": template.org_id,
        "name": template.name,
        "description": template.description,
        "tool_type": template.tool_type,
        "tool_config": {name: value for name, value in public(template.tool).items() if name != "type"},
        "created_at": moment(template.created_at),
        "updated_at": moment(template.updated_at),
    }
