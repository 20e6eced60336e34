"""Health as the reply shows it."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from trunkline.api.schemas.base import Moment, Shown, moment
from trunkline.services.health import Health


class Check(Shown):
    """One part of the platform; what else it tells depends on the part."""

    model_config = ConfigDict(extra="allow")

    status: Literal["ok", "busy", "down"] = Field(description="`busy` works, and has no room for more calls now.")


class HealthReply(Shown):
    """Whether the platform can take calls."""

    status: Literal["ok", "down"] = Field(description="`ok` with 200, `down` with 503.")
    timestamp: Moment = Field(description="When this was found out.")
    version: str = Field(description="The version of the platform.")
    checks: dict[str, Check] = Field(
        description="By part: `database` (with `latency_ms`), `sip` (with `listen`, `live_legs`, `agents`), `workers` (with "
        "`room`, how many more calls fit)."
    )


def shown(health: Health, version: str) -> dict[str, Any]:
    """Health as the reply shows it."""
    return {
        "status": "ok" if health.ok else "down",
        "timestamp": moment(health.at),
        "version": version,
        "checks": health.checks,
    }
