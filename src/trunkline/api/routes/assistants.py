"""Assistants over HTTP, also under their older name, agents."""

from dataclasses import replace
from typing import Any

from trunkline.api.names import tools_renamed
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.assistants import AssistantReply, AssistantsReply, shown
from trunkline.api.schemas.base import Paging, Success, paged
from trunkline.domain.assistant import AssistantSettings
from trunkline.services import assistants

TAG = "Assistants"
EXAMPLE = {
    "name": "Reminder",
    "business_name": "Example Dental",
    "first_message": "Hello, this is the assistant of Example Dental.",
    "llm_config": {
        "provider": "local",
        "model": "scripted",
        "script": {
            "goal": "Confirm the appointment",
            "steps": [
                {
                    "id": "confirm",
                    "ask": "You have an appointment on Monday at ten. Will you be there?",
                    "slot": "confirmed",
                    "type": "yes_no",
                }
            ],
            "closing": "Thank you, goodbye.",
        },
    },
}


async def list_(ask: Ask) -> Reply:
    """A page of assistants."""
    paging = ask.query(Paging)
    page = await assistants.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(paged("assistants", [shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new assistant."""
    assistant = await assistants.create(ask.rooms, ask.caller, _given(ask))
    return Reply({"assistant": shown(assistant)}, status=201)


async def get(ask: Ask) -> Reply:
    """One assistant."""
    return Reply({"assistant": shown(await assistants.get(ask.rooms, ask.caller, ask.id))})


async def update(ask: Ask) -> Reply:
    """A changed assistant."""
    return Reply({"assistant": shown(await assistants.update(ask.rooms, ask.caller, ask.id, _given(ask)))})


async def delete(ask: Ask) -> Reply:
    """An assistant less."""
    await assistants.delete(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


def _given(ask: Ask) -> dict[str, Any]:
    body, older = tools_renamed(ask.body)
    if older:
        ask.mark_deprecated()
    return body


_PRESENT = (
    Operation(
        method="GET",
        path="/assistants",
        run=list_,
        name="listAssistants",
        tag=TAG,
        summary="List assistants",
        query=Paging,
        reply=AssistantsReply,
    ),
    Operation(
        method="POST",
        path="/assistants",
        run=create,
        name="createAssistant",
        tag=TAG,
        summary="Make an assistant",
        description="Only `name` is required. What is left out takes the defaults of the installation, which are written "
        "out in the reply and stay with the assistant.",
        scope="write",
        body=AssistantSettings,
        reply=AssistantReply,
        status=201,
        request_example=EXAMPLE,
    ),
    Operation(
        method="GET",
        path="/assistants/{id}",
        run=get,
        name="getAssistant",
        tag=TAG,
        summary="Read an assistant",
        reply=AssistantReply,
        codes=("not_found",),
    ),
    Operation(
        method="PATCH",
        path="/assistants/{id}",
        run=update,
        name="updateAssistant",
        tag=TAG,
        summary="Change an assistant",
        description="Changes only what is given. `llm_config` and the other config objects replace whole; null brings their "
        "default back, and clears texts. A webhook tool whose `server.secret` is null or left out keeps the secret of the "
        "stored tool with the same `server.url`, because no reply ever shows it; an empty secret removes it. Null values of "
        "an MCP tool's `headers` are kept in the same way. `version` counts up with "
        "each change; calls that are going on keep the assistant as it was.",
        scope="write",
        body=AssistantSettings,
        partial=True,
        reply=AssistantReply,
        codes=("not_found",),
        request_example={"first_message": "Good morning, this is the assistant of Example Dental."},
    ),
    Operation(
        method="DELETE",
        path="/assistants/{id}",
        run=delete,
        name="deleteAssistant",
        tag=TAG,
        summary="Remove an assistant",
        description="Numbers that it belonged to stay, without one. Calls that are going on go on.",
        scope="write",
        reply=Success,
        codes=("not_found",),
        reply_example={"success": True},
    ),
)
OPERATIONS = _PRESENT + tuple(
    replace(
        operation,
        path=operation.path.replace("/assistants", "/agents"),
        name=operation.name.replace("Assistant", "Agent"),
        summary=f"{operation.summary} (older path)",
        deprecated=True,
    )
    for operation in _PRESENT
)
