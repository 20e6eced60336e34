"""An update of the platform loses nothing of what was used in the month."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from tests.storage import world
from trunkline.domain.call import CallStatus, Direction
from trunkline.domain.usage import UsageFilters, UsageLog
from trunkline.storage.calls import Call
from trunkline.storage.database import Database
from trunkline.storage.migrate import downgrade, upgrade
from trunkline.storage.migrations import usage_of_calls

pytestmark = pytest.mark.room
STAGES = [{"stage": "stt", "own_key": False}, {"stage": "llm", "own_key": True}]


def _ended(org_id: str = "org-a", **changes: object) -> Call:
    over = {
        "status": CallStatus.ENDED,
        "answered_at": world.later(1),
        "ended_at": world.later(91),
        "duration_seconds": 90,
    }
    return world.call(org_id, **{**over, **changes})


async def test_calls_that_ended_before_have_their_line_after_the_update(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down_and_up(connection: Connection) -> None:
        downgrade(connection, "0003")
        upgrade(connection)

    monkeypatch.setattr(usage_of_calls, "AT_ONCE", 2)
    await world.two_organisations(database)
    usage = {"stages": STAGES}
    told = _ended(usage=usage, cost={"total": 0.25}, assistant_phone="+31850835037", assistant_name="Anna")
    calls = [told, *(_ended(usage={"stages": [{"stage": "realtime", "own_key": True}]}) for _ in range(3))]
    calls += [_ended("org-b", direction=Direction.WEB), _ended(answered_at=None), _ended(status=CallStatus.REJECTED)]
    calls += [world.call(answered_at=world.NOW, status=CallStatus.IN_PROGRESS)]
    async with database.system() as unit:
        for call in calls:
            await unit.calls.add(call, "sealed")
    async with database.transaction(write=True) as connection:
        await connection.run_sync(down_and_up)
    async with database.unit("org-a", write=False) as mine:
        logs, summary = await mine.usage.page(UsageFilters(), 10, 0)
    async with database.unit("org-b", write=False) as theirs:
        (other,) = (await theirs.usage.page(UsageFilters(), 10, 0))[0]
    assert (summary.calls, summary.seconds, summary.cost) == (4, 360, 0.25)
    line = next(log for log in logs if log.call_id == told.id)
    wanted = UsageLog("", "org-a", "org-a", told.id, 90, world.later(91), byok_llm=True)
    assert replace(line, id="") == replace(wanted, phone_number="+31850835037", agent_name="Anna", cost=0.25)
    assert sum(log.byok_stt and log.byok_llm and log.byok_tts for log in logs) == 3
    assert (other.call_type, other.cost, other.byok_llm) == ("web", None, False)
