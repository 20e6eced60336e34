"""Recordings: an address that is signed and expires, and the file behind it."""

import hashlib
import hmac
from urllib.parse import urlencode

from trunkline.base.errors import Forbidden, NotFound
from trunkline.domain.access import Caller
from trunkline.services.rooms import Limits, Rooms
from trunkline.storage.calls import Call, salvaging


def signature(limits: Limits, call_id: str, expires: int) -> str:
    """HMAC-SHA256 over the call's id and the second of Unix time at which the address expires."""
    return hmac.new(limits.signing_key, f"{call_id}.{expires}".encode(), hashlib.sha256).hexdigest()


def address(limits: Limits, call_id: str, now_seconds: float) -> str:
    """Where the recording of a call can be had for ``recording_url_seconds`` from now, without a key."""
    expires = int(now_seconds) + limits.recording_url_seconds
    query = urlencode({"expires": expires, "signature": signature(limits, call_id, expires)})
    return f"{limits.public_url.rstrip('/')}/api/v1/calls/{call_id}/recording?{query}"


async def find(
    rooms: Rooms, caller: Caller | None, call_id: str, expires: int | None, signed: str | None
) -> tuple[str, int]:
    """The blob's name and size. A caller needs no signature. Raises Forbidden for a bad or expired one, NotFound,
    and Unavailable where the storage does not answer."""
    if caller is not None:
        async with rooms.unit(caller, write=False) as unit:
            call = await unit.calls.get(call_id)
        return await _file(rooms, call)
    if expires is None or signed is None or not _is_ours(rooms.limits, call_id, expires, signed):
        raise Forbidden("the recording's address is not ours; read recording_url of the call", code="invalid_signature")
    if expires < rooms.clock.now().timestamp():
        raise Forbidden("the recording's address has expired; read recording_url again", code="recording_url_expired")
    async with rooms.database.system(write=False) as system:
        call = await system.calls.get(call_id)
    return await _file(rooms, call)


async def left_whole(rooms: Rooms, call_id: str) -> str | None:
    """The recording that was closed for a call whose worker then died before it said so; None where there is none."""
    name = f"{call_id}.wav"
    return name if await rooms.blobs.is_here(name) else None


async def salvage(rooms: Rooms) -> int:
    """Ends the recordings that a process left as it died, and gives them to their calls; returns how many. Only before
    any call runs. One that belongs to no call, or to one whose content was deleted, is removed."""
    names = await rooms.blobs.unfinished()
    for name in names:
        await rooms.blobs.finish(name)
        if not await rooms.database.brief(salvaging(name)):
            await rooms.blobs.delete(name)
    return len(names)


def _is_ours(limits: Limits, call_id: str, expires: int, signed: str) -> bool:
    return hmac.compare_digest(signature(limits, call_id, expires).encode(), signed.encode())


async def _file(rooms: Rooms, call: Call) -> tuple[str, int]:
    size = await rooms.blobs.size(call.recording) if call.recording else None
    if call.recording is None or size is None:
        raise NotFound(f"the call {call.id} has no recording", code="recording_not_found")
    return call.recording, size
