"""Do-not-call lists in the database; a party stands once in the list of an organisation."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import RowMapping, String, bindparam, or_, select

from trunkline.domain.do_not_call import DoNotCallEntry
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.steps import Query, Steps

_list, _organisations = tables.do_not_call, tables.organisations


class DoNotCall(Nouns[DoNotCallEntry]):
    """The list of an organisation."""

    table = _list
    noun = "do-not-call entry"
    logged_as = "do_not_call_entry"

    def _item(self, row: RowMapping) -> DoNotCallEntry:
        return DoNotCallEntry(**row)

    def _values(self, item: DoNotCallEntry) -> dict[str, Any]:
        return {column.name: getattr(item, column.name) for column in self.table.columns}

    async def of_numbers(self, numbers: Collection[str]) -> dict[str, DoNotCallEntry]:
        """The entries of these parties, by party."""
        rows = await self._rows(self._select().where(_list.c.phone_number.in_(numbers)))
        return {row["phone_number"]: self._item(row) for row in rows}

    async def page(self, phone_number: str | None, limit: int, offset: int) -> tuple[list[DoNotCallEntry], int]:
        """A page, newest first, of all parties or of one, and how many there are in all."""
        return await self.list_(
            limit, offset, *([] if phone_number is None else [_list.c.phone_number == phone_number])
        )


_PARENT = select(_organisations.c.parent_org_id).where(_organisations.c.id == bindparam("of_org")).scalar_subquery()
_HELD_TO = or_(_list.c.org_id == bindparam("of_org"), _list.c.org_id == _PARENT)
_LISTED = select(_list.c.id).where(_list.c.phone_number == bindparam("of_number"), _HELD_TO)
_ENDING = select(_list.c.phone_number).where(
    _HELD_TO, _list.c.phone_number.like("+%"), _list.c.phone_number.endswith(bindparam("of_ending", type_=String))
)


def listed(org_id: str, phone_number: str) -> Steps[bool]:
    """Whether a party stands in the list of the organisation, or of the one that it is a child of."""
    return bool((yield Query(_LISTED, {"of_org": org_id, "of_number": phone_number})))


def listed_ending(org_id: str, digits: str) -> Steps[list[str]]:
    """The listed numbers that end with these digits, of the organisation and of the one that it is a child of."""
    rows = yield Query(_ENDING, {"of_org": org_id, "of_ending": digits})
    return [row["phone_number"] for row in rows]
