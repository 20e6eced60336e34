"""The root of all repositories: the one place where queries are scoped to an organisation."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Delete,
    FromClause,
    RowMapping,
    Select,
    Table,
    Update,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.base.errors import NotFound
from trunkline.domain.audit import Author, LoggedNoun
from trunkline.storage import tables
from trunkline.storage.changes import Row, compared, entry_row
from trunkline.storage.vault import Vault

T = TypeVar("T")
_LOG = insert(tables.audit_log)


class Scoped:
    """Reads and writes one table, of one organisation, or of all where ``org_id`` is None (the platform itself)."""

    table: ClassVar[Table]
    scope: ClassVar[str] = "org_id"

    def __init__(self, connection: AsyncConnection, org_id: str | None, vault: Vault, author: Author) -> None:
        self._connection = connection
        self._org_id = org_id
        self._vault = vault
        self._author = author

    def _mine(self) -> ColumnElement[bool] | None:
        return None if self._org_id is None else self.table.c[self.scope] == self._org_id

    def _select(self, *columns: Any, source: FromClause | None = None) -> Select[Any]:
        statement = select(*(columns or (self.table,))).select_from(self.table if source is None else source)
        mine = self._mine()
        return statement if mine is None else statement.where(mine)

    def _update(self) -> Update:
        mine = self._mine()
        return update(self.table) if mine is None else update(self.table).where(mine)

    def _delete(self) -> Delete:
        mine = self._mine()
        return delete(self.table) if mine is None else delete(self.table).where(mine)

    async def _insert(self, values: Mapping[str, Any]) -> None:
        self._check_scope(values)
        # The values go along as parameters: building them into the statement takes longer than running it.
        await self._connection.execute(insert(self.table), dict(values))

    def _check_scope(self, values: Mapping[str, Any]) -> None:
        if self._org_id is not None and values[self.scope] != self._org_id:
            raise ValueError(f"a unit of one organisation cannot add to the {self.table.name} of another")

    async def _note(
        self, action: str, noun: str, item_id: str, changes: Mapping[str, Any], org_id: str | None = None
    ) -> None:
        """Writes into the audit log of the organisation, in the same transaction."""
        row = entry_row(self._author, org_id or str(self._org_id), action, noun, item_id, changes)
        await self._connection.execute(_LOG, row)

    async def _rows(self, statement: Select[Any]) -> Sequence[RowMapping]:
        rows: Sequence[RowMapping] = (await self._connection.execute(statement)).mappings().all()
        return rows

    async def _row(self, statement: Select[Any]) -> RowMapping | None:
        row: RowMapping | None = (await self._connection.execute(statement)).mappings().one_or_none()
        return row

    async def _count(self, *where: ColumnElement[bool]) -> int:
        return int((await self._connection.execute(self._select(func.count()).where(*where))).scalar_one())


class Nouns(Scoped, Generic[T]):
    """A table of things that have an ``id`` and ``created_at``, each given and taken as a frozen dataclass.

    Where ``logged_as`` names them, each change is written into the audit log, but for the columns ``unlogged``.
    """

    noun: ClassVar[str]
    logged_as: ClassVar[LoggedNoun | None] = None
    unlogged: ClassVar[frozenset[str]] = frozenset()

    def _query(self) -> Select[Any]:
        return self._select()

    def _item(self, row: RowMapping) -> T:
        raise TypeError(f"{type(self).__name__} reads no rows")

    def _values(self, item: T) -> dict[str, Any]:
        raise TypeError(f"{type(self).__name__} writes no rows")

    async def find(self, id: str, *, lock: bool = False) -> T | None:
        """The thing of this id, None where this organisation has none. ``lock`` keeps other writers out."""
        query = self._query().where(self.table.c.id == id)
        row = await self._row(query.with_for_update(of=self.table) if lock else query)
        return None if row is None else self._item(row)

    async def get(self, id: str, *, lock: bool = False) -> T:
        """The thing of this id. Raises NotFound, for a foreign id just as for an unknown one."""
        item = await self.find(id, lock=lock)
        if item is None:
            raise NotFound(f"there is no {self.noun} {id}")
        return item

    async def list_(self, limit: int, offset: int, *where: ColumnElement[bool]) -> tuple[list[T], int]:
        """A page, newest first, and how many there are in all."""
        query = self._query().where(*where).order_by(self.table.c.created_at.desc(), self.table.c.id)
        rows = await self._rows(query.limit(limit).offset(offset))
        return [self._item(row) for row in rows], await self._count(*where)

    async def count_active(self) -> int:
        """How many are switched on; only for tables with ``is_active``."""
        return await self._count(self.table.c.is_active.is_(True))

    async def add(self, item: T) -> None:
        """Adds a new thing."""
        values = self._values(item)
        await self._insert(values)
        await self._log("created", [(values, {}, values)])

    async def add_all(self, items: Sequence[T]) -> None:
        """Adds many new things at once."""
        if not items:
            return
        rows = [self._values(item) for item in items]
        for values in rows:
            self._check_scope(values)
        await self._connection.execute(insert(self.table), rows)
        await self._log("created", [(values, {}, values) for values in rows])

    async def save(self, item: T) -> None:
        """Writes a changed thing over the stored one. Raises NotFound where there is none."""
        values = self._values(item)
        before = await self._before(values["id"])
        changed = await self._connection.execute(self._update().where(self.table.c.id == values["id"]).values(**values))
        if not changed.rowcount:
            raise NotFound(f"there is no {self.noun} {values['id']}")
        await self._log("updated", [(values, {name: before[name] for name in values}, values)] if before else [])

    async def delete(self, id: str) -> None:
        """Removes the thing of this id. Raises NotFound where there is none."""
        before = await self._before(id)
        if not (await self._connection.execute(self._delete().where(self.table.c.id == id))).rowcount:
            raise NotFound(f"there is no {self.noun} {id}")
        await self._log("deleted", [(before, before, {})] if before else [])

    async def _before(self, id: str) -> Row | None:
        """The row as it is, where the log will want it."""
        row = None if self.logged_as is None else await self._row(self._select().where(self.table.c.id == id))
        return None if row is None else dict(row)

    async def _log(self, action: str, changed: Sequence[tuple[Row, Row, Row]]) -> None:
        """Writes into the audit log what became of rows: each as whose it is, what was before and what is now."""
        if self.logged_as is None:
            return
        logged = []
        for whose, before, after in changed:
            told = [{name: row[name] for name in row if name not in self.unlogged} for row in (before, after)]
            changes = compared(told[0], told[1], self._vault)
            if changes or action != "updated":
                org_id = whose["org_id" if "org_id" in whose else "id"]
                logged.append(entry_row(self._author, org_id, action, self.logged_as, whose["id"], changes))
        if logged:
            await self._connection.execute(_LOG, logged)
