"""The SIP ladders of calls: kept when a call has ended, one row each."""

from sqlalchemy import insert

from trunkline.domain.signalling import Ladder
from trunkline.storage import tables
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps

_t = tables.call_signalling
_ADD = insert(_t)


class Signalling(Scoped):
    """The ladders of the calls of an organisation."""

    table = _t

    async def of_call(self, call_id: str) -> Ladder:
        """The ladder of a call; an empty one where none was kept."""
        row = await self._row(self._select().where(self.table.c.call_id == call_id))
        return Ladder() if row is None else Ladder(tuple(row["messages"]), row["omitted"])


def keep(org_id: str, call_id: str, ladder: Ladder) -> Steps[None]:
    """Keeps the ladder of a call that has none yet; an empty one is not kept."""
    if not ladder.messages:
        return
    values = {"call_id": call_id, "org_id": org_id, "messages": list(ladder.messages), "omitted": ladder.omitted}
    yield Query(_ADD, values)
