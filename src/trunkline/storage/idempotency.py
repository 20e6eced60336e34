"""The requests that were made under an Idempotency-Key, with what was replied."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, select, update

from trunkline.storage import tables
from trunkline.storage.repository import Scoped
from trunkline.storage.steps import Query, Steps


@dataclass(frozen=True, slots=True)
class IdempotencySlot:
    """Which request: its organisation and API key, method, path, and the client's own key."""

    org_id: str
    key_id: str
    method: str
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class KeptReply:
    """What is known of a request: ``status_code`` is None while it is in progress."""

    body_hash: str
    status_code: int | None
    reply: Any
    created_at: datetime


class Idempotency(Scoped):
    """The requests of an organisation that may come again."""

    table = tables.idempotency_keys

    async def prune(self, before: datetime) -> int:
        """Removes the slots begun before a moment; returns how many."""
        return (await self._connection.execute(self._delete().where(self.table.c.created_at < before))).rowcount


_c = tables.idempotency_keys.c
_SLOT = and_(*(_c[part] == bindparam(f"of_{part}") for part in ("org_id", "key_id", "method", "path", "key")))
_FIND = select(_c.body_hash, _c.status_code, _c.reply, _c.created_at).where(_SLOT)
_TAKE = insert(tables.idempotency_keys)
_KEEP = update(tables.idempotency_keys).where(_SLOT)
_RELEASE = delete(tables.idempotency_keys).where(_SLOT)


def find(slot: IdempotencySlot) -> Steps[KeptReply | None]:
    """What is known of a slot."""
    rows = yield Query(_FIND, _of(slot))
    return KeptReply(**rows[0]) if rows else None


def take(slot: IdempotencySlot, body_hash: str, at: datetime, reply: Any) -> Steps[None]:
    """Begins a request under a slot that is free; a Conflict where another was quicker. ``reply`` is what its taker wants
    to find there should it die before there is a real one."""
    yield Query(_TAKE, {**asdict(slot), "body_hash": body_hash, "reply": reply, "created_at": at})


def keep(slot: IdempotencySlot, status_code: int, reply: Any) -> Steps[None]:
    """Keeps the reply of a slot, to be given again."""
    yield Query(_KEEP, {**_of(slot), "status_code": status_code, "reply": reply})


def release(slot: IdempotencySlot) -> Steps[None]:
    """Frees a slot: the request may be tried again."""
    yield Query(_RELEASE, _of(slot))


def _of(slot: IdempotencySlot) -> dict[str, str]:
    return {f"of_{name}": value for name, value in asdict(slot).items()}
