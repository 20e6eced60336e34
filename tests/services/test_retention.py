"""What time has run out for is removed: content first, then the call, in small steps that may break off anywhere."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.services.world import A, B, SetClock, World
from tests.storage import world as rows
from trunkline.base.errors import Unavailable
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.events import LiveEvent
from trunkline.domain.transcript import Message, Role
from trunkline.jobs.retention import Retention
from trunkline.services import calls, retention
from trunkline.services.retention import Swept
from trunkline.storage import tables
from trunkline.storage.blobs import DiskBlobs
from trunkline.storage.calls import call_values
from trunkline.storage.deliveries import Delivery

pytestmark = pytest.mark.room
WORDS = "We spoke of the hushed matter"
START = rows.NOW
LOOKED_AT = (
    tables.calls,
    tables.call_messages,
    tables.call_events,
    tables.webhook_deliveries,
    tables.call_signalling,
    tables.usage_logs,
    tables.audit_log,
)


def _day(days: float) -> datetime:
    return START + timedelta(days=days)


async def _kept(home: World, org_id: str = "org-a", name: str = "one", ended: float = 0, **changes: Any) -> str:
    """A call that has ended, with everything that a call can have."""
    call = rows.call(
        org_id,
        id=f"call-outbound-{name}",
        status=CallStatus.ENDED,
        end_reason=EndReason.USER_HANGUP,
        created_at=_day(ended),
        ended_at=_day(ended),
        caller_phone="+31612345678",
        summary=WORDS,
        analysis_result={"structured_data": WORDS},
        assistant_public={"first_message": WORDS},
        metadata={"order": 7},
        recording=f"{name}.wav",
        duration_seconds=60,
        **changes,
    )
    recording = home.rooms.blobs.create(f"{name}.wav")
    recording.write(b"RIFF")
    recording.close()
    delivery = Delivery(
        f"{name}-delivery", org_id, call.id, 1, "end-of-call-report", "https://example.com", WORDS, _day(ended),
        status="delivered", attempts=({"at": "then", "status_code": 200, "reply": WORDS},),
    )  # fmt: skip
    async with home.rooms.database.system() as unit:
        await unit.calls.add(call, home.rooms.vault.seal(WORDS))
        await unit.messages.add(org_id, call.id, Message(Role.USER, WORDS, _day(ended)))
        for seq, event in enumerate(("status", "transcript", "dtmf", "command"), 1):
            data: dict[str, object] = {"status": "ended"} if event == "status" else {"words": WORDS}
            await unit.events.add(org_id, LiveEvent(call.id, seq, event, data), _day(ended))
        await unit.deliveries.add(delivery)
    async with home.rooms.database.transaction(write=True) as connection:
        ladder = {"call_id": call.id, "org_id": org_id, "messages": [{"raw": WORDS}], "omitted": 0}
        await connection.execute(insert(tables.call_signalling), ladder)
        usage = {
            "id": f"{name}-usage", "org_id": org_id, "call_id": call.id, "billed_org_id": org_id, "duration_sec": 60,
            "byok_stt": False, "byok_llm": False, "byok_tts": False, "call_type": "phone", "created_at": _day(ended),
            "phone_number": "+31612345678", "cost": 0.1,
        }  # fmt: skip
        await connection.execute(insert(tables.usage_logs), usage)
    return call.id


async def _policy(home: World, caller: Any, content: int, metadata: int) -> None:
    async with home.rooms.unit(caller) as unit:
        now = await unit.organisations.get(caller.org_id)
        await unit.organisations.save(replace(now, content_retention_days=content, metadata_retention_days=metadata))


async def _stored(home: World) -> dict[str, list[dict[str, Any]]]:
    found = {}
    async with home.rooms.database.transaction(write=False) as connection:
        for table in LOOKED_AT:
            got = (await connection.execute(select(table).order_by(*table.primary_key.columns))).mappings()
            found[table.name] = [
                {name: row[name] for name in row if name not in ("plan_sealed", "content_deleted_at")} for row in got
            ]
    return found


async def test_content_goes_first_and_the_call_stays(home: World) -> None:
    call_id = await _kept(home)
    await _policy(home, A, 30, 90)
    home.clock.advance(timedelta(days=29.9).total_seconds())
    assert await retention.sweep(home.rooms) == Swept()
    home.clock.advance(timedelta(days=0.2).total_seconds())
    assert await retention.sweep(home.rooms) == Swept(contents=1)
    assert await retention.sweep(home.rooms) == Swept()
    assert WORDS not in str(await _stored(home))
    shown = await calls.get(home.rooms, A, call_id)
    gone = ("summary", "analysis_result", "recording_url")
    assert [shown[name] for name in gone] == [None] * 3
    assert (shown["messages"], shown["assistant"]) == ([], {})
    kept = (shown["caller_phone"], shown["duration_seconds"], shown["metadata"], shown["end_reason"])
    assert kept == ("+31612345678", 60, {"order": 7}, "user_hangup")
    call = await home.call(call_id)
    assert call.content_deleted_at is not None
    assert [event.event for event in await calls.events_after(home.rooms, A, call_id, 0)] == ["status"]
    assert await home.rooms.blobs.size("one.wav") is None
    async with home.rooms.database.system(write=False) as unit:
        assert home.rooms.vault.open(await unit.calls.plan_sealed(call_id)) == "{}"
        [delivery] = await unit.deliveries.of_call(call_id)
    assert (delivery.body, delivery.attempts[0]["reply"], delivery.attempts[0]["status_code"]) == (None, None, 200)


async def test_the_call_goes_with_all_that_hangs_on_it_and_its_use_stays_without_the_number(home: World) -> None:
    await _kept(home)
    await _policy(home, A, 30, 30)
    home.clock.advance(timedelta(days=31).total_seconds())
    assert await retention.sweep(home.rooms) == Swept(contents=1, calls=1)
    stored = await _stored(home)
    for name in ("calls", "call_messages", "call_events", "webhook_deliveries", "call_signalling"):
        assert stored[name] == [], name
    [usage] = stored["usage_logs"]
    assert (usage["duration_sec"], usage["cost"], usage["phone_number"]) == (60, 0.1, None)


async def test_each_organisation_keeps_what_it_wants_to_keep(home: World) -> None:
    await _kept(home, "org-a", "a")
    await _kept(home, "org-b", "b")
    await _policy(home, A, 30, 30)
    await _policy(home, B, 90, 180)
    for days, swept in ((31, Swept(1, 1)), (60, Swept(1, 0)), (90, Swept(0, 1))):
        home.clock.advance(timedelta(days=days).total_seconds())
        assert await retention.sweep(home.rooms) == swept


async def test_what_has_not_ended_and_what_is_young_stays(home: World) -> None:
    await _policy(home, A, 30, 30)
    live = await home.place()
    await _kept(home, name="late", ended=39)
    home.clock.advance(timedelta(days=40).total_seconds())
    assert await retention.sweep(home.rooms) == Swept()
    assert (await home.call(live)).status is CallStatus.QUEUED


async def test_the_log_of_changes_is_kept_for_two_years(home: World) -> None:
    async with home.rooms.unit(A) as unit:
        for name in range(450):
            await unit.audit.note("redelivered", "webhook_delivery", str(name))
    before = len((await _stored(home))["audit_log"])
    home.clock.advance(timedelta(days=729).total_seconds())
    assert (await retention.sweep(home.rooms)).changes == 0
    home.clock.advance(timedelta(days=2).total_seconds())
    swept = await retention.sweep(home.rooms)
    assert swept.changes >= 450
    assert len((await _stored(home))["audit_log"]) == before - swept.changes


class PowerCut(Exception):
    """The end of the process."""


class CutClock(SetClock):
    """A clock that ends the process at one of its pauses."""

    left = 10**9

    async def sleep(self, seconds: float) -> None:
        self.left -= 1
        if self.left < 0:
            raise PowerCut


async def test_it_may_break_off_anywhere_and_goes_on_from_there(home: World) -> None:
    await _policy(home, A, 30, 60)
    for number in range(3):
        await _kept(home, name=f"old-{number}")
        await _kept(home, name=f"middle-{number}", ended=40)
    clock = CutClock()
    clock.advance(timedelta(days=71).total_seconds())
    rooms = replace(home.rooms, clock=clock)
    cuts = 0
    while True:
        clock.left = 1
        try:
            await retention.sweep(rooms)
        except PowerCut:
            cuts += 1
            continue
        break
    assert cuts >= 4
    stored = await _stored(home)
    assert WORDS not in str(stored)
    assert [row["id"] for row in stored["calls"]] == [f"call-outbound-middle-{number}" for number in range(3)]
    assert {row["call_id"] for row in stored["call_events"]} == {row["id"] for row in stored["calls"]}
    assert all([await rooms.blobs.size(f"{name}-{one}.wav") is None for name in ("old", "middle") for one in range(3)])


class Shut(DiskBlobs):
    """A store that does not answer about one recording."""

    async def delete(self, name: str) -> None:
        if name == "a.wav":
            raise Unavailable("the store does not answer")
        await super().delete(name)


async def test_a_recording_that_cannot_be_removed_keeps_its_call_and_no_other(home: World, tmp_path: Any) -> None:
    await _kept(home, name="a")
    await _kept(home, name="b")
    await _policy(home, A, 30, 30)
    home.clock.advance(timedelta(days=31).total_seconds())
    assert await retention.sweep(replace(home.rooms, blobs=Shut(tmp_path / "recordings"))) == Swept(1, 1)
    assert [row["id"] for row in (await _stored(home))["calls"]] == ["call-outbound-a"]
    assert await Retention(home.rooms).round() is False
    assert (await _stored(home))["calls"] == []


async def _many(home: World, numbers: Sequence[int]) -> None:
    plan = home.rooms.vault.seal("{}")
    made = [
        rows.call(
            id=f"call-outbound-{number:06}", status=CallStatus.ENDED, end_reason=EndReason.USER_HANGUP,
            ended_at=START, summary="x" * 1000,
        )
        for number in numbers
    ]  # fmt: skip
    words = [
        {
            "org_id": "org-a",
            "call_id": call.id,
            "role": "user",
            "content": "y" * 1000,
            "started_at": START,
            "interrupted": False,
        }
        for call in made
    ]
    async with home.rooms.database.transaction(write=True) as connection:
        await connection.execute(insert(tables.calls), [call_values(call, plan) for call in made])
        await connection.execute(insert(tables.call_messages), words)


async def test_ten_thousand_calls_take_no_more_memory_than_a_few(home: World) -> None:
    for first in range(0, 10_000, 1000):
        await _many(home, range(first, first + 1000))
    await _policy(home, A, 30, 365)
    home.clock.advance(timedelta(days=31).total_seconds())
    tracemalloc.start()
    swept = await retention.sweep(home.rooms)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert swept == Swept(contents=10_000)
    assert peak < 8_000_000
