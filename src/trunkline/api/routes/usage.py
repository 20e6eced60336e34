"""The log of use over HTTP."""

from trunkline.api.operation import Ask, Operation, Reply
from trunkline.api.schemas.calls import bound
from trunkline.api.schemas.usage import UsageQuery, UsageReply, shown
from trunkline.domain.usage import UsageFilters
from trunkline.services import usage


async def list_(ask: Ask) -> Reply:
    """A page of what was charged, with the sums of all."""
    query = ask.query(UsageQuery)
    filters = UsageFilters(
        call_type=query.call_type,
        assistant_id=ask.assistant_filter(query),
        start_date=bound(query.start_date, "start_date", end=False),
        end_date=bound(query.end_date, "end_date", end=True),
    )
    found = await usage.list_(
        ask.rooms, ask.caller, filters, query.limit, query.offset, include_children=query.include_children
    )
    return Reply(shown(found, query))


OPERATIONS = (
    Operation(
        method="GET",
        path="/usage",
        run=list_,
        name="listUsage",
        tag="Usage",
        summary="List what was used and charged",
        description=(
            "One line for each call that was answered, written as it ended. Calls that nobody answered, or that were "
            "refused with a few words, are not charged and not listed."
        ),
        query=UsageQuery,
        reply=UsageReply,
    ),
)
