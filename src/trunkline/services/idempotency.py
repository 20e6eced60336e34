"""Requests that may be sent again: the first one runs, the others get its reply, and a phone never rings twice.

The row is the lock, taken in a transaction of its own before the request runs. A process that dies in between leaves
it behind; after ``ABANDONED_SECONDS`` the next request with the same key takes it over. The id of the call that a
request may place stands in the row from the beginning, so whoever takes over finds the call if it was written.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from trunkline.base.errors import Conflict
from trunkline.base.ids import new_call_id
from trunkline.domain.access import Caller
from trunkline.services.rooms import Rooms
from trunkline.storage import idempotency as slots
from trunkline.storage.idempotency import IdempotencySlot
from trunkline.storage.steps import Steps

KEPT = timedelta(hours=24)
ABANDONED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Begun:
    """This request runs. A call that it places gets ``call_id``; ``resumed``: an earlier attempt died on the way."""

    slot: IdempotencySlot
    call_id: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """This request ran already; ``reply`` is what was kept of its reply."""

    status: int
    reply: dict[str, Any]


async def begin(rooms: Rooms, slot: IdempotencySlot, body_hash: str) -> Begun | Answered:
    """Takes the slot, or tells what came of who had it. Raises Conflict (``idempotency_mismatch``,
    ``idempotency_in_progress``)."""
    try:
        return await rooms.database.brief(_beginning(rooms, slot, body_hash))
    except Conflict as error:
        raise _in_progress() if error.code == Conflict.code else error from None


def _beginning(rooms: Rooms, slot: IdempotencySlot, body_hash: str) -> Steps[Begun | Answered]:
    now = rooms.clock.now()
    kept = yield from slots.find(slot)
    if kept is not None and kept.created_at > now - KEPT:
        if kept.body_hash != body_hash:
            raise Conflict(
                "This Idempotency-Key was used with another body; use a new one.", code="idempotency_mismatch"
            )
        if kept.status_code is not None:
            return Answered(kept.status_code, json.loads(rooms.vault.open(kept.reply["sealed"])))
        if (now - kept.created_at).total_seconds() < ABANDONED_SECONDS:
            raise _in_progress()
        yield from slots.release(slot)
        yield from slots.take(slot, body_hash, now, kept.reply)
        return Begun(slot, str(kept.reply["call_id"]), resumed=True)
    if kept is not None:
        yield from slots.release(slot)
    call_id = new_call_id("outbound")
    yield from slots.take(slot, body_hash, now, {"call_id": call_id})
    return Begun(slot, call_id)


def keeping(rooms: Rooms, begun: Begun, status: int, reply: dict[str, Any]) -> Steps[None]:
    """Keeps a reply, sealed, because it may show a new API key; as steps of the transaction that it tells of."""
    return slots.keep(begun.slot, status, {"sealed": rooms.vault.seal(json.dumps(reply))})


async def keep(rooms: Rooms, begun: Begun, status: int, reply: dict[str, Any]) -> None:
    """Keeps a reply in a transaction of its own."""
    await rooms.database.brief(keeping(rooms, begun, status, reply))


async def release(rooms: Rooms, begun: Begun) -> None:
    """Frees the slot: nothing came of the request."""
    await rooms.database.brief(slots.release(begun.slot))


async def prune(rooms: Rooms) -> None:
    """Forgets the replies that are no longer given again."""
    async with rooms.database.system() as unit:
        await unit.idempotency.prune(rooms.clock.now() - KEPT)


async def call_written(rooms: Rooms, caller: Caller, begun: Begun) -> bool:
    """Whether the request placed its call, whatever went wrong after."""
    async with rooms.unit(caller, write=False) as unit:
        return await unit.calls.find(begun.call_id) is not None


def _in_progress() -> Conflict:
    return Conflict(
        "A request with this Idempotency-Key is in progress; ask again in a moment.", code="idempotency_in_progress"
    )
