"""What a change of a row came to, field by field, as the audit log keeps it: never with a secret in it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from trunkline.base.clock import iso
from trunkline.base.ids import new_id
from trunkline.domain.audit import SECRET, Author
from trunkline.storage.vault import SealBroken, Vault

Row = Mapping[str, Any]

MOST_BYTES = 32 * 1024
_SEALED = "_sealed"
_MANY_SECRETS = "secrets_sealed"
_SPREAD = frozenset({"config"})
_UNTOLD = frozenset(
    {"id", "org_id", "parent_org_id", "created_at", "updated_at", "last_used_at", "revision", "version", "hash"}
)


def compared(before: Row, after: Row, vault: Vault) -> dict[str, Any]:
    """``{field: [before, after]}`` for what differs; the fields of a configuration stand by themselves, a secret is only
    said to be changed, a value of more than 32 KiB is told by its size."""
    changes: dict[str, Any] = {}
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if name in _UNTOLD:
            continue
        if name.endswith(_SEALED):
            changes.update(dict.fromkeys(_secrets(name, old, new, vault), SECRET))
        elif name in _SPREAD:
            old, new = old or {}, new or {}
            changes.update(_differing({key: (old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new))}))
        else:
            changes.update(_differing({name: (old, new)}))
    return changes


def entry_row(author: Author, org_id: str, action: str, noun: str, item_id: str, changes: Row) -> dict[str, Any]:
    """The row of the log that says so."""
    return {
        "id": new_id(),
        "org_id": org_id,
        "at": author.at,
        "actor_kind": author.kind,
        "actor_id": author.id,
        "actor_name": author.name,
        "actor_org_id": author.org_id,
        "action": action,
        "noun": noun,
        "item_id": item_id,
        "changes": dict(changes),
        "request_id": author.request_id,
    }


def _differing(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    found = {name: (_plain(old), _plain(new)) for name, (old, new) in pairs.items()}
    # The names of columns are more than plain strings, which JSON does not take.
    return {str(name): [_shown(old), _shown(new)] for name, (old, new) in found.items() if old != new}


def _secrets(name: str, old: str | None, new: str | None, vault: Vault) -> Iterator[str]:
    """The names of the secrets that differ; where one of them opens with no key, all of them."""
    if old is None and new is None:
        return
    try:
        was, now = vault.open_maybe(old), vault.open_maybe(new)
    except SealBroken:
        yield str(name).removesuffix(_SEALED)
        return
    if name != _MANY_SECRETS:
        if was != now:
            yield str(name).removesuffix(_SEALED)
        return
    first, second = json.loads(was or "{}"), json.loads(now or "{}")
    yield from (path for path in dict.fromkeys((*first, *second)) if first.get(path) != second.get(path))


def _plain(value: Any) -> Any:
    """As JSON reads it back: a tuple is a list, a time a text."""
    return orjson.loads(orjson.dumps(value, default=_text, option=orjson.OPT_PASSTHROUGH_DATETIME))


def _text(value: object) -> Any:
    return iso(value) if isinstance(value, datetime) else str(value)


def _shown(value: Any) -> Any:
    size = len(orjson.dumps(value))
    return value if size <= MOST_BYTES else f"({size} bytes)"
