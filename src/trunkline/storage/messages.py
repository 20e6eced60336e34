"""The transcript of a call, message by message."""

from sqlalchemy import RowMapping

from trunkline.domain.transcript import Message, Role
from trunkline.storage import tables
from trunkline.storage.repository import Scoped


class Messages(Scoped):
    """What was said on the calls of an organisation."""

    table = tables.call_messages

    async def add(self, org_id: str, call_id: str, message: Message) -> None:
        """Adds the next message of a call."""
        await self._insert(
            {
                "org_id": org_id,
                "call_id": call_id,
                "role": message.role.value,
                "content": message.content,
                "started_at": message.started_at,
                "ended_at": message.ended_at,
                "interrupted": message.interrupted,
            }
        )

    async def of_call(self, call_id: str) -> tuple[Message, ...]:
        """The messages of a call in the order in which they were noted."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.id)
        return tuple(_item(row) for row in await self._rows(query))

    async def last(self, call_id: str) -> Message | None:
        """The newest message of a call."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.id.desc()).limit(1)
        row = await self._row(query)
        return None if row is None else _item(row)

    async def of_calls(self, call_ids: list[str]) -> dict[str, tuple[Message, ...]]:
        """The messages of several calls, by call."""
        query = self._select().where(self.table.c.call_id.in_(call_ids)).order_by(self.table.c.id)
        found: dict[str, list[Message]] = {call_id: [] for call_id in call_ids}
        for row in await self._rows(query):
            found[row["call_id"]].append(_item(row))
        return {call_id: tuple(messages) for call_id, messages in found.items()}

    async def forget(self, call_id: str) -> None:
        """Removes the transcript of a call."""
        await self._connection.execute(self._delete().where(self.table.c.call_id == call_id))


def _item(row: RowMapping) -> Message:
    return Message(Role(row["role"]), row["content"], row["started_at"], row["ended_at"], row["interrupted"])
