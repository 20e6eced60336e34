"""Who runs which call: the claim that happens once, and the leases that a worker must renew."""

from datetime import datetime

from sqlalchemy import ColumnElement, case, func

from trunkline.domain.call import CallStatus
from trunkline.storage import tables
from trunkline.storage.calls import LIVE
from trunkline.storage.repository import Scoped


class Leases(Scoped):
    """The workers' hold on live calls."""

    table = tables.calls

    async def renew(self, worker_id: str, until: datetime) -> int:
        """Renews the lease on all live calls of a worker at once; returns how many it has."""
        c = self.table.c
        statement = self._update().where(c.worker_id == worker_id, *LIVE).values(lease_until=until)
        return (await self._connection.execute(statement)).rowcount

    async def let_run_out(self, worker_id: str, at: datetime) -> int:
        """Lets no lease on a live call of a worker last longer than ``at``; returns how many such calls there are."""
        lease = self.table.c.lease_until
        earlier = case((lease < at, lease), else_=at)
        statement = self._update().where(self.table.c.worker_id == worker_id, *LIVE).values(lease_until=earlier)
        return (await self._connection.execute(statement)).rowcount

    async def expired(self, now: datetime) -> list[str]:
        """The live calls whose lease ran out."""
        c = self.table.c
        return await self._ids(*LIVE, c.lease_until < now)

    async def unclaimed(self, queued_before: datetime) -> list[str]:
        """The calls that no worker took in time: since they were placed, or since a scheduled one was let go."""
        c = self.table.c
        queued_at = func.coalesce(c.released_at, c.created_at)
        return await self._ids(*LIVE, c.status == CallStatus.QUEUED, queued_at < queued_before)

    async def _ids(self, *where: ColumnElement[bool]) -> list[str]:
        query = self._select(self.table.c.id).where(*where).order_by(self.table.c.created_at)
        return [row["id"] for row in await self._rows(query)]
