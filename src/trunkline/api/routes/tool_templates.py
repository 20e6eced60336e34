"""Tool templates over HTTP."""

from trunkline.api.names import TOOL_TYPES
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import Paging, Success, paged
from trunkline.api.schemas.tool_templates import ToolTemplateReply, ToolTemplatesReply, shown
from trunkline.services import tool_templates
from trunkline.services.tool_templates import OLDER, ToolTemplateSettings

TAG = "Templates"
EXAMPLE = {
    "name": "look_up_order",
    "description": "Finds an order by its number.",
    "tool_type": "function",
    "tool_config": {
        "function": {
            "name": "look_up_order",
            "parameters": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
        },
        "server": {"url": "https://example.com/tools/orders", "secret": "a-long-random-text"},
    },
}


async def list_(ask: Ask) -> Reply:
    """A page of tool templates."""
    paging = ask.query(Paging)
    page = await tool_templates.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(paged("tool_templates", [shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new tool template."""
    template = await tool_templates.create(ask.rooms, ask.caller, _given(ask))
    return Reply({"tool_template": shown(template)}, status=201)


async def get(ask: Ask) -> Reply:
    """One tool template."""
    return Reply({"tool_template": shown(await tool_templates.get(ask.rooms, ask.caller, ask.id))})


async def update(ask: Ask) -> Reply:
    """A changed tool template."""
    return Reply({"tool_template": shown(await tool_templates.update(ask.rooms, ask.caller, ask.id, _given(ask)))})


async def delete(ask: Ask) -> Reply:
    """A tool template less."""
    await tool_templates.delete(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


def _given(ask: Ask) -> dict[str, object]:
    kind = ask.body.get("tool_type")
    renamed = isinstance(kind, str) and kind in TOOL_TYPES
    if renamed or any(name in ask.body for name in OLDER):
        ask.mark_deprecated()
    return {**ask.body, "tool_type": TOOL_TYPES[str(kind)]} if renamed else ask.body


OPERATIONS = (
    Operation(
        method="GET",
        path="/tool-templates",
        run=list_,
        name="listToolTemplates",
        tag=TAG,
        summary="List tool templates",
        query=Paging,
        reply=ToolTemplatesReply,
    ),
    Operation(
        method="POST",
        path="/tool-templates",
        run=create,
        name="createToolTemplate",
        tag=TAG,
        summary="Make a tool template",
        description='Assistants use it with `{"template_id": ...}` in `llm_config.tools`.',
        scope="write",
        body=ToolTemplateSettings,
        reply=ToolTemplateReply,
        status=201,
        request_example=EXAMPLE,
    ),
    Operation(
        method="GET",
        path="/tool-templates/{id}",
        run=get,
        name="getToolTemplate",
        tag=TAG,
        summary="Read a tool template",
        reply=ToolTemplateReply,
        codes=("not_found",),
    ),
    Operation(
        method="PATCH",
        path="/tool-templates/{id}",
        run=update,
        name="updateToolTemplate",
        tag=TAG,
        summary="Change a tool template",
        description="Changes only what is given; `tool_config` replaces whole, but a secret that is null or left out stays "
        "with the same address. Calls that were placed before keep the template as it was.",
        scope="write",
        body=ToolTemplateSettings,
        partial=True,
        reply=ToolTemplateReply,
        codes=("not_found",),
        request_example={"description": "Finds an order by its number and says when it comes."},
    ),
    Operation(
        method="DELETE",
        path="/tool-templates/{id}",
        run=delete,
        name="deleteToolTemplate",
        tag=TAG,
        summary="Remove a tool template",
        description="Not while an assistant uses it.",
        scope="write",
        reply=Success,
        codes=("not_found", "template_in_use"),
        reply_example={"success": True},
    ),
)
