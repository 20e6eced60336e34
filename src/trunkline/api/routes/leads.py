"""The leads of a campaign over HTTP."""

from typing import Any

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.base import Success, paged
from trunkline.api.schemas.leads import AddedReply, ImportQuery, LeadQuery, LeadsReply, NewLeads, shown, shown_added
from trunkline.domain.campaign import LeadStatus
from trunkline.services import campaigns, lead_files, leads
from trunkline.services.leads import Row
from trunkline.services.validation import checked, invalid

TAG = "Campaigns"
_WAYS = ("phone_number", "leads", "csv")
_ONE = ("phone_number", "name", "variables")


async def list_(ask: Ask) -> Reply:
    """A page of leads."""
    query = ask.query(LeadQuery)
    status = LeadStatus(query.status) if query.status is not None else None
    page = await leads.list_(ask.rooms, ask.caller, ask.id, status, query.limit, query.offset)
    return Reply(paged("leads", [shown(item) for item in page.items], page.total, query))


async def add(ask: Ask) -> Reply:
    """More leads."""
    body = ask.body
    rows = _rows(body)
    one = body.get("phone_number") is not None
    asked = checked(NewLeads, body if one else {**body, "leads": None})
    skip_invalid = asked.skip_invalid or ask.query(ImportQuery).skip_invalid
    added = await campaigns.add_leads(ask.rooms, ask.caller, ask.id, rows, skip_invalid and not one)
    return Reply(shown_added(added, single=one), status=201)


async def delete(ask: Ask) -> Reply:
    """A lead less."""
    await leads.delete(ask.rooms, ask.caller, ask.id, str(ask.request.path_params["lead_id"]))
    return Reply({"success": True})


def _rows(body: dict[str, Any]) -> list[Row]:
    ways = [name for name in _WAYS if body.get(name) is not None]
    if len(ways) != 1:
        raise invalid([f"{' and '.join(ways) or 'phone_number'}: send exactly one of phone_number, leads and csv"])
    if ways == ["phone_number"]:
        return [Row("", 0, {name: body[name] for name in _ONE if name in body})]
    if beside := [name for name in ("name", "variables") if body.get(name)]:
        raise invalid(f"{name}: goes with phone_number, not with {ways[0]}" for name in beside)
    if ways == ["leads"]:
        return leads.listed(body["leads"])
    if not isinstance(body["csv"], str):
        raise invalid(["csv: must be the text of a file"])
    return lead_files.rows(body["csv"])


OPERATIONS = (
    Operation(
        method="GET",
        path="/campaigns/{id}/leads",
        run=list_,
        name="listLeads",
        tag=TAG,
        summary="List the leads of a campaign",
        query=LeadQuery,
        reply=LeadsReply,
        codes=("not_found",),
    ),
    Operation(
        method="POST",
        path="/campaigns/{id}/leads",
        run=add,
        name="addLeads",
        tag=TAG,
        summary="Add leads to a campaign",
        description="One lead, many, or a CSV file, in the body or as the body. Nothing is added when one of them is wrong, "
        "unless `skip_invalid` says that those are left out. A number that the campaign has already is added as `skipped`. "
        "A running campaign calls them in their turn; one that was completed does when it is scheduled again.",
        scope="write",
        body=NewLeads,
        csv=True,
        query=ImportQuery,
        reply=AddedReply,
        status=201,
        codes=("not_found", "campaign_over"),
        request_example={"phone_number": "+31612345678", "name": "Ada", "variables": {"time": "ten o'clock"}},
    ),
    Operation(
        method="DELETE",
        path="/campaigns/{id}/leads/{lead_id}",
        run=delete,
        name="deleteLead",
        tag=TAG,
        summary="Remove a lead",
        description="Its calls stay. A lead that is being called cannot be removed.",
        scope="write",
        reply=Success,
        codes=("not_found", "lead_being_called"),
        reply_example={"success": True},
    ),
)
