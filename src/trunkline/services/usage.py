"""The log of use: what was charged, listed and summed up, by an organisation and by the parent that pays for it."""

from dataclasses import dataclass

from trunkline.domain.access import Caller
from trunkline.domain.usage import UsageFilters, UsageLog, UsageSummary
from trunkline.services.rooms import Page, Rooms


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A page of lines, and what all that the filters let through comes to."""

    page: Page[UsageLog]
    summary: UsageSummary


async def list_(
    rooms: Rooms, caller: Caller, filters: UsageFilters, limit: int, offset: int, *, include_children: bool = False
) -> UsagePage:
    """A page of the organisation's lines, newest first; with those of its children where they are asked for."""
    async with rooms.unit(caller, write=False) as unit:
        logs = unit.usage
        if include_children and (await unit.organisations.get(caller.org_id)).parent_org_id is None:
            logs = unit.billed_usage
        items, summary = await logs.page(filters, limit, offset)
    return UsagePage(Page(items, summary.calls), summary)
