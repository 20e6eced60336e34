"""Phone numbers in the database; a number stands once in the whole installation."""

from typing import Any

from sqlalchemy import RowMapping, Select
from sqlalchemy.exc import IntegrityError

from trunkline.base.errors import Conflict
from trunkline.domain.number import Number
from trunkline.storage import tables
from trunkline.storage.repository import Nouns

_assistants = tables.assistants
_transfer = tables.trunks.alias("transfer_trunks")
_READ_ALONG = ("assistant_name", "business_name", "transfer_trunk_name")


class Numbers(Nouns[Number]):
    """The numbers of an organisation, with the names of what they are attached to."""

    table = tables.numbers
    noun = "number"
    logged_as = "number"

    def _query(self) -> Select[Any]:
        table = self.table
        source = table.outerjoin(_assistants, table.c.assistant_id == _assistants.c.id).outerjoin(
            _transfer, table.c.transfer_trunk_id == _transfer.c.id
        )
        return self._select(
            table,
            _assistants.c.name.label("assistant_name"),
            _assistants.c.business_name,
            _transfer.c.name.label("transfer_trunk_name"),
            source=source,
        )

    def _item(self, row: RowMapping) -> Number:
        return Number(**row)

    def _values(self, item: Number) -> dict[str, Any]:
        return {c.name: getattr(item, c.name) for c in self.table.columns if c.name != "last_used_at"}

    async def add(self, item: Number) -> None:
        """Adds a number. Raises Conflict (``number_taken``), whoever has it."""
        try:
            async with self._connection.begin_nested():
                await super().add(item)
        except IntegrityError as error:
            raise _taken(item, error) from None

    async def save(self, item: Number) -> None:
        """Writes a changed number. Raises Conflict (``number_taken``) and NotFound."""
        try:
            async with self._connection.begin_nested():
                await super().save(item)
        except IntegrityError as error:
            raise _taken(item, error) from None


def _taken(item: Number, error: IntegrityError) -> Exception:
    if "phone_number" not in str(error.orig):
        return error
    return Conflict(f"the number {item.phone_number} is already registered", code="number_taken")
