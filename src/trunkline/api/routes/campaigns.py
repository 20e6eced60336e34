"""Campaigns over HTTP."""

from trunkline.api.names import ASSISTANT_ID
from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import Paging, Success, paged
from trunkline.api.schemas.campaigns import CampaignReply, CampaignsReply, NewCampaignReply, shown, shown_new
from trunkline.services import campaigns
from trunkline.services.campaigns import CampaignSettings, NewCampaign

TAG = "Campaigns"
EXAMPLE = {
    "name": "Reminders",
    "assistant_id": "6a1b3c1e-0c4b-4f0e-9a58-0d1c2f7be5a1",
    "system_message_template": "You call {{name}} to remind them of their appointment at {{time}}.",
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:30:00",
    "timezone": "Europe/Amsterdam",
    "days_of_week": [1, 2, 3, 4, 5],
    "max_attempts": 3,
    "retry_delay_minutes": 90,
    "leads": [{"phone_number": "+31612345678", "name": "Ada", "variables": {"time": "ten o'clock"}}],
}


async def list_(ask: Ask) -> Reply:
    """A page of campaigns."""
    paging = ask.query(Paging)
    page = await campaigns.list_(ask.rooms, ask.caller, paging.limit, paging.offset)
    return Reply(paged("campaigns", [shown(item) for item in page.items], page.total, paging))


async def create(ask: Ask) -> Reply:
    """A new campaign."""
    return Reply(shown_new(await campaigns.create(ask.rooms, ask.caller, ask.renamed(ASSISTANT_ID))), status=201)


async def get(ask: Ask) -> Reply:
    """One campaign."""
    return Reply({"campaign": shown(await campaigns.get(ask.rooms, ask.caller, ask.id))})


async def update(ask: Ask) -> Reply:
    """A changed campaign."""
    return Reply({"campaign": shown(await campaigns.update(ask.rooms, ask.caller, ask.id, ask.renamed(ASSISTANT_ID)))})


async def delete(ask: Ask) -> Reply:
    """A campaign less."""
    await campaigns.delete(ask.rooms, ask.caller, ask.id)
    return Reply({"success": True})


OPERATIONS = (
    Operation(
        method="GET",
        path="/campaigns",
        run=list_,
        name="listCampaigns",
        tag=TAG,
        summary="List campaigns",
        query=Paging,
        reply=CampaignsReply,
    ),
    Operation(
        method="POST",
        path="/campaigns",
        run=create,
        name="createCampaign",
        tag=TAG,
        summary="Make a campaign",
        description="With its leads or without. As a `draft` it calls nobody until it is set to `scheduled`.",
        scope="write",
        body=NewCampaign,
        reply=NewCampaignReply,
        status=201,
        request_example=EXAMPLE,
    ),
    Operation(
        method="GET",
        path="/campaigns/{id}",
        run=get,
        name="getCampaign",
        tag=TAG,
        summary="Read a campaign",
        description="Its counters are exact at the moment of the reply.",
        reply=CampaignReply,
        codes=("not_found",),
    ),
    Operation(
        method="PATCH",
        path="/campaigns/{id}",
        run=update,
        name="updateCampaign",
        tag=TAG,
        summary="Change, start, pause, resume or cancel a campaign",
        description="Changes only what is given. `status`: `scheduled` starts and resumes; after `paused` no call is "
        "placed, and those that go on go on; `cancelled` also hangs up calls that were not answered yet, and is final.",
        scope="write",
        body=CampaignSettings,
        partial=True,
        reply=CampaignReply,
        codes=("not_found", "campaign_transition"),
        request_example={"status": "scheduled"},
    ),
    Operation(
        method="DELETE",
        path="/campaigns/{id}",
        run=delete,
        name="deleteCampaign",
        tag=TAG,
        summary="Remove a campaign",
        description="Its leads go with it, its calls stay.",
        scope="write",
        reply=Success,
        codes=("not_found", "campaign_has_calls"),
        reply_example={"success": True},
    ),
)
