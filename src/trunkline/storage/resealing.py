"""Everything that is sealed in the database, read and sealed anew in batches, as steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, bindparam, cast, select, tuple_, update
from sqlalchemy.types import String

from trunkline.storage import tables
from trunkline.storage.steps import Query, Steps
from trunkline.storage.vault import SealBroken, Vault

_AFTER = "after_"
_OF = "of_"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column with sealed text, or with JSON that has it under ``within``."""

    table: Table
    column: str
    within: str | None = None

    @property
    def name(self) -> str:
        """What it is called: ``trunks.auth_password_sealed``."""
        return f"{self.table.name}.{self.column}"

    @property
    def keys(self) -> list[Column[Any]]:
        """What its rows are told apart by."""
        return list(self.table.primary_key.columns)


SEALED = (
    Sealed(tables.organisations, "webhook_secret_sealed"),
    Sealed(tables.provider_keys, "key_sealed"),
    Sealed(tables.trunks, "auth_password_sealed"),
    Sealed(tables.assistants, "secrets_sealed"),
    Sealed(tables.calls, "plan_sealed"),
    Sealed(tables.tool_templates, "secrets_sealed"),
    Sealed(tables.idempotency_keys, "reply", within="sealed"),
)
"""Every place with something sealed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: how many there were, those to be written (old and new by key), how many no key opens, and the last key."""

    rows: int
    changes: tuple[Mapping[str, Any], ...]
    broken: int
    last: Mapping[str, Any]


def batch(place: Sealed, vault: Vault, after: Mapping[str, Any] | None, most: int) -> Steps[Batch]:
    """The next rows of a place in the order of their keys, and what is to become of them."""
    column = place.table.c[place.column]
    statement = select(*place.keys, column).where(column.is_not(None)).order_by(*place.keys).limit(bindparam("most"))
    values: dict[str, Any] = {"most": most}
    if after is not None:
        marks = [bindparam(f"{_AFTER}{key.name}", type_=key.type) for key in place.keys]
        statement = statement.where(tuple_(*place.keys) > tuple_(*marks))
        values |= {f"{_AFTER}{name}": value for name, value in after.items()}
    rows = yield Query(statement, values)
    changes, broken = [], 0
    for row in rows:
        try:
            new = _anew(place, row[place.column], vault)
        except SealBroken:
            broken += 1
            continue
        if new is not None:
            changes.append({**_key(place, row), "old": row[place.column], "new": new})
    return Batch(len(rows), tuple(changes), broken, _key(place, rows[-1]) if rows else {})


def write(place: Sealed, changes: tuple[Mapping[str, Any], ...]) -> Steps[None]:
    """Writes what was sealed anew over what was read; a row that somebody else wrote meanwhile stays as that left it."""
    column = place.table.c[place.column]
    mine = [key == bindparam(f"{_OF}{key.name}") for key in place.keys]
    statement = update(place.table).where(*mine, _same(place, column))
    yield Query(
        statement,
        [
            {
                **{f"{_OF}{key.name}": change[key.name] for key in place.keys},
                "was": _text(place, change["old"]),
                place.column: change["new"],
            }
            for change in changes
        ],
    )


def _same(place: Sealed, column: Column[Any]) -> Any:
    if place.within is None:
        return column == bindparam("was")
    return cast(column[place.within].as_string(), String) == bindparam("was", type_=String())


def _text(place: Sealed, value: Any) -> str:
    return str(value if place.within is None else value[place.within])


def _anew(place: Sealed, value: Any, vault: Vault) -> Any:
    if place.within is None:
        return vault.resealed(value)
    text = vault.resealed(value[place.within])
    return None if text is None else {**value, place.within: text}


def _key(place: Sealed, row: Mapping[str, Any]) -> dict[str, Any]:
    return {key.name: row[key.name] for key in place.keys}
