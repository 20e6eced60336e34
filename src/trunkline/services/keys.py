"""API keys: made, listed, revoked, and checked at every request."""

from dataclasses import replace
from datetime import datetime, timedelta

from trunkline.base.errors import Conflict, Forbidden, Invalid, Unauthenticated
from trunkline.base.ids import KEY_PREFIX, hash_api_key, new_api_key, new_id
from trunkline.domain.access import Caller
from trunkline.domain.api_key import ApiKey
from trunkline.services.rooms import Page, Rooms
from trunkline.storage.keys import by_hash

SCOPES = ("read", "write", "calls")
USE_NOTED_EVERY = timedelta(minutes=1)
_LONGEST_KEY = 200
_SHOWN = len(KEY_PREFIX) + 4


def new_key(org_id: str, name: str, now: datetime, scopes: tuple[str, ...] = SCOPES) -> tuple[ApiKey, str]:
    """A key that is not stored yet, and its text."""
    text = new_api_key()
    return ApiKey(id=new_id(), org_id=org_id, name=name, prefix=text[:_SHOWN], created_at=now, scopes=scopes), text


async def authenticate(rooms: Rooms, presented: str) -> Caller:
    """Who came with this key. Raises Unauthenticated (``invalid_api_key``, ``api_key_revoked``, ``api_key_expired``)."""
    if not presented.startswith(KEY_PREFIX) or len(presented) > _LONGEST_KEY:
        raise Unauthenticated("This API key is unknown. Send: Authorization: Bearer tl_live_...")
    key = await rooms.database.brief(by_hash(hash_api_key(presented)), write=False)
    if key is None:
        raise Unauthenticated("This API key is unknown. Send: Authorization: Bearer tl_live_...")
    now = rooms.clock.now()
    if key.revoked_at is not None:
        raise Unauthenticated("This API key was revoked; use another.", code="api_key_revoked", title="API key revoked")
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthenticated("This API key has expired; use another.", code="api_key_expired", title="API key expired")
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY:
        async with rooms.database.system() as unit:
            await unit.keys.used(key.id, now)
    return Caller(org_id=key.org_id, key_id=key.id, scopes=frozenset(key.scopes), key_name=key.name)


async def list_(rooms: Rooms, caller: Caller, limit: int, offset: int) -> Page[ApiKey]:
    """The organisation's keys, newest first, revoked ones too."""
    async with rooms.unit(caller, write=False) as unit:
        return Page(*await unit.keys.list_(limit, offset))


async def create(
    rooms: Rooms, caller: Caller, name: str, scopes: tuple[str, ...] | None = None, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once. Raises Forbidden for scopes that the caller's own key lacks."""
    now = rooms.clock.now()
    own = SCOPES if caller.key_id is None else tuple(scope for scope in SCOPES if scope in caller.scopes)
    wanted = own if scopes is None else tuple(scope for scope in SCOPES if scope in scopes)
    if lacking := [scope for scope in wanted if scope not in own]:
        raise Forbidden(
            f"A key can only give scopes that it has itself; yours lacks: {', '.join(lacking)}.", code="missing_scope"
        )
    if expires_at is not None and expires_at <= now:
        raise Invalid("The key would have expired already.", details=["expires_at: must be in the future"])
    key, text = new_key(caller.org_id, name, now, wanted)
    key = replace(key, expires_at=expires_at)
    async with rooms.unit(caller) as unit:
        await unit.keys.add(key, hash_api_key(text))
    return key, text


async def revoke(rooms: Rooms, caller: Caller, key_id: str) -> None:
    """Ends a key at once. Raises NotFound, and Conflict (``last_key``) where nobody of the organisation could change
    anything afterwards, not even make a new key; the operator and a parent may."""
    now = rooms.clock.now()
    async with rooms.unit(caller) as unit:
        await unit.organisations.get(caller.org_id, lock=True)  # of two that revoke each other the later one finds out
        if caller.key_id is not None and not caller.acts_for_child:
            writers = [key.id for key in await unit.keys.active(now) if "write" in key.scopes]
            if writers == [key_id]:
                raise Conflict(
                    "This is the last key that may change anything: make another with the scope write, then revoke this.",
                    code="last_key",
                    title="Last key",
                )
        await unit.keys.revoke(key_id, now)
