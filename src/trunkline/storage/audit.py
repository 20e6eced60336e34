"""The audit log in the database; it is written by the repositories themselves, in the transaction of the change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_

from trunkline.domain.audit import AuditEntry
from trunkline.storage import tables
from trunkline.storage.repository import Scoped

_log = tables.audit_log
_KINDS = ("api_key", "platform")
OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """Which changes; ``actor`` is the id of an API key, or a kind of actor."""

    noun: str | None = None
    item_id: str | None = None
    action: str | None = None
    actor: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None


class AuditLog(Scoped):
    """What was changed of an organisation."""

    table = _log

    async def page(
        self, filters: AuditFilters, home_org_id: str, limit: int, offset: int
    ) -> tuple[list[AuditEntry], int]:
        """A page of the changes, newest first, and how many there are in all, for a reader of the organisation
        ``home_org_id``. What another organisation did (the parent, acting for this one) looks to this one like the work of
        the operator: a child cannot see that it has a parent."""
        known = or_(
            _log.c.actor_org_id.is_(None), _log.c.actor_org_id == _log.c.org_id, _log.c.actor_org_id == home_org_id
        )
        where = list(_conditions(filters, known))
        query = self._select(_log, known.label("known")).where(*where).order_by(_log.c.at.desc(), _log.c.id)
        rows = await self._rows(query.limit(limit).offset(offset))
        return [_entry(dict(row)) for row in rows], await self._count(*where)

    async def note(self, action: str, noun: str, item_id: str) -> None:
        """Notes something that was done without a change of fields."""
        await self._note(action, noun, item_id, {})


def _conditions(filters: AuditFilters, known: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (_log.c.noun, filters.noun),
        (_log.c.item_id, filters.item_id),
        (_log.c.action, filters.action),
    ):
        if wanted is not None:
            yield column == wanted
    match filters.actor:
        case None:
            pass
        case "operator":
            yield or_(~known, _log.c.actor_kind == OPERATOR)
        case kind if kind in _KINDS:
            yield known
            yield _log.c.actor_kind == kind
        case id:
            yield known
            yield _log.c.actor_id == id
    if filters.start_date is not None:
        yield _log.c.at >= filters.start_date
    if filters.end_date is not None:
        yield _log.c.at <= filters.end_date


def _entry(row: dict[str, object]) -> AuditEntry:
    if not row.pop("known"):
        row |= {"actor_kind": OPERATOR, "actor_id": None, "actor_name": None, "actor_org_id": None, "request_id": None}
    return AuditEntry(**row)  # type: ignore[arg-type]
