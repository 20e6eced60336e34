"""Organisations in the database: each sees itself, and a parent sees its children."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, or_, select, update

from trunkline.domain.organisation import Organisation
from trunkline.storage import tables
from trunkline.storage.repository import Nouns
from trunkline.storage.steps import Query, Steps
from trunkline.storage.vault import Vault

_orgs = tables.organisations
_UNSEEN = frozenset({"calls_kept_since"})


class Organisations(Nouns[Organisation]):
    """The organisation itself; a unit of one organisation sees no other."""

    table = tables.organisations
    scope = "id"
    noun = "organisation"
    logged_as = "organization"

    def _item(self, row: RowMapping) -> Organisation:
        return organisation_of(dict(row), self._vault)

    def _values(self, item: Organisation) -> dict[str, Any]:
        return {
            "id": item.id,
            "name": item.name,
            "email": item.email,
            "minutes_balance": item.minutes_balance,
            "credits_balance": item.credits_balance,
            "webhook_url": item.webhook_url,
            "webhook_secret_sealed": self._vault.seal_maybe(item.webhook_secret),
            "max_concurrent_calls": item.max_concurrent_calls,
            "has_local_models_access": item.has_local_models_access,
            "provider_defaults": dict(item.provider_defaults),
            "parent_org_id": item.parent_org_id,
            "guaranteed_concurrent_calls": item.guaranteed_concurrent_calls,
            "monthly_minutes_limit": item.monthly_minutes_limit,
            "content_retention_days": item.content_retention_days,
            "metadata_retention_days": item.metadata_retention_days,
            "created_at": item.created_at,
            "updated_at": item.updated_at,
        }

    async def all_locked(self, org_id: str) -> list[Organisation]:
        """All that have no parent, and one more, locked in the order that is kept everywhere."""
        return await self._locked(or_(_orgs.c.parent_org_id.is_(None), _orgs.c.id == org_id))

    async def family_locked(self, org_id: str) -> list[Organisation]:
        """An organisation and its children, locked in the order that is kept everywhere."""
        return await self._locked(or_(_orgs.c.id == org_id, _orgs.c.parent_org_id == org_id))

    async def _locked(self, which: ColumnElement[bool]) -> list[Organisation]:
        # Others may go on referring to the rows: a call that ends does, before it is charged to its payer.
        query = self._select().where(which).order_by(_orgs.c.id).with_for_update(key_share=True)
        return [self._item(row) for row in await self._rows(query)]


class Children(Organisations):
    """The organisations below one."""

    scope = "parent_org_id"

    async def all(self) -> list[Organisation]:
        """All of them, the oldest first."""
        rows = await self._rows(self._select().order_by(_orgs.c.created_at, _orgs.c.id))
        return [self._item(row) for row in rows]


_CHILD = select(_orgs.c.id).where(_orgs.c.id == bindparam("of_child"), _orgs.c.parent_org_id == bindparam("of_org"))
_PAYER = select(func.coalesce(_orgs.c.parent_org_id, _orgs.c.id).label("payer_id")).where(
    _orgs.c.id == bindparam("of_org")
)
# In one statement each: what ends many calls at once must not write over one another.
_CHARGE = (
    update(_orgs)
    .where(
        _orgs.c.id == bindparam("of_org"),
        or_(_orgs.c.minutes_balance.is_not(None), _orgs.c.credits_balance.is_not(None)),
    )
    .values(
        minutes_balance=_orgs.c.minutes_balance - bindparam("minutes"),
        credits_balance=_orgs.c.credits_balance - bindparam("credits"),
    )
)


def is_child(org_id: str, child_id: str) -> Steps[bool]:
    """Whether an organisation is a child of another."""
    return bool((yield Query(_CHILD, {"of_org": org_id, "of_child": child_id})))


def payer(org_id: str) -> Steps[str]:
    """Who pays for an organisation: its parent, or itself."""
    rows = yield Query(_PAYER, {"of_org": org_id})
    return str(rows[0]["payer_id"])


def charged(payer_id: str, minutes: float, credits: float) -> Steps[None]:
    """Takes minutes and credits off what is metered of them; a balance may go below zero."""
    yield Query(_CHARGE, {"of_org": payer_id, "minutes": minutes, "credits": credits})


def organisation_of(row: Mapping[str, Any], vault: Vault) -> Organisation:
    """The organisation of a row."""
    values = {name: value for name, value in row.items() if name not in _UNSEEN}
    return Organisation(webhook_secret=vault.open_maybe(values.pop("webhook_secret_sealed")), **values)
