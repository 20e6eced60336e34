"""Whether the platform can take calls now, and if not, which part is down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.base.errors import TrunklineError
from trunkline.services.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Health:
    """``checks`` by part, each with its ``status`` (ok, busy or down)."""

    ok: bool
    at: datetime
    checks: dict[str, dict[str, Any]]


async def check(rooms: Rooms) -> Health:
    """Asks every part. A platform whose workers are all busy is well; one without database or SIP is not. A provider that
    fails is none of its parts: calls go on with the next."""
    checks = {
        "database": await _database(rooms),
        "sip": dict(rooms.carrier.health()),
        "workers": _workers(rooms),
        "providers": {"status": "ok", "failing": list(rooms.failing())},
    }
    ok = all(part["status"] != "down" for part in checks.values())
    return Health(ok, rooms.clock.now(), checks)


async def _database(rooms: Rooms) -> dict[str, Any]:
    try:
        return {"status": "ok", "latency_ms": round(await rooms.database.ping(), 2)}
    except TrunklineError:
        return {"status": "down", "latency_ms": None}


def _workers(rooms: Rooms) -> dict[str, Any]:
    room = rooms.live.room()
    return {"status": "ok" if room > 0 else "busy", "room": room}
