"""The transcript of a call, message by message."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, bindparam, select

from trunkline.domain.transcript import Message, Role
from trunkline.storage import tables
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps


class Messages(Scoped):
    """What was said on the calls of an organisation."""

    table = tables.call_messages

    async def add(self, org_id: str, call_id: str, message: Message) -> None:
        """Adds the next message of a call."""
        await self._insert(message_values(org_id, call_id, message))

    async def of_call(self, call_id: str) -> tuple[Message, ...]:
        """The messages of a call in the order in which they began."""
        query = self._select().where(self.table.c.call_id == call_id).order_by(self.table.c.started_at, self.table.c.id)
        return tuple(message_of(row) for row in await self._rows(query))

    async def of_calls(self, call_ids: list[str]) -> dict[str, tuple[Message, ...]]:
        """The messages of several calls, by call."""
        query = (
            self._select().where(self.table.c.call_id.in_(call_ids)).order_by(self.table.c.started_at, self.table.c.id)
        )
        found: dict[str, list[Message]] = {call_id: [] for call_id in call_ids}
        for row in await self._rows(query):
            found[row["call_id"]].append(message_of(row))
        return {call_id: tuple(messages) for call_id, messages in found.items()}


_OF_CALL = (
    select(tables.call_messages)
    .where(tables.call_messages.c.call_id == bindparam("of_call"))
    .order_by(tables.call_messages.c.started_at, tables.call_messages.c.id)
)


def of_call(call_id: str) -> Steps[tuple[Message, ...]]:
    """The messages of a call that was read for its organisation, in the order in which they began."""
    rows = yield Query(_OF_CALL, {"of_call": call_id})
    return tuple(message_of(row) for row in rows)


def message_values(org_id: str, call_id: str, message: Message) -> dict[str, Any]:
    """The row of a message."""
    return {
        "org_id": org_id,
        "call_id": call_id,
        "role": message.role.value,
        "content": message.content,
        "started_at": message.started_at,
        "ended_at": message.ended_at,
        "interrupted": message.interrupted,
    }


def message_of(row: Mapping[str, Any] | RowMapping) -> Message:
    """The message of a row."""
    return Message(Role(row["role"]), row["content"], row["started_at"], row["ended_at"], row["interrupted"])
