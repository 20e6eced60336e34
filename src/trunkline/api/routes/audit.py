"""The audit log over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.audit import AuditQuery, AuditReply, shown
from trunkline.api.schemas.base import paged
from trunkline.api.schemas.calls import bound
from trunkline.services import audit
from trunkline.services.audit import AuditFilters


async def list_(ask: Ask) -> Reply:
    """A page of the log."""
    query = ask.query(AuditQuery)
    filters = AuditFilters(
        noun=query.noun,
        item_id=query.item_id,
        action=query.action,
        actor=query.actor,
        start_date=bound(query.start_date, "start_date", end=False),
        end_date=bound(query.end_date, "end_date", end=True),
    )
    page = await audit.list_(ask.rooms, ask.caller, filters, query.limit, query.offset)
    return Reply(paged("entries", [shown(item) for item in page.items], page.total, query))


OPERATIONS = (
    Operation(
        method="GET",
        path="/audit-log",
        run=list_,
        name="listAuditLog",
        tag="Audit log",
        summary="List what was changed",
        description="Every change of the organisation and of what it has, newest first, kept for two years. A parent reads "
        "the log of a child by acting for it.",
        query=AuditQuery,
        reply=AuditReply,
    ),
)
