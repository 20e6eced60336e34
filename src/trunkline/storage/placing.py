"""What placing a call reads and writes, as steps; every statement here holds for one organisation."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, bindparam, insert, select, update

from trunkline.domain.events import LiveEvent
from trunkline.domain.organisation import Organisation
from trunkline.domain.plan import TrunkPlan
from trunkline.domain.trunk import Trunk
from trunkline.storage import tables
from trunkline.storage.assistants import Assistant, assistant_of
from trunkline.storage.calls import Call, call_values
from trunkline.storage.events import event_values
from trunkline.storage.organisations import organisation_of
from trunkline.storage.steps import Query, Steps
from trunkline.storage.trunks import trunk_of
from trunkline.storage.vault import Vault

_numbers, _trunks, _calls = tables.numbers, tables.trunks, tables.calls


def _mine(table: Table, scope: str = "org_id") -> ColumnElement[bool]:
    return table.c[scope] == bindparam("of_org")


@dataclass(frozen=True, slots=True)
class Way:
    """A number and the trunk that it calls out through (whose fields are None where it has none)."""

    number_id: str
    phone_number: str
    name: str | None
    is_active: bool
    max_concurrent_calls: int | None
    trunk_id: str | None
    trunk_is_active: bool | None
    allow_sip_uri: bool | None
    trunk_max_concurrent_calls: int | None
    transfer_trunk_id: str | None = None


_WAYS = (
    select(
        _numbers.c.id.label("number_id"),
        _numbers.c.phone_number,
        _numbers.c.name,
        _numbers.c.is_active,
        _numbers.c.max_concurrent_calls,
        _trunks.c.id.label("trunk_id"),
        _trunks.c.is_active.label("trunk_is_active"),
        _trunks.c.allow_sip_uri,
        _trunks.c.max_concurrent_calls.label("trunk_max_concurrent_calls"),
        _numbers.c.transfer_trunk_id,
    )
    .select_from(_numbers.outerjoin(_trunks, and_(_trunks.c.id == _numbers.c.trunk_id, _mine(_trunks))))
    .where(_mine(_numbers))
    .order_by(_numbers.c.last_used_at.asc().nulls_first(), _numbers.c.created_at, _numbers.c.id)
)
_ORGANISATION = select(tables.organisations).where(_mine(tables.organisations, "id"))
_ASSISTANT = select(tables.assistants).where(
    _mine(tables.assistants), tables.assistants.c.id == bindparam("of_assistant")
)
_WAY = _WAYS.where(_numbers.c.id == bindparam("of_number"))
_TRUNK = select(_trunks).where(_mine(_trunks), _trunks.c.id == bindparam("of_trunk"))
_USED = update(_numbers).where(_mine(_numbers), _numbers.c.id == bindparam("of_number"))
_ADD_CALL = insert(_calls)
_ADD_EVENT = insert(tables.call_events)


def asker(org_id: str, assistant_id: str | None, vault: Vault) -> Steps[tuple[Organisation, Assistant | None]]:
    """The organisation and, where one is named, its assistant (None where there is no such)."""
    rows = yield Query(_ORGANISATION, {"of_org": org_id})
    organisation = organisation_of(rows[0], vault)
    if assistant_id is None:
        return organisation, None
    rows = yield Query(_ASSISTANT, {"of_org": org_id, "of_assistant": assistant_id})
    return organisation, assistant_of(rows[0], vault) if rows else None


def ways(org_id: str) -> Steps[list[Way]]:
    """All numbers, those that rested longest first."""
    rows = yield Query(_WAYS, {"of_org": org_id})
    return [Way(**row) for row in rows]


def way(org_id: str, number_id: str) -> Steps[Way | None]:
    """One number; None where the organisation has no such."""
    rows = yield Query(_WAY, {"of_org": org_id, "of_number": number_id})
    return Way(**rows[0]) if rows else None


def trunk(org_id: str, trunk_id: str, vault: Vault) -> Steps[Trunk]:
    """A trunk that is there, with its password."""
    rows = yield Query(_TRUNK, {"of_org": org_id, "of_trunk": trunk_id})
    return trunk_of(rows[0], vault)


def trunk_maybe(org_id: str, trunk_id: str, vault: Vault) -> Steps[Trunk | None]:
    """A trunk with its password; None where the organisation has no such."""
    rows = yield Query(_TRUNK, {"of_org": org_id, "of_trunk": trunk_id})
    return trunk_of(rows[0], vault) if rows else None


def transfer_trunk(org_id: str, trunk_id: str | None, vault: Vault) -> Steps[TrunkPlan | None]:
    """The way out for second legs, where a number has one of its own; None where that is not active."""
    if trunk_id is None:
        return None
    rows = yield Query(_TRUNK, {"of_org": org_id, "of_trunk": trunk_id})
    found = trunk_of(rows[0], vault) if rows else None
    return found.plan() if found is not None and found.is_active else None


def record(call: Call, plan_sealed: str, event: LiveEvent, at: datetime) -> Steps[None]:
    """Adds a call with its first event, and notes that its number was used."""
    yield Query(_ADD_CALL, call_values(call, plan_sealed))
    yield Query(_ADD_EVENT, event_values(call.org_id, event, at))
    if call.waits_until is None:
        yield from used(call.org_id, call.number_id, at)


def used(org_id: str, number_id: str | None, at: datetime) -> Steps[None]:
    """Notes that a number was used."""
    yield Query(_USED, {"of_org": org_id, "of_number": number_id, "last_used_at": at})
