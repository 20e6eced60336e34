"""The audit log, as an organisation reads it."""

from trunkline.domain.access import Caller
from trunkline.domain.audit import AuditEntry
from trunkline.services.rooms import Page, Rooms
from trunkline.storage.audit import AuditFilters

__all__ = ["AuditFilters", "list_"]


async def list_(rooms: Rooms, caller: Caller, filters: AuditFilters, limit: int, offset: int) -> Page[AuditEntry]:
    """A page of what was changed, newest first."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.audit.page(filters, caller.home, limit, offset))
