"""The log of use of calls that ended before there was one: without it the month in which a platform is updated would
begin with nothing used."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from trunkline.storage.columns import Moment

AT_ONCE = 1000

_calls = sa.table(
    "calls",
    *(
        sa.column(name, sa.String)
        for name in ("id", "org_id", "direction", "status", "assistant_phone", "assistant_id")
    ),
    *(sa.column(name, sa.String) for name in ("assistant_name", "business_name")),
    *(sa.column(name, Moment) for name in ("answered_at", "ended_at")),
    *(sa.column(name, sa.JSON) for name in ("usage", "cost")),
    sa.column("duration_seconds", sa.Integer),
)
_logs = sa.table(
    "usage_logs",
    *(sa.column(name, sa.String) for name in ("id", "org_id", "call_id", "billed_org_id", "call_type", "phone_number")),
    *(sa.column(name, sa.String) for name in ("assistant_id", "agent_name", "business_name")),
    *(sa.column(name, sa.Boolean) for name in ("byok_stt", "byok_llm", "byok_tts")),
    sa.column("duration_sec", sa.Integer),
    sa.column("cost", sa.Float),
    sa.column("created_at", Moment),
)


def fill(connection: sa.Connection) -> None:
    """Adds the line of every call that was answered and has ended, as it would have been written at its end."""
    for page in _pages(connection):
        connection.execute(_logs.insert(), [_line(call) for call in page])


def _pages(connection: sa.Connection) -> Iterator[list[Mapping[str, Any]]]:
    answered = (
        sa.select(_calls)
        .where(_calls.c.answered_at.is_not(None), _calls.c.ended_at.is_not(None), _calls.c.status != "rejected")
        .order_by(_calls.c.id)
        .limit(AT_ONCE)
    )
    last = ""
    while page := list(connection.execute(answered.where(_calls.c.id > last)).mappings()):
        yield [dict(call) for call in page]
        last = page[-1]["id"]


def _line(call: Mapping[str, Any]) -> dict[str, Any]:
    stages = (call["usage"] or {}).get("stages") or []
    return {
        "id": str(uuid.uuid4()),
        "org_id": call["org_id"],
        "billed_org_id": call["org_id"],
        "call_id": call["id"],
        "duration_sec": call["duration_seconds"] or 0,
        **{f"byok_{stage}": _on_own_key(stages, stage) for stage in ("stt", "llm", "tts")},
        "call_type": "web" if call["direction"] == "web" else "phone",
        "phone_number": call["assistant_phone"],
        "assistant_id": call["assistant_id"],
        "agent_name": call["assistant_name"],
        "business_name": call["business_name"],
        "cost": (call["cost"] or {}).get("total"),
        "created_at": call["ended_at"],
    }


def _on_own_key(stages: list[dict[str, Any]], stage: str) -> bool:
    parts = [used for used in stages if used["stage"] == stage] or [
        used for used in stages if used["stage"] == "realtime"
    ]
    return bool(parts) and all(used["own_key"] for used in parts)
