"""Analysis templates over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.analysis_templates import AnalysisTemplateReply, AnalysisTemplatesReply, listed, shown
from trunkline.api.schemas.base import Paging, Success
from trunkline.services import analysis_templates
from trunkline.services.analysis_templates import AnalysisTemplateSettings
from trunkline.services.validation import checked

TAG = "Templates"
EXAMPLE = {
    "name": "Appointment",
    "schema": {
        "type": "object",
        "properties": {"day": {"type": ["string", "null"]}, "confirmed": {"type": "boolean"}},
        "required": ["day", "confirmed"],
    },
    "user_prompt": "A call of {duration} with {caller_number}.\n\n{transcript}",
}


async def list_(ask: Ask) -> Reply:
    """A page of analysis templates."""
    paging = ask.query(Paging)
    page = await analysis_templates.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(listed([shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new analysis template."""
    template = await analysis_templates.create(ask.rooms, ask.caller, checked(AnalysisTemplateSettings, ask.body))
    return Reply({"analysis_template": shown(template)}, status=201)


async def get(ask: Ask) -> Reply:
    """One analysis template."""
    return Reply({"analysis_template": shown(await analysis_templates.get(ask.rooms, ask.caller, ask.id))})


async def update(ask: Ask) -> Reply:
    """A changed analysis template."""
    template = await analysis_templates.update(ask.rooms, ask.caller, ask.id, ask.body)
    return Reply({"analysis_template": shown(template)})


async def delete(ask: Ask) -> Reply:
    """An analysis template less."""
    await analysis_templates.delete(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


OPERATIONS = (
    Operation(
        method="GET",
        path="/analysis-templates",
        run=list_,
        name="listAnalysisTemplates",
        tag=TAG,
        summary="List analysis templates",
        query=Paging,
        reply=AnalysisTemplatesReply,
    ),
    Operation(
        method="POST",
        path="/analysis-templates",
        run=create,
        name="createAnalysisTemplate",
        tag=TAG,
        summary="Make an analysis template",
        description="Assistants use it by `analysis_plan.structured_data_plan.template_id`, with `enabled` beside it.",
        scope="write",
        body=AnalysisTemplateSettings,
        reply=AnalysisTemplateReply,
        status=201,
        request_example=EXAMPLE,
    ),
    Operation(
        method="GET",
        path="/analysis-templates/{id}",
        run=get,
        name="getAnalysisTemplate",
        tag=TAG,
        summary="Read an analysis template",
        reply=AnalysisTemplateReply,
        codes=("not_found",),
    ),
    Operation(
        method="PATCH",
        path="/analysis-templates/{id}",
        run=update,
        name="updateAnalysisTemplate",
        tag=TAG,
        summary="Change an analysis template",
        description="Changes only what is given; null clears. Calls that were placed before keep the template as it was.",
        scope="write",
        body=AnalysisTemplateSettings,
        partial=True,
        reply=AnalysisTemplateReply,
        codes=("not_found",),
        request_example={"description": "Which day was agreed upon."},
    ),
    Operation(
        method="DELETE",
        path="/analysis-templates/{id}",
        run=delete,
        name="deleteAnalysisTemplate",
        tag=TAG,
        summary="Remove an analysis template",
        description="Not while an assistant uses it.",
        scope="write",
        reply=Success,
        codes=("not_found", "template_in_use"),
        reply_example={"success": True},
    ),
)
