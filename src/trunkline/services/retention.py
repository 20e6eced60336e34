"""Retention: what was said on a call goes after an organisation's content days, the call after its metadata days."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from trunkline.base.errors import Unavailable
from trunkline.base.logs import logger
from trunkline.services.rooms import Rooms
from trunkline.storage.retention import DueCall, Retention

AUDIT_DAYS = 730
PAUSE_SECONDS = 0.02
_NOTHING = "{}"
_log = logger("services")


@dataclass(frozen=True, slots=True)
class Swept:
    """How many calls lost their content, how many are gone, and how many entries of the audit log."""

    contents: int = 0
    calls: int = 0
    changes: int = 0


async def sweep(rooms: Rooms) -> Swept:
    """Removes everything whose time is over, a little at a time, with a pause after each step for whoever waits.

    It may break off anywhere: the next sweep goes on from there. A recording goes before the call forgets its name.
    """
    contents = calls = changes = 0
    now = rooms.clock.now()
    async with rooms.database.system(write=False) as unit:
        policies = await unit.retention.policies()
    for policy in policies:
        content_before, before = (now - timedelta(days=days) for days in (policy.content_days, policy.metadata_days))
        async for due in _due(rooms, partial(Retention.due_contents, org_id=policy.org_id, before=content_before)):
            contents += await _forget(rooms, due)
        async for due in _due(rooms, partial(Retention.due_calls, org_id=policy.org_id, before=before)):
            calls += await _remove(rooms, policy.org_id, before, due)
    while some := await _trim_audit_log(rooms, now - timedelta(days=AUDIT_DAYS)):
        changes += some
    return Swept(contents, calls, changes)


async def _due(rooms: Rooms, more: Callable[..., Awaitable[list[DueCall]]]) -> AsyncIterator[list[DueCall]]:
    due: list[DueCall] = []
    while True:
        async with rooms.database.system(write=False) as unit:
            due = await more(unit.retention, after=due[-1] if due else None)
        if not due:
            return
        yield due


async def _forget(rooms: Rooms, due: list[DueCall]) -> int:
    ids = await _without_recordings(rooms, due)
    await _trim(rooms, ids, whole=False)
    async with rooms.database.system() as unit:
        await unit.retention.forget(ids, rooms.vault.seal(_NOTHING), rooms.clock.now())
    await rooms.clock.sleep(PAUSE_SECONDS)
    return len(ids)


async def _remove(rooms: Rooms, org_id: str, before: datetime, due: list[DueCall]) -> int:
    async with rooms.database.system() as unit:
        await unit.retention.removing(org_id, before)
    ids = await _without_recordings(rooms, due)
    await _trim(rooms, ids, whole=True)
    async with rooms.database.system() as unit:
        await unit.retention.remove(ids)
    await rooms.clock.sleep(PAUSE_SECONDS)
    return len(ids)


async def _without_recordings(rooms: Rooms, due: list[DueCall]) -> list[str]:
    """The calls whose recordings are gone now; those of a store that does not answer wait for the next sweep."""
    gone = []
    for call in due:
        try:
            if call.recording is not None:
                await rooms.blobs.delete(call.recording)
        except Unavailable as error:
            _log.warning("a recording stays until it can be removed", call_id=call.id, error=error.message)
        else:
            gone.append(call.id)
    return gone


async def _trim(rooms: Rooms, ids: list[str], *, whole: bool) -> None:
    more = bool(ids)
    while more:
        async with rooms.database.system() as unit:
            more = await unit.retention.trim(ids, whole=whole) > 0
        await rooms.clock.sleep(PAUSE_SECONDS)


async def _trim_audit_log(rooms: Rooms, before: datetime) -> int:
    async with rooms.database.system() as unit:
        some = await unit.retention.trim_audit_log(before)
    await rooms.clock.sleep(PAUSE_SECONDS)
    return some
